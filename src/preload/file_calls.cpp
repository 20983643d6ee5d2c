// libc's calls on descriptors of any kind: close, dup, fcntl, ioctl and what moves bytes inside the kernel.
#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <cstdarg>
#include <cstddef>

#include "preload/descriptors.hpp"
#include "preload/libc.hpp"
#include "preload/stack_call.hpp"
#include "preload/tcp.hpp"

namespace preload = netsctp::preload;
namespace libc = netsctp::preload::libc;
namespace descriptors = netsctp::preload::descriptors;
using netsctp::preload::is_ours;
using netsctp::preload::Kind;
using netsctp::preload::kind_of;
using netsctp::preload::StackCall;

namespace {

int settle(int result, int saved) noexcept {
  errno = result < 0 ? -result : saved;
  return result < 0 ? -1 : result;
}

int control(int descriptor, int command, void* argument) {
  const int number = static_cast<int>(reinterpret_cast<long>(argument));
  const int saved = errno;
  switch (command) {
    case F_DUPFD:
    case F_DUPFD_CLOEXEC:
      return settle(descriptors::duplicate(descriptor, number, command == F_DUPFD_CLOEXEC), saved);
    case F_GETFD:
      return kind_of(descriptor) == Kind::kSocket && descriptors::closes_on_exec(descriptor) ? FD_CLOEXEC : 0;
    case F_SETFD:
      descriptors::set_close_on_exec(descriptor, (number & FD_CLOEXEC) != 0);
      return 0;
    default:  // the flags, the owner of SIGIO: the descriptor's own serve, they are a socket's too
      return libc::fcntl(descriptor, command, argument);
  }
}

// Questions about interfaces are answered by any socket of the Internet protocols.
int ask_inet(int domain, unsigned long request, void* argument) {
  const int helper = libc::socket(domain, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (helper < 0) return -ENOTTY;
  const int result = libc::ioctl(helper, request, argument) < 0 ? -errno : 0;
  libc::close(helper);
  return result;
}

int io_control(int descriptor, unsigned long request, void* argument) {
  const StackCall call(descriptor);
  if (!call) return call.give(-EBADF);
  switch (request) {
    case FIOCLEX:
    case FIONCLEX:
      descriptors::set_close_on_exec(descriptor, request == FIOCLEX);
      return call.give(0);
    case FIONREAD:
    case TIOCOUTQ:
      return call.give(call.socket().ioctl(request, argument));
    default:
      if (request >= 0x8900 && request < 0x8a00 && request != FIOSETOWN && request != FIOGETOWN &&
          request != SIOCSPGRP && request != SIOCGPGRP) {
        return call.give(ask_inet(call.description().domain, request, argument));
      }
      return libc::ioctl(descriptor, request, argument);
  }
}

ssize_t copy_file(int to, int from, off64_t* offset, size_t size) {
  std::array<std::byte, 32768> bytes;
  size_t copied = 0;
  while (copied < size) {
    const size_t wanted = std::min(size - copied, bytes.size());
    const ssize_t got = offset != nullptr
                            ? ::pread64(from, bytes.data(), wanted, *offset + static_cast<off64_t>(copied))
                            : ::read(from, bytes.data(), wanted);
    if (got < 0 && copied == 0) return -1;
    if (got <= 0) break;
    const ssize_t sent = preload::send_bytes(to, bytes.data(), static_cast<size_t>(got), 0, nullptr, 0);
    if (sent < got && offset == nullptr) (void)::lseek64(from, (sent > 0 ? sent : 0) - got, SEEK_CUR);
    if (sent < 0 && copied == 0) return -1;
    if (sent <= 0) break;
    copied += static_cast<size_t>(sent);
    if (sent < got) break;
  }
  if (offset != nullptr) *offset += static_cast<off64_t>(copied);
  return static_cast<ssize_t>(copied);
}

}  // namespace

extern "C" {

int close(int descriptor) {
  if (kind_of(descriptor) == Kind::kOther) return libc::close(descriptor);
  const int saved = errno;
  int state = 0;
  ::pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
  const int result = descriptors::close(descriptor);
  ::pthread_setcancelstate(state, nullptr);
  return settle(result, saved);
}

int close_range(unsigned first, unsigned last, int flags) noexcept {
  constexpr int kOnExec = 4;  // CLOSE_RANGE_CLOEXEC
  if (first > last || (flags & ~(kOnExec | 2)) != 0 || !descriptors::is_this_process() || (flags & 2) != 0) {
    return libc::close_range(first, last, flags);
  }
  if ((flags & kOnExec) != 0) {
    descriptors::set_close_on_exec_range(first, last);
    return libc::close_range(first, last, flags);
  }
  const int saved = errno;
  descriptors::close_range(first, last);
  return settle(0, saved);
}

void closefrom(int first) noexcept {
  (void)close_range(static_cast<unsigned>(std::max(first, 0)), UINT_MAX, 0);
}

int dup(int descriptor) noexcept {
  if (!is_ours(descriptor)) return libc::dup(descriptor);
  return settle(descriptors::duplicate(descriptor, 0, false), errno);
}

int dup2(int descriptor, int to) noexcept {
  if (kind_of(to) == Kind::kOther && !is_ours(descriptor)) return libc::dup2(descriptor, to);
  if (descriptor == to) return libc::dup2(descriptor, to);
  return settle(descriptors::duplicate_to(descriptor, to, false), errno);
}

int dup3(int descriptor, int to, int flags) noexcept {
  if ((kind_of(to) == Kind::kOther && !is_ours(descriptor)) || descriptor == to || (flags & ~O_CLOEXEC) != 0) {
    return libc::dup3(descriptor, to, flags);
  }
  return settle(descriptors::duplicate_to(descriptor, to, (flags & O_CLOEXEC) != 0), errno);
}

int fcntl(int descriptor, int command, ...) {
  va_list arguments;
  va_start(arguments, command);
  void* const argument = va_arg(arguments, void*);
  va_end(arguments);
  return is_ours(descriptor) ? control(descriptor, command, argument) : libc::fcntl(descriptor, command, argument);
}

int fcntl64(int descriptor, int command, ...) {
  va_list arguments;
  va_start(arguments, command);
  void* const argument = va_arg(arguments, void*);
  va_end(arguments);
  return is_ours(descriptor) ? control(descriptor, command, argument) : libc::fcntl(descriptor, command, argument);
}

int ioctl(int descriptor, unsigned long request, ...) noexcept {
  va_list arguments;
  va_start(arguments, request);
  void* const argument = va_arg(arguments, void*);
  va_end(arguments);
  return is_ours(descriptor) ? io_control(descriptor, request, argument) : libc::ioctl(descriptor, request, argument);
}

ssize_t sendfile(int to, int from, off_t* offset, size_t size) noexcept {
  if (!is_ours(to)) return libc::sendfile(to, from, offset, size);
  return copy_file(to, from, offset, size);
}

ssize_t sendfile64(int to, int from, off64_t* offset, size_t size) noexcept {
  return sendfile(to, from, offset, size);
}

// Its bytes would pass the stack by.
ssize_t splice(int from, off64_t* from_offset, int to, off64_t* to_offset, size_t size, unsigned flags) {
  if (!is_ours(from) && !is_ours(to)) return libc::splice(from, from_offset, to, to_offset, size, flags);
  errno = EINVAL;
  return -1;
}

}  // extern "C"
