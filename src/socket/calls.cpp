#include "socket/calls.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <limits>

#include "socket/user_memory.hpp"
#include "socket/user_message.hpp"

namespace netsctp::socket {

namespace {

using Steady = std::chrono::steady_clock;

constexpr std::size_t kMostBytes = 0x7FFF'F000;  // MAX_RW_COUNT

msghdr message_of(iovec* vectors, std::size_t count) noexcept {
  msghdr message{};
  message.msg_iov = vectors;
  message.msg_iovlen = count;
  return message;
}

bool is_time(const timespec& time) noexcept {
  return time.tv_sec >= 0 && time.tv_nsec >= 0 && time.tv_nsec < 1'000'000'000;
}

Steady::time_point end_of(const timespec& timeout) noexcept {
  constexpr time_t kFarAway = 1'000'000'000;  // s: further away than the clock counts is years
  return Steady::now() + std::chrono::seconds(std::min(timeout.tv_sec, kFarAway)) +
         std::chrono::nanoseconds(timeout.tv_nsec);
}

timespec left_until(Steady::time_point end) noexcept {
  const auto left = std::max(end - Steady::now(), Steady::duration{});
  const auto seconds = std::chrono::floor<std::chrono::seconds>(left);
  return {seconds.count(), static_cast<long>((left - seconds).count())};
}

// 0, the count of bytes being in `vectors`; or a negative errno.
int gathered(UserVectors& vectors, const iovec* theirs, int count) noexcept {
  if (count < 0 || static_cast<std::size_t>(count) > kMaxVectors) return -EINVAL;
  return vectors.import(theirs, static_cast<std::size_t>(count));
}

// One message of recvmmsg(): 0 or a negative errno.
int receive_one(Socket& socket, mmsghdr& message, int flags, const Transfer& transfer) noexcept {
  const ssize_t received = transfer.receive(socket, &message.msg_hdr, flags);
  if (received < 0) return static_cast<int>(received);
  const auto length = static_cast<unsigned>(received);
  return write_user(&message.msg_len, &length, sizeof length);
}

}  // namespace

ssize_t send_bytes(Socket& socket, const void* data, std::size_t size, int flags, const sockaddr* to, socklen_t length,
                   const Transfer& transfer) noexcept {
  if (to != nullptr && length > sizeof(sockaddr_storage)) return -EINVAL;
  iovec part{const_cast<void*>(data), std::min(size, kMostBytes)};
  msghdr message = message_of(&part, 1);
  message.msg_name = const_cast<sockaddr*>(to);
  message.msg_namelen = to != nullptr ? length : 0;
  return transfer.send(socket, &message, flags);
}

ssize_t receive_bytes(Socket& socket, void* data, std::size_t size, int flags, sockaddr* from, socklen_t* length,
                      const Transfer& transfer) noexcept {
  iovec part{data, std::min(size, kMostBytes)};
  msghdr message = message_of(&part, 1);
  if (from != nullptr) {
    // Looked at first: what cannot be stored must not cost the message.
    if (const int error = read_user(&message.msg_namelen, length, sizeof *length)) return error;
    if (static_cast<int>(message.msg_namelen) < 0) return -EINVAL;
    if (const int error = write_user(length, &message.msg_namelen, sizeof *length)) return error;
    message.msg_name = from;
  }
  const ssize_t received = transfer.receive(socket, &message, flags);
  if (received < 0 || from == nullptr) return received;
  const int error = write_user(length, &message.msg_namelen, sizeof *length);
  return error != 0 ? error : received;
}

ssize_t send_vectors(Socket& socket, const iovec* vectors, int count, const Transfer& transfer) noexcept {
  UserVectors mine;
  if (const int error = gathered(mine, vectors, count)) return error;
  if (mine.bytes() == 0) return 0;
  const msghdr message = message_of(mine.all().data(), mine.all().size());
  return transfer.send(socket, &message, 0);
}

ssize_t receive_vectors(Socket& socket, const iovec* vectors, int count, const Transfer& transfer) noexcept {
  UserVectors mine;
  if (const int error = gathered(mine, vectors, count)) return error;
  if (mine.bytes() == 0) return 0;
  msghdr message = message_of(mine.all().data(), mine.all().size());
  return transfer.receive(socket, &message, 0);
}

int send_messages(Socket& socket, mmsghdr* messages, unsigned count, int flags, const Transfer& transfer) noexcept {
  const int wanted = static_cast<int>(std::min<std::size_t>(count, kMaxVectors));
  for (int done = 0; done < wanted; ++done) {
    const ssize_t sent = transfer.send(socket, &messages[done].msg_hdr, flags);
    if (sent < 0) return done != 0 ? done : static_cast<int>(sent);
    const auto length = static_cast<unsigned>(sent);
    if (const int error = write_user(&messages[done].msg_len, &length, sizeof length)) return done != 0 ? done : error;
  }
  return wanted;
}

int receive_messages(Socket& socket, mmsghdr* messages, unsigned count, int flags, timespec* timeout,
                     const Transfer& transfer) noexcept {
  timespec left{};
  if (timeout != nullptr) {
    if (const int error = read_user(&left, timeout, sizeof left)) return error;
    if (!is_time(left)) return -EINVAL;
  }
  const auto end = timeout != nullptr ? end_of(left) : Steady::time_point::max();
  if (const int error = socket.take_left_error()) return -error;
  const unsigned wanted = std::min<unsigned>(count, std::numeric_limits<int>::max());
  int how = flags & ~MSG_WAITFORONE;
  unsigned done = 0;
  while (done < wanted) {
    if (const int error = receive_one(socket, messages[done], how, transfer)) {
      if (done == 0) return error;
      if (error != -EAGAIN && error != -EINTR) socket.leave_error(-error);
      break;
    }
    ++done;
    if ((flags & MSG_WAITFORONE) != 0) how |= MSG_DONTWAIT;
    if (timeout == nullptr) continue;
    left = left_until(end);
    if (left.tv_sec == 0 && left.tv_nsec == 0) break;
  }
  if (timeout != nullptr && done != 0 && write_user(timeout, &left, sizeof left) != 0) return -EFAULT;
  return static_cast<int>(done);
}

}  // namespace netsctp::socket
