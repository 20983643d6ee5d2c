// What the core tells its user (RFC 9260 §11.2): values in a queue, polled with Stack::poll_event().
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "base/address.hpp"
#include "core/reassembly.hpp"
#include "core/types.hpp"

namespace netsctp::core {

// A message or a piece of one arrived (§11.2.1). Its bytes count against the receive buffer until Stack::consumed().
struct DataArrived {
  Piece piece;
  std::uint32_t cumulative_tsn = 0;  // for sinfo_cumtsn
  PathId path = kNoPath;             // where the last part came from
};

struct AssociationChanged {
  enum class What : std::uint8_t {
    kUp,                // §11.2.4; `inbound` tells who began
    kLost,              // §11.2.5: aborted by the peer, unreachable, or aborted here
    kRestarted,         // §11.2.7
    kShutdownComplete,  // §11.2.8
    kCannotStart,       // setup failed
  };
  // Why it was lost or could not start.
  enum class Reason : std::uint8_t { kNone, kAbortedByPeer, kUnreachable, kAbortedByUser, kProtocolError };
  What what = What::kUp;
  Reason reason = Reason::kNone;
  bool inbound = false;
  std::uint16_t cause = 0;  // first cause code of the ABORT received or sent, 0: none
  std::uint16_t outbound_streams = 0;
  std::uint16_t inbound_streams = 0;
  std::vector<std::byte> abort_chunk;  // the ABORT received, whole, for sac_info
};

struct PathChanged {  // §11.2.3
  enum class What : std::uint8_t {
    kAvailable,
    kUnreachable,
    kConfirmed,
    kMadePrimary,
    kAdded,
    kRemoved,
    kPotentiallyFailed,  // RFC 7829 §7.1
    kRecovered,          // from there to active
  };
  What what = What::kAvailable;
  Address address;  // SCTP transport address: peer's IP and SCTP port
};

struct RemoteError {  // §11.2.6: an ERROR chunk
  std::uint16_t cause = 0;
  std::vector<std::byte> chunk;
};

struct SendFailed {  // §11.2.2: one user message given up
  std::vector<std::byte> payload;
  std::uint32_t ppid = 0;
  std::uint32_t context = 0;
  StreamId stream = 0;
  bool unordered = false;
  bool was_sent = false;  // at least partly transmitted
  std::uint16_t cause = 0;
  std::size_t fragment_size = 0;  // what a DATA chunk of it may hold; 0: not known
};

// The message that is being handed out in pieces will not be completed (RFC 3758 §3.6, RFC 6458 §6.1.7).
struct PartialDeliveryAborted {
  StreamId stream = 0;
  std::uint16_t ssn = 0;
  bool unordered = false;
};

// RFC 6525 §6.1: a request of the peer was performed, or one of ours has been answered.
struct ReconfigurationOutcome {
  bool denied = false;  // by the peer
  bool failed = false;
};
struct StreamsReset {
  ReconfigurationOutcome outcome;
  bool incoming = false;
  bool outgoing = false;
  std::vector<StreamId> streams;  // empty: all
};
struct AssociationReset {
  ReconfigurationOutcome outcome;
  std::uint32_t local_tsn = 0;  // the next one on this side
  std::uint32_t remote_tsn = 0;
};
struct StreamsChanged {
  ReconfigurationOutcome outcome;
  std::uint16_t inbound_streams = 0;  // all there are now
  std::uint16_t outbound_streams = 0;
  std::uint16_t inbound_added = 0;  // or asked for in vain
  std::uint16_t outbound_added = 0;
};

struct PeerShutdown {};  // SHUTDOWN arrived: the peer sends no more
struct SendSpace {};     // bytes left the send buffer after Stack::want_send_space()
struct SenderDry {};     // nothing queued and nothing outstanding any more (RFC 6458 §6.1.9)

struct AdaptationIndicated {  // the peer's Adaptation Indication (RFC 5061 §4.2.6), right after kUp
  std::uint32_t indication = 0;
};

struct Event {
  Event() = default;
  template <typename What>
  Event(AssociationId of, EndpointId at, What&& happened) noexcept
      : association(of), endpoint(at), what(std::in_place_type<std::decay_t<What>>, std::forward<What>(happened)) {}

  AssociationId association = 0;
  EndpointId endpoint = 0;
  std::variant<std::monostate, DataArrived, AssociationChanged, PathChanged, RemoteError, SendFailed, PeerShutdown,
               SendSpace, SenderDry, AdaptationIndicated, PartialDeliveryAborted, StreamsReset, AssociationReset,
               StreamsChanged>
      what;
};

}  // namespace netsctp::core
