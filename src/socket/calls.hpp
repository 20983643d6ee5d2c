// The calls of libc that move messages, made of sendmsg() and recvmsg(): for whatever takes calls from programs as they
// are, the C API and the preload library. Arguments are checked and results stored as Linux does (net/socket.c,
// fs/read_write.c); a pointer to nowhere is EFAULT. All return what the call returns, or a negative errno.
#pragma once

#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>

#include "socket/socket.hpp"

namespace netsctp::socket {

// How a message goes to and comes from a socket.
struct Transfer {
  ssize_t (*send)(Socket&, const msghdr*, int) = [](Socket& to, const msghdr* message, int flags) {
    return to.sendmsg(message, flags);
  };
  ssize_t (*receive)(Socket&, msghdr*, int) = [](Socket& from, msghdr* message, int flags) {
    return from.recvmsg(message, flags);
  };
};

// sendto(2), send(2), write(2).
[[nodiscard]] ssize_t send_bytes(Socket& socket, const void* data, std::size_t size, int flags, const sockaddr* to,
                                 socklen_t length, const Transfer& transfer = {}) noexcept;
// recvfrom(2), recv(2).
[[nodiscard]] ssize_t receive_bytes(Socket& socket, void* data, std::size_t size, int flags, sockaddr* from,
                                    socklen_t* length, const Transfer& transfer = {}) noexcept;
// writev(2), readv(2): without a byte to move they do nothing.
[[nodiscard]] ssize_t send_vectors(Socket& socket, const iovec* vectors, int count,
                                   const Transfer& transfer = {}) noexcept;
[[nodiscard]] ssize_t receive_vectors(Socket& socket, const iovec* vectors, int count,
                                      const Transfer& transfer = {}) noexcept;
// At most kMaxVectors messages. An error after the first message is not told.
[[nodiscard]] int send_messages(Socket& socket, mmsghdr* messages, unsigned count, int flags,
                                const Transfer& transfer = {}) noexcept;
// The timeout is looked at after each message, and what is left of it is stored. An error after the first message,
// other than EAGAIN, is left for the next call or SO_ERROR.
[[nodiscard]] int receive_messages(Socket& socket, mmsghdr* messages, unsigned count, int flags, timespec* timeout,
                                   const Transfer& transfer = {}) noexcept;

}  // namespace netsctp::socket
