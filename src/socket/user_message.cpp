#include "socket/user_message.hpp"

#include <algorithm>
#include <cerrno>
#include <limits>

#include "socket/user_memory.hpp"

namespace netsctp::socket {

int UserVectors::import(const iovec* theirs, std::size_t count) noexcept {
  constexpr std::size_t kMost = std::numeric_limits<ssize_t>::max();
  constexpr std::size_t kMostBytes = 0x7FFF'F000;  // MAX_RW_COUNT
  if (count > kMaxVectors) return -EMSGSIZE;
  if (count > few_.size()) many_.resize(count);
  all_ = count > few_.size() ? std::span(many_) : std::span(few_).first(count);
  if (const int error = read_user(all_.data(), theirs, all_.size_bytes())) return error;
  bytes_ = 0;
  for (iovec& each : all_) {
    if (each.iov_len > kMost) return -EINVAL;
    if (!is_user_range(each.iov_base, each.iov_len)) return -EFAULT;
    each.iov_len = std::min(each.iov_len, kMostBytes - bytes_);
    bytes_ += each.iov_len;
  }
  return 0;
}

int UserMessage::import(const msghdr* theirs) noexcept {
  if (const int error = read_user(&header, theirs, sizeof header)) return error;
  if (header.msg_name == nullptr) header.msg_namelen = 0;
  if (static_cast<int>(header.msg_namelen) < 0) return -EINVAL;
  header.msg_namelen = std::min<socklen_t>(header.msg_namelen, sizeof name_);
  return 0;
}

int UserMessage::import_to_send(const msghdr* theirs) noexcept {
  if (const int error = import(theirs)) return error;
  if (header.msg_namelen != 0) {
    if (const int error = read_user(&name_, header.msg_name, header.msg_namelen)) return error;
    header.msg_name = &name_;
  }
  if (const int error = vectors_.import(header.msg_iov, header.msg_iovlen)) return error;
  header.msg_iov = vectors_.all().data();
  if (header.msg_controllen == 0) return 0;
  if (header.msg_controllen > kMostControl) return -ENOBUFS;
  void* control = little_control_.data();
  if (header.msg_controllen > little_control_.size()) {
    control_.resize(header.msg_controllen);
    control = control_.data();
  }
  if (const int error = read_user(control, header.msg_control, header.msg_controllen)) return error;
  header.msg_control = control;
  return 0;
}

int UserMessage::import_to_fill(const msghdr* theirs) noexcept {
  if (const int error = import(theirs)) return error;
  if (const int error = vectors_.import(header.msg_iov, header.msg_iovlen)) return error;
  header.msg_iov = vectors_.all().data();
  return 0;
}

int UserMessage::store(const msghdr& result, msghdr* theirs) noexcept {
  if (const int error = write_user(&theirs->msg_flags, &result.msg_flags, sizeof result.msg_flags)) return error;
  if (const int error = write_user(&theirs->msg_namelen, &result.msg_namelen, sizeof result.msg_namelen)) return error;
  return write_user(&theirs->msg_controllen, &result.msg_controllen, sizeof result.msg_controllen);
}

}  // namespace netsctp::socket
