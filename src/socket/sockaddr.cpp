#include "socket/sockaddr.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "socket/user_memory.hpp"

namespace netsctp::socket {

namespace {

Address read_v4(const sockaddr_in& in) noexcept {
  return {IpAddress::v4(reinterpret_cast<const std::byte*>(&in.sin_addr)), ntohs(in.sin_port)};
}

Address read_v6(const sockaddr_in6& in) noexcept {
  auto ip = IpAddress::v6(reinterpret_cast<const std::byte*>(&in.sin6_addr), in.sin6_scope_id).unmapped();
  if (!ip.is_link_local()) ip.scope_id = 0;
  return {ip, ntohs(in.sin6_port)};
}

}  // namespace

Result<Address> from_sockaddr(const sockaddr* address, socklen_t length, const AddressView& view) {
  if (address == nullptr || length < sizeof(sa_family_t)) return std::errc::invalid_argument;
  if (address->sa_family == AF_INET) {
    if (length < sizeof(sockaddr_in) || (view.domain == AF_INET6 && view.v6_only)) return std::errc::invalid_argument;
    sockaddr_in in{};
    std::memcpy(&in, address, sizeof in);
    return read_v4(in);
  }
  if (address->sa_family != AF_INET6 || view.domain != AF_INET6 || length < sizeof(sockaddr_in6)) {
    return std::errc::invalid_argument;
  }
  sockaddr_in6 in{};
  std::memcpy(&in, address, sizeof in);
  const Address result = read_v6(in);
  if (view.v6_only && result.ip.is_v4()) return std::errc::invalid_argument;
  return result;
}

Result<std::vector<Address>> from_packed(const void* addresses, std::size_t length, const AddressView& view) {
  std::vector<Address> result;
  const auto* at = static_cast<const std::byte*>(addresses);
  while (length != 0) {
    sa_family_t family = AF_UNSPEC;
    if (length < sizeof family) return std::errc::invalid_argument;
    std::memcpy(&family, at, sizeof family);
    const std::size_t size = family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
    if (length < size) return std::errc::invalid_argument;
    sockaddr_storage storage{};
    std::memcpy(&storage, at, size);
    auto address = from_sockaddr(reinterpret_cast<const sockaddr*>(&storage), static_cast<socklen_t>(size), view);
    if (!address) return address.error();
    result.push_back(*address);
    at += size;
    length -= size;
  }
  if (result.empty()) return std::errc::invalid_argument;
  return result;
}

std::size_t to_sockaddr(const Address& address, const AddressView& view, sockaddr_storage& storage) noexcept {
  std::memset(&storage, 0, sizeof storage);
  if (address.ip.is_v4() && (view.domain == AF_INET || !view.mapped_v4)) {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_port = htons(address.port);
    std::memcpy(&in.sin_addr, address.ip.bytes.data(), 4);
    std::memcpy(&storage, &in, sizeof in);
    return sizeof in;
  }
  sockaddr_in6 in{};
  in.sin6_family = AF_INET6;
  in.sin6_port = htons(address.port);
  if (address.ip.is_v4()) {  // RFC 6458 §8.1.15: ::ffff:a.b.c.d
    in.sin6_addr.s6_addr[10] = in.sin6_addr.s6_addr[11] = 0xFF;
    std::memcpy(&in.sin6_addr.s6_addr[12], address.ip.bytes.data(), 4);
  } else {
    std::memcpy(&in.sin6_addr, address.ip.bytes.data(), 16);
    in.sin6_scope_id = address.ip.scope_id;
  }
  std::memcpy(&storage, &in, sizeof in);
  return sizeof in;
}

Address wildcard(int domain, std::uint16_t port) noexcept {
  return {IpAddress::any(domain == AF_INET ? Family::kIpv4 : Family::kIpv6), port};
}

bool is_local(const IpAddress& address) noexcept {
  const int family = address.is_v4() ? AF_INET : AF_INET6;
  const int probe = ::socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (probe < 0) return false;
  sockaddr_storage storage;
  const std::size_t size = to_sockaddr({address, 0}, {.domain = family}, storage);
  const bool bound = ::bind(probe, reinterpret_cast<const sockaddr*>(&storage), static_cast<socklen_t>(size)) == 0;
  ::close(probe);
  return bound;
}

IpAddress source_towards(const Address& peer) noexcept {
  const int family = peer.ip.is_v4() ? AF_INET : AF_INET6;
  const IpAddress none = wildcard(family, 0).ip;
  const int probe = ::socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (probe < 0) return none;
  sockaddr_storage storage;
  auto length = static_cast<socklen_t>(to_sockaddr(peer, {.domain = family}, storage));
  auto* const name = reinterpret_cast<sockaddr*>(&storage);
  bool known = ::connect(probe, name, length) == 0;  // chooses a route, sends nothing
  length = sizeof storage;
  known = known && ::getsockname(probe, name, &length) == 0;
  ::close(probe);
  auto source = known ? from_sockaddr(name, length, {.domain = family}) : Result<Address>(Address{none, 0});
  return source ? source->ip : none;
}

Result<Address> from_caller(const sockaddr* address, socklen_t length, const AddressView& view) {
  sockaddr_storage storage{};
  if (length > sizeof storage) return std::errc::invalid_argument;  // as move_addr_to_kernel()
  if (const int error = copy_in(&storage, address, length)) return std::error_code(-error, std::generic_category());
  return from_sockaddr(reinterpret_cast<const sockaddr*>(&storage), length, view);
}

int to_caller(const Address& address, const AddressView& view, sockaddr* to, socklen_t* length) noexcept {
  socklen_t room = 0;
  if (const int error = copy_in(&room, length, sizeof room)) return error;
  if (static_cast<int>(room) < 0) return -EINVAL;
  sockaddr_storage storage;
  const auto size = static_cast<socklen_t>(to_sockaddr(address, view, storage));
  if (const int error = copy_out(to, &storage, std::min(room, size))) return error;
  return copy_out(length, &size, sizeof size);
}

}  // namespace netsctp::socket
