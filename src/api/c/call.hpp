// The one shape of every C call: find the socket, do, turn a negative errno into -1 and errno.
#pragma once

#include <fcntl.h>

#include <cerrno>
#include <memory>

#include "socket/socket.hpp"

namespace netsctp::c {

// -1 and errno for a negative errno; else the value itself.
template <class Value>
Value answer(Value outcome) noexcept {
  if (outcome >= 0) return outcome;
  errno = static_cast<int>(-outcome);
  return -1;
}

// EBADF or ENOTSOCK, negative: why lookup() found nothing.
inline int no_socket(int descriptor) noexcept {
  return ::fcntl(descriptor, F_GETFD) < 0 ? -EBADF : -ENOTSOCK;
}

// call(socket) returns a negative errno or the result. The socket lives until it has returned, whoever closes it.
template <class Call>
auto on_socket(int descriptor, Call&& call) noexcept {
  using Value = decltype(call(*socket::lookup(descriptor)));
  std::shared_ptr<socket::Socket> found = socket::lookup(descriptor);
  const Value outcome = found == nullptr ? static_cast<Value>(no_socket(descriptor)) : call(*found);
  found.reset();  // with the last of them the socket ends, and system calls of its own set errno
  return answer(outcome);
}

}  // namespace netsctp::c
