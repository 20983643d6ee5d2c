// Options as values: each type of options.hpp and the option of <linux/sctp.h> it stands for (RFC 6458 §8).
#include <net/sctp/options.hpp>

#include <linux/sctp.h>
#include <netinet/in.h>
#include <netsctp.h>

#include <algorithm>
#include <cstring>
#include <limits>

#include "api/socket_state.hpp"

namespace net::sctp {
namespace {

using std::chrono::milliseconds;

std::uint32_t ms(milliseconds time) noexcept {
  return static_cast<std::uint32_t>(
      std::clamp<milliseconds::rep>(time.count(), 0, std::numeric_limits<std::uint32_t>::max()));
}

std::uint16_t ms16(milliseconds time) noexcept {
  return static_cast<std::uint16_t>(
      std::clamp<milliseconds::rep>(time.count(), 0, std::numeric_limits<std::uint16_t>::max()));
}

constexpr sctp_assoc_t id(AssociationId association) noexcept {
  return static_cast<sctp_assoc_t>(association);
}

// All zero if there is no address: every path.
sockaddr_storage storage_of(const Address& address) noexcept {
  sockaddr_storage storage;
  address.store(storage);
  return storage;
}

PathStatus path_status(const sctp_paddrinfo& info) noexcept {
  sockaddr_storage storage;
  std::memcpy(&storage, &info.spinfo_address, sizeof storage);
  return {.peer = Address(reinterpret_cast<const sockaddr*>(&storage), sizeof storage),
          .state = static_cast<PathState>(info.spinfo_state),
          .congestion_window = info.spinfo_cwnd,
          .srtt = milliseconds(info.spinfo_srtt),
          .rto = milliseconds(info.spinfo_rto),
          .mtu = info.spinfo_mtu};
}

// One overload of write() and of read() an option; each returns what the seam returned.
template <typename State>
struct Access {
  State& state;

  int write(const NoDelay& value, AssociationId) const noexcept {
    const int on = value.on;
    return state.set(IPPROTO_SCTP, SCTP_NODELAY, on);
  }
  int read(NoDelay& value, AssociationId) const noexcept {
    int on = 0;
    const int result = state.read(IPPROTO_SCTP, SCTP_NODELAY, on);
    value.on = on != 0;
    return result;
  }

  int write(const Linger& value, AssociationId) const noexcept {
    return state.set(SOL_SOCKET, SO_LINGER, linger{value.on, static_cast<int>(value.timeout.count())});
  }
  int read(Linger& value, AssociationId) const noexcept {
    linger wanted{};
    const int result = state.read(SOL_SOCKET, SO_LINGER, wanted);
    value = {wanted.l_onoff != 0, std::chrono::seconds(wanted.l_linger)};
    return result;
  }

  int write_buffer(int name, std::size_t bytes) const noexcept {
    const int limited = static_cast<int>(std::min<std::size_t>(bytes, std::numeric_limits<int>::max() / 2));
    return state.set(SOL_SOCKET, name, limited);
  }
  int read_buffer(int name, std::size_t& bytes) const noexcept {
    int value = 0;
    const int result = state.read(SOL_SOCKET, name, value);
    bytes = static_cast<std::size_t>(value);
    return result;
  }
  int write(const SendBuffer& value, AssociationId) const noexcept { return write_buffer(SO_SNDBUF, value.bytes); }
  int read(SendBuffer& value, AssociationId) const noexcept { return read_buffer(SO_SNDBUF, value.bytes); }
  int write(const ReceiveBuffer& value, AssociationId) const noexcept { return write_buffer(SO_RCVBUF, value.bytes); }
  int read(ReceiveBuffer& value, AssociationId) const noexcept { return read_buffer(SO_RCVBUF, value.bytes); }

