// IP addresses and transport addresses as values. No names are resolved here.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace netsctp {

enum class Family : std::uint8_t { kNone = 0, kIpv4 = 4, kIpv6 = 6 };

// An IPv4 or IPv6 address. An IPv4 address is never held in its IPv4-mapped IPv6 form: unmapped() is applied at the
// edges.
struct IpAddress {
  std::array<std::byte, 16> bytes{};  // network order; IPv4 uses the first four
  std::uint32_t scope_id = 0;         // interface index of an IPv6 link-local address, else 0
  Family family = Family::kNone;

  [[nodiscard]] static IpAddress v4(std::uint32_t host_order) noexcept;
  [[nodiscard]] static IpAddress v4(const std::byte* four_bytes) noexcept;
  [[nodiscard]] static IpAddress v6(const std::byte* sixteen_bytes, std::uint32_t scope_id = 0) noexcept;
  [[nodiscard]] static IpAddress any(Family family) noexcept;
  // "192.0.2.1", "2001:db8::1", "fe80::1%2" (numeric scope only); nothing for anything else.
  [[nodiscard]] static std::optional<IpAddress> parse(std::string_view text) noexcept;

  [[nodiscard]] bool is_v4() const noexcept { return family == Family::kIpv4; }
  [[nodiscard]] bool is_v6() const noexcept { return family == Family::kIpv6; }
  [[nodiscard]] std::size_t size() const noexcept { return is_v4() ? 4 : is_v6() ? 16 : 0; }
  [[nodiscard]] bool is_any() const noexcept {  // 0.0.0.0 or ::
    static constexpr std::array<std::byte, 16> kZero{};
    return size() != 0 && std::memcmp(bytes.data(), kZero.data(), sizeof bytes) == 0;
  }
  [[nodiscard]] bool is_loopback() const noexcept;  // 127/8 or ::1
  [[nodiscard]] bool is_multicast() const noexcept {
    return is_v4() ? (bytes[0] & std::byte{0xf0}) == std::byte{0xe0} : is_v6() && bytes[0] == std::byte{0xff};
  }
  [[nodiscard]] bool is_broadcast() const noexcept {  // 255.255.255.255
    static constexpr std::array<std::byte, 4> kOnes{std::byte{0xff}, std::byte{0xff}, std::byte{0xff}, std::byte{0xff}};
    return is_v4() && std::memcmp(bytes.data(), kOnes.data(), sizeof kOnes) == 0;
  }
  [[nodiscard]] bool is_link_local() const noexcept;
  [[nodiscard]] bool is_private() const noexcept;  // RFC 1918 and fc00::/7
  [[nodiscard]] bool is_unicast() const noexcept {
    return !is_any() && !is_multicast() && !is_broadcast() && size() != 0;
  }
  [[nodiscard]] IpAddress unmapped() const noexcept;  // ::ffff:a.b.c.d becomes a.b.c.d
  [[nodiscard]] std::string text() const;

  // Each packet is found by its addresses: whole words, not byte after byte.
  friend bool operator==(const IpAddress& one, const IpAddress& other) noexcept {
    return std::memcmp(one.bytes.data(), other.bytes.data(), sizeof one.bytes) == 0 && one.scope_id == other.scope_id &&
           one.family == other.family;
  }
};

// An IP address and a port (SCTP or UDP, as the place says), host order.
struct Address {
  IpAddress ip;
  std::uint16_t port = 0;

  [[nodiscard]] std::string text() const;  // "192.0.2.1:9899", "[::1]:9899"
  friend bool operator==(const Address&, const Address&) noexcept = default;
};

}  // namespace netsctp
