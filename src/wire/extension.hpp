// Chunks and parameters of extensions: FORWARD TSN (RFC 3758 §3.2) and RE-CONFIG (RFC 6525 §3.1, §4).
#pragma once

#include <cstdint>
#include <optional>

#include "wire/parameter.hpp"

namespace netsctp::wire {

inline constexpr std::size_t kForwardTsnHeaderSize = 8;  // RFC 3758 §3.2, chunk header included

struct StreamSkip {  // the largest SSN that is skipped in a stream
  std::uint16_t stream = 0;
  std::uint16_t ssn = 0;
  friend bool operator==(const StreamSkip&, const StreamSkip&) = default;
};

struct ForwardTsn {
  std::uint32_t new_cumulative_tsn = 0;
  Bytes list;  // four bytes for each stream

  [[nodiscard]] std::size_t skips() const noexcept { return list.size() / 4; }
  [[nodiscard]] StreamSkip skip(std::size_t index) const noexcept;  // index < skips()
};

// Nothing if the length cannot be.
[[nodiscard]] std::optional<ForwardTsn> parse_forward_tsn(const Chunk& chunk) noexcept;

}  // namespace netsctp::wire
