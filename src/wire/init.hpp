// INIT and INIT ACK (RFC 9260 §3.3.2, §3.3.3): one shape, two types.
#pragma once

#include <cstdint>
#include <optional>

#include "wire/parameter.hpp"

namespace netsctp::wire {

// The fixed part. Values are as on the wire: whether they are acceptable (tag 0, no streams, small a_rwnd) is for the
// core.
struct Init {
  std::uint32_t initiate_tag = 0;
  std::uint32_t a_rwnd = 0;
  std::uint16_t outbound_streams = 0;
  std::uint16_t inbound_streams = 0;
  std::uint32_t initial_tsn = 0;
  Bytes parameters;  // the optional and variable-length part, walked with ParameterReader

  [[nodiscard]] ParameterReader reader() const noexcept { return ParameterReader(parameters); }
};

// Nothing if the chunk is shorter than 20 bytes.
[[nodiscard]] std::optional<Init> parse_init(const Chunk& chunk) noexcept;

}  // namespace netsctp::wire
