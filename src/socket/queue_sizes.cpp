// FIONREAD and TIOCOUTQ, and what a dup() of the descriptor asks for.
#include <sys/ioctl.h>

#include <algorithm>
#include <cerrno>
#include <limits>

#include "socket/descriptor_table.hpp"
#include "socket/instance.hpp"
#include "socket/stack_socket.hpp"

namespace netsctp::socket {

int StackSocket::ioctl(unsigned long request, int& value) noexcept {
  if (request != FIONREAD && request != TIOCOUTQ) return -ENOTTY;
  auto session = instance_.engine().session(true);
  if (closed_) return -EBADF;
  std::size_t bytes = 0;
  if (request == FIONREAD) {
    if (!is_one_to_many() && stage_ == Stage::kListening) return -EINVAL;
    if (const auto* const item = queue_.next(settings.fragment_interleave)) {
      bytes = item->is_notification ? item->notification.size() - item->notification_offset : item->available;
    }
  } else {
    for (const auto id : associations_) bytes += stack().buffered_bytes(id);
  }
  value = static_cast<int>(std::min<std::size_t>(bytes, std::numeric_limits<int>::max()));
  return 0;
}

void StackSocket::moved_to(int duplicate) noexcept {
  auto session = instance_.engine().session();
  if (closed_) return;
  forget_descriptor(readiness_.descriptor(), this);
  readiness_.move_to(duplicate);
  enter_descriptor(duplicate, shared_from_this());
}

}  // namespace netsctp::socket
