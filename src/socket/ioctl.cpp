// ioctl() on a socket of the stack: how much waits on either side; all else is the descriptor's own business.
#include <sys/ioctl.h>

#include <cerrno>

#include "socket/instance.hpp"
#include "socket/stack_socket.hpp"
#include "socket/user_memory.hpp"

namespace netsctp::socket {

int StackSocket::ioctl(unsigned long request, void* argument) noexcept {
  auto session = instance_.engine().session(Intake::kAll);
  if (closed_) return -EBADF;
  if (request != FIONREAD && request != TIOCOUTQ) {
    return ::ioctl(descriptor_now(), request, argument) < 0 ? -errno : 0;
  }
  if (!is_one_to_many() && stage_ == Stage::kListening) return -ENOTCONN;  // as Linux
  std::size_t bytes = 0;
  if (request == FIONREAD) {
    if (const auto* const item = queue_.next(settings.fragment_interleave)) {
      bytes = item->is_notification ? item->notification.size() - item->notification_offset : item->available;
    }
  } else {
    for (const auto id : associations_) bytes += stack().buffered_bytes(id);
  }
  const int result = static_cast<int>(bytes);
  return copy_out(argument, &result, sizeof result);
}

}  // namespace netsctp::socket
