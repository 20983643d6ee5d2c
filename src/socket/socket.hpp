// The seam: everything a program can do with an SCTP socket, shaped like the system calls (RFC 6458 semantics, Linux
// ABI: option numbers and structs of <linux/sctp.h>). Two implementations: the kernel's (kernel_socket.hpp) and ours
// (stack_socket.hpp). bindx, connectx, peeloff and the address lists are socket options, as they are on Linux.
//
// Every call returns what the system call would return, or -errno; none touches errno, none throws. All calls are
// thread-safe.
#pragma once

#include <sys/socket.h>
#include <sys/types.h>

#include <memory>
#include <string>

#include "base/result.hpp"

namespace netsctp::socket {

class Socket {
 public:
  virtual ~Socket() = default;

  // A real descriptor: POLLIN, POLLOUT, POLLHUP and POLLERR in poll, select and epoll are the socket's own; O_NONBLOCK
  // set on it with fcntl counts. Owned by this object; never read from or written to it directly. -1: it is closed; or
  // it is made only now (DescriptorIs::kMadeWhenAsked) and the process has no room for one.
  [[nodiscard]] virtual int descriptor() noexcept = 0;

  virtual int bind(const sockaddr* address, socklen_t length) noexcept = 0;
  virtual int listen(int backlog) noexcept = 0;
  // One-to-one style. On success `accepted` holds the new socket and the peer's address is stored as accept(2) does.
  // `flags`: SOCK_NONBLOCK, SOCK_CLOEXEC.
  virtual int accept(std::shared_ptr<Socket>& accepted, sockaddr* address, socklen_t* length, int flags) noexcept = 0;
  virtual int connect(const sockaddr* address, socklen_t length) noexcept = 0;
  virtual ssize_t sendmsg(const msghdr* message, int flags) noexcept = 0;
  virtual ssize_t recvmsg(msghdr* message, int flags) noexcept = 0;
  virtual int getsockopt(int level, int option, void* value, socklen_t* length) noexcept = 0;
  virtual int setsockopt(int level, int option, const void* value, socklen_t length) noexcept = 0;
  // SCTP_SOCKOPT_PEELOFF (RFC 6458 §9.2): a one-to-one socket of one association of this one-to-many socket.
  virtual int peeloff(int association, std::shared_ptr<Socket>& peeled, int flags) noexcept = 0;
  virtual int shutdown(int how) noexcept = 0;
  virtual int getsockname(sockaddr* address, socklen_t* length) noexcept = 0;
  virtual int getpeername(sockaddr* address, socklen_t* length) noexcept = 0;
  // FIONREAD (bytes of what the next recvmsg() returns), TIOCOUTQ (bytes sent by the program that the peer has not
  // acknowledged), FIONBIO and what any descriptor has.
  virtual int ioctl(unsigned long request, void* argument) noexcept = 0;
  // Graceful unless SO_LINGER with time 0 (RFC 6458 §4.1.4): data in flight is still delivered after the return, by the
  // background. A second close is EBADF. Calls blocked in other threads return EBADF.
  virtual int close() noexcept = 0;
  // An errno (positive) for the next call that asks or SO_ERROR to tell: what one call came upon but could not return.
  virtual void leave_error(int error) noexcept = 0;
  // What was left, or another pending error; then there is none. 0: none.
  [[nodiscard]] virtual int take_left_error() noexcept = 0;
  // The program takes it, and what it accepts, for a TCP socket: the end of an association is an end of input whoever
  // began it, and stays one after an error was told.
  virtual void act_as_tcp() noexcept {}
  // descriptor() is about to be closed, and `duplicate`, made from it by dup(), takes its place.
  virtual void moved_to(int duplicate) noexcept = 0;
};

// The choice between the two backends (design: NETSCTP_BACKEND, NETSCTP_LINK, NETSCTP_UDP_PORT), made once per process
// at the first call; see backend.hpp for asking what was chosen and why.
//
// socket(2) for IPPROTO_SCTP: domain AF_INET or AF_INET6, type SOCK_STREAM (one-to-one) or SOCK_SEQPACKET
// (one-to-many), flags SOCK_NONBLOCK and SOCK_CLOEXEC in `type`. Errors: EAFNOSUPPORT, ESOCKTNOSUPPORT,
// EPROTONOSUPPORT, EMFILE, ...
//
// A program that holds the object need not have the descriptor: a socket of the stack, and what it accepts, can do
// without until descriptor() is called, and lookup() finds it from then on. The kernel's sockets are descriptors.
enum class DescriptorIs : bool { kMadeAtOnce, kMadeWhenAsked };
[[nodiscard]] Result<std::shared_ptr<Socket>> open(int domain, int type,
                                                   DescriptorIs descriptor = DescriptorIs::kMadeAtOnce) noexcept;

// Records every packet of the own stack from now on in a pcapng file (link/trace.hpp), in place of one under way; null:
// no more. Errors of open(2); EOPNOTSUPP: the kernel serves, and its packets are tcpdump's; EPROTONOSUPPORT as open().
[[nodiscard]] std::error_code trace(const char* path) noexcept;

// The socket of a descriptor this process opened, or nullptr.
[[nodiscard]] std::shared_ptr<Socket> lookup(int descriptor) noexcept;

}  // namespace netsctp::socket
