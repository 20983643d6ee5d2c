// A user message between send() and its last acknowledgement. Slab-allocated; shared by the send queue and by the
// chunks that are outstanding.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/buffer_pool.hpp"
#include "base/time.hpp"
#include "core/partial.hpp"
#include "core/types.hpp"

namespace netsctp::core {

struct OutgoingMessage {
  Slice payload;              // the whole message
  std::uint32_t ppid = 0;     // as it goes on the wire
  std::uint32_t context = 0;  // given back to the user if sending fails
  StreamId stream = 0;
  std::uint16_t ssn = 0;  // assigned when its first fragment is taken from the queue
  PathId path = kNoPath;  // the user asked for this destination (SCTP_ADDR_OVER)
  bool unordered = false;
  bool immediate = false;    // ask for a SACK at once: I bit on the last chunk (RFC 7053)
  bool transmitted = false;  // at least one fragment has been taken
  std::size_t taken = 0;     // bytes already fragmented
  std::size_t unacked = 0;   // fragments taken and not yet cumulatively acknowledged
  Time queued_at{};
  Reliability reliability{};
  Time expires_at = kNever;  // kTimed: not sent nor sent again from then on
  bool abandoned = false;    // given up and reported; only its TSNs are still of use (RFC 3758 §3.5)
};

}  // namespace netsctp::core
