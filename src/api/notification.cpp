// Parsing and describing notifications (RFC 6458 §6.1, layouts of <linux/sctp.h>).
#include "api/notification.hpp"

#include <arpa/inet.h>
#include <linux/sctp.h>

#include <cstring>
#include <string_view>
#include <utility>

namespace net::sctp {
namespace {

// The struct at the front of `bytes`; what follows it is in `rest`.
template <typename Struct>
bool read_struct(std::span<const std::byte> bytes, Struct& value, std::span<const std::byte>& rest) noexcept {
  if (bytes.size() < sizeof(Struct)) return false;
  std::memcpy(static_cast<void*>(&value), bytes.data(), sizeof(Struct));
  rest = bytes.subspan(sizeof(Struct));
  return true;
}

std::vector<std::byte> copy(std::span<const std::byte> bytes) {
  return {bytes.begin(), bytes.end()};
}

constexpr AssociationId id(sctp_assoc_t association) noexcept {
  return AssociationId{association};
}

// Of a message given back: the flags of its DATA chunk (RFC 9260 §3.3.1).
constexpr unsigned kLastFragment = 1;
constexpr unsigned kFirstFragment = 2;
constexpr unsigned kUnorderedBit = 4;

std::string number(AssociationId association) {
  return std::to_string(static_cast<std::int32_t>(association));
}

// RFC 9260 §3.3.10 and the extensions' causes.
std::string_view cause_text(unsigned cause) noexcept {
  switch (cause) {
    case 1:
      return "invalid stream identifier";
    case 2:
      return "missing mandatory parameter";
    case 3:
      return "stale cookie";
    case 4:
      return "out of resource";
    case 5:
      return "unresolvable address";
    case 6:
      return "unrecognized chunk type";
    case 7:
      return "invalid mandatory parameter";
    case 8:
      return "unrecognized parameters";
    case 9:
      return "no user data";
    case 10:
      return "cookie received while shutting down";
    case 11:
      return "restart with new addresses";
    case 12:
      return "user-initiated abort";
    case 13:
      return "protocol violation";
    default:
      return {};
  }
}

std::string because(unsigned cause) {
  if (cause == 0) return {};
  const std::string_view text = cause_text(cause);
  return text.empty() ? ": error cause " + std::to_string(cause) : ": " + std::string(text);
}

// RFC 6525 §6.1: the three events have the same flags.
ReconfigurationOutcome outcome(unsigned flags) noexcept {
  if ((flags & SCTP_STREAM_RESET_DENIED) != 0) return ReconfigurationOutcome::kDenied;
  return (flags & SCTP_STREAM_RESET_FAILED) != 0 ? ReconfigurationOutcome::kFailed : ReconfigurationOutcome::kDone;
}

const char* tell(ReconfigurationOutcome outcome) noexcept {
  if (outcome == ReconfigurationOutcome::kDone) return ": done";
  return outcome == ReconfigurationOutcome::kDenied ? ": denied" : ": failed";
}

const char* verb(PeerAddressChange::State state) noexcept {
  using State = PeerAddressChange::State;
  switch (state) {
    case State::kAvailable:
      return "is available";
    case State::kUnreachable:
      return "is unreachable";
    case State::kRemoved:
      return "was removed";
    case State::kAdded:
      return "was added";
    case State::kMadePrimary:
      return "is the primary path now";
    case State::kConfirmed:
      return "is confirmed";
    case State::kPotentiallyFailed:
      return "has potentially failed";
  }
  return "changed";
}

struct Describe {
  std::string operator()(const AssociationChange& change) const {
    using State = AssociationChange::State;
    const std::string subject = "association " + number(change.association);
    switch (change.state) {
      case State::kUp:
        return subject + " is up: " + std::to_string(change.outbound_streams) + " streams out, " +
               std::to_string(change.inbound_streams) + " in";
      case State::kLost:
        return subject + " is lost" + because(change.error);
      case State::kRestarted:
        return subject + " was restarted by the peer";
      case State::kShutdownComplete:
        return subject + " is shut down";
      case State::kCannotStart:
        return subject + " could not be set up" + because(change.error);
    }
    return subject + " changed";
  }
  std::string operator()(const PeerAddressChange& change) const {
    return "path " + std::string(change.peer.text()) + " of association " + number(change.association) + " " +
           verb(change.state);
  }
  std::string operator()(const SendFailed& failed) const {
    return "a message on stream " + std::to_string(failed.stream) + " of association " + number(failed.association) +
           (failed.was_sent ? " may not have arrived" : " was not sent") + because(failed.error);
  }
  std::string operator()(const RemoteError& remote) const {
    return "the peer of association " + number(remote.association) + " reports an error" + because(remote.error);
  }
  std::string operator()(const ShutdownEvent& event) const {
    return "the peer shuts association " + number(event.association) + " down";
  }
  std::string operator()(const PartialDeliveryAborted& event) const {
    return "a message of association " + number(event.association) + " will not be completed";
  }
  std::string operator()(const AdaptationIndication& event) const {
    return "the peer of association " + number(event.association) + " indicates adaptation " +
           std::to_string(event.indication);
  }
  std::string operator()(const SenderDry& event) const {
    return "everything sent on association " + number(event.association) + " is acknowledged";
  }
  std::string operator()(const StreamsReset& reset) const {
    std::string which = reset.streams.empty() ? "all" : "";
    for (const std::uint16_t stream : reset.streams) which += (which.empty() ? "" : ", ") + std::to_string(stream);
    return "reset of streams " + which + " of association " + number(reset.association) + tell(reset.outcome);
  }
  std::string operator()(const AssociationReset& reset) const {
    return "reset of association " + number(reset.association) + tell(reset.outcome);
  }
  std::string operator()(const StreamsAdded& added) const {
    return "adding " + std::to_string(added.outbound) + " streams out, " + std::to_string(added.inbound) +
           " in to association " + number(added.association) + tell(added.outcome);
  }
  std::string operator()(const OtherNotification& other) const {
    return "notification of type " + std::to_string(other.type);
  }
};

}  // namespace

std::optional<Notification> parse_notification(std::span<const std::byte> bytes) {
  std::uint16_t type = 0;
  if (bytes.size() < 8) return std::nullopt;
  std::memcpy(&type, bytes.data(), sizeof type);
  std::span<const std::byte> rest;
  switch (type) {
    case SCTP_ASSOC_CHANGE: {
      sctp_assoc_change change;
      if (!read_struct(bytes, change, rest)) return std::nullopt;
      return AssociationChange{id(change.sac_assoc_id),    static_cast<AssociationChange::State>(change.sac_state),
                               change.sac_error,           change.sac_outbound_streams,
                               change.sac_inbound_streams, copy(rest)};
    }
    case SCTP_PEER_ADDR_CHANGE: {
      sctp_paddr_change change;
      if (!read_struct(bytes, change, rest)) return std::nullopt;
      const sockaddr_storage storage = change.spc_aaddr;
      return PeerAddressChange{
          id(change.spc_assoc_id), Address(reinterpret_cast<const sockaddr*>(&storage), sizeof storage),
          static_cast<PeerAddressChange::State>(change.spc_state), static_cast<std::uint32_t>(change.spc_error)};
    }
    case SCTP_SEND_FAILED_EVENT: {
      sctp_send_failed_event failed;
      if (!read_struct(bytes, failed, rest)) return std::nullopt;
      return SendFailed{id(failed.ssf_assoc_id),
                        failed.ssf_flags == SCTP_DATA_SENT,
                        failed.ssf_error,
                        failed.ssfe_info.snd_sid,
                        ntohl(failed.ssfe_info.snd_ppid),
                        failed.ssfe_info.snd_context,
                        (failed.ssfe_info.snd_flags & kUnorderedBit) != 0,
                        copy(rest),
                        (failed.ssfe_info.snd_flags & kFirstFragment) != 0,
                        (failed.ssfe_info.snd_flags & kLastFragment) != 0};
    }
    case SCTP_REMOTE_ERROR: {
      sctp_remote_error remote;
      if (!read_struct(bytes, remote, rest)) return std::nullopt;
      return RemoteError{id(remote.sre_assoc_id), ntohs(remote.sre_error), copy(rest)};
    }
    case SCTP_SHUTDOWN_EVENT: {
      sctp_shutdown_event event;
      if (!read_struct(bytes, event, rest)) return std::nullopt;
      return ShutdownEvent{id(event.sse_assoc_id)};
    }
    case SCTP_PARTIAL_DELIVERY_EVENT: {
      sctp_pdapi_event event;
      if (!read_struct(bytes, event, rest)) return std::nullopt;
      return PartialDeliveryAborted{id(event.pdapi_assoc_id), event.pdapi_stream, event.pdapi_seq};
    }
    case SCTP_ADAPTATION_INDICATION: {
      sctp_adaptation_event event;
      if (!read_struct(bytes, event, rest)) return std::nullopt;
      return AdaptationIndication{id(event.sai_assoc_id), event.sai_adaptation_ind};
    }
    case SCTP_SENDER_DRY_EVENT: {
      sctp_sender_dry_event event;
      if (!read_struct(bytes, event, rest)) return std::nullopt;
      return SenderDry{id(event.sender_dry_assoc_id)};
    }
    case SCTP_STREAM_RESET_EVENT: {
      sctp_stream_reset_event event;
      if (!read_struct(bytes, event, rest)) return std::nullopt;
      std::vector<std::uint16_t> streams(rest.size() / sizeof(std::uint16_t));
      if (!streams.empty()) std::memcpy(streams.data(), rest.data(), streams.size() * sizeof(std::uint16_t));
      return StreamsReset{id(event.strreset_assoc_id), outcome(event.strreset_flags),
                          (event.strreset_flags & SCTP_STREAM_RESET_INCOMING_SSN) != 0,
                          (event.strreset_flags & SCTP_STREAM_RESET_OUTGOING_SSN) != 0, std::move(streams)};
    }
    case SCTP_ASSOC_RESET_EVENT: {
      sctp_assoc_reset_event event;
      if (!read_struct(bytes, event, rest)) return std::nullopt;
      return AssociationReset{id(event.assocreset_assoc_id), outcome(event.assocreset_flags),
                              event.assocreset_local_tsn, event.assocreset_remote_tsn};
    }
    case SCTP_STREAM_CHANGE_EVENT: {
      sctp_stream_change_event event;
      if (!read_struct(bytes, event, rest)) return std::nullopt;
      return StreamsAdded{id(event.strchange_assoc_id), outcome(event.strchange_flags), event.strchange_instrms,
                          event.strchange_outstrms};
    }
    default:
      return OtherNotification{type, copy(bytes)};
  }
}

bool wants(const Events& events, const Notification& notification) noexcept {
  struct Wanted {
    const Events& events;
    bool operator()(const AssociationChange&) const noexcept { return events.association; }
    bool operator()(const PeerAddressChange&) const noexcept { return events.peer_address; }
    bool operator()(const SendFailed&) const noexcept { return events.send_failure; }
    bool operator()(const RemoteError&) const noexcept { return events.peer_error; }
    bool operator()(const ShutdownEvent&) const noexcept { return events.shutdown; }
    bool operator()(const PartialDeliveryAborted&) const noexcept { return events.partial_delivery; }
    bool operator()(const AdaptationIndication&) const noexcept { return events.adaptation; }
    bool operator()(const SenderDry&) const noexcept { return events.sender_dry; }
    bool operator()(const StreamsReset&) const noexcept { return events.stream_reset; }
    bool operator()(const AssociationReset&) const noexcept { return events.association_reset; }
    bool operator()(const StreamsAdded&) const noexcept { return events.stream_change; }
    bool operator()(const OtherNotification&) const noexcept { return true; }  // subscribed to with set_raw()
  };
  return std::visit(Wanted{events}, notification);
}

std::string describe(const Notification& notification) {
  return std::visit(Describe{}, notification);
}

}  // namespace net::sctp
