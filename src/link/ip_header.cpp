#include "link/ip_header.hpp"

#include "base/bytes.hpp"

namespace netsctp::link {

std::optional<StrippedPacket> strip_ipv4(std::span<const std::byte> datagram) noexcept {
  constexpr std::size_t kMinHeader = 20;
  constexpr unsigned kMoreFragmentsAndOffset = 0x3FFF;
  if (datagram.size() < kMinHeader) return std::nullopt;
  const auto first = std::to_integer<unsigned>(datagram[0]);
  const std::size_t header = (first & 0x0F) * std::size_t{4};
  const std::size_t total = load_big<std::uint16_t>(&datagram[2]);
  const bool is_fragment = (load_big<std::uint16_t>(&datagram[6]) & kMoreFragmentsAndOffset) != 0;
  if (first >> 4 != 4 || header < kMinHeader || total < header || total > datagram.size() || is_fragment ||
      std::to_integer<unsigned>(datagram[9]) != kProtocolSctp)
    return std::nullopt;
  return StrippedPacket{IpAddress::v4(&datagram[12]), IpAddress::v4(&datagram[16]), header, total - header};
}

}  // namespace netsctp::link
