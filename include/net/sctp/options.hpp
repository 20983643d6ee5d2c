// Socket options as values (RFC 6458 §8): socket.set(sctp::NoDelay{true}), auto rto = socket.option<sctp::Rto>(). On a
// one-to-many socket an association can be named: socket.option<sctp::Status>(association); without one, the value is
// for the associations to come. A time of 0 ms or a number 0 leaves that part as it is, unless it says otherwise.
#pragma once

#include <net/sctp/address.hpp>
#include <net/sctp/notification.hpp>
#include <net/sctp/types.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace net::sctp {

// Send small messages at once instead of waiting to fill a packet (RFC 6458 §8.1.5). Off at first.
struct [[gnu::visibility("default")]] NoDelay {
  bool on = true;
};

// SO_LINGER (RFC 6458 §8.1.4): what close() does with data not yet acknowledged. on with 0 s: abort the association; on
// with more: close() waits up to that long; off (the default): the data is delivered in the background.
struct [[gnu::visibility("default")]] Linger {
  bool on = false;
  std::chrono::seconds timeout{0};
};

// SO_SNDBUF and SO_RCVBUF in bytes. A message larger than the send buffer is refused with EMSGSIZE. As with all sockets
// of Linux, the value read may be twice the one set.
struct [[gnu::visibility("default")]] SendBuffer {
  std::size_t bytes = 0;
};
struct [[gnu::visibility("default")]] ReceiveBuffer {
  std::size_t bytes = 0;
};

// Retransmission timeouts (RFC 6458 §8.1.1, RFC 9260 §6.3). EINVAL unless min <= initial <= max.
struct [[gnu::visibility("default")]] Rto {
  std::chrono::milliseconds initial{0};
  std::chrono::milliseconds min{0};
  std::chrono::milliseconds max{0};
};

// How an association is set up (RFC 6458 §8.1.3). To be set before it begins.
struct [[gnu::visibility("default")]] InitParameters {
  std::uint16_t outbound_streams = 0;        // asked for; the peer may agree to fewer
  std::uint16_t max_inbound_streams = 0;     // agreed to
  std::uint16_t max_attempts = 0;            // Max.Init.Retransmits
  std::chrono::milliseconds max_timeout{0};  // bound of the time between two attempts
};

// RFC 6458 §8.1.2.
struct [[gnu::visibility("default")]] AssociationParameters {
  std::uint16_t max_retransmissions =
      0;  // Association.Max.Retrans: in a row, over all paths, until the peer counts as gone
  std::chrono::milliseconds cookie_life{0};  // Valid.Cookie.Life
  std::uint16_t peer_addresses = 0;          // only read
  std::uint32_t peer_window = 0;             // only read: bytes, the peer's a_rwnd
  std::uint32_t local_window = 0;            // only read: bytes
};

// One path, or all paths if `peer` is no address (RFC 6458 §8.1.12).
struct [[gnu::visibility("default")]] PathParameters {
  Address peer = {};
  std::chrono::milliseconds heartbeat_interval{0};  // HB.interval: added to the RTO (RFC 9260 §8.3)
  std::uint16_t max_retransmissions = 0;  // Path.Max.Retrans: more in a row than this, and the path is unreachable
  std::uint32_t path_mtu = 0;             // bytes; set only with path_mtu_discovery off
  std::optional<bool> heartbeat = {};     // on or off; absent: as it is
  bool heartbeat_now = false;             // only set: send one now
  std::optional<bool> path_mtu_discovery = {};
};

// How one path is (RFC 6458 §8.2.2). Only read: socket.option(PathStatus{.peer = address}).
struct [[gnu::visibility("default")]] PathStatus {
  Address peer = {};
  PathState state = PathState::kUnknown;
  std::uint32_t congestion_window = 0;  // bytes
  std::chrono::milliseconds srtt{0};
  std::chrono::milliseconds rto{0};
  std::uint32_t mtu = 0;  // bytes
};

// How an association is (RFC 6458 §8.2.1). Only read; EINVAL without an association.
struct [[gnu::visibility("default")]] Status {
  AssociationState state = AssociationState::kClosed;
  std::uint32_t peer_window = 0;     // bytes the peer takes now
  std::uint16_t unacknowledged = 0;  // DATA chunks sent, not acknowledged
  std::uint16_t pending = 0;         // DATA chunks received, not read
  std::uint16_t inbound_streams = 0;
  std::uint16_t outbound_streams = 0;
  std::uint32_t fragmentation_point = 0;  // bytes: larger messages are fragmented
  PathStatus primary = {};
};

// The path data is sent on while it works (RFC 6458 §8.1.9): one of the peer's addresses.
struct [[gnu::visibility("default")]] PrimaryAddress {
  Address peer = {};
};

// The UDP port of the peer's encapsulation (RFC 6951 §6.1): at one address, or for all addresses and associations to
// come if `peer` is no address. To be set before connect() if it is not 9899. Errors: ENOPROTOOPT where packets go
// without UDP.
struct [[gnu::visibility("default")]] RemoteUdpPort {
  Address peer = {};
  std::uint16_t port = 0;
};

// When received data is acknowledged (RFC 6458 §8.1.19): after `delay` (at most 500 ms) or `frequency` packets (1: at
// once).
struct [[gnu::visibility("default")]] DelayedSack {
  std::chrono::milliseconds delay{0};
  std::uint32_t frequency = 0;
};

// One-to-many: shut down associations that were idle so long (RFC 6458 §8.1.8). 0 s: never.
struct [[gnu::visibility("default")]] Autoclose {
  std::chrono::seconds after{0};
};

// Whether associations to come agree on stream re-configuration (RFC 6525), if their peer does too: Socket's
// reset_streams(), reset_association(), add_streams(). Off at first. Read of an association: whether both have agreed.
struct [[gnu::visibility("default")]] StreamReconfiguration {
  bool on = true;
};

// What of that the peer, and this program itself, may ask for (RFC 6525 §6.3.1). Nothing at first.
struct [[gnu::visibility("default")]] AllowedReconfigurations {
  bool reset_streams = false;
  bool reset_association = false;
  bool add_streams = false;
};

// How the congestion window grows and shrinks: by RFC 9260 §7.2, by CUBIC, or by BBR, a model of the path's rate and
// round trip that also paces (draft-ietf-ccwg-bbr, no standard yet), for paths that lose packets without being full.
// BBR is best used with LossDetection::Algorithm::kRack. ENOPROTOOPT but on netsctp's own stack.
// NETSCTP_CONGESTION=cubic or bbr makes that what sockets begin with.
struct [[gnu::visibility("default")]] CongestionControl {
  enum class Algorithm : std::uint8_t { kRfc9260 = 0, kCubic = 1, kBbr = 2 };
  Algorithm algorithm = Algorithm::kRfc9260;
};

// What shows that data was lost: three missing reports (RFC 9260 §7.2.4), or that later data has arrived and time has
// passed, with a probe for the end of a transfer (RACK-TLP, RFC 8985). ENOPROTOOPT but on netsctp's own stack.
// NETSCTP_LOSS_DETECTION=rack makes RACK what sockets begin with.
struct [[gnu::visibility("default")]] LossDetection {
  enum class Algorithm : std::uint8_t { kRfc9260 = 0, kRack = 1 };
  Algorithm algorithm = Algorithm::kRfc9260;
};

// Events (notification.hpp) is an option too: which notifications to tell.

}  // namespace net::sctp