  int write(const Rto& value, AssociationId association) const noexcept {
    return state.set(IPPROTO_SCTP, SCTP_RTOINFO,
                     sctp_rtoinfo{id(association), ms(value.initial), ms(value.max), ms(value.min)});
  }
  int read(Rto& value, AssociationId association) const noexcept {
    sctp_rtoinfo info{.srto_assoc_id = id(association), .srto_initial = 0, .srto_max = 0, .srto_min = 0};
    const int result = state.read(IPPROTO_SCTP, SCTP_RTOINFO, info);
    value = {milliseconds(info.srto_initial), milliseconds(info.srto_min), milliseconds(info.srto_max)};
    return result;
  }

  int write(const InitParameters& value, AssociationId) const noexcept {
    return state.set(
        IPPROTO_SCTP, SCTP_INITMSG,
        sctp_initmsg{value.outbound_streams, value.max_inbound_streams, value.max_attempts, ms16(value.max_timeout)});
  }
  int read(InitParameters& value, AssociationId) const noexcept {
    sctp_initmsg init{};
    const int result = state.read(IPPROTO_SCTP, SCTP_INITMSG, init);
    value = {init.sinit_num_ostreams, init.sinit_max_instreams, init.sinit_max_attempts,
             milliseconds(init.sinit_max_init_timeo)};
    return result;
  }

  int write(const AssociationParameters& value, AssociationId association) const noexcept {
    sctp_assocparams parameters{};
    parameters.sasoc_assoc_id = id(association);
    parameters.sasoc_asocmaxrxt = value.max_retransmissions;
    parameters.sasoc_cookie_life = ms(value.cookie_life);
    return state.set(IPPROTO_SCTP, SCTP_ASSOCINFO, parameters);
  }
  int read(AssociationParameters& value, AssociationId association) const noexcept {
    sctp_assocparams parameters{};
    parameters.sasoc_assoc_id = id(association);
    const int result = state.read(IPPROTO_SCTP, SCTP_ASSOCINFO, parameters);
    value = {parameters.sasoc_asocmaxrxt, milliseconds(parameters.sasoc_cookie_life),
             parameters.sasoc_number_peer_destinations, parameters.sasoc_peer_rwnd, parameters.sasoc_local_rwnd};
    return result;
  }

  int write(const PathParameters& value, AssociationId association) const noexcept {
    sctp_paddrparams parameters{};
    parameters.spp_assoc_id = id(association);
    parameters.spp_address = storage_of(value.peer);
    parameters.spp_hbinterval = ms(value.heartbeat_interval);
    parameters.spp_pathmaxrxt = value.max_retransmissions;
    parameters.spp_pathmtu = value.path_mtu;
    std::uint32_t flags = value.heartbeat_now ? std::uint32_t{SPP_HB_DEMAND} : 0;
    // An interval is taken only together with SPP_HB_ENABLE.
    if (value.heartbeat.value_or(value.heartbeat_interval.count() > 0)) flags |= SPP_HB_ENABLE;
    if (value.heartbeat == false) flags |= SPP_HB_DISABLE;
    if (value.path_mtu_discovery) flags |= *value.path_mtu_discovery ? SPP_PMTUD_ENABLE : SPP_PMTUD_DISABLE;
    parameters.spp_flags = flags;
    return state.set(IPPROTO_SCTP, SCTP_PEER_ADDR_PARAMS, parameters);
  }
  int read(PathParameters& value, AssociationId association) const noexcept {
    sctp_paddrparams parameters{};
    parameters.spp_assoc_id = id(association);
    parameters.spp_address = storage_of(value.peer);
    const int result = state.read(IPPROTO_SCTP, SCTP_PEER_ADDR_PARAMS, parameters);
    value.heartbeat_interval = milliseconds(parameters.spp_hbinterval);
    value.max_retransmissions = parameters.spp_pathmaxrxt;
    value.path_mtu = parameters.spp_pathmtu;
    value.heartbeat = (parameters.spp_flags & SPP_HB_ENABLE) != 0;
    value.path_mtu_discovery = (parameters.spp_flags & SPP_PMTUD_ENABLE) != 0;
    return result;
  }

