// DATA (RFC 9260 §3.3.1).
#pragma once

#include <cstdint>
#include <optional>

#include "wire/packet.hpp"

namespace netsctp::wire {

struct Data {
  std::uint32_t tsn = 0;
  std::uint16_t stream = 0;
  std::uint16_t ssn = 0;
  std::uint32_t ppid = 0;  // the four bytes as they came, in network order: no endpoint interprets them
  std::uint8_t flags = 0;  // kDataFlag...
  Bytes payload;           // may be empty: the core answers that with an ABORT (§6.2)

  [[nodiscard]] bool is_beginning() const noexcept { return (flags & kDataFlagBeginning) != 0; }
  [[nodiscard]] bool is_end() const noexcept { return (flags & kDataFlagEnd) != 0; }
  [[nodiscard]] bool is_unordered() const noexcept { return (flags & kDataFlagUnordered) != 0; }
  [[nodiscard]] bool is_immediate() const noexcept { return (flags & kDataFlagImmediate) != 0; }
};

// Nothing if the chunk is shorter than its 16-byte header.
[[nodiscard]] std::optional<Data> parse_data(const Chunk& chunk) noexcept;

}  // namespace netsctp::wire
