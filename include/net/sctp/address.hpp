// A transport address: an IPv4 or IPv6 address and an SCTP port. A value; reading it from several threads is safe.
#pragma once

#include <sys/socket.h>

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#if __has_include(<format>)
#include <format>
#endif

namespace net::sctp {

class [[gnu::visibility("default")]] Address {
 public:
  Address() noexcept = default;  // no address: !is_v4() && !is_v6(), text() is "none"

  // From "192.0.2.1", "2001:db8::1" or "fe80::1%eth0"; no names are looked up here. Throws EINVAL for anything else.
  explicit Address(std::string_view ip, std::uint16_t port = 0);
  Address(std::string_view ip, std::uint16_t port, std::error_code & error) noexcept;

  // From AF_INET or AF_INET6; an IPv4-mapped IPv6 address becomes the IPv4 address. No address for anything else.
  Address(const sockaddr* address, socklen_t length) noexcept;
  // The length; 0 if there is no address.
  socklen_t store(sockaddr_storage & storage) const noexcept;

  [[nodiscard]] bool is_v4() const noexcept {
    return size_ == 4;
  }
  [[nodiscard]] bool is_v6() const noexcept {
    return size_ == 16;
  }
  [[nodiscard]] explicit operator bool() const noexcept {
    return size_ != 0;
  }
  [[nodiscard]] bool is_any() const noexcept;  // 0.0.0.0 or ::
  [[nodiscard]] std::uint16_t port() const noexcept {
    return port_;
  }
  [[nodiscard]] Address with_port(std::uint16_t port) const noexcept;

  // "192.0.2.1", "2001:db8::1"
  [[nodiscard]] std::string_view ip() const noexcept;
  // "192.0.2.1:5556", "[2001:db8::1]:5556"; valid as long as this object. fmt takes it by this conversion or by
  // format_as.
  [[nodiscard]] std::string_view text() const noexcept;
  operator std::string_view() const noexcept {
    return text();
  }
  friend std::string format_as(const Address& address) {
    return std::string(address.text());
  }

  friend bool operator==(const Address& a, const Address& b) noexcept {
    return (a <=> b) == 0;
  }
  friend std::strong_ordering operator<=>(const Address& a, const Address& b) noexcept {
    if (const auto order = a.size_ <=> b.size_; order != 0) return order;
    if (const auto order = a.bytes_ <=> b.bytes_; order != 0) return order;
    if (const auto order = a.port_ <=> b.port_; order != 0) return order;
    return a.scope_ <=> b.scope_;
  }

 private:
  void write_text() noexcept;

  std::array<std::byte, 16> bytes_{};  // network order
  std::uint32_t scope_ = 0;            // interface index of a link-local IPv6 address
  std::uint16_t port_ = 0;
  std::uint8_t size_ = 0;
  std::uint8_t text_size_ = 4;
  std::array<char, 72> text_{'n', 'o', 'n', 'e'};
};

[[gnu::visibility("default")]] std::ostream& operator<<(std::ostream& out, const Address& address);

// The addresses of a host: a name is looked up (getaddrinfo: hosts file, then DNS; it may block), an address is taken
// as it is. Errors: resolver_category().
[[gnu::visibility("default")]] [[nodiscard]] std::vector<Address> resolve(const std::string& host, std::uint16_t port);
[[gnu::visibility("default")]] [[nodiscard]] std::vector<Address> resolve(const std::string& host, std::uint16_t port,
                                                                          std::error_code& error);

}  // namespace net::sctp

#ifdef __cpp_lib_format
template <>
struct std::formatter<net::sctp::Address> : std::formatter<std::string_view> {
  auto format(const net::sctp::Address& address, std::format_context& context) const {
    return std::formatter<std::string_view>::format(address.text(), context);
  }
};
#endif
