// IpAddress and Address: classification, text and parsing. The text forms are inet_ntop's and inet_pton's.
#include "base/address.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <charconv>

#include "base/bytes.hpp"

namespace netsctp {
namespace {

constexpr std::array<std::byte, 12> kMappedPrefix{std::byte{0}, std::byte{0}, std::byte{0},    std::byte{0},
                                                  std::byte{0}, std::byte{0}, std::byte{0},    std::byte{0},
                                                  std::byte{0}, std::byte{0}, std::byte{0xff}, std::byte{0xff}};

unsigned octet(const IpAddress& address, std::size_t index) noexcept {
  return std::to_integer<unsigned>(address.bytes[index]);
}

// Addresses that mean something only together with an interface: fe80::/10 and multicast of interface or link scope.
bool has_scope(const IpAddress& address) noexcept {
  if (!address.is_v6()) return false;
  if (address.is_link_local()) return true;
  const unsigned multicast_scope = octet(address, 1) & 0x0f;
  return address.is_multicast() && (multicast_scope == 1 || multicast_scope == 2);
}

}  // namespace

IpAddress IpAddress::v4(std::uint32_t host_order) noexcept {
  IpAddress address;
  address.family = Family::kIpv4;
  store_big(address.bytes.data(), host_order);
  return address;
}

IpAddress IpAddress::v4(const std::byte* four_bytes) noexcept {
  return v4(load_big<std::uint32_t>(four_bytes));
}

IpAddress IpAddress::v6(const std::byte* sixteen_bytes, std::uint32_t scope_id) noexcept {
  IpAddress address;
  address.family = Family::kIpv6;
  std::memcpy(address.bytes.data(), sixteen_bytes, address.bytes.size());
  if (has_scope(address)) address.scope_id = scope_id;
  return address;
}

IpAddress IpAddress::any(Family family) noexcept {
  IpAddress address;
  address.family = family;
  return address;
}

std::optional<IpAddress> IpAddress::parse(std::string_view text) noexcept {
  std::string_view scope;
  const std::size_t percent = text.find('%');
  if (percent != std::string_view::npos) {
    scope = text.substr(percent + 1);
    if (scope.empty()) return std::nullopt;
    text = text.substr(0, percent);
  }

  std::array<char, INET6_ADDRSTRLEN> terminated{};
  if (text.empty() || text.size() >= terminated.size() || text.find('\0') != std::string_view::npos)
    return std::nullopt;
  std::memcpy(terminated.data(), text.data(), text.size());

  std::array<std::byte, 16> bytes{};
  if (::inet_pton(AF_INET, terminated.data(), bytes.data()) == 1) {
    if (percent != std::string_view::npos) return std::nullopt;
    return v4(bytes.data());
  }
  if (::inet_pton(AF_INET6, terminated.data(), bytes.data()) != 1) return std::nullopt;

  IpAddress address = v6(bytes.data());
  if (percent != std::string_view::npos) {
    const char* const end = scope.data() + scope.size();
    const auto [parsed_to, failure] = std::from_chars(scope.data(), end, address.scope_id);
    if (failure != std::errc{} || parsed_to != end || address.scope_id == 0 || !has_scope(address)) return std::nullopt;
  }
  return address.unmapped();
}

bool IpAddress::is_loopback() const noexcept {
  if (is_v4()) return octet(*this, 0) == 127;
  std::array<std::byte, 16> one{};
  one[15] = std::byte{1};
  return is_v6() && bytes == one;
}

bool IpAddress::is_link_local() const noexcept {
  if (is_v4()) return octet(*this, 0) == 169 && octet(*this, 1) == 254;
  return is_v6() && octet(*this, 0) == 0xfe && (octet(*this, 1) & 0xc0) == 0x80;
}

bool IpAddress::is_private() const noexcept {
  if (is_v4()) {
    return octet(*this, 0) == 10 || (octet(*this, 0) == 172 && (octet(*this, 1) & 0xf0) == 16) ||
           (octet(*this, 0) == 192 && octet(*this, 1) == 168);
  }
  return is_v6() && (octet(*this, 0) & 0xfe) == 0xfc;
}

IpAddress IpAddress::unmapped() const noexcept {
  if (is_v6() && std::memcmp(bytes.data(), kMappedPrefix.data(), kMappedPrefix.size()) == 0)
    return v4(bytes.data() + kMappedPrefix.size());
  return *this;
}

std::string IpAddress::text() const {
  if (size() == 0) return "none";
  std::array<char, INET6_ADDRSTRLEN> buffer{};
  ::inet_ntop(is_v4() ? AF_INET : AF_INET6, bytes.data(), buffer.data(), static_cast<socklen_t>(buffer.size()));
  std::string result(buffer.data());
  if (scope_id != 0) result += '%' + std::to_string(scope_id);
  return result;
}

std::string Address::text() const {
  const std::string host = ip.text();
  return (ip.is_v6() ? '[' + host + ']' : host) + ':' + std::to_string(port);
}

}  // namespace netsctp
