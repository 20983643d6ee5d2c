// libc's socket calls: those on a stack socket go to the seam (socket/socket.hpp), all others to libc untouched.
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <memory>
#include <utility>

#include "preload/descriptors.hpp"
#include "preload/libc.hpp"
#include "preload/stack_call.hpp"
#include "preload/tcp.hpp"
#include "socket/backend.hpp"
#include "socket/calls.hpp"
#include "socket/linux_abi.hpp"
#include "socket/socket.hpp"

namespace preload = netsctp::preload;
namespace libc = netsctp::preload::libc;
namespace descriptors = netsctp::preload::descriptors;
using netsctp::preload::is_ours;
using netsctp::preload::StackCall;
using netsctp::socket::Backend;
using netsctp::socket::receive_bytes;
using netsctp::socket::receive_messages;
using netsctp::socket::receive_vectors;
using netsctp::socket::send_messages;
using netsctp::socket::send_vectors;
using netsctp::socket::Socket;
using netsctp::socket::Transfer;

namespace {

enum class Wanted { kNothing, kSctp, kTcp };

Wanted wanted(int domain, int type, int protocol) noexcept {
  if (domain != AF_INET && domain != AF_INET6) return Wanted::kNothing;
  const int style = type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (protocol == IPPROTO_SCTP && (style == SOCK_STREAM || style == SOCK_SEQPACKET)) return Wanted::kSctp;
  // Linux's only SOCK_SEQPACKET of the Internet protocols is SCTP: protocol 0 means it.
  if (protocol == 0 && style == SOCK_SEQPACKET) return Wanted::kSctp;
  const bool is_tcp = style == SOCK_STREAM && (protocol == 0 || protocol == IPPROTO_TCP);
  return is_tcp && preload::tcp::is_wanted() ? Wanted::kTcp : Wanted::kNothing;
}

// How messages go on this description: a program that believes in TCP has bytes.
const Transfer& transfer_of(const StackCall& call) noexcept {
  static constexpr Transfer kMessages;
  static constexpr Transfer kBytes{preload::tcp::send, preload::tcp::receive};
  return call.description().as_tcp ? kBytes : kMessages;
}

ssize_t receive_from(int descriptor, void* data, size_t size, int flags, sockaddr* from, socklen_t* length) {
  const StackCall call(descriptor);
  if (!call) return call.give(ssize_t{-EBADF});
  return call.give(receive_bytes(call.socket(), data, size, flags, from, length, transfer_of(call)));
}

ssize_t read_from(int descriptor, void* data, size_t size) {
  if (size != 0) return receive_from(descriptor, data, size, 0, nullptr, nullptr);
  const StackCall call(descriptor);
  return call.give(call ? ssize_t{0} : ssize_t{-EBADF});  // read(2): nothing asked for
}

int accept_on(int descriptor, sockaddr* address, socklen_t* length, int flags) {
  const StackCall call(descriptor);
  if (!call) return call.give(-EBADF);
  if ((flags & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)) != 0) return call.give(-EINVAL);
  std::shared_ptr<Socket> accepted;
  if (const int error = call.socket().accept(accepted, address, length, flags | SOCK_CLOEXEC); error < 0) {
    return call.give(error);
  }
  const auto& listener = call.description();
  return call.give(
      descriptors::enter(std::move(accepted), listener.domain, listener.as_tcp, (flags & SOCK_CLOEXEC) != 0));
}

// SCTP_SOCKOPT_PEELOFF made a descriptor: it joins the table.
int enter_peeled(const StackCall& call, int option, const void* value) noexcept {
  sctp_peeloff_flags_arg_t argument{};
  const bool with_flags = option == SCTP_SOCKOPT_PEELOFF_FLAGS;
  __builtin_memcpy(&argument, value, with_flags ? sizeof argument : sizeof argument.p_arg);
  auto peeled = netsctp::socket::lookup(argument.p_arg.sd);
  if (peeled == nullptr) return -EBADF;
  (void)libc::fcntl(argument.p_arg.sd, F_SETFD, reinterpret_cast<void*>(FD_CLOEXEC));
  return descriptors::enter(std::move(peeled), call.description().domain, false,
                            (argument.flags & static_cast<unsigned>(SOCK_CLOEXEC)) != 0);
}

}  // namespace

namespace netsctp::preload {

ssize_t send_bytes(int descriptor, const void* data, size_t size, int flags, const sockaddr* to,
                   socklen_t length) noexcept {
  const StackCall call(descriptor);
  if (!call) return call.give(ssize_t{-EBADF});
  return call.give(socket::send_bytes(call.socket(), data, size, flags, to, length, transfer_of(call)));
}

}  // namespace netsctp::preload

using netsctp::preload::send_bytes;

