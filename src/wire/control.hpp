// The small chunks: HEARTBEAT, SHUTDOWN, COOKIE ECHO and the like (RFC 9260 §3.3.5 to §3.3.13).
#pragma once

#include <cstdint>
#include <optional>

#include "wire/parameter.hpp"

namespace netsctp::wire {

// HEARTBEAT or HEARTBEAT ACK: the Heartbeat Info parameter that must be in it (§3.3.5), else nothing.
[[nodiscard]] std::optional<Parameter> parse_heartbeat_info(const Chunk& chunk) noexcept;

// SHUTDOWN: the Cumulative TSN Ack (§3.3.8); nothing if the length is not 8.
[[nodiscard]] std::optional<std::uint32_t> parse_shutdown(const Chunk& chunk) noexcept;

[[nodiscard]] inline bool tag_reflected(const Chunk& chunk) noexcept {
  return (chunk.flags & kFlagTagReflected) != 0;
}

// ERROR or ABORT: the first cause with that code, if any (§3.3.10). ParameterReader walks chunk.value() for all of
// them.
[[nodiscard]] std::optional<Parameter> find_cause(const Chunk& chunk, CauseCode code) noexcept;

// "Stale Cookie" cause: its Measure of Staleness in microseconds (§3.3.10.3); nothing if the length is wrong.
[[nodiscard]] std::optional<std::uint32_t> parse_staleness(const Parameter& cause) noexcept;

}  // namespace netsctp::wire
