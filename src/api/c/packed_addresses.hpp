// Arrays of addresses as RFC 6458 §9 passes them: sockaddr_in and sockaddr_in6 one behind the other.
#pragma once

#include <sys/socket.h>

#include <cstddef>
#include <span>

#include "base/result.hpp"

namespace netsctp::c {

// Bytes of an address of this family; 0: neither AF_INET nor AF_INET6.
[[nodiscard]] std::size_t address_size(sa_family_t family) noexcept;

// The bytes of `count` addresses. EINVAL: a count that is not positive, or another family; EFAULT: null.
[[nodiscard]] Result<std::span<const std::byte>> packed_addresses(const sockaddr* addresses, int count) noexcept;

}  // namespace netsctp::c
