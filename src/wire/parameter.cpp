// Parameter and cause walking (RFC 9260 §3.2.1, §3.3.10) and address parameters (§3.3.2.1.1, §3.3.2.1.2).
#include "wire/parameter.hpp"

#include <algorithm>

#include "base/bytes.hpp"

namespace netsctp::wire {

std::optional<Parameter> ParameterReader::next() noexcept {
  if (rest_.empty() || malformed_) return std::nullopt;
  if (rest_.size() >= kParameterHeaderSize) {
    const std::size_t length = load_big<std::uint16_t>(rest_.data() + 2);
    if (length >= kParameterHeaderSize && length <= rest_.size()) {
      const Parameter parameter{.type = load_big<std::uint16_t>(rest_.data()), .whole = rest_.first(length)};
      // RFC 9260 §3.2: Chunk Length may or may not count the padding of the last parameter; both are accepted.
      rest_ = rest_.subspan(std::min(padded(length), rest_.size()));
      return parameter;
    }
  }
  malformed_ = true;
  return std::nullopt;
}

std::optional<IpAddress> parse_address(const Parameter& parameter) noexcept {
  const Bytes value = parameter.value();
  if (parameter.kind() == ParameterType::kIpv4Address && value.size() == 4) return IpAddress::v4(value.data());
  if (parameter.kind() == ParameterType::kIpv6Address && value.size() == 16) {
    return IpAddress::v6(value.data()).unmapped();
  }
  return std::nullopt;
}

}  // namespace netsctp::wire
