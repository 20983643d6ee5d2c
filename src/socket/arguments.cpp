#include "socket/arguments.hpp"

#include <cerrno>
#include <limits>

namespace netsctp::socket {

namespace {

bool is_negative(socklen_t length) noexcept {
  return length > static_cast<socklen_t>(std::numeric_limits<int>::max());
}

}  // namespace

int check_address(const sockaddr* address, socklen_t length) noexcept {
  if (length > sizeof(sockaddr_storage)) return -EINVAL;
  return address == nullptr && length != 0 ? -EFAULT : 0;
}

int check_room(const sockaddr* address, const socklen_t* length) noexcept {
  if (length == nullptr) return -EFAULT;
  if (is_negative(*length)) return -EINVAL;
  return address == nullptr && *length != 0 ? -EFAULT : 0;
}

int check_optional_room(const sockaddr* address, const socklen_t* length) noexcept {
  return address == nullptr ? 0 : check_room(address, length);
}

int check_vectors(const iovec* vectors, std::size_t count) noexcept {
  if (count > kMaxVectors) return -EMSGSIZE;
  if (vectors == nullptr && count != 0) return -EFAULT;
  std::size_t sum = 0;
  for (std::size_t i = 0; i < count; ++i) {
    constexpr std::size_t kMost = std::numeric_limits<ssize_t>::max();
    if (vectors[i].iov_len > kMost - sum) return -EINVAL;
    if (vectors[i].iov_base == nullptr && vectors[i].iov_len != 0) return -EFAULT;
    sum += vectors[i].iov_len;
  }
  return 0;
}

int check_message_to_send(const msghdr* message) noexcept {
  if (const int error = check_message_to_fill(message)) return error;
  return message->msg_control == nullptr && message->msg_controllen != 0 ? -EFAULT : 0;
}

int check_message_to_fill(const msghdr* message) noexcept {
  if (message == nullptr) return -EFAULT;
  if (message->msg_name != nullptr && is_negative(message->msg_namelen)) return -EINVAL;
  return check_vectors(message->msg_iov, message->msg_iovlen);
}

}  // namespace netsctp::socket