  int read(PathStatus& value, AssociationId association) const noexcept {
    sctp_paddrinfo info{};
    info.spinfo_assoc_id = id(association);
    info.spinfo_address = storage_of(value.peer);
    const int result = state.read(IPPROTO_SCTP, SCTP_GET_PEER_ADDR_INFO, info);
    if (result >= 0) value = path_status(info);
    return result;
  }

  int read(Status& value, AssociationId association) const noexcept {
    sctp_status status{};
    status.sstat_assoc_id = id(association);
    const int result = state.read(IPPROTO_SCTP, SCTP_STATUS, status);
    value = {.state = static_cast<AssociationState>(status.sstat_state),
             .peer_window = status.sstat_rwnd,
             .unacknowledged = status.sstat_unackdata,
             .pending = status.sstat_penddata,
             .inbound_streams = status.sstat_instrms,
             .outbound_streams = status.sstat_outstrms,
             .fragmentation_point = status.sstat_fragmentation_point,
             .primary = path_status(status.sstat_primary)};
    return result;
  }

  int write(const PrimaryAddress& value, AssociationId association) const noexcept {
    sctp_prim primary{};
    primary.ssp_assoc_id = id(association);
    primary.ssp_addr = storage_of(value.peer);
    return state.set(IPPROTO_SCTP, SCTP_PRIMARY_ADDR, primary);
  }
  int read(PrimaryAddress& value, AssociationId association) const noexcept {
    sctp_prim primary{};
    primary.ssp_assoc_id = id(association);
    const int result = state.read(IPPROTO_SCTP, SCTP_PRIMARY_ADDR, primary);
    sockaddr_storage storage;
    std::memcpy(&storage, &primary.ssp_addr, sizeof storage);
    value.peer = Address(reinterpret_cast<const sockaddr*>(&storage), sizeof storage);
    return result;
  }

  // RFC 6951 §6.1: the port is in network order.
  int write(const RemoteUdpPort& value, AssociationId association) const noexcept {
    sctp_udpencaps encapsulation{};
    encapsulation.sue_assoc_id = id(association);
    encapsulation.sue_address = storage_of(value.peer);
    encapsulation.sue_port = htons(value.port);
    return state.set(IPPROTO_SCTP, SCTP_REMOTE_UDP_ENCAPS_PORT, encapsulation);
  }
  int read(RemoteUdpPort& value, AssociationId association) const noexcept {
    sctp_udpencaps encapsulation{};
    encapsulation.sue_assoc_id = id(association);
    encapsulation.sue_address = storage_of(value.peer);
    const int result = state.read(IPPROTO_SCTP, SCTP_REMOTE_UDP_ENCAPS_PORT, encapsulation);
    value.port = ntohs(encapsulation.sue_port);
    return result;
  }

  int write(const DelayedSack& value, AssociationId association) const noexcept {
    return state.set(IPPROTO_SCTP, SCTP_DELAYED_SACK,
                     sctp_sack_info{id(association), ms(value.delay), value.frequency});
  }
  int read(DelayedSack& value, AssociationId association) const noexcept {
    sctp_sack_info info{};
    info.sack_assoc_id = id(association);
    const int result = state.read(IPPROTO_SCTP, SCTP_DELAYED_SACK, info);
    value = {milliseconds(info.sack_delay), info.sack_freq};
    return result;
  }

  int write(const Autoclose& value, AssociationId) const noexcept {
    return state.set(IPPROTO_SCTP, SCTP_AUTOCLOSE, static_cast<int>(value.after.count()));
  }
  int read(Autoclose& value, AssociationId) const noexcept {
    int seconds = 0;
    const int result = state.read(IPPROTO_SCTP, SCTP_AUTOCLOSE, seconds);
    value.after = std::chrono::seconds(seconds);
    return result;
  }

  int write(const StreamReconfiguration& value, AssociationId association) const noexcept {
    return state.set(IPPROTO_SCTP, SCTP_RECONFIG_SUPPORTED, sctp_assoc_value{id(association), value.on ? 1U : 0U});
  }
  int read(StreamReconfiguration& value, AssociationId association) const noexcept {
    sctp_assoc_value supported{id(association), 0};
    const int result = state.read(IPPROTO_SCTP, SCTP_RECONFIG_SUPPORTED, supported);
    value.on = supported.assoc_value != 0;
    return result;
  }

