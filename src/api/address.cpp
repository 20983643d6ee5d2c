// Address: from and to text and sockaddr, and host names.
#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <net/sctp/address.hpp>
#include <net/sctp/error.hpp>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <memory>
#include <new>
#include <ostream>

#include <net/if.h>
#include "api/errors.hpp"
#include "base/address.hpp"

namespace net::sctp {
namespace {

// "fe80::1%eth0": the seam's parser knows numeric scopes only.
std::uint32_t interface_scope(std::string_view name) noexcept {
  char terminated[IF_NAMESIZE] = {};
  if (name.empty() || name.size() >= sizeof terminated) return 0;
  std::copy(name.begin(), name.end(), terminated);
  return if_nametoindex(terminated);
}

}  // namespace

Address::Address(std::string_view ip, std::uint16_t port) {
  std::error_code error;
  *this = Address(ip, port, error);
  if (error) throw std::system_error(error, "\"" + std::string(ip) + "\" is no IPv4 or IPv6 address");
}

Address::Address(std::string_view ip, std::uint16_t port, std::error_code& error) noexcept {
  error.clear();
  auto parsed = ::netsctp::IpAddress::parse(ip);
  if (!parsed) {
    const std::size_t percent = ip.find('%');
    if (percent != std::string_view::npos) {
      parsed = ::netsctp::IpAddress::parse(ip.substr(0, percent));
      const std::uint32_t scope = interface_scope(ip.substr(percent + 1));
      if (parsed && scope != 0) {
        parsed->scope_id = scope;
      } else {
        parsed.reset();
      }
    }
  }
  if (!parsed) {
    error = errno_code(EINVAL);
    return;
  }
  bytes_ = parsed->bytes;
  scope_ = parsed->scope_id;
  port_ = port;
  size_ = static_cast<std::uint8_t>(parsed->size());
  write_text();
}

Address::Address(const sockaddr* address, socklen_t length) noexcept {
  if (length >= sizeof(sockaddr_in) && address->sa_family == AF_INET) {
    sockaddr_in v4;
    std::memcpy(&v4, address, sizeof v4);
    std::memcpy(bytes_.data(), &v4.sin_addr, 4);
    port_ = ntohs(v4.sin_port);
    size_ = 4;
  } else if (length >= sizeof(sockaddr_in6) && address->sa_family == AF_INET6) {
    sockaddr_in6 v6;
    std::memcpy(&v6, address, sizeof v6);
    port_ = ntohs(v6.sin6_port);
    if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
      std::memcpy(bytes_.data(), v6.sin6_addr.s6_addr + 12, 4);
      size_ = 4;
    } else {
      std::memcpy(bytes_.data(), &v6.sin6_addr, 16);
      scope_ = v6.sin6_scope_id;
      size_ = 16;
    }
  }
  if (size_ != 0) write_text();
}

socklen_t Address::store(sockaddr_storage& storage) const noexcept {
  std::memset(&storage, 0, sizeof storage);
  if (is_v4()) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port_);
    std::memcpy(&v4.sin_addr, bytes_.data(), 4);
    std::memcpy(&storage, &v4, sizeof v4);
    return sizeof v4;
  }
  if (is_v6()) {
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port_);
    v6.sin6_scope_id = scope_;
    std::memcpy(&v6.sin6_addr, bytes_.data(), 16);
    std::memcpy(&storage, &v6, sizeof v6);
    return sizeof v6;
  }
  return 0;
}

bool Address::is_any() const noexcept {
  return size_ != 0 && std::all_of(bytes_.begin(), bytes_.end(), [](std::byte byte) { return byte == std::byte{0}; });
}

Address Address::with_port(std::uint16_t port) const noexcept {
  Address changed = *this;
  changed.port_ = port;
  if (size_ != 0) changed.write_text();
  return changed;
}

std::string_view Address::ip() const noexcept {
  const std::string_view whole = text();
  if (is_v6()) return whole.substr(1, whole.find(']') - 1);
  return whole.substr(0, whole.find(':'));
}

std::string_view Address::text() const noexcept {
  return {text_.data(), text_size_};
}

// The longest: "[" 45 "%" 10 "]:" 5, which is 64 characters.
void Address::write_text() noexcept {
  char* out = text_.data();
  char* const end = out + text_.size();
  if (is_v6()) *out++ = '[';
  inet_ntop(is_v6() ? AF_INET6 : AF_INET, bytes_.data(), out, static_cast<socklen_t>(end - out));
  out += std::strlen(out);
  if (is_v6()) {
    if (scope_ != 0) {
      *out++ = '%';
      out = std::to_chars(out, end, scope_).ptr;
    }
    *out++ = ']';
  }
  *out++ = ':';
  out = std::to_chars(out, end, port_).ptr;
  text_size_ = static_cast<std::uint8_t>(out - text_.data());
}

std::ostream& operator<<(std::ostream& out, const Address& address) {
  return out << address.text();
}

std::vector<Address> resolve(const std::string& host, std::uint16_t port) {
  std::error_code error;
  auto addresses = resolve(host, port, error);
  throw_if(error, "look up host \"" + host + "\"");
  return addresses;
}

std::vector<Address> resolve(const std::string& host, std::uint16_t port, std::error_code& error) {
  std::vector<Address> addresses;
  if (const Address literal(host, port, error); !error) {
    addresses.push_back(literal);
    return addresses;
  }
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;  // one entry an address
  addrinfo* found = nullptr;
  const int failed = getaddrinfo(host.c_str(), nullptr, &hints, &found);
  error = failed == EAI_SYSTEM ? errno_code(errno) : std::error_code(failed, resolver_category());
  if (failed != 0) return addresses;
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(found, freeaddrinfo);
  error.clear();
  for (const addrinfo* entry = found; entry != nullptr; entry = entry->ai_next) {
    const Address address = Address(entry->ai_addr, entry->ai_addrlen).with_port(port);
    if (address && std::find(addresses.begin(), addresses.end(), address) == addresses.end()) {
      addresses.push_back(address);
    }
  }
  return addresses;
}

}  // namespace net::sctp