extern "C" {

int socket(int domain, int type, int protocol) noexcept {
  const Wanted want = wanted(domain, type, protocol);
  if (want == Wanted::kNothing) return libc::socket(domain, type, protocol);
  const int saved = errno;
  if (netsctp::socket::backend().kind == Backend::Kind::kKernel) {
    return libc::socket(domain, type, want == Wanted::kTcp ? IPPROTO_SCTP : protocol);
  }
  descriptors::begin();
  int result = -EPROTONOSUPPORT;  // in a child of vfork(): there is no stack to be had
  if (descriptors::is_this_process()) {
    auto made = netsctp::socket::open(domain, type | SOCK_CLOEXEC);
    if (made && want == Wanted::kTcp) (*made)->act_as_tcp();
    result = made ? descriptors::enter(std::move(*made), domain, want == Wanted::kTcp, (type & SOCK_CLOEXEC) != 0)
                  : -made.error().value();
  }
  errno = result < 0 ? -result : saved;
  return result < 0 ? -1 : result;
}

int bind(int descriptor, const sockaddr* address, socklen_t length) noexcept {
  if (!is_ours(descriptor)) return libc::bind(descriptor, address, length);
  const StackCall call(descriptor);
  return call.give(call ? call.socket().bind(address, length) : -EBADF);
}

int listen(int descriptor, int backlog) noexcept {
  if (!is_ours(descriptor)) return libc::listen(descriptor, backlog);
  const StackCall call(descriptor);
  return call.give(call ? call.socket().listen(backlog) : -EBADF);
}

int accept(int descriptor, sockaddr* address, socklen_t* length) {
  if (!is_ours(descriptor)) return libc::accept(descriptor, address, length);
  return accept_on(descriptor, address, length, 0);
}

int accept4(int descriptor, sockaddr* address, socklen_t* length, int flags) {
  if (!is_ours(descriptor)) return libc::accept4(descriptor, address, length, flags);
  return accept_on(descriptor, address, length, flags);
}

int connect(int descriptor, const sockaddr* address, socklen_t length) {
  if (!is_ours(descriptor)) return libc::connect(descriptor, address, length);
  const StackCall call(descriptor);
  if (!call) return call.give(-EBADF);
  const int result = call.socket().connect(address, length);
  descriptors::refresh_duplicates(call.description());
  return call.give(result);
}

int shutdown(int descriptor, int how) noexcept {
  if (!is_ours(descriptor)) return libc::shutdown(descriptor, how);
  const StackCall call(descriptor);
  return call.give(call ? call.socket().shutdown(how) : -EBADF);
}

int getsockname(int descriptor, sockaddr* address, socklen_t* length) noexcept {
  if (!is_ours(descriptor)) return libc::getsockname(descriptor, address, length);
  const StackCall call(descriptor);
  return call.give(call ? call.socket().getsockname(address, length) : -EBADF);
}

int getpeername(int descriptor, sockaddr* address, socklen_t* length) noexcept {
  if (!is_ours(descriptor)) return libc::getpeername(descriptor, address, length);
  const StackCall call(descriptor);
  return call.give(call ? call.socket().getpeername(address, length) : -EBADF);
}

int getsockopt(int descriptor, int level, int option, void* value, socklen_t* length) noexcept {
  if (!is_ours(descriptor)) return libc::getsockopt(descriptor, level, option, value, length);
  const StackCall call(descriptor);
  if (!call) return call.give(-EBADF);
  if (call.description().as_tcp && level == IPPROTO_TCP) {
    return call.give(preload::tcp::get_option(call.socket(), option, value, length));
  }
  const int result = call.socket().getsockopt(level, option, value, length);
  if (level == IPPROTO_SCTP && result >= 0 &&
      (option == SCTP_SOCKOPT_PEELOFF || option == SCTP_SOCKOPT_PEELOFF_FLAGS)) {
    return call.give(enter_peeled(call, option, value));
  }
  if (level == SOL_SOCKET && result == -ENOPROTOOPT) {
    // What has nothing to do with the protocol (SO_PRIORITY, SO_MARK, ...) the kernel keeps with the descriptor.
    return libc::getsockopt(descriptor, level, option, value, length);
  }
  if (call.description().as_tcp && level == SOL_SOCKET && option == SO_PROTOCOL && result == 0) {
    *static_cast<int*>(value) = IPPROTO_TCP;
  }
  return call.give(result);
}

int setsockopt(int descriptor, int level, int option, const void* value, socklen_t length) noexcept {
  if (!is_ours(descriptor)) return libc::setsockopt(descriptor, level, option, value, length);
  const StackCall call(descriptor);
  if (!call) return call.give(-EBADF);
  if (call.description().as_tcp && level == IPPROTO_TCP) {
    return call.give(preload::tcp::set_option(call.socket(), option, value, length));
  }
  const int result = call.socket().setsockopt(level, option, value, length);
  if (level == SOL_SOCKET && result == -ENOPROTOOPT) return libc::setsockopt(descriptor, level, option, value, length);
  if (level == IPPROTO_SCTP) descriptors::refresh_duplicates(call.description());  // it may have been a connectx
  return call.give(result);
}

// --- sending

ssize_t send(int descriptor, const void* data, size_t size, int flags) {
  if (!is_ours(descriptor)) return libc::send(descriptor, data, size, flags);
  return send_bytes(descriptor, data, size, flags, nullptr, 0);
}

ssize_t sendto(int descriptor, const void* data, size_t size, int flags, const sockaddr* to, socklen_t length) {
  if (!is_ours(descriptor)) return libc::sendto(descriptor, data, size, flags, to, length);
  return send_bytes(descriptor, data, size, flags, to, length);
}

ssize_t sendmsg(int descriptor, const msghdr* message, int flags) {
  if (!is_ours(descriptor)) return libc::sendmsg(descriptor, message, flags);
  const StackCall call(descriptor);
  return call.give(call ? transfer_of(call).send(call.socket(), message, flags) : ssize_t{-EBADF});
}

int sendmmsg(int descriptor, mmsghdr* messages, unsigned count, int flags) {
  if (!is_ours(descriptor)) return libc::sendmmsg(descriptor, messages, count, flags);
  const StackCall call(descriptor);
  return call.give(call ? send_messages(call.socket(), messages, count, flags, transfer_of(call)) : -EBADF);
}

ssize_t write(int descriptor, const void* data, size_t size) {
  if (!is_ours(descriptor)) return libc::write(descriptor, data, size);
  return send_bytes(descriptor, data, size, 0, nullptr, 0);
}

ssize_t writev(int descriptor, const iovec* vectors, int count) {
  if (!is_ours(descriptor)) return libc::writev(descriptor, vectors, count);
  const StackCall call(descriptor);
  return call.give(call ? send_vectors(call.socket(), vectors, count, transfer_of(call)) : ssize_t{-EBADF});
}

// --- receiving

ssize_t recv(int descriptor, void* data, size_t size, int flags) {
  if (!is_ours(descriptor)) return libc::recv(descriptor, data, size, flags);
  return receive_from(descriptor, data, size, flags, nullptr, nullptr);
}

ssize_t recvfrom(int descriptor, void* data, size_t size, int flags, sockaddr* from, socklen_t* length) {
  if (!is_ours(descriptor)) return libc::recvfrom(descriptor, data, size, flags, from, length);
  return receive_from(descriptor, data, size, flags, from, length);
}

ssize_t recvmsg(int descriptor, msghdr* message, int flags) {
  if (!is_ours(descriptor)) return libc::recvmsg(descriptor, message, flags);
  const StackCall call(descriptor);
  return call.give(call ? transfer_of(call).receive(call.socket(), message, flags) : ssize_t{-EBADF});
}

int recvmmsg(int descriptor, mmsghdr* messages, unsigned count, int flags, timespec* timeout) {
  if (!is_ours(descriptor)) return libc::recvmmsg(descriptor, messages, count, flags, timeout);
  const StackCall call(descriptor);
  if (!call) return call.give(-EBADF);
  return call.give(receive_messages(call.socket(), messages, count, flags, timeout, transfer_of(call)));
}

ssize_t read(int descriptor, void* data, size_t size) {
  if (!is_ours(descriptor)) return libc::read(descriptor, data, size);
  return read_from(descriptor, data, size);
}

ssize_t readv(int descriptor, const iovec* vectors, int count) {
  if (!is_ours(descriptor)) return libc::readv(descriptor, vectors, count);
  const StackCall call(descriptor);
  return call.give(call ? receive_vectors(call.socket(), vectors, count, transfer_of(call)) : ssize_t{-EBADF});
}

// What programs built with _FORTIFY_SOURCE call. NOLINTBEGIN(bugprone-reserved-identifier): the names are libc's.
ssize_t __read_chk(int descriptor, void* data, size_t size, size_t room) {
  if (!is_ours(descriptor) || size > room) return libc::read_chk(descriptor, data, size, room);
  return read_from(descriptor, data, size);
}

ssize_t __recv_chk(int descriptor, void* data, size_t size, size_t room, int flags) {
  if (!is_ours(descriptor) || size > room) return libc::recv_chk(descriptor, data, size, room, flags);
  return receive_from(descriptor, data, size, flags, nullptr, nullptr);
}

ssize_t __recvfrom_chk(int descriptor, void* data, size_t size, size_t room, int flags, sockaddr* from,
                       socklen_t* length) {
  if (!is_ours(descriptor) || size > room) {
    return libc::recvfrom_chk(descriptor, data, size, room, flags, from, length);
  }
  return receive_from(descriptor, data, size, flags, from, length);
}
// NOLINTEND(bugprone-reserved-identifier)

}  // extern "C"
