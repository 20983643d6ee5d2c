// Chunks made by hand, byte by byte, so that a test can say anything on the wire, right or wrong (RFC 9260 §3.3).
// A chunk here is exactly its Chunk Length bytes; Peer::sends() pads it.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "base/address.hpp"
#include "wire/sack.hpp"
#include "wire/types.hpp"

namespace netsctp::conformance {

using ByteString = std::vector<std::byte>;

[[nodiscard]] ByteString bytes_of(std::string_view text);
// Big-endian numbers: big(std::uint16_t{1}, std::uint32_t{2}) is six bytes.
template <typename... Int>
[[nodiscard]] ByteString big(Int... values) {
  ByteString out;
  const auto put = [&](auto value) {
    for (int shift = static_cast<int>(sizeof value) * 8 - 8; shift >= 0; shift -= 8)
      out.push_back(static_cast<std::byte>((value >> shift) & 0xFF));
  };
  (put(values), ...);
  return out;
}
[[nodiscard]] ByteString join(std::initializer_list<ByteString> parts);  // one after the other, no padding

// Type, length, value; the length is what the value asks for.
[[nodiscard]] ByteString chunk(std::uint8_t type, std::uint8_t flags, const ByteString& value = {});
[[nodiscard]] ByteString chunk(wire::ChunkType type, std::uint8_t flags = 0, const ByteString& value = {});
[[nodiscard]] ByteString parameter(std::uint16_t type, const ByteString& value = {});  // not padded
[[nodiscard]] ByteString parameter(wire::ParameterType type, const ByteString& value = {});
[[nodiscard]] ByteString cause(wire::CauseCode code, const ByteString& value = {});
[[nodiscard]] ByteString address_parameter(const IpAddress& address);
// The same chunk or parameter with another Length written into it.
[[nodiscard]] ByteString with_length(ByteString chunk_or_parameter, std::uint16_t length);

// INIT and INIT ACK. Parameters are padded between each other, as the RFC asks; the last one is not.
struct InitFields {
  std::uint32_t tag = 0x11223344;
  std::uint32_t a_rwnd = 100'000;
  std::uint16_t outbound_streams = 10;
  std::uint16_t inbound_streams = 10;
  std::uint32_t initial_tsn = 1000;
  std::vector<ByteString> parameters{};
};
[[nodiscard]] ByteString init(const InitFields& fields = {});
[[nodiscard]] ByteString init_ack(const InitFields& fields);  // without a State Cookie unless it is in `parameters`
[[nodiscard]] ByteString state_cookie(const ByteString& cookie);

struct DataFields {
  std::uint32_t tsn = 1000;
  std::uint16_t stream = 0;
  std::uint16_t ssn = 0;
  std::string_view payload = "data";
  std::uint8_t flags = wire::kDataFlagBeginning | wire::kDataFlagEnd;
  std::uint32_t ppid = 0;
};
[[nodiscard]] ByteString data(const DataFields& fields);
[[nodiscard]] ByteString sack(std::uint32_t cumulative, std::uint32_t a_rwnd = 100'000,
                              std::vector<wire::GapBlock> gaps = {}, std::vector<std::uint32_t> duplicates = {});
[[nodiscard]] ByteString heartbeat(const ByteString& info);  // `info`: the value of the Heartbeat Info parameter
[[nodiscard]] ByteString cookie_echo(const ByteString& cookie);
[[nodiscard]] ByteString cookie_ack();
[[nodiscard]] ByteString shutdown(std::uint32_t cumulative);
[[nodiscard]] ByteString shutdown_ack();
[[nodiscard]] ByteString shutdown_complete(bool reflected = false);
[[nodiscard]] ByteString abort_chunk(bool reflected = false, const ByteString& causes = {});
[[nodiscard]] ByteString error(const ByteString& causes);
[[nodiscard]] ByteString stale_cookie_error(std::uint32_t microseconds);

}  // namespace netsctp::conformance