  int write(const AllowedReconfigurations& value, AssociationId association) const noexcept {
    std::uint32_t allowed = value.reset_streams ? SCTP_ENABLE_RESET_STREAM_REQ : 0;
    if (value.reset_association) allowed |= SCTP_ENABLE_RESET_ASSOC_REQ;
    if (value.add_streams) allowed |= SCTP_ENABLE_CHANGE_ASSOC_REQ;
    return state.set(IPPROTO_SCTP, SCTP_ENABLE_STREAM_RESET, sctp_assoc_value{id(association), allowed});
  }
  int read(AllowedReconfigurations& value, AssociationId association) const noexcept {
    sctp_assoc_value allowed{id(association), 0};
    const int result = state.read(IPPROTO_SCTP, SCTP_ENABLE_STREAM_RESET, allowed);
    value = {.reset_streams = (allowed.assoc_value & SCTP_ENABLE_RESET_STREAM_REQ) != 0,
             .reset_association = (allowed.assoc_value & SCTP_ENABLE_RESET_ASSOC_REQ) != 0,
             .add_streams = (allowed.assoc_value & SCTP_ENABLE_CHANGE_ASSOC_REQ) != 0};
    return result;
  }

  int write(const CongestionControl& value, AssociationId association) const noexcept {
    return write_choice(NETSCTP_CONGESTION_CONTROL, value, association);
  }
  int read(CongestionControl& value, AssociationId association) const noexcept {
    return read_choice(NETSCTP_CONGESTION_CONTROL, value, association);
  }
  int write(const LossDetection& value, AssociationId association) const noexcept {
    return write_choice(NETSCTP_LOSS_DETECTION, value, association);
  }
  int read(LossDetection& value, AssociationId association) const noexcept {
    return read_choice(NETSCTP_LOSS_DETECTION, value, association);
  }
  template <typename Choice>
  int write_choice(int name, const Choice& value, AssociationId association) const noexcept {
    return state.set(IPPROTO_SCTP, name,
                     sctp_assoc_value{id(association), static_cast<std::uint32_t>(value.algorithm)});
  }
  template <typename Choice>
  int read_choice(int name, Choice& value, AssociationId association) const noexcept {
    sctp_assoc_value chosen{id(association), 0};
    const int result = state.read(IPPROTO_SCTP, name, chosen);
    value.algorithm = static_cast<typename Choice::Algorithm>(chosen.assoc_value);
    return result;
  }

