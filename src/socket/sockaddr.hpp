// Socket addresses as programs hand them in and get them back, to and from base/address.hpp. No names are resolved.
#pragma once

#include <sys/socket.h>

#include <cstddef>
#include <span>
#include <vector>

#include "base/address.hpp"
#include "base/result.hpp"

namespace netsctp::socket {

// How a socket sees addresses (RFC 6458 §4.1.2, §8.1.15).
struct AddressView {
  int domain = AF_INET;   // AF_INET or AF_INET6
  bool v6_only = false;   // IPV6_V6ONLY: no IPv4 at all on this AF_INET6 socket
  bool mapped_v4 = true;  // SCTP_I_WANT_MAPPED_V4_ADDR: an AF_INET6 socket shows IPv4 as ::ffff:a.b.c.d
};

// Errors: EINVAL (too short, or a family this socket cannot speak). IPv4-mapped addresses become IPv4.
[[nodiscard]] Result<Address> from_sockaddr(const sockaddr* address, socklen_t length, const AddressView& view);

// An array of sockaddr_in and sockaddr_in6 without gaps, as SCTP_SOCKOPT_BINDX_ADD takes it. EINVAL as above or if
// empty.
[[nodiscard]] Result<std::vector<Address>> from_packed(const void* addresses, std::size_t length,
                                                       const AddressView& view);

// Returns the bytes used: 16 (sockaddr_in) or 28 (sockaddr_in6); the rest of `storage` is zeroed.
std::size_t to_sockaddr(const Address& address, const AddressView& view, sockaddr_storage& storage) noexcept;

// The wildcard as a getsockname() of an unbound socket shows it.
[[nodiscard]] Address wildcard(int domain, std::uint16_t port) noexcept;

// Whether a socket can be bound to it here.
[[nodiscard]] bool is_local(const IpAddress& address) noexcept;

// The address this host would send from to that one; the wildcard if there is no way to it.
[[nodiscard]] IpAddress source_towards(const Address& peer) noexcept;

// The same for pointers of a program, which may lead nowhere: EFAULT. EINVAL: a length no address has.
[[nodiscard]] Result<Address> from_caller(const sockaddr* address, socklen_t length, const AddressView& view);
[[nodiscard]] int to_caller(const Address& address, const AddressView& view, sockaddr* to, socklen_t* length) noexcept;

}  // namespace netsctp::socket
