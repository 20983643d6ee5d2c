// The IPv4 header that a raw socket leaves before each received packet (RFC 791 §3.1). IPv6 raw sockets leave none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "base/address.hpp"

namespace netsctp::link {

inline constexpr std::uint8_t kProtocolSctp = 132;

struct StrippedPacket {
  IpAddress from;
  IpAddress to;
  std::size_t offset = 0;  // of the payload
  std::size_t length = 0;  // of the payload, by the header's total length; may be 0
};

// Nothing if the header is not one of a whole SCTP packet: too short, another version or protocol, lengths that
// contradict each other, or a fragment (the kernel has put fragments together before).
[[nodiscard]] std::optional<StrippedPacket> strip_ipv4(std::span<const std::byte> datagram) noexcept;

}  // namespace netsctp::link
