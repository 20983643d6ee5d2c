// The stack's own system calls inside this library: the linker turns each `f` in the layers below into `__wrap_f`
// (--wrap), so that they go to libc without asking the table, and so that what the stack opens for itself is known.
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

#include <cstdarg>

#include "preload/descriptors.hpp"
#include "preload/libc.hpp"

namespace libc = netsctp::preload::libc;
namespace descriptors = netsctp::preload::descriptors;
using netsctp::preload::Kind;

// NOLINTBEGIN(bugprone-reserved-identifier): the names are the linker's.
extern "C" {

int __wrap_socket(int domain, int type, int protocol) {
  return descriptors::keep(libc::socket(domain, type, protocol), Kind::kOwn);
}
// Of the pair behind a stack socket's descriptor (socket/readiness.hpp) the first end becomes the program's.
int __wrap_socketpair(int domain, int type, int protocol, int* ends) {
  if (libc::socketpair(domain, type, protocol, ends) != 0) return -1;
  ends[1] = descriptors::keep(ends[1], Kind::kOwn);
  return 0;
}
int __wrap_eventfd(unsigned count, int flags) {
  return descriptors::keep(libc::eventfd(count, flags), Kind::kOwnEventfd);
}
int __wrap_epoll_create1(int flags) {
  return descriptors::keep(libc::epoll_create1(flags), Kind::kOwn);
}
int __wrap_close(int descriptor) {
  descriptors::forget(descriptor);
  return libc::close(descriptor);
}

int __wrap_bind(int descriptor, const sockaddr* address, socklen_t length) {
  return libc::bind(descriptor, address, length);
}
int __wrap_listen(int descriptor, int backlog) {
  return libc::listen(descriptor, backlog);
}
int __wrap_accept4(int descriptor, sockaddr* address, socklen_t* length, int flags) {
  return libc::accept4(descriptor, address, length, flags);
}
int __wrap_connect(int descriptor, const sockaddr* address, socklen_t length) {
  return libc::connect(descriptor, address, length);
}
int __wrap_shutdown(int descriptor, int how) {
  return libc::shutdown(descriptor, how);
}
int __wrap_getsockname(int descriptor, sockaddr* address, socklen_t* length) {
  return libc::getsockname(descriptor, address, length);
}
int __wrap_getpeername(int descriptor, sockaddr* address, socklen_t* length) {
  return libc::getpeername(descriptor, address, length);
}
int __wrap_getsockopt(int descriptor, int level, int option, void* value, socklen_t* length) {
  return libc::getsockopt(descriptor, level, option, value, length);
}
int __wrap_setsockopt(int descriptor, int level, int option, const void* value, socklen_t length) {
  return libc::setsockopt(descriptor, level, option, value, length);
}
ssize_t __wrap_send(int descriptor, const void* data, size_t size, int flags) {
  return libc::send(descriptor, data, size, flags);
}
ssize_t __wrap_sendmsg(int descriptor, const msghdr* message, int flags) {
  return libc::sendmsg(descriptor, message, flags);
}
int __wrap_sendmmsg(int descriptor, mmsghdr* messages, unsigned count, int flags) {
  return libc::sendmmsg(descriptor, messages, count, flags);
}
ssize_t __wrap_recv(int descriptor, void* data, size_t size, int flags) {
  return libc::recv(descriptor, data, size, flags);
}
ssize_t __wrap_recvmsg(int descriptor, msghdr* message, int flags) {
  return libc::recvmsg(descriptor, message, flags);
}
int __wrap_recvmmsg(int descriptor, mmsghdr* messages, unsigned count, int flags, timespec* timeout) {
  return libc::recvmmsg(descriptor, messages, count, flags, timeout);
}
ssize_t __wrap_read(int descriptor, void* data, size_t size) {
  return libc::read(descriptor, data, size);
}
ssize_t __wrap_write(int descriptor, const void* data, size_t size) {
  return libc::write(descriptor, data, size);
}
int __wrap_dup3(int from, int to, int flags) {
  return libc::dup3(from, to, flags);
}
int __wrap_fcntl(int descriptor, int command, ...) {
  va_list arguments;
  va_start(arguments, command);
  void* const argument = va_arg(arguments, void*);
  va_end(arguments);
  return libc::fcntl(descriptor, command, argument);
}
int __wrap_ioctl(int descriptor, unsigned long request, ...) {
  va_list arguments;
  va_start(arguments, request);
  void* const argument = va_arg(arguments, void*);
  va_end(arguments);
  return libc::ioctl(descriptor, request, argument);
}

}  // extern "C"
// NOLINTEND(bugprone-reserved-identifier)
