#include "socket/user_memory.hpp"

#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace netsctp::socket {

namespace {

using Transfer = ssize_t (*)(pid_t, const iovec*, unsigned long, const iovec*, unsigned long, unsigned long);

// The kernel copies within this process and says where it cannot. Where it may not at all (seccomp), the pointer is
// trusted.
int copy(void* to, const void* from, std::size_t size, void* ours, void* theirs, Transfer transfer) noexcept {
  if (size == 0) return 0;
  if (theirs == nullptr) return -EFAULT;
  const iovec local{ours, size};
  const iovec remote{theirs, size};
  const ssize_t done = transfer(::getpid(), &local, 1, &remote, 1, 0);
  if (done == static_cast<ssize_t>(size)) return 0;
  if (done >= 0 || errno == EFAULT) return -EFAULT;
  std::memcpy(to, from, size);
  return 0;
}

}  // namespace

int copy_in(void* to, const void* from, std::size_t size) noexcept {
  return copy(to, from, size, to, const_cast<void*>(from), ::process_vm_readv);
}

int copy_out(void* to, const void* from, std::size_t size) noexcept {
  return copy(to, from, size, const_cast<void*>(from), to, ::process_vm_writev);
}

}  // namespace netsctp::socket
