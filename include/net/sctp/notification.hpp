// What happens to associations and paths, told in the order of the data (RFC 6458 §6). Nothing is told unless
// subscribed to with Events, at the socket's creation or later: socket.set(sctp::Events{.association = true}).
#pragma once

#include <net/sctp/address.hpp>
#include <net/sctp/message.hpp>
#include <net/sctp/types.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace net::sctp {

// Which kinds to tell (RFC 6458 §6.2); all are off at first.
struct [[gnu::visibility("default")]] Events {
  bool association = false;        // AssociationChange
  bool peer_address = false;       // PeerAddressChange
  bool send_failure = false;       // SendFailed
  bool peer_error = false;         // RemoteError
  bool shutdown = false;           // ShutdownEvent
  bool partial_delivery = false;   // PartialDeliveryAborted
  bool adaptation = false;         // AdaptationIndication
  bool sender_dry = false;         // SenderDry
  bool stream_reset = false;       // StreamsReset
  bool association_reset = false;  // AssociationReset
  bool stream_change = false;      // StreamsAdded

  friend bool operator==(const Events&, const Events&) = default;
};

// An association began or ended (RFC 6458 §6.1.1).
struct AssociationChange {
  enum class State : std::uint8_t { kUp, kLost, kRestarted, kShutdownComplete, kCannotStart };
  AssociationId association = AssociationId::kNone;
  State state = State::kUp;
  std::uint16_t error = 0;  // error cause code of RFC 9260 §3.3.10 with kLost and kCannotStart, 0 if unknown
  std::uint16_t outbound_streams = 0;
  std::uint16_t inbound_streams = 0;
  std::vector<std::byte> abort_causes;  // error causes of the peer's ABORT (RFC 9260 §3.3.10), if it sent one
};

// A path changed (RFC 6458 §6.1.2).
struct PeerAddressChange {
  enum class State : std::uint8_t {
    kAvailable = 0,
    kUnreachable = 1,
    kRemoved = 2,
    kAdded = 3,
    kMadePrimary = 4,
    kConfirmed = 5,
    kPotentiallyFailed = 6,
  };
  AssociationId association = AssociationId::kNone;
  Address peer;
  State state = State::kAvailable;
  std::uint32_t error = 0;
};

// A message was given up (RFC 6458 §6.1.11). One that is too long for a packet comes back in several of these, in
// order, each with a piece of it.
struct SendFailed {
  AssociationId association = AssociationId::kNone;
  bool was_sent = false;    // it may have reached the peer
  std::uint32_t error = 0;  // error cause code, or 0
  std::uint16_t stream = 0;
  std::uint32_t ppid = 0;
  std::uint32_t context = 0;  // SendInfo::context
  bool unordered = false;
  std::vector<std::byte> bytes;
  bool first = true;  // `bytes` is the beginning of the message
  bool last = true;   // and the end
};

// The peer sent an ERROR chunk (RFC 6458 §6.1.3).
struct RemoteError {
  AssociationId association = AssociationId::kNone;
  std::uint16_t error = 0;  // error cause code of RFC 9260 §3.3.10
  std::vector<std::byte> chunk;
};

// The peer has shut down: send no more, receive what is left (RFC 6458 §6.1.5).
struct ShutdownEvent {
  AssociationId association = AssociationId::kNone;
};

// A message whose first pieces were received will have no end (RFC 6458 §6.1.7). receive() drops those pieces itself.
struct PartialDeliveryAborted {
  AssociationId association = AssociationId::kNone;
  std::uint32_t stream = 0;
  std::uint32_t sequence = 0;
};

// The peer's adaptation layer code point (RFC 6458 §6.1.6).
struct AdaptationIndication {
  AssociationId association = AssociationId::kNone;
  std::uint32_t indication = 0;
};

// Nothing is left to send or to be acknowledged (RFC 6458 §6.1.9).
struct SenderDry {
  AssociationId association = AssociationId::kNone;
};

// How a request of stream re-configuration ended.
enum class ReconfigurationOutcome : std::uint8_t { kDone, kDenied, kFailed };

// Streams begin with sequence number 0 again (RFC 6525 §6.1.1). Told at both ends.
struct StreamsReset {
  AssociationId association = AssociationId::kNone;
  ReconfigurationOutcome outcome = ReconfigurationOutcome::kDone;
  bool incoming = false;               // those that this end receives on
  bool outgoing = false;               // those that it sends on
  std::vector<std::uint16_t> streams;  // none: all
};

// All streams and the transmission sequence numbers begin again (RFC 6525 §6.1.2).
struct AssociationReset {
  AssociationId association = AssociationId::kNone;
  ReconfigurationOutcome outcome = ReconfigurationOutcome::kDone;
  std::uint32_t local_tsn = 0;   // of the first chunk to be sent; the kernel's SCTP has these two the other way round
  std::uint32_t remote_tsn = 0;  // of the first to be received
};

// There are more streams (RFC 6525 §6.1.3).
struct StreamsAdded {
  AssociationId association = AssociationId::kNone;
  ReconfigurationOutcome outcome = ReconfigurationOutcome::kDone;
  std::uint16_t inbound = 0;  // how many were added
  std::uint16_t outbound = 0;
};

// A kind that this header has no type for: `bytes` is the struct of <linux/sctp.h>.
struct OtherNotification {
  std::uint16_t type = 0;
  std::vector<std::byte> bytes;
};

using Notification =
    std::variant<AssociationChange, PeerAddressChange, SendFailed, RemoteError, ShutdownEvent, PartialDeliveryAborted,
                 AdaptationIndication, SenderDry, StreamsReset, AssociationReset, StreamsAdded, OtherNotification>;

// What Socket::receive_any() returns.
using Received = std::variant<Message, Notification>;

// One line for people: "association 3 is up: 10 streams out, 10 in", "path 127.0.0.2:5000 of association 3 is
// unreachable".
[[gnu::visibility("default")]] [[nodiscard]] std::string describe(const Notification& notification);

}  // namespace net::sctp
