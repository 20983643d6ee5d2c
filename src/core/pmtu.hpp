// The search for the largest packet that a path carries, by probes and their acknowledgements alone (RFC 8899). A
// value, one per path: told of the time, of acknowledged probes, of what routers say and of packets that vanish; asked
// for the size of packets that may be used and of the next probe. Writing probes and using sizes is the association's.
// Sizes are of IP packets, IP header included.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "base/time.hpp"

namespace netsctp::core {

class PathMtuSearch {
 public:
  enum class State : std::uint8_t { kDisabled, kBase, kError, kSearching, kComplete };  // RFC 8899 §5.2

  static constexpr std::size_t kBase = 1200;                     // BASE_PLPMTU (RFC 8899 §5.1.2)
  static constexpr std::size_t kMin = 512;                       // MIN_PLPMTU with IPv4, as Linux
  static constexpr std::size_t kMinIpv6 = 1280;                  // both with IPv6 (RFC 8200 §5)
  static constexpr unsigned kMaxProbes = 3;                      // MAX_PROBES (RFC 8899 §5.1.2)
  static constexpr Duration kRaise = std::chrono::seconds(600);  // PMTU_RAISE_TIMER
  static constexpr std::size_t kStep = 16;                       // the search ends when it is this near

  // Looks for more than `current` bytes, which are known to arrive: up to `most` (MAX_PLPMTU).
  void start(std::size_t current, std::size_t most, bool ipv4, Time now) noexcept;
  // RFC 8899 §4.3: packets of `current` bytes do not arrive (any more). Starts from the base size, running or not.
  void black_hole(std::size_t current, std::size_t most, bool ipv4) noexcept;

  // The deadline has come: a probe is lost, or it is time to look again. `interval` (PROBE_TIMER) is how long the
  // answer to a probe may take.
  void expire(Time now) noexcept;
  // The probe that was due has gone out; its answer must bear this number, which is not 0.
  void sent(std::uint32_t nonce, Time now, Duration interval) noexcept;
  // An answer has come; false if it is not that of the probe under way.
  bool acknowledged(std::uint32_t nonce, Time now) noexcept;
  // RFC 8899 §4.6.2: somebody on the path says, credibly, that he passes on `size` bytes at most.
  void too_big(std::size_t size, Time now) noexcept;

  [[nodiscard]] State state() const noexcept { return state_; }
  [[nodiscard]] bool runs() const noexcept { return state_ != State::kDisabled; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }  // PLPMTU: of packets, while it runs
  [[nodiscard]] bool probe_due() const noexcept { return due_; }
  [[nodiscard]] std::size_t probe_size() const noexcept { return probed_; }
  [[nodiscard]] Time deadline() const noexcept { return deadline_; }  // kNever: none
  [[nodiscard]] static constexpr std::size_t least(bool ipv4) noexcept { return ipv4 ? kMin : kMinIpv6; }

 private:
  void probe(std::size_t size) noexcept;
  void search(Time now) noexcept;
  [[nodiscard]] std::size_t base() const noexcept { return ipv4_ ? kBase : kMinIpv6; }

  Time deadline_ = kNever;
  std::uint32_t nonce_ = 0;    // of the probe under way; 0: none
  std::uint16_t most_ = 0;     // MAX_PLPMTU
  std::uint16_t size_ = 0;     // PLPMTU
  std::uint16_t ceiling_ = 0;  // the largest that may arrive for all that is known
  std::uint16_t probed_ = 0;   // PROBED_SIZE: of the probe due or under way
  State state_ = State::kDisabled;
  std::uint8_t attempts_ = 0;  // PROBE_COUNT: probes of this size lost so far
  bool due_ : 1 = false;       // a probe is to be sent
  bool tried_ceiling_ : 1 = false;
  bool ipv4_ : 1 = true;
};
static_assert(sizeof(PathMtuSearch) <= 24);

}  // namespace netsctp::core
