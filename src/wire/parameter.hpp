// Type-Length-Value parameters inside chunks (RFC 9260 §3.2.1): walking them, and the addresses among them.
#pragma once

#include <cstdint>
#include <optional>

#include "base/address.hpp"
#include "wire/packet.hpp"

namespace netsctp::wire {

struct Parameter {
  std::uint16_t type = 0;
  Bytes whole;  // header included, padding excluded

  [[nodiscard]] ParameterType kind() const noexcept { return static_cast<ParameterType>(type); }
  [[nodiscard]] Bytes value() const noexcept { return whole.subspan(kParameterHeaderSize); }
};

// Walks parameters; stops for good at a Length below 4 or past the end, malformed() then tells.
// A final parameter without its padding bytes is accepted. Also walks error causes, which have the same shape.
class ParameterReader {
 public:
  explicit ParameterReader(Bytes parameters) noexcept : rest_(parameters) {}
  [[nodiscard]] std::optional<Parameter> next() noexcept;
  [[nodiscard]] bool malformed() const noexcept { return malformed_; }

 private:
  Bytes rest_;
  bool malformed_ = false;
};

// IPv4 Address (5) or IPv6 Address (6) of the right length, else nothing. An IPv4-mapped IPv6 address is unmapped.
[[nodiscard]] std::optional<IpAddress> parse_address(const Parameter& parameter) noexcept;

}  // namespace netsctp::wire
