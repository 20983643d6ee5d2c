// Peer addresses and the association as a whole: RFC 6458 §8.1.9, §8.1.12, §8.2.1, §8.2.2; RFC 6951 §6.1.
#include <arpa/inet.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <optional>

#include "socket/options.hpp"
#include "socket/sockaddr.hpp"

namespace netsctp::socket {

namespace {

using std::chrono::milliseconds;

constexpr std::uint32_t kMaxSackDelay = 500;  // ms; RFC 9260 §6.2
constexpr std::uint32_t kMinPathMtu = 512;

std::uint32_t in_ms(Duration duration) noexcept {
  return static_cast<std::uint32_t>(std::chrono::duration_cast<milliseconds>(duration).count());
}

// The address in an option's struct; nothing: none is named (AF_UNSPEC or a wildcard). EINVAL otherwise.
Result<std::optional<Address>> named_address(const OptionCall& call, const sockaddr_storage& storage) {
  if (storage.ss_family == AF_UNSPEC) return std::optional<Address>();
  auto address = from_sockaddr(reinterpret_cast<const sockaddr*>(&storage), sizeof storage, call.settings().view);
  if (!address) return address.error();
  if (address->ip.is_any()) return std::optional<Address>();
  return std::optional(*address);
}

// As Linux: the port must be the peer's too.
const core::PathStatus* find_path(const core::AssociationStatus& status, const Address& address) noexcept {
  const auto at = std::find_if(status.paths.begin(), status.paths.end(),
                               [&address](const core::PathStatus& path) { return path.address == address; });
  return at != status.paths.end() ? &*at : nullptr;
}

const core::PathStatus* primary_path(const core::AssociationStatus& status) noexcept {
  for (const auto& path : status.paths) {
    if (path.primary) return &path;
  }
  return status.paths.empty() ? nullptr : &status.paths.front();
}

std::optional<core::AssociationStatus> status_of(const OptionCall& call, core::AssociationId id) {
  const auto* const association = call.socket.association(id);
  if (association == nullptr) return std::nullopt;
  return call.stack().status(association->id);
}

void put_address(const OptionCall& call, const Address& address, void* to) noexcept {
  sockaddr_storage storage;
  to_sockaddr(address, call.settings().view, storage);
  std::memcpy(to, &storage, sizeof storage);
}

sctp_paddrinfo describe(const OptionCall& call, core::AssociationId id, const core::PathStatus& path) noexcept {
  sctp_paddrinfo info{};
  info.spinfo_assoc_id = id;
  put_address(call, path.address, &info.spinfo_address);
  switch (path.state) {
    case core::PathStatus::State::kUnconfirmed:
      info.spinfo_state = SCTP_UNCONFIRMED;
      break;
    case core::PathStatus::State::kActive:
      info.spinfo_state = SCTP_ACTIVE;
      break;
    case core::PathStatus::State::kInactive:
      info.spinfo_state = SCTP_INACTIVE;
      break;
    case core::PathStatus::State::kPotentiallyFailed:
      info.spinfo_state = SCTP_POTENTIALLY_FAILED;
      break;
  }
  info.spinfo_cwnd = static_cast<std::uint32_t>(path.cwnd);
  info.spinfo_srtt = in_ms(path.srtt);
  info.spinfo_rto = in_ms(path.rto);
  info.spinfo_mtu = static_cast<std::uint32_t>(path.mtu);
  return info;
}

// --- §8.2.1 SCTP_STATUS
// -----------------------------------------------------------------------------------------------

int get_status(const OptionCall& call, void* value, socklen_t& length) {
  sctp_status answer{};
  if (!load(answer, value, length)) return -EINVAL;
  const auto status = status_of(call, answer.sstat_assoc_id);
  if (!status) return -EINVAL;
  answer = {};
  answer.sstat_assoc_id = status->id;
  // The ABI counts SCTP_EMPTY before the states of RFC 9260 §4.
  answer.sstat_state = static_cast<std::int32_t>(status->state) + SCTP_CLOSED;
  answer.sstat_rwnd = static_cast<std::uint32_t>(status->peer_rwnd);
  answer.sstat_unackdata = static_cast<std::uint16_t>(std::min<std::size_t>(status->unacked_chunks, 65535));
  answer.sstat_penddata = static_cast<std::uint16_t>(std::min<std::size_t>(status->pending_messages, 65535));
  answer.sstat_instrms = status->inbound_streams;
  answer.sstat_outstrms = status->outbound_streams;
  answer.sstat_fragmentation_point = static_cast<std::uint32_t>(status->fragmentation_point);
  if (const auto* const primary = primary_path(*status)) answer.sstat_primary = describe(call, status->id, *primary);
  return store(answer, value, length);
}

// --- §8.2.2 SCTP_GET_PEER_ADDR_INFO
// -----------------------------------------------------------------------------------

int get_peer_addr_info(const OptionCall& call, void* value, socklen_t& length) {
  sctp_paddrinfo info{};
  if (!load(info, value, length)) return -EINVAL;
  const auto address = named_address(call, info.spinfo_address);
  if (!address || !address.value()) return -EINVAL;
  core::AssociationId id = info.spinfo_assoc_id;
  // Without an id the address names the association, as on Linux.
  if (id == 0 && call.socket.endpoint() != nullptr)
    id = call.stack().find(call.socket.endpoint()->id(), *address.value());
  const auto status = status_of(call, id);
  const auto* const path = status ? find_path(*status, *address.value()) : nullptr;
  if (path == nullptr) return -EINVAL;
  // RFC 7829 §7.3: as Linux, a socket that is not to know of the state does not learn of the path.
  constexpr std::uint32_t kHidden = 1;
  if (path->state == core::PathStatus::State::kPotentiallyFailed &&
      call.socket.association(status->id)->traffic.expose_failed == kHidden) {
    return -EACCES;
  }
  return store(describe(call, status->id, *path), value, length);
}

// --- §8.1.9 SCTP_PRIMARY_ADDR
// -----------------------------------------------------------------------------------------

int get_primary(const OptionCall& call, void* value, socklen_t& length) {
  sctp_prim argument{};
  if (!load(argument, value, length)) return -EINVAL;
  const auto status = status_of(call, argument.ssp_assoc_id);
  if (!status) return -EINVAL;
  const auto* const primary = primary_path(*status);
  if (primary == nullptr) return -EINVAL;
  argument.ssp_assoc_id = status->id;
  put_address(call, primary->address, &argument.ssp_addr);
  return store(argument, value, length);
}

int set_primary(const OptionCall& call, const void* value, socklen_t length) {
  sctp_prim argument{};
  if (!load_exactly(argument, value, length)) return -EINVAL;
  const auto* const association = call.socket.association(argument.ssp_assoc_id);
  const auto address = named_address(call, argument.ssp_addr);
  if (association == nullptr || !address || !address.value()) return -EINVAL;
  const auto status = call.stack().status(association->id);
  if (!status || find_path(*status, *address.value()) == nullptr) return -EINVAL;
  const auto error = call.stack().set_primary(association->id, address.value()->ip, call.session.now());
  return -error.value();
}

// --- §8.1.12 SCTP_PEER_ADDR_PARAMS
// ------------------------------------------------------------------------------------

constexpr socklen_t kOldPaddrparamsSize = 152;  // before spp_ipv6_flowlabel and spp_dscp

bool load_paddrparams(sctp_paddrparams& to, const void* value, socklen_t length) noexcept {
  if (length != sizeof to && length != kOldPaddrparamsSize) return false;
  std::memcpy(&to, value, length == sizeof to ? sizeof to : 150);
  return true;
}

int get_peer_addr_params(const OptionCall& call, void* value, socklen_t& length) {
  sctp_paddrparams argument{};
  length = length >= sizeof argument ? sizeof argument : std::min(length, kOldPaddrparamsSize);
  if (!load_paddrparams(argument, value, length)) return -EINVAL;
  const auto* const parameters = parameters_of(call, argument.spp_assoc_id);
  const auto address = named_address(call, argument.spp_address);
  if (parameters == nullptr || !address) return -EINVAL;
  core::PathParameters path = parameters->path;
  std::size_t mtu = path.path_mtu;
  if (address.value()) {
    const auto status = status_of(call, argument.spp_assoc_id);
    const auto* const found = status ? find_path(*status, *address.value()) : nullptr;
    if (found == nullptr) return -EINVAL;
    path = found->parameters;
    mtu = found->mtu;
  }
  const bool delays = parameters->sack_frequency != 1 && parameters->sack_delay != Duration{};
  argument.spp_hbinterval = in_ms(path.heartbeat_interval);
  argument.spp_pathmaxrxt = path.max_retransmissions;
  argument.spp_pathmtu = static_cast<std::uint32_t>(mtu);
  argument.spp_sackdelay = in_ms(parameters->sack_delay);
  argument.spp_flags = static_cast<std::uint32_t>((path.heartbeat_enabled ? SPP_HB_ENABLE : SPP_HB_DISABLE) |
                                                  (path.path_mtu == 0 ? SPP_PMTUD_ENABLE : SPP_PMTUD_DISABLE) |
                                                  (delays ? SPP_SACKDELAY_ENABLE : SPP_SACKDELAY_DISABLE));
  if (path.flow_label) argument.spp_flags |= SPP_IPV6_FLOWLABEL;
  if (path.dscp) argument.spp_flags |= SPP_DSCP;
  argument.spp_ipv6_flowlabel = path.flow_label.value_or(0);
  argument.spp_dscp = path.dscp.value_or(0);
  std::memcpy(value, &argument, std::min<std::size_t>(length, sizeof argument));
  return 0;
}

// As Linux, a label only where packets may be IPv6.
void mark_flow(const sctp_paddrparams& argument, bool may_be_v6, core::PathParameters& to) noexcept {
  constexpr std::uint32_t kLabel = 0xFFFFF;  // RFC 8200 §3: 20 bits
  constexpr std::uint8_t kDscp = 0xFC;       // RFC 2474 §3: the upper 6 bits of the octet
  if ((argument.spp_flags & SPP_IPV6_FLOWLABEL) != 0 && may_be_v6) {
    to.flow_label = argument.spp_ipv6_flowlabel & kLabel;
  }
  if ((argument.spp_flags & SPP_DSCP) != 0) to.dscp = static_cast<std::uint8_t>(argument.spp_dscp & kDscp);
}

bool is_valid(const sctp_paddrparams& argument) noexcept {
  const auto both = [flags = argument.spp_flags](std::uint32_t pair) { return (flags & pair) == pair; };
  if (both(SPP_HB) || both(SPP_PMTUD) || both(SPP_SACKDELAY)) return false;
  if (argument.spp_sackdelay > kMaxSackDelay) return false;
  return argument.spp_pathmtu == 0 || argument.spp_pathmtu >= kMinPathMtu;
}

void apply(const sctp_paddrparams& argument, core::PathParameters& to) noexcept {
  if ((argument.spp_flags & SPP_HB_ENABLE) != 0) {
    to.heartbeat_enabled = true;
    if ((argument.spp_flags & SPP_HB_TIME_IS_ZERO) != 0) {
      to.heartbeat_interval = Duration{};
    } else if (argument.spp_hbinterval != 0) {
      to.heartbeat_interval = milliseconds(argument.spp_hbinterval);
    }
  }
  if ((argument.spp_flags & SPP_HB_DISABLE) != 0) to.heartbeat_enabled = false;
  if (argument.spp_pathmaxrxt != 0) to.max_retransmissions = argument.spp_pathmaxrxt;
  if ((argument.spp_flags & SPP_PMTUD_ENABLE) != 0) to.path_mtu = 0;
  if ((argument.spp_flags & SPP_PMTUD_DISABLE) != 0 && argument.spp_pathmtu != 0) to.path_mtu = argument.spp_pathmtu;
}

void apply(const sctp_paddrparams& argument, core::AssociationParameters& to) noexcept {
  apply(argument, to.path);
  if ((argument.spp_flags & SPP_SACKDELAY_ENABLE) != 0) {
    if (argument.spp_sackdelay != 0) to.sack_delay = milliseconds(argument.spp_sackdelay);
    if (to.sack_frequency == 1) to.sack_frequency = core::AssociationParameters{}.sack_frequency;
  }
  if ((argument.spp_flags & SPP_SACKDELAY_DISABLE) != 0) to.sack_frequency = 1;
}

int apply_to_paths(const OptionCall& call, const sctp_paddrparams& argument, const core::AssociationStatus& status,
                   const std::optional<Address>& address) {
  for (const auto& path : status.paths) {
    if (address && path.address.ip != address->ip) continue;
    core::PathParameters wanted = path.parameters;
    apply(argument, wanted);
    mark_flow(argument, path.address.ip.is_v6(), wanted);
    if (const auto error = call.stack().set_path(status.id, path.address.ip, wanted, call.session.now())) {
      return -error.value();
    }
    if ((argument.spp_flags & SPP_HB_DEMAND) == 0 || (!address && !path.primary)) continue;
    if (const auto error = call.stack().request_heartbeat(status.id, path.address.ip, call.session.now())) {
      return -error.value();
    }
  }
  return 0;
}

int set_peer_addr_params(const OptionCall& call, const void* value, socklen_t length) {
  sctp_paddrparams argument{};
  if (!load_paddrparams(argument, value, length) || !is_valid(argument)) return -EINVAL;
  const bool is_old = length == kOldPaddrparamsSize;
  if (is_old && (argument.spp_flags & (SPP_IPV6_FLOWLABEL | SPP_DSCP)) != 0) return -EINVAL;
  const auto address = named_address(call, argument.spp_address);
  if (!address) return -EINVAL;
  const auto status = status_of(call, argument.spp_assoc_id);
  if (address.value()) {
    if (!status || find_path(*status, *address.value()) == nullptr) return -EINVAL;
    return apply_to_paths(call, argument, *status, address.value());
  }
  if (!status && (argument.spp_flags & SPP_HB_DEMAND) != 0) return -EINVAL;  // there is nobody to send one to
  if (const int error = check_one(call, argument.spp_assoc_id)) return error;
  const bool may_be_v6 = status || call.settings().view.domain == AF_INET6;
  if (const int error = change_parameters(call, argument.spp_assoc_id, [&](core::AssociationParameters& to) {
        apply(argument, to);
        mark_flow(argument, may_be_v6, to.path);
      })) {
    return error;
  }
  return status ? apply_to_paths(call, argument, *status, std::nullopt) : 0;
}

// --- RFC 6951 §6.1 SCTP_REMOTE_UDP_ENCAPS_PORT
// ------------------------------------------------------------------------

int get_udp_port(const OptionCall& call, void* value, socklen_t& length) {
  sctp_udpencaps argument{};
  if (!load(argument, value, length)) return -EINVAL;
  const auto address = named_address(call, argument.sue_address);
  if (!address) return -EINVAL;
  std::uint16_t port = call.settings().udp_port;
  if (const auto status = status_of(call, argument.sue_assoc_id)) {
    const auto* const path = address.value() ? find_path(*status, *address.value()) : primary_path(*status);
    if (path == nullptr) return -EINVAL;
    port = path->remote_udp_port;
  } else if (call.socket.is_one_to_many() && argument.sue_assoc_id != SCTP_FUTURE_ASSOC) {
    return -EINVAL;
  } else if (address.value()) {
    const auto at = call.settings().udp_ports.find(address.value()->ip.text());
    if (at != call.settings().udp_ports.end()) port = at->second;
  }
  argument.sue_port = htons(port);
  return store(argument, value, length);
}

int set_udp_port(const OptionCall& call, const void* value, socklen_t length) {
  sctp_udpencaps argument{};
  if (!load_exactly(argument, value, length)) return -EINVAL;
  const auto address = named_address(call, argument.sue_address);
  if (!address) return -EINVAL;
  const std::uint16_t port = ntohs(argument.sue_port);
  if (const auto status = status_of(call, argument.sue_assoc_id)) {
    if (address.value() && find_path(*status, *address.value()) == nullptr) return -EINVAL;
    for (const auto& path : status->paths) {
      if (address.value() && path.address.ip != address.value()->ip) continue;
      if (const auto error = call.stack().set_remote_udp_port(status->id, path.address.ip, port)) return -error.value();
    }
    return 0;
  }
  if (call.socket.is_one_to_many() && argument.sue_assoc_id != SCTP_FUTURE_ASSOC) return -EINVAL;
  if (address.value()) {
    call.settings().udp_ports[address.value()->ip.text()] = port;
  } else {
    call.settings().udp_port = port;
  }
  return 0;
}

constexpr Option kOptions[]{
    {SCTP_STATUS, get_status, nullptr, sizeof(sctp_status)},
    {SCTP_GET_PEER_ADDR_INFO, get_peer_addr_info, nullptr, sizeof(sctp_paddrinfo)},
    {SCTP_PRIMARY_ADDR, get_primary, set_primary, sizeof(sctp_prim)},
    {SCTP_PEER_ADDR_PARAMS, get_peer_addr_params, set_peer_addr_params, kOldPaddrparamsSize},
    {SCTP_REMOTE_UDP_ENCAPS_PORT, get_udp_port, set_udp_port, sizeof(sctp_udpencaps)},
};

}  // namespace

std::span<const Option> path_options() noexcept {
  return kOptions;
}

}  // namespace netsctp::socket
