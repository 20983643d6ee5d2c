// Partial reliability: RFC 7496 §4.3 to §4.5, RFC 6458 §8.1.32.
#include <cerrno>

#include "socket/options.hpp"

namespace netsctp::socket {

namespace {

using Policy = core::Reliability::Policy;

// RFC 7496 §4.5.
int get_supported(const OptionCall& call, void* value, socklen_t& length) {
  return get_extension(call, value, length, &core::AssociationParameters::partial_reliability,
                       &core::AssociationStatus::partial_reliability);
}

int set_supported(const OptionCall& call, const void* value, socklen_t length) {
  return set_extension(call, value, length, &core::AssociationParameters::partial_reliability);
}

int get_default(const OptionCall& call, void* value, socklen_t& length) {
  sctp_default_prinfo argument{};
  if (!load(argument, value, length)) return -EINVAL;
  const auto* const from = traffic_of(call, argument.pr_assoc_id);
  if (from == nullptr) return -EINVAL;
  argument.pr_policy = from->flags & SCTP_PR_SCTP_MASK;
  argument.pr_value = from->time_to_live;
  return store(argument, value, length);
}

int set_default(const OptionCall& call, const void* value, socklen_t length) {
  sctp_default_prinfo argument{};
  if (!load_exactly(argument, value, length) || (argument.pr_policy & ~SCTP_PR_SCTP_MASK) != 0) return -EINVAL;
  if (argument.pr_policy == SCTP_PR_SCTP_NONE) argument.pr_value = 0;
  return change_traffic(call, argument.pr_assoc_id, [&argument](TrafficSettings& to) {
    to.flags = static_cast<std::uint16_t>((to.flags & ~SCTP_PR_SCTP_MASK) | argument.pr_policy);
    to.time_to_live = argument.pr_value;
  });
}

int get_status(const OptionCall& call, void* value, socklen_t& length, bool of_stream) {
  sctp_prstatus argument{};
  if (!load(argument, value, length)) return -EINVAL;
  auto policy = Policy::kReliable;  // all of them
  switch (argument.sprstat_policy) {
    case SCTP_PR_SCTP_ALL:
      break;
    case SCTP_PR_SCTP_TTL:
      policy = Policy::kTimed;
      break;
    case SCTP_PR_SCTP_RTX:
      policy = Policy::kRetransmissions;
      break;
    case SCTP_PR_SCTP_PRIO:
      policy = Policy::kPriority;
      break;
    default:
      return -EINVAL;
  }
  const auto* const association = call.socket.association(argument.sprstat_assoc_id);
  if (association == nullptr) return -EINVAL;
  const auto status = call.stack().status(association->id);
  if (!status || (of_stream && argument.sprstat_sid >= status->outbound_streams)) return -EINVAL;
  const auto stream = of_stream ? std::optional<core::StreamId>(argument.sprstat_sid) : std::nullopt;
  const auto counters = call.stack().abandoned(association->id, policy, stream);
  if (!counters) return -EINVAL;
  argument.sprstat_abandoned_unsent = counters->unsent;
  argument.sprstat_abandoned_sent = counters->sent;
  return store(argument, value, length);
}

int get_association_status(const OptionCall& call, void* value, socklen_t& length) {
  return get_status(call, value, length, false);
}
int get_stream_status(const OptionCall& call, void* value, socklen_t& length) {
  return get_status(call, value, length, true);
}

constexpr Option kOptions[]{
    {SCTP_PR_SUPPORTED, get_supported, set_supported, sizeof(sctp_assoc_value)},
    {SCTP_DEFAULT_PRINFO, get_default, set_default, sizeof(sctp_default_prinfo)},
    {SCTP_PR_ASSOC_STATUS, get_association_status, nullptr, sizeof(sctp_prstatus)},
    {SCTP_PR_STREAM_STATUS, get_stream_status, nullptr, sizeof(sctp_prstatus)},
};

}  // namespace

std::span<const Option> partial_options() noexcept {
  return kOptions;
}

}  // namespace netsctp::socket
