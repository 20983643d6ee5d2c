// HEARTBEAT, SHUTDOWN, ERROR and ABORT (RFC 9260 §3.3.5 to §3.3.10).
#include "wire/control.hpp"

#include "base/bytes.hpp"

namespace netsctp::wire {
namespace {

std::optional<Parameter> find(Bytes parameters, std::uint16_t type) noexcept {
  ParameterReader reader(parameters);
  while (const auto parameter = reader.next()) {
    if (parameter->type == type) return parameter;
  }
  return std::nullopt;
}

}  // namespace

std::optional<Parameter> parse_heartbeat_info(const Chunk& chunk) noexcept {
  return find(chunk.value(), static_cast<std::uint16_t>(ParameterType::kHeartbeatInfo));
}

std::optional<std::uint32_t> parse_shutdown(const Chunk& chunk) noexcept {
  if (chunk.whole.size() != kShutdownSize) return std::nullopt;
  return load_big<std::uint32_t>(chunk.whole.data() + kChunkHeaderSize);
}

std::optional<Parameter> find_cause(const Chunk& chunk, CauseCode code) noexcept {
  return find(chunk.value(), static_cast<std::uint16_t>(code));
}

std::optional<std::uint32_t> parse_staleness(const Parameter& cause) noexcept {
  const Bytes value = cause.value();
  if (value.size() != 4) return std::nullopt;
  return load_big<std::uint32_t>(value.data());
}

}  // namespace netsctp::wire
