// Extensions of the protocol and what Linux has beside RFC 6458: schedulers (RFC 8260 §4.3), thresholds (RFC 7829 §7),
// Adaptation Indication (RFC 6458 §8.1.10), statistics, and the switches of extensions. Those not built answer as Linux
// does with the extension off.
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "socket/options.hpp"
#include "socket/sockaddr.hpp"

namespace netsctp::socket {

namespace {

// --- switches: struct sctp_assoc_value, one association or SCTP_FUTURE_ASSOC -----------------------------------------

int get_off(const OptionCall& call, void* value, socklen_t& length) {
  sctp_assoc_value argument{};
  if (!load(argument, value, length) || check_one(call, argument.assoc_id) != 0) return -EINVAL;
  argument.assoc_value = 0;
  return store(argument, value, length);
}

// ASCONF (RFC 5061), AUTH (RFC 4895), ECN: what is not built stays off, as on a kernel that does not allow it.
int set_off(const OptionCall& call, const void* value, socklen_t length) {
  sctp_assoc_value argument{};
  return load_exactly(argument, value, length) ? check_one(call, argument.assoc_id) : -EINVAL;
}

// RFC 8260 §4.3.1: as with net.sctp.intl_enable = 0.
int set_interleaving(const OptionCall& call, const void* value, socklen_t length) {
  sctp_assoc_value argument{};
  if (!load(argument, value, length) || check_one(call, argument.assoc_id) != 0) return -EINVAL;
  return -EPERM;
}

// RFC 7829 §7.3, as Linux has it: 0 shows the state when asked, 1 neither shows nor tells it, 2 does both.
TrafficSettings& exposing(const OptionCall& call, core::AssociationId id) noexcept {
  auto* const association = call.socket.association(id);
  return association != nullptr ? association->traffic : call.settings().traffic;
}

int get_expose(const OptionCall& call, void* value, socklen_t& length) {
  sctp_assoc_value argument{};
  if (!load(argument, value, length) || check_one(call, argument.assoc_id) != 0) return -EINVAL;
  argument.assoc_value = exposing(call, argument.assoc_id).expose_failed;
  return store(argument, value, length);
}

int set_expose(const OptionCall& call, const void* value, socklen_t length) {
  constexpr std::uint32_t kEnabled = 2;
  sctp_assoc_value argument{};
  if (!load_exactly(argument, value, length) || argument.assoc_value > kEnabled) return -EINVAL;
  if (const int error = check_one(call, argument.assoc_id)) return error;
  exposing(call, argument.assoc_id).expose_failed = argument.assoc_value;
  return 0;
}

// --- RFC 6458 §8.3.1 SCTP_SET_PEER_PRIMARY_ADDR: as with net.sctp.addip_enable = 0 ----------------------------------

int set_peer_primary(const OptionCall&, const void*, socklen_t) {
  return -EPERM;
}

// --- RFC 6458 §8.1.10 SCTP_ADAPTATION_LAYER: for associations to come ------------------------------------------------

int get_adaptation(const OptionCall& call, void* value, socklen_t& length) {
  return store(call.settings().association.adaptation, value, length);
}
int set_adaptation(const OptionCall& call, const void* value, socklen_t length) {
  std::uint32_t indication = 0;
  if (!load_exactly(indication, value, length)) return -EINVAL;
  call.settings().association.adaptation = indication;
  call.socket.apply_defaults();
  return 0;
}

// --- RFC 6458 §8.1.23, §8.1.27 ---------------------------------------------------------------------------------------

int get_auto_asconf(const OptionCall& call, void* value, socklen_t& length) {
  return store_int(call.settings().auto_asconf ? 1 : 0, value, length);
}
int set_auto_asconf(const OptionCall& call, const void* value, socklen_t length) {
  bool on = false;
  if (const int error = load_flag(on, value, length)) return error;
  const auto& endpoint = call.socket.endpoint();
  const bool any = endpoint != nullptr && (endpoint->addresses().any_v4 || endpoint->addresses().any_v6);
  if (on && !any) return -EINVAL;  // Linux: only a socket bound to the wildcard
  call.settings().auto_asconf = on;
  return 0;
}

int get_reuse_port(const OptionCall& call, void* value, socklen_t& length) {
  return store_int(call.settings().reuse_port ? 1 : 0, value, length);
}
int set_reuse_port(const OptionCall& call, const void* value, socklen_t length) {
  if (call.socket.is_one_to_many()) return -EOPNOTSUPP;
  if (call.socket.endpoint() != nullptr) return -EFAULT;  // as Linux answers once it is bound
  return load_flag(call.settings().reuse_port, value, length);
}

// --- RFC 8260 §4.3.2, §4.3.3: schedulers -----------------------------------------------------------------------------

constexpr std::uint32_t kLastScheduler = SCTP_SS_RR;

int get_scheduler(const OptionCall& call, void* value, socklen_t& length) {
  sctp_assoc_value argument{};
  if (!load(argument, value, length)) return -EINVAL;
  const auto* const parameters = parameters_of(call, argument.assoc_id);
  if (parameters == nullptr) return -EINVAL;
  argument.assoc_value = static_cast<std::uint32_t>(parameters->scheduler);
  return store(argument, value, length);
}

int set_scheduler(const OptionCall& call, const void* value, socklen_t length) {
  sctp_assoc_value argument{};
  if (!load(argument, value, length) || argument.assoc_value > kLastScheduler) return -EINVAL;
  const auto scheduler = static_cast<core::Scheduler>(argument.assoc_value);
  const int error =
      change_parameters(call, argument.assoc_id, [&](core::AssociationParameters& to) { to.scheduler = scheduler; });
  if (error != 0) return error;
  for (const auto id : call.socket.associations()) {  // those just changed take it up
    if (const auto* const parameters = call.stack().association_parameters(id)) {
      (void)call.stack().set_scheduler(id, parameters->scheduler);
    }
  }
  return 0;
}

// --- ours: how an association meets loss; taken up with its next SACK ------------------------------------------------

template <auto member>
int get_choice(const OptionCall& call, void* value, socklen_t& length) {
  sctp_assoc_value argument{};
  if (!load(argument, value, length)) return -EINVAL;
  const auto* const parameters = parameters_of(call, argument.assoc_id);
  if (parameters == nullptr) return -EINVAL;
  argument.assoc_value = static_cast<std::uint32_t>(parameters->*member);
  return store(argument, value, length);
}

template <auto member, auto last>  // of an enum whose values are 0 to `last`
int set_choice(const OptionCall& call, const void* value, socklen_t length) {
  sctp_assoc_value argument{};
  if (!load_exactly(argument, value, length)) return -EINVAL;
  if (argument.assoc_value > static_cast<std::uint32_t>(last)) return -EINVAL;
  return change_parameters(call, argument.assoc_id, [&](core::AssociationParameters& to) {
    to.*member = static_cast<decltype(last)>(argument.assoc_value);
  });
}

int get_stream_value(const OptionCall& call, void* value, socklen_t& length) {
  sctp_stream_value argument{};
  if (!load(argument, value, length)) return -EINVAL;
  const auto* const association = call.socket.association(argument.assoc_id);
  if (association == nullptr) return -EINVAL;
  auto current = call.stack().stream_value(association->id, argument.stream_id);
  if (!current) return -EINVAL;
  argument.stream_value = *current;
  return store(argument, value, length);
}

int set_stream_value(const OptionCall& call, const void* value, socklen_t length) {
  sctp_stream_value argument{};
  if (!load(argument, value, length)) return -EINVAL;
  const auto apply = [&](core::AssociationId id) {
    return -call.stack().set_stream_value(id, argument.stream_id, argument.stream_value).value();
  };
  if (const auto* const association = call.socket.association(argument.assoc_id)) return apply(association->id);
  if (!call.socket.is_one_to_many()) return 0;
  if (argument.assoc_id != SCTP_CURRENT_ASSOC) return -EINVAL;  // there is nothing to set for those to come
  int outcome = 0;
  for (const auto id : call.socket.associations()) {
    if (const int error = apply(id)) outcome = error;
  }
  return outcome;
}

// --- one peer address, all of an association, or those to come -------------------------------------------------------

// What an option names. `paths` are those of the association; empty: the defaults.
struct Named {
  core::AssociationId id = 0;
  std::vector<core::PathStatus> paths;
  const core::AssociationParameters* parameters = nullptr;  // where no single address is named
};

// EINVAL: no such association. `unknown`: what an address the peer does not have is answered with.
Result<Named> named_by(const OptionCall& call, core::AssociationId id, const sockaddr_storage& storage, int unknown) {
  Named named;
  const auto* const association = call.socket.association(id);
  std::optional<Address> wanted;
  if (storage.ss_family != AF_UNSPEC) {
    auto address = from_sockaddr(reinterpret_cast<const sockaddr*>(&storage), sizeof storage, call.settings().view);
    if (!address) return address.error();
    if (!address->ip.is_any()) wanted = *address;
  }
  if (association != nullptr) {
    const auto status = call.stack().status(association->id);
    if (!status) return std::errc::invalid_argument;
    named.id = association->id;
    for (const auto& path : status->paths) {
      if (!wanted || path.address == *wanted) named.paths.push_back(path);
    }
  }
  if (wanted) {
    if (named.paths.empty()) return std::error_code(unknown, std::generic_category());
    return named;
  }
  named.parameters = parameters_of(call, id);
  if (named.parameters == nullptr) return std::errc::invalid_argument;
  return named;
}

template <class Change>
int change_paths(const OptionCall& call, const Named& named, Change change) {
  for (const auto& path : named.paths) {
    core::PathParameters wanted = path.parameters;
    change(wanted);
    if (const auto error = call.stack().set_path(named.id, path.address.ip, wanted, call.session.now())) {
      return -error.value();
    }
  }
  if (named.parameters != nullptr) {
    change_of(call, named.id, [&](core::AssociationParameters& to) { change(to.path); });
  }
  return 0;
}

const core::PathParameters& parameters_in(const Named& named) noexcept {
  return named.parameters != nullptr ? named.parameters->path : named.paths.front().parameters;
}

// --- RFC 7829 §7.2, RFC 7829 §5: the second form has the threshold for the primary path ------------------------------

int get_thresholds(const OptionCall& call, void* value, socklen_t& length) {
  sctp_paddrthlds_v2 argument{};
  if (!load(argument, value, length)) return -EINVAL;
  auto named = named_by(call, argument.spt_assoc_id, argument.spt_address, ENOENT);
  if (!named) return -named.error().value();
  const auto& from = parameters_in(*named);
  argument.spt_pathmaxrxt = from.max_retransmissions;
  argument.spt_pathpfthld = from.potentially_failed_threshold;
  argument.spt_pathcpthld = from.primary_switch_threshold;
  return store(argument, value, length);
}

int apply_thresholds(const OptionCall& call, const sctp_paddrthlds_v2& argument, bool second) {
  auto named = named_by(call, argument.spt_assoc_id, argument.spt_address, ENOENT);
  if (!named) return -named.error().value();
  if (second && argument.spt_pathpfthld > argument.spt_pathcpthld) return -EINVAL;
  return change_paths(call, *named, [&](core::PathParameters& to) {
    if (argument.spt_pathmaxrxt != 0) to.max_retransmissions = argument.spt_pathmaxrxt;
    to.potentially_failed_threshold = argument.spt_pathpfthld;
    if (second) to.primary_switch_threshold = argument.spt_pathcpthld;
  });
}

static_assert(sizeof(sctp_paddrthlds) == sizeof(sctp_paddrthlds_v2));

int set_thresholds(const OptionCall& call, const void* value, socklen_t length) {
  sctp_paddrthlds_v2 argument{};
  return load(argument, value, length) ? apply_thresholds(call, argument, false) : -EINVAL;
}
int set_thresholds_v2(const OptionCall& call, const void* value, socklen_t length) {
  sctp_paddrthlds_v2 argument{};
  return load(argument, value, length) ? apply_thresholds(call, argument, true) : -EINVAL;
}

// --- SCTP_PLPMTUD_PROBE_INTERVAL -------------------------------------------------------------------------------------

constexpr std::uint32_t kMinProbeInterval = 5000;  // ms

int get_probe_interval(const OptionCall& call, void* value, socklen_t& length) {
  sctp_probeinterval argument{};
  if (!load(argument, value, length)) return -EINVAL;
  auto named = named_by(call, argument.spi_assoc_id, argument.spi_address, EINVAL);
  if (!named) return -named.error().value();
  argument.spi_interval = parameters_in(*named).probe_interval;
  return store(argument, value, length);
}

int set_probe_interval(const OptionCall& call, const void* value, socklen_t length) {
  sctp_probeinterval argument{};
  if (!load_exactly(argument, value, length)) return -EINVAL;
  if (argument.spi_interval != 0 && argument.spi_interval < kMinProbeInterval) return -EINVAL;
  auto named = named_by(call, argument.spi_assoc_id, argument.spi_address, EINVAL);
  if (!named) return -named.error().value();
  return change_paths(call, *named, [&](core::PathParameters& to) { to.probe_interval = argument.spi_interval; });
}

// --- SCTP_GET_ASSOC_STATS: as much as the caller has room for --------------------------------------------------------

int get_statistics(const OptionCall& call, void* value, socklen_t& length) {
  sctp_assoc_stats answer{};
  std::memcpy(&answer.sas_assoc_id, value, sizeof answer.sas_assoc_id);
  const auto* const association = call.socket.association(answer.sas_assoc_id);
  const auto* const counters = association != nullptr ? call.stack().association_counters(association->id) : nullptr;
  if (counters == nullptr) return -EINVAL;
  answer.sas_assoc_id = association->id;
  if (const auto status = call.stack().status(association->id)) {
    // What the largest RTO has been since the last call is not followed all the time: what it is now counts.
    const auto largest =
        std::max_element(status->paths.begin(), status->paths.end(),
                         [](const core::PathStatus& a, const core::PathStatus& b) { return a.rto < b.rto; });
    if (largest != status->paths.end()) {
      sockaddr_storage storage;
      to_sockaddr(largest->address, call.settings().view, storage);
      answer.sas_obs_rto_ipaddr = storage;
      answer.sas_maxrto =
          static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(largest->rto).count());
    }
  }
  const auto& seldom = counters->seldom.read();
  answer.sas_isacks = counters->sacks_received;
  answer.sas_osacks = counters->sacks_sent;
  answer.sas_opackets = counters->packets_sent;
  answer.sas_ipackets = counters->packets_received;
  answer.sas_rtxchunks = seldom.retransmitted_chunks;
  answer.sas_outofseqtsns = seldom.out_of_order_tsns;
  answer.sas_idupchunks = seldom.duplicate_chunks;
  answer.sas_gapcnt = seldom.gap_acks_received;
  answer.sas_ouodchunks = seldom.unordered_chunks_sent;
  answer.sas_iuodchunks = seldom.unordered_chunks_received;
  answer.sas_oodchunks = counters->ordered_chunks_sent;
  answer.sas_iodchunks = counters->ordered_chunks_received;
  answer.sas_octrlchunks = counters->control_chunks_sent;
  answer.sas_ictrlchunks = counters->control_chunks_received;
  length = std::min<socklen_t>(length, sizeof answer);
  std::memcpy(value, &answer, length);
  return 0;
}

constexpr Option kOptions[]{
    {SCTP_ASCONF_SUPPORTED, get_off, set_off, sizeof(sctp_assoc_value)},
    {SCTP_AUTH_SUPPORTED, get_off, set_off, sizeof(sctp_assoc_value)},
    {SCTP_ECN_SUPPORTED, get_off, set_off, sizeof(sctp_assoc_value)},
    {SCTP_INTERLEAVING_SUPPORTED, get_off, set_interleaving, sizeof(sctp_assoc_value)},
    {SCTP_EXPOSE_POTENTIALLY_FAILED_STATE, get_expose, set_expose, sizeof(sctp_assoc_value)},
    {SCTP_SET_PEER_PRIMARY_ADDR, nullptr, set_peer_primary},
    {SCTP_ADAPTATION_LAYER, get_adaptation, set_adaptation},
    {SCTP_AUTO_ASCONF, get_auto_asconf, set_auto_asconf},
    {SCTP_REUSE_PORT, get_reuse_port, set_reuse_port},
    {kCongestionControlOption, get_choice<&core::AssociationParameters::congestion_control>,
     set_choice<&core::AssociationParameters::congestion_control, core::CongestionControl::kBbr>,
     sizeof(sctp_assoc_value)},
    {kLossDetectionOption, get_choice<&core::AssociationParameters::loss_detection>,
     set_choice<&core::AssociationParameters::loss_detection, core::LossDetection::kRack>, sizeof(sctp_assoc_value)},
    {SCTP_STREAM_SCHEDULER, get_scheduler, set_scheduler, sizeof(sctp_assoc_value)},
    {SCTP_STREAM_SCHEDULER_VALUE, get_stream_value, set_stream_value, sizeof(sctp_stream_value)},
    {SCTP_PEER_ADDR_THLDS, get_thresholds, set_thresholds, sizeof(sctp_paddrthlds)},
    {SCTP_PEER_ADDR_THLDS_V2, get_thresholds, set_thresholds_v2, sizeof(sctp_paddrthlds_v2)},
    {SCTP_PLPMTUD_PROBE_INTERVAL, get_probe_interval, set_probe_interval, sizeof(sctp_probeinterval)},
    {SCTP_GET_ASSOC_STATS, get_statistics, nullptr, sizeof(sctp_assoc_t)},
};

}  // namespace

std::span<const Option> feature_options() noexcept {
  return kOptions;
}

}  // namespace netsctp::socket
