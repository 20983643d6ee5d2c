#include "socket/kernel_socket.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>

#include "socket/descriptor_table.hpp"
#include "socket/linux_abi.hpp"

namespace netsctp::socket {

namespace {

template <class Value>
Value or_errno(Value result) noexcept {
  return result < 0 ? -errno : result;
}

std::shared_ptr<Socket> adopt(int descriptor) {
  auto socket = std::make_shared<KernelSocket>(descriptor);
  enter_descriptor(descriptor, socket);
  return socket;
}

}  // namespace

int KernelSocket::availability() noexcept {
  const int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_SCTP);
  if (probe < 0) return errno;
  ::close(probe);
  return 0;
}

Result<std::shared_ptr<Socket>> KernelSocket::create(int domain, int type) {
  const int descriptor = ::socket(domain, type, IPPROTO_SCTP);
  if (descriptor < 0) return std::error_code(errno, std::generic_category());
  return adopt(descriptor);
}

KernelSocket::~KernelSocket() {
  if (const int descriptor = descriptor_.exchange(-1); descriptor >= 0) ::close(descriptor);
}

int KernelSocket::bind(const sockaddr* address, socklen_t length) noexcept {
  return or_errno(::bind(descriptor_, address, length));
}

int KernelSocket::listen(int backlog) noexcept {
  return or_errno(::listen(descriptor_, backlog));
}

int KernelSocket::accept(std::shared_ptr<Socket>& accepted, sockaddr* address, socklen_t* length, int flags) noexcept {
  const int descriptor = ::accept4(descriptor_, address, length, flags);
  if (descriptor < 0) return -errno;
  accepted = adopt(descriptor);
  return 0;
}

int KernelSocket::connect(const sockaddr* address, socklen_t length) noexcept {
  return or_errno(::connect(descriptor_, address, length));
}

ssize_t KernelSocket::sendmsg(const msghdr* message, int flags) noexcept {
  return or_errno(::sendmsg(descriptor_, message, flags));
}

ssize_t KernelSocket::recvmsg(msghdr* message, int flags) noexcept {
  return or_errno(::recvmsg(descriptor_, message, flags));
}

int KernelSocket::getsockopt(int level, int option, void* value, socklen_t* length) noexcept {
  const int result = or_errno(::getsockopt(descriptor_, level, option, value, length));
  const bool peels = level == IPPROTO_SCTP && (option == SCTP_SOCKOPT_PEELOFF || option == SCTP_SOCKOPT_PEELOFF_FLAGS);
  if (peels && result >= 0) {
    const int descriptor = static_cast<const sctp_peeloff_arg_t*>(value)->sd;
    if (descriptor >= 0) (void)adopt(descriptor);
  }
  return result;
}

int KernelSocket::setsockopt(int level, int option, const void* value, socklen_t length) noexcept {
  return or_errno(::setsockopt(descriptor_, level, option, value, length));
}

int KernelSocket::peeloff(int association, std::shared_ptr<Socket>& peeled, int flags) noexcept {
  sctp_peeloff_flags_arg_t argument{{association, -1}, static_cast<unsigned>(flags)};
  socklen_t length = sizeof argument;
  if (::getsockopt(descriptor_, IPPROTO_SCTP, SCTP_SOCKOPT_PEELOFF_FLAGS, &argument, &length) < 0) return -errno;
  peeled = adopt(argument.p_arg.sd);
  return argument.p_arg.sd;
}

int KernelSocket::shutdown(int how) noexcept {
  return or_errno(::shutdown(descriptor_, how));
}

int KernelSocket::getsockname(sockaddr* address, socklen_t* length) noexcept {
  return or_errno(::getsockname(descriptor_, address, length));
}

int KernelSocket::getpeername(sockaddr* address, socklen_t* length) noexcept {
  return or_errno(::getpeername(descriptor_, address, length));
}

int KernelSocket::ioctl(unsigned long request, void* argument) noexcept {
  return or_errno(::ioctl(descriptor_, request, argument));
}

int KernelSocket::close() noexcept {
  const auto self = shared_from_this();
  const int descriptor = descriptor_.exchange(-1);
  if (descriptor < 0) return -EBADF;
  // Closing may linger, which nobody else's look-up shall wait for: that is left to a duplicate.
  int outcome = 0;
  int last = -1;
  forget_descriptor(descriptor, this, [&] {
    last = ::fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
    outcome = or_errno(::close(descriptor));
  });
  return last < 0 ? outcome : or_errno(::close(last));
}

void KernelSocket::moved_to(int duplicate) noexcept {
  const auto self = shared_from_this();
  forget_descriptor(descriptor_.exchange(duplicate), this);
  enter_descriptor(duplicate, self);
}

}  // namespace netsctp::socket
