// Sending and receiving: RFC 6458 §8.1.5, §8.1.11, §8.1.13, §8.1.15, §8.1.16, §8.1.19 to §8.1.21, §8.1.25, §8.1.31.
#include <cerrno>
#include <chrono>

#include "socket/options.hpp"

namespace netsctp::socket {

namespace {

using std::chrono::milliseconds;

// --- flags without an association ------------------------------------------------------------------------------------

int get_no_delay(const OptionCall& call, void* value, socklen_t& length) {
  return store_int(call.settings().association.no_delay ? 1 : 0, value, length);
}
int set_no_delay(const OptionCall& call, const void* value, socklen_t length) {
  bool on = false;
  if (const int error = load_flag(on, value, length)) return error;
  change_all_parameters(call, [on](core::AssociationParameters& to) { to.no_delay = on; });
  return 0;
}

int get_disable_fragments(const OptionCall& call, void* value, socklen_t& length) {
  return store_int(call.settings().disable_fragments ? 1 : 0, value, length);
}
int set_disable_fragments(const OptionCall& call, const void* value, socklen_t length) {
  return load_flag(call.settings().disable_fragments, value, length);
}

int get_mapped(const OptionCall& call, void* value, socklen_t& length) {
  return store_int(call.settings().view.mapped_v4 ? 1 : 0, value, length);
}
int set_mapped(const OptionCall& call, const void* value, socklen_t length) {
  return load_flag(call.settings().view.mapped_v4, value, length);
}

int get_interleave(const OptionCall& call, void* value, socklen_t& length) {
  return store_int(call.settings().fragment_interleave ? 1 : 0, value, length);
}
int set_interleave(const OptionCall& call, const void* value, socklen_t length) {
  if (length != sizeof(int)) return -EINVAL;
  return load_flag(call.settings().fragment_interleave, value, length);
}

int get_delivery_point(const OptionCall& call, void* value, socklen_t& length) {
  return store(static_cast<std::uint32_t>(call.settings().association.partial_delivery_point), value, length);
}
int set_delivery_point(const OptionCall& call, const void* value, socklen_t length) {
  std::uint32_t bytes = 0;
  if (!load_exactly(bytes, value, length)) return -EINVAL;
  if (bytes > call.settings().receive_buffer) return -EINVAL;  // RFC 6458 §8.1.21: it could never be reached
  change_all_parameters(call, [bytes](core::AssociationParameters& to) { to.partial_delivery_point = bytes; });
  return 0;
}

// --- defaults for sending: §8.1.13, §8.1.31 --------------------------------------------------------------------------

constexpr unsigned kDefaultFlags = SCTP_UNORDERED | SCTP_ADDR_OVER | SCTP_ABORT | SCTP_EOF;  // as Linux lets in

int get_send_parameters(const OptionCall& call, void* value, socklen_t& length) {
  sctp_sndrcvinfo info{};
  if (!load(info, value, length)) return -EINVAL;
  const auto* const from = traffic_of(call, info.sinfo_assoc_id);
  if (from == nullptr) return -EINVAL;
  info.sinfo_stream = from->stream;
  info.sinfo_flags = from->flags;
  info.sinfo_ppid = from->ppid;
  info.sinfo_context = from->context;
  info.sinfo_timetolive = from->time_to_live;
  return store(info, value, length);
}

int set_send_parameters(const OptionCall& call, const void* value, socklen_t length) {
  sctp_sndrcvinfo info{};
  if (!load_exactly(info, value, length) || (info.sinfo_flags & ~kDefaultFlags) != 0) return -EINVAL;
  return change_traffic(call, info.sinfo_assoc_id, [&info](TrafficSettings& to) {
    to.stream = info.sinfo_stream;
    to.flags = info.sinfo_flags;
    to.ppid = info.sinfo_ppid;
    to.context = info.sinfo_context;
    to.time_to_live = info.sinfo_timetolive;
  });
}

int get_send_info(const OptionCall& call, void* value, socklen_t& length) {
  sctp_sndinfo info{};
  if (!load(info, value, length)) return -EINVAL;
  const auto* const from = traffic_of(call, info.snd_assoc_id);
  if (from == nullptr) return -EINVAL;
  info.snd_sid = from->stream;
  info.snd_flags = from->flags;
  info.snd_ppid = from->ppid;
  info.snd_context = from->context;
  return store(info, value, length);
}

int set_send_info(const OptionCall& call, const void* value, socklen_t length) {
  sctp_sndinfo info{};
  if (!load_exactly(info, value, length) || (info.snd_flags & ~kDefaultFlags) != 0) return -EINVAL;
  return change_traffic(call, info.snd_assoc_id, [&info](TrafficSettings& to) {
    to.stream = info.snd_sid;
    to.flags = info.snd_flags;
    to.ppid = info.snd_ppid;
    to.context = info.snd_context;
  });
}

// --- §8.1.25 SCTP_CONTEXT: marks what is received --------------------------------------------------------------------

int get_context(const OptionCall& call, void* value, socklen_t& length) {
  sctp_assoc_value argument{};
  if (!load(argument, value, length)) return -EINVAL;
  const auto* const from = traffic_of(call, argument.assoc_id);
  if (from == nullptr) return -EINVAL;
  argument.assoc_value = from->receive_context;
  return store(argument, value, length);
}

int set_context(const OptionCall& call, const void* value, socklen_t length) {
  sctp_assoc_value argument{};
  if (!load_exactly(argument, value, length)) return -EINVAL;
  return change_traffic(call, argument.assoc_id,
                        [&](TrafficSettings& to) { to.receive_context = argument.assoc_value; });
}

// --- §8.1.16 SCTP_MAXSEG: an int is the old form ---------------------------------------------------------------------

constexpr std::uint32_t kMaxSegment = 65516;  // payload of the largest chunk, as Linux counts it

// What a packet of the smallest MTU can hold of a DATA chunk (as on Linux).
std::uint32_t min_segment(const OptionCall& call) noexcept {
  return 512 - (call.settings().view.domain == AF_INET ? 20U : 40U) - 12 - 16;
}

int get_max_segment(const OptionCall& call, void* value, socklen_t& length) {
  sctp_assoc_value argument{};
  const bool is_old = length == sizeof(int);
  if (!is_old && !load(argument, value, length)) return -EINVAL;
  const auto* const parameters = parameters_of(call, argument.assoc_id);
  if (parameters == nullptr) return -EINVAL;
  std::size_t size = parameters->max_fragment;
  if (const auto* const association = call.socket.association(argument.assoc_id)) {
    const auto status = call.stack().status(association->id);
    if (status) size = status->fragmentation_point;  // as Linux: what comes of it on this path
  }
  if (is_old) return store_int(static_cast<int>(size), value, length);
  argument.assoc_value = static_cast<std::uint32_t>(size);
  return store(argument, value, length);
}

int set_max_segment(const OptionCall& call, const void* value, socklen_t length) {
  sctp_assoc_value argument{};
  if (length == sizeof(int)) {
    std::memcpy(&argument.assoc_value, value, sizeof(int));
  } else if (!load_exactly(argument, value, length)) {
    return -EINVAL;
  }
  if (argument.assoc_value > kMaxSegment) return -EINVAL;
  if (argument.assoc_value != 0 && argument.assoc_value < min_segment(call)) return -EINVAL;
  if (const int error = check_one(call, argument.assoc_id)) return error;
  return change_parameters(call, argument.assoc_id,
                           [&](core::AssociationParameters& to) { to.max_fragment = argument.assoc_value; });
}

// --- §8.1.19 SCTP_DELAYED_SACK: struct sctp_assoc_value is the old form
// ------------------------------------------------

constexpr std::uint32_t kMaxSackDelay = 500;  // ms; RFC 9260 §6.2

int get_delayed_sack(const OptionCall& call, void* value, socklen_t& length) {
  sctp_sack_info info{};
  const bool is_old = length == sizeof(sctp_assoc_value);
  if (is_old) {
    std::memcpy(&info, value, sizeof(sctp_assoc_value));
  } else if (!load(info, value, length)) {
    return -EINVAL;
  }
  const auto* const parameters = parameters_of(call, info.sack_assoc_id);
  if (parameters == nullptr) return -EINVAL;
  const bool delays = parameters->sack_frequency != 1;
  const auto delay = std::chrono::duration_cast<milliseconds>(parameters->sack_delay).count();
  info.sack_delay = delays ? static_cast<std::uint32_t>(delay) : 0;
  info.sack_freq = parameters->sack_frequency;
  if (!is_old) return store(info, value, length);
  std::memcpy(value, &info, sizeof(sctp_assoc_value));
  return 0;
}

int set_delayed_sack(const OptionCall& call, const void* value, socklen_t length) {
  sctp_sack_info info{};
  if (length == sizeof(sctp_assoc_value)) {
    std::memcpy(&info, value, sizeof(sctp_assoc_value));
    info.sack_freq = info.sack_delay == 0 ? 1 : 0;
  } else if (!load_exactly(info, value, length)) {
    return -EINVAL;
  }
  if (length == sizeof info && info.sack_delay == 0 && info.sack_freq == 0) return 0;
  if (info.sack_delay > kMaxSackDelay) return -EINVAL;
  return change_parameters(call, info.sack_assoc_id, [&info](core::AssociationParameters& to) {
    if (info.sack_delay != 0) {
      to.sack_delay = milliseconds(info.sack_delay);
      if (to.sack_frequency == 1) to.sack_frequency = core::AssociationParameters{}.sack_frequency;
    }
    if (info.sack_freq != 0) to.sack_frequency = info.sack_freq;  // 1: not delayed at all
  });
}

constexpr Option kOptions[]{
    {SCTP_NODELAY, get_no_delay, set_no_delay},
    {SCTP_DISABLE_FRAGMENTS, get_disable_fragments, set_disable_fragments},
    {SCTP_I_WANT_MAPPED_V4_ADDR, get_mapped, set_mapped},
    {SCTP_FRAGMENT_INTERLEAVE, get_interleave, set_interleave},
    {SCTP_PARTIAL_DELIVERY_POINT, get_delivery_point, set_delivery_point},
    {SCTP_DEFAULT_SEND_PARAM, get_send_parameters, set_send_parameters, sizeof(sctp_sndrcvinfo)},
    {SCTP_DEFAULT_SNDINFO, get_send_info, set_send_info, sizeof(sctp_sndinfo)},
    {SCTP_CONTEXT, get_context, set_context, sizeof(sctp_assoc_value)},
    {SCTP_MAXSEG, get_max_segment, set_max_segment, sizeof(int)},
    {SCTP_DELAYED_SACK, get_delayed_sack, set_delayed_sack, sizeof(sctp_assoc_value)},
};

}  // namespace

std::span<const Option> traffic_options() noexcept {
  return kOptions;
}

}  // namespace netsctp::socket
