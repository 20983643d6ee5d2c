// Words that the other headers of the C++ API share.
#pragma once

#include <cstdint>

namespace net::sctp {

// Names one association of a socket (RFC 6458 §3, sctp_assoc_t). Real associations are 3 and up. A one-to-one socket
// has only one, so that nothing need be given there.
enum class AssociationId : std::int32_t {
  kNone = 0,
  kFuture = 0,   // SCTP_FUTURE_ASSOC: options for associations to come
  kCurrent = 1,  // SCTP_CURRENT_ASSOC: options for all associations that exist
  kAll = 2,      // SCTP_ALL_ASSOC: both
};

// The states of RFC 9260 §4, as SCTP_STATUS tells them (RFC 6458 §8.2.1).
enum class AssociationState : std::uint8_t {
  kEmpty = 0,
  kClosed = 1,
  kCookieWait = 2,
  kCookieEchoed = 3,
  kEstablished = 4,
  kShutdownPending = 5,
  kShutdownSent = 6,
  kShutdownReceived = 7,
  kShutdownAckSent = 8,
};

// What is known of one path: one transport address of the peer (RFC 6458 §8.2.2).
enum class PathState : std::uint16_t {
  kInactive = 0,
  kPotentiallyFailed = 1,
  kActive = 2,
  kUnconfirmed = 3,
  kUnknown = 0xFFFF,
};

// What bindx() does with the addresses it is given (RFC 6458 §9.1).
enum class Bindx : std::uint8_t { kAdd = 1, kRemove = 2 };

// Which way the streams go that are reset (RFC 6525 §6.3.2), as this end sees it: it sends on outgoing ones.
enum class StreamDirection : std::uint8_t { kOutgoing, kIncoming, kBoth };

// Short names for people: "ESTABLISHED", "ACTIVE". The text lives as long as the program.
[[gnu::visibility("default")]] [[nodiscard]] const char* name(AssociationState state) noexcept;
[[gnu::visibility("default")]] [[nodiscard]] const char* name(PathState state) noexcept;

}  // namespace net::sctp
