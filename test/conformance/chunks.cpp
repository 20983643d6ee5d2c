#include "conformance/chunks.hpp"

#include <algorithm>
#include <span>

namespace netsctp::conformance {
namespace {

ByteString init_like(wire::ChunkType type, const InitFields& fields) {
  ByteString value =
      big(fields.tag, fields.a_rwnd, fields.outbound_streams, fields.inbound_streams, fields.initial_tsn);
  for (const ByteString& one : fields.parameters) {
    value.resize(wire::padded(value.size()));  // the fixed part is a multiple of four: only parameters get padding
    value.insert(value.end(), one.begin(), one.end());
  }
  return chunk(type, 0, value);
}

}  // namespace

ByteString bytes_of(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

ByteString join(std::initializer_list<ByteString> parts) {
  ByteString all;
  for (const ByteString& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

ByteString chunk(std::uint8_t type, std::uint8_t flags, const ByteString& value) {
  return join({big(type, flags, static_cast<std::uint16_t>(wire::kChunkHeaderSize + value.size())), value});
}
ByteString chunk(wire::ChunkType type, std::uint8_t flags, const ByteString& value) {
  return chunk(static_cast<std::uint8_t>(type), flags, value);
}
ByteString parameter(std::uint16_t type, const ByteString& value) {
  return join({big(type, static_cast<std::uint16_t>(wire::kParameterHeaderSize + value.size())), value});
}
ByteString parameter(wire::ParameterType type, const ByteString& value) {
  return parameter(static_cast<std::uint16_t>(type), value);
}
ByteString cause(wire::CauseCode code, const ByteString& value) {
  return parameter(static_cast<std::uint16_t>(code), value);
}
ByteString address_parameter(const IpAddress& address) {
  return parameter(
      address.is_v4() ? wire::ParameterType::kIpv4Address : wire::ParameterType::kIpv6Address,
      ByteString(address.bytes.begin(), address.bytes.begin() + static_cast<std::ptrdiff_t>(address.size())));
}
ByteString with_length(ByteString chunk_or_parameter, std::uint16_t length) {
  const ByteString two = big(length);
  std::copy(two.begin(), two.end(), chunk_or_parameter.begin() + 2);
  return chunk_or_parameter;
}

ByteString init(const InitFields& fields) {
  return init_like(wire::ChunkType::kInit, fields);
}
ByteString init_ack(const InitFields& fields) {
  return init_like(wire::ChunkType::kInitAck, fields);
}
ByteString state_cookie(const ByteString& cookie) {
  return parameter(wire::ParameterType::kStateCookie, cookie);
}

ByteString data(const DataFields& fields) {
  return chunk(wire::ChunkType::kData, fields.flags,
               join({big(fields.tsn, fields.stream, fields.ssn, fields.ppid), bytes_of(fields.payload)}));
}
ByteString sack(std::uint32_t cumulative, std::uint32_t a_rwnd, std::vector<wire::GapBlock> gaps,
                std::vector<std::uint32_t> duplicates) {
  ByteString value =
      big(cumulative, a_rwnd, static_cast<std::uint16_t>(gaps.size()), static_cast<std::uint16_t>(duplicates.size()));
  for (const wire::GapBlock& gap : gaps) value = join({value, big(gap.start, gap.end)});
  for (const std::uint32_t tsn : duplicates) value = join({value, big(tsn)});
  return chunk(wire::ChunkType::kSack, 0, value);
}
ByteString heartbeat(const ByteString& info) {
  return chunk(wire::ChunkType::kHeartbeat, 0, parameter(wire::ParameterType::kHeartbeatInfo, info));
}
ByteString cookie_echo(const ByteString& cookie) {
  return chunk(wire::ChunkType::kCookieEcho, 0, cookie);
}
ByteString cookie_ack() {
  return chunk(wire::ChunkType::kCookieAck);
}
ByteString shutdown(std::uint32_t cumulative) {
  return chunk(wire::ChunkType::kShutdown, 0, big(cumulative));
}
ByteString shutdown_ack() {
  return chunk(wire::ChunkType::kShutdownAck);
}
ByteString shutdown_complete(bool reflected) {
  return chunk(wire::ChunkType::kShutdownComplete, reflected ? wire::kFlagTagReflected : std::uint8_t{0});
}
ByteString abort_chunk(bool reflected, const ByteString& causes) {
  return chunk(wire::ChunkType::kAbort, reflected ? wire::kFlagTagReflected : std::uint8_t{0}, causes);
}
ByteString error(const ByteString& causes) {
  return chunk(wire::ChunkType::kError, 0, causes);
}
ByteString stale_cookie_error(std::uint32_t microseconds) {
  return error(cause(wire::CauseCode::kStaleCookie, big(microseconds)));
}

}  // namespace netsctp::conformance
