// Partial reliability (RFC 3758): how long the stack tries to deliver a message (the policies of RFC 7496 §3 and
// RFC 3758 §4.1), and what is counted of the messages it gave up. What is done about them is partial.cpp's, a chapter
// of Association.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>

#include "core/types.hpp"

namespace netsctp::core {

struct Reliability {
  enum class Policy : std::uint8_t {
    kReliable,         // until the association ends; `value` means nothing
    kTimed,            // `value` milliseconds from send(), then never again (RFC 3758 §4.1)
    kRetransmissions,  // `value` retransmissions of any of its chunks, not one more (RFC 7496 §3.1)
    kPriority,  // until the send buffer is needed for something more important (RFC 7496 §3.2); 0 is the highest
  };
  Policy policy = Policy::kReliable;
  std::uint32_t value = 0;
};

// Messages given up (RFC 7496 §4.3): each is in one of the two.
struct Abandoned {
  std::uint64_t unsent = 0;  // before any part of it was sent
  std::uint64_t sent = 0;
};

class AbandonedCounters {
 public:
  void count(Reliability::Policy policy, StreamId stream, bool sent) noexcept;
  // Of one policy, or of all together if it is kReliable; of all streams or of one.
  [[nodiscard]] Abandoned of_association(Reliability::Policy policy) const noexcept { return pick(total_, policy); }
  [[nodiscard]] Abandoned of_stream(Reliability::Policy policy, StreamId stream) const noexcept;

 private:
  using ByPolicy = std::array<Abandoned, 3>;
  [[nodiscard]] static Abandoned pick(const ByPolicy& counters, Reliability::Policy policy) noexcept;

  ByPolicy total_{};
  std::map<StreamId, ByPolicy> streams_;  // only those on which something was given up
};

}  // namespace netsctp::core