  int write(const Events& value, AssociationId) const noexcept {
    std::error_code error;
    state.subscribe(value, error);
    return -error.value();
  }
  int read(Events& value, AssociationId) const noexcept {
    value = state.events();
    return 0;
  }
};

template <typename State>
Access(State&) -> Access<State>;

}  // namespace

template <WritableOption Option>
void Socket::set(const Option& value, AssociationId association, std::error_code& error) noexcept {
  error = errno_code(EBADF);
  if (state_) succeeded(Access{*state_}.write(value, association), error);
}

template <ReadableOption Option>
Option Socket::option(const Option& query, AssociationId association, std::error_code& error) const noexcept {
  error = errno_code(EBADF);
  Option value = query;
  if (state_) succeeded(Access{*state_}.read(value, association), error);
  return value;
}

template void Socket::set(const NoDelay&, AssociationId, std::error_code&) noexcept;
template void Socket::set(const Linger&, AssociationId, std::error_code&) noexcept;
template void Socket::set(const SendBuffer&, AssociationId, std::error_code&) noexcept;
template void Socket::set(const ReceiveBuffer&, AssociationId, std::error_code&) noexcept;
template void Socket::set(const Rto&, AssociationId, std::error_code&) noexcept;
template void Socket::set(const InitParameters&, AssociationId, std::error_code&) noexcept;
template void Socket::set(const AssociationParameters&, AssociationId, std::error_code&) noexcept;
template void Socket::set(const PathParameters&, AssociationId, std::error_code&) noexcept;
template void Socket::set(const PrimaryAddress&, AssociationId, std::error_code&) noexcept;
template void Socket::set(const RemoteUdpPort&, AssociationId, std::error_code&) noexcept;
template void Socket::set(const DelayedSack&, AssociationId, std::error_code&) noexcept;
template void Socket::set(const Autoclose&, AssociationId, std::error_code&) noexcept;
template void Socket::set(const StreamReconfiguration&, AssociationId, std::error_code&) noexcept;
template void Socket::set(const AllowedReconfigurations&, AssociationId, std::error_code&) noexcept;
template void Socket::set(const CongestionControl&, AssociationId, std::error_code&) noexcept;
template void Socket::set(const LossDetection&, AssociationId, std::error_code&) noexcept;
template void Socket::set(const Events&, AssociationId, std::error_code&) noexcept;

template NoDelay Socket::option(const NoDelay&, AssociationId, std::error_code&) const noexcept;
template Linger Socket::option(const Linger&, AssociationId, std::error_code&) const noexcept;
template SendBuffer Socket::option(const SendBuffer&, AssociationId, std::error_code&) const noexcept;
template ReceiveBuffer Socket::option(const ReceiveBuffer&, AssociationId, std::error_code&) const noexcept;
template Rto Socket::option(const Rto&, AssociationId, std::error_code&) const noexcept;
template InitParameters Socket::option(const InitParameters&, AssociationId, std::error_code&) const noexcept;
template AssociationParameters Socket::option(const AssociationParameters&, AssociationId,
                                              std::error_code&) const noexcept;
template PathParameters Socket::option(const PathParameters&, AssociationId, std::error_code&) const noexcept;
template PathStatus Socket::option(const PathStatus&, AssociationId, std::error_code&) const noexcept;
template Status Socket::option(const Status&, AssociationId, std::error_code&) const noexcept;
template PrimaryAddress Socket::option(const PrimaryAddress&, AssociationId, std::error_code&) const noexcept;
template RemoteUdpPort Socket::option(const RemoteUdpPort&, AssociationId, std::error_code&) const noexcept;
template DelayedSack Socket::option(const DelayedSack&, AssociationId, std::error_code&) const noexcept;
template Autoclose Socket::option(const Autoclose&, AssociationId, std::error_code&) const noexcept;
template StreamReconfiguration Socket::option(const StreamReconfiguration&, AssociationId,
                                              std::error_code&) const noexcept;
template AllowedReconfigurations Socket::option(const AllowedReconfigurations&, AssociationId,
                                                std::error_code&) const noexcept;
template CongestionControl Socket::option(const CongestionControl&, AssociationId, std::error_code&) const noexcept;
template LossDetection Socket::option(const LossDetection&, AssociationId, std::error_code&) const noexcept;
template Events Socket::option(const Events&, AssociationId, std::error_code&) const noexcept;

void Socket::set_raw(int level, int name, std::span<const std::byte> value) {
  std::error_code error;
  set_raw(level, name, value, error);
  throw_if(error, "set a socket option");
}

void Socket::set_raw(int level, int name, std::span<const std::byte> value, std::error_code& error) noexcept {
  error = errno_code(EBADF);
  if (!state_) return;
  succeeded(state_->seam->setsockopt(level, name, value.data(), static_cast<socklen_t>(value.size())), error);
}

std::size_t Socket::read_raw(int level, int name, std::span<std::byte> value) const {
  std::error_code error;
  const std::size_t length = read_raw(level, name, value, error);
  throw_if(error, "read a socket option");
  return length;
}

std::size_t Socket::read_raw(int level, int name, std::span<std::byte> value, std::error_code& error) const noexcept {
  error = errno_code(EBADF);
  if (!state_) return 0;
  auto length = static_cast<socklen_t>(value.size());
  return succeeded(state_->seam->getsockopt(level, name, value.data(), &length), error) ? length : 0;
}

}  // namespace net::sctp
