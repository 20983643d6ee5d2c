// Which TSNs have arrived, as runs, and what a SACK says of them (RFC 9260 §6.2, §6.7, §3.3.4).
// Knows nothing of streams or messages (reassembly.hpp) nor of when a SACK is due (receive.cpp).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/rare.hpp"
#include "core/types.hpp"
#include "wire/sack.hpp"

namespace netsctp::core {

class TsnMap {
 public:
  // Bounds: gap offsets are 16 bits on the wire; runs above the cumulative TSN and reported duplicates are limited so
  // that no peer can grow us.
  static constexpr std::uint64_t kMaxOffset = 65535;
  static constexpr std::size_t kMaxRuns = 1024;
  static constexpr std::size_t kMaxDuplicates = 32;

  enum class Arrival : std::uint8_t { kNew, kDuplicate, kTooFar };

  // Nothing received yet: the Cumulative TSN Ack starts at the peer's Initial TSN minus one.
  explicit TsnMap(Tsn peer_initial_tsn) noexcept : cumulative_(peer_initial_tsn - 1) {}

  // What add() would answer, without changing anything.
  [[nodiscard]] Arrival classify(Tsn tsn) const noexcept;
  // Records `tsn`. kTooFar: more than kMaxOffset above the cumulative TSN, or it would open one run too many; not
  // recorded.
  Arrival add(Tsn tsn) noexcept;
  // Remembers a duplicate to report (RFC 9260 §6.2); beyond kMaxDuplicates it is dropped.
  void note_duplicate(Tsn tsn) noexcept;
  // Forgets a TSN above the cumulative one whose data had to be dropped (RFC 9260 §6.2: then it must not be reported).
  // Others are ignored. Forgetting inside a run splits it; forgetting the highest (the use there is) never adds a run.
  void forget(Tsn tsn) noexcept;
  // Everything up to `tsn` counts as received (FORWARD TSN, RFC 3758 §3.6).
  void advance_to(Tsn tsn) noexcept;

  [[nodiscard]] Tsn cumulative() const noexcept { return cumulative_; }
  [[nodiscard]] Tsn highest() const noexcept;  // == cumulative() without gaps
  [[nodiscard]] bool has_gaps() const noexcept { return !runs_.read().empty(); }
  [[nodiscard]] std::size_t runs() const noexcept { return runs_.read().size(); }

  // Fills `out` from the lowest run up and returns how many were written.
  std::size_t gap_blocks(std::span<wire::GapBlock> out) const noexcept;
  [[nodiscard]] std::span<const std::uint32_t> duplicates() const noexcept { return duplicates_.read(); }
  void clear_duplicates() noexcept {
    if (duplicates_.is_used()) duplicates_.use().clear();
  }

 private:
  struct Run {  // both ends included, above cumulative_ + 1, disjoint, not touching, ascending
    Tsn first;
    Tsn last;
  };

  [[nodiscard]] std::size_t run_at_or_after(Tsn tsn) const noexcept;
  [[nodiscard]] bool continues_run_below(std::size_t index, Tsn tsn) const noexcept;
  [[nodiscard]] bool precedes_run(std::size_t index, Tsn tsn) const noexcept;
  [[nodiscard]] Arrival classify(Tsn tsn, std::size_t index) const noexcept;

  Tsn cumulative_;
  // Losses: neither is needed without them.
  Rare<std::vector<Run>> runs_;
  Rare<std::vector<std::uint32_t>> duplicates_;
};

}  // namespace netsctp::core
