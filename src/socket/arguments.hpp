// What the kernel checks of a call's arguments before a socket sees them (linux: net/socket.c). For everything that
// takes calls from programs as they are: the C API and whatever stands in for libc. Null pointers are told from others;
// whether memory can be read is not tried.
#pragma once

#include <sys/socket.h>
#include <sys/uio.h>

#include <cstddef>

namespace netsctp::socket {

constexpr std::size_t kMaxVectors = 1024;  // UIO_MAXIOV

// All return 0 or a negative errno.

// An address handed in. EINVAL: longer than any; EFAULT: a null pointer with a length.
[[nodiscard]] int check_address(const sockaddr* address, socklen_t length) noexcept;

// Room for an address handed out (getsockname). EFAULT: no length, or a length without room; EINVAL: a negative length.
[[nodiscard]] int check_room(const sockaddr* address, const socklen_t* length) noexcept;

// The same where the address may be left out (accept, recvfrom): then the length is not looked at.
[[nodiscard]] int check_optional_room(const sockaddr* address, const socklen_t* length) noexcept;

// EMSGSIZE: more than kMaxVectors; EFAULT: a null pointer where bytes are counted; EINVAL: more bytes than fit ssize_t.
[[nodiscard]] int check_vectors(const iovec* vectors, std::size_t count) noexcept;

// A message to send, and one to receive into. A null msg_name means no name, whatever its length says.
[[nodiscard]] int check_message_to_send(const msghdr* message) noexcept;
[[nodiscard]] int check_message_to_fill(const msghdr* message) noexcept;

}  // namespace netsctp::socket
