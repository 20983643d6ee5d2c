// How associations are set up, their timers and limits, and what they are (RFC 6458 §8.1.1 to §8.1.3, §8.2.1, §8.2.5,
// §8.2.6).
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <vector>

#include "socket/options.hpp"
#include "socket/sockaddr.hpp"

namespace netsctp::socket {

namespace {

using std::chrono::milliseconds;

std::uint32_t in_ms(Duration duration) noexcept {
  return static_cast<std::uint32_t>(std::chrono::duration_cast<milliseconds>(duration).count());
}

// --- §8.1.1 SCTP_RTOINFO
// ----------------------------------------------------------------------------------------------

int get_rto_info(const OptionCall& call, void* value, socklen_t& length) {
  sctp_rtoinfo info{};
  if (!load(info, value, length)) return -EINVAL;
  const auto* const parameters = parameters_of(call, info.srto_assoc_id);
  if (parameters == nullptr) return -EINVAL;
  info.srto_initial = in_ms(parameters->rto_initial);
  info.srto_min = in_ms(parameters->rto_min);
  info.srto_max = in_ms(parameters->rto_max);
  return store(info, value, length);
}

int set_rto_info(const OptionCall& call, const void* value, socklen_t length) {
  sctp_rtoinfo info{};
  if (!load_exactly(info, value, length)) return -EINVAL;
  const auto apply = [&info](core::AssociationParameters& to) {  // a value of zero leaves what is there
    if (info.srto_initial != 0) to.rto_initial = milliseconds(info.srto_initial);
    if (info.srto_min != 0) to.rto_min = milliseconds(info.srto_min);
    if (info.srto_max != 0) to.rto_max = milliseconds(info.srto_max);
  };
  const auto* const current = parameters_of(call, info.srto_assoc_id);
  if (current == nullptr) return -EINVAL;
  core::AssociationParameters wanted = *current;
  apply(wanted);
  if (wanted.rto_min > wanted.rto_max) return -EINVAL;  // as on Linux, the initial RTO may be anything
  return change_parameters(call, info.srto_assoc_id, apply);
}

// --- §8.1.2 SCTP_ASSOCINFO
// --------------------------------------------------------------------------------------------

int get_assoc_info(const OptionCall& call, void* value, socklen_t& length) {
  sctp_assocparams info{};
  if (!load(info, value, length)) return -EINVAL;
  const auto* const parameters = parameters_of(call, info.sasoc_assoc_id);
  if (parameters == nullptr) return -EINVAL;
  info.sasoc_asocmaxrxt = parameters->max_retransmissions;
  info.sasoc_cookie_life = in_ms(parameters->cookie_life);
  info.sasoc_number_peer_destinations = 0;
  info.sasoc_peer_rwnd = 0;
  info.sasoc_local_rwnd = static_cast<std::uint32_t>(parameters->receive_buffer);
  if (const auto* const association = call.socket.association(info.sasoc_assoc_id)) {
    if (const auto status = call.stack().status(association->id)) {
      info.sasoc_assoc_id = association->id;
      info.sasoc_number_peer_destinations = static_cast<std::uint16_t>(status->paths.size());
      info.sasoc_peer_rwnd = static_cast<std::uint32_t>(status->peer_rwnd);
      info.sasoc_local_rwnd = static_cast<std::uint32_t>(status->local_rwnd);
    }
  }
  return store(info, value, length);
}

int set_assoc_info(const OptionCall& call, const void* value, socklen_t length) {
  sctp_assocparams info{};
  if (!load_exactly(info, value, length)) return -EINVAL;
  if (const auto* const association = call.socket.association(info.sasoc_assoc_id)) {
    // More attempts than all paths together have would never be reached (RFC 9260 §8.1).
    const auto status = call.stack().status(association->id);
    std::size_t all = 0;
    if (status) {
      for (const auto& path : status->paths) all += path.parameters.max_retransmissions;
      if (status->paths.size() > 1 && info.sasoc_asocmaxrxt > all) return -EINVAL;
    }
  }
  if (const int error = check_one(call, info.sasoc_assoc_id)) return error;
  return change_parameters(call, info.sasoc_assoc_id, [&info](core::AssociationParameters& to) {
    if (info.sasoc_asocmaxrxt != 0) to.max_retransmissions = info.sasoc_asocmaxrxt;
    if (info.sasoc_cookie_life != 0) to.cookie_life = milliseconds(info.sasoc_cookie_life);
  });
}

// --- §8.1.3 SCTP_INITMSG: for associations to come -------------------------------------------------------------------

int get_init_msg(const OptionCall& call, void* value, socklen_t& length) {
  const core::AssociationParameters& from = call.settings().association;
  const sctp_initmsg init{from.outbound_streams, from.max_inbound_streams, from.max_init_retransmits,
                          static_cast<std::uint16_t>(std::min<std::uint32_t>(in_ms(from.init_timeout_max), 65535))};
  return store(init, value, length);
}

int set_init_msg(const OptionCall& call, const void* value, socklen_t length) {
  sctp_initmsg init{};
  if (!load_exactly(init, value, length)) return -EINVAL;
  core::AssociationParameters& to = call.settings().association;
  if (init.sinit_num_ostreams != 0) to.outbound_streams = init.sinit_num_ostreams;
  if (init.sinit_max_instreams != 0) to.max_inbound_streams = init.sinit_max_instreams;
  if (init.sinit_max_attempts != 0) to.max_init_retransmits = init.sinit_max_attempts;
  if (init.sinit_max_init_timeo != 0) to.init_timeout_max = milliseconds(init.sinit_max_init_timeo);
  call.socket.apply_defaults();
  return 0;
}

// --- §8.1.24 SCTP_MAX_BURST: an int is the old form ------------------------------------------------------------------

int get_max_burst(const OptionCall& call, void* value, socklen_t& length) {
  if (length == sizeof(int)) return store_int(static_cast<int>(call.settings().association.max_burst), value, length);
  sctp_assoc_value argument{};
  if (!load(argument, value, length)) return -EINVAL;
  const auto* const parameters = parameters_of(call, argument.assoc_id);
  if (parameters == nullptr) return -EINVAL;
  argument.assoc_value = parameters->max_burst;
  std::memcpy(value, &argument, sizeof argument);  // as on Linux, the length stays as it was given
  return 0;
}

int set_max_burst(const OptionCall& call, const void* value, socklen_t length) {
  sctp_assoc_value argument{};
  if (length == sizeof(int)) {
    std::memcpy(&argument.assoc_value, value, sizeof(int));
  } else if (!load_exactly(argument, value, length)) {
    return -EINVAL;
  }
  return change_parameters(call, argument.assoc_id,
                           [&](core::AssociationParameters& to) { to.max_burst = argument.assoc_value; });
}

// --- §8.1.8 SCTP_AUTOCLOSE: one-to-many only -------------------------------------------------------------------------

constexpr std::uint32_t kMaxAutoclose = 0x7FFFFFFF / 100;  // s; as Linux bounds it

int get_autoclose(const OptionCall& call, void* value, socklen_t& length) {
  if (!call.socket.is_one_to_many()) return -EOPNOTSUPP;
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(call.settings().association.autoclose).count();
  return store_int(static_cast<int>(seconds), value, length);
}

int set_autoclose(const OptionCall& call, const void* value, socklen_t length) {
  if (!call.socket.is_one_to_many()) return -EOPNOTSUPP;
  std::uint32_t seconds = 0;
  if (!load_exactly(seconds, value, length)) return -EINVAL;
  call.settings().association.autoclose = std::chrono::seconds(std::min(seconds, kMaxAutoclose));
  call.socket.apply_defaults();  // as on Linux, for associations to come
  return 0;
}

// --- §8.2.5, §8.2.6: which associations there are --------------------------------------------------------------------

int get_number(const OptionCall& call, void* value, socklen_t& length) {
  if (!call.socket.is_one_to_many()) return -EOPNOTSUPP;
  return store(static_cast<std::uint32_t>(call.socket.associations().size()), value, length);
}

int get_ids(const OptionCall& call, void* value, socklen_t& length) {
  if (!call.socket.is_one_to_many()) return -EOPNOTSUPP;
  const auto& ids = call.socket.associations();
  const std::size_t size = sizeof(std::uint32_t) + ids.size() * sizeof(sctp_assoc_t);
  if (length < size) return -EINVAL;
  auto* at = static_cast<std::byte*>(value);
  const auto count = static_cast<std::uint32_t>(ids.size());
  std::memcpy(at, &count, sizeof count);
  at += sizeof count;
  for (const sctp_assoc_t id : ids) {
    std::memcpy(at, &id, sizeof id);
    at += sizeof id;
  }
  length = static_cast<socklen_t>(size);
  return 0;
}

constexpr Option kOptions[]{
    {SCTP_RTOINFO, get_rto_info, set_rto_info, sizeof(sctp_rtoinfo)},
    {SCTP_ASSOCINFO, get_assoc_info, set_assoc_info, sizeof(sctp_assocparams)},
    {SCTP_INITMSG, get_init_msg, set_init_msg},
    {SCTP_AUTOCLOSE, get_autoclose, set_autoclose},
    {SCTP_MAX_BURST, get_max_burst, set_max_burst, sizeof(int)},
    {SCTP_GET_ASSOC_NUMBER, get_number, nullptr},
    {SCTP_GET_ASSOC_ID_LIST, get_ids, nullptr},
};

}  // namespace

std::span<const Option> association_options() noexcept {
  return kOptions;
}

}  // namespace netsctp::socket
