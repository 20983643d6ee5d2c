// Messages as any socket has them, in C: each becomes one sendmsg() or recvmsg() (RFC 6458 §3.1.4, §4.1.8).
#include <netsctp.h>
#include <time.h>

#include <algorithm>
#include <cerrno>
#include <chrono>

#include "api/c/call.hpp"
#include "socket/arguments.hpp"

using netsctp::c::answer;
using netsctp::c::on_socket;
using netsctp::socket::check_address;
using netsctp::socket::check_message_to_fill;
using netsctp::socket::check_message_to_send;
using netsctp::socket::check_optional_room;
using netsctp::socket::check_vectors;
using netsctp::socket::kMaxVectors;
using netsctp::socket::Socket;

namespace {

using Steady = std::chrono::steady_clock;

ssize_t send_checked(Socket& socket, const msghdr* message, int flags) noexcept {
  const int error = check_message_to_send(message);
  return error != 0 ? error : socket.sendmsg(message, flags);
}

ssize_t receive_checked(Socket& socket, msghdr* message, int flags) noexcept {
  const int error = check_message_to_fill(message);
  return error != 0 ? error : socket.recvmsg(message, flags);
}

// readv(2), writev(2): what is no count of vectors, and whether there is nothing to do at all.
int check_gathered(const iovec* vectors, int count, bool& empty) noexcept {
  if (count < 0 || static_cast<std::size_t>(count) > kMaxVectors) return -EINVAL;
  if (const int error = check_vectors(vectors, static_cast<std::size_t>(count))) return error;
  empty = std::all_of(vectors, vectors + count, [](const iovec& each) { return each.iov_len == 0; });
  return 0;
}

msghdr message_of(iovec* vectors, std::size_t count) noexcept {
  msghdr message{};
  message.msg_iov = vectors;
  message.msg_iovlen = count;
  return message;
}

bool is_time(const timespec& time) noexcept {
  return time.tv_sec >= 0 && time.tv_nsec >= 0 && time.tv_nsec < 1'000'000'000;
}

// What is left until `end`, not less than nothing; a time further away than the clock counts is one of years.
timespec left_until(Steady::time_point end) noexcept {
  const auto left = std::max(end - Steady::now(), Steady::duration{});
  const auto seconds = std::chrono::floor<std::chrono::seconds>(left);
  return {seconds.count(), static_cast<long>((left - seconds).count())};
}

}  // namespace

ssize_t netsctp_send(int sd, const void* message, size_t length, int flags) {
  return netsctp_sendto(sd, message, length, flags, nullptr, 0);
}

ssize_t netsctp_sendto(int sd, const void* message, size_t length, int flags, const struct sockaddr* to,
                       socklen_t to_length) {
  return on_socket(sd, [=](Socket& socket) -> ssize_t {
    if (to != nullptr) {
      if (const int error = check_address(to, to_length)) return error;
    }
    iovec part{const_cast<void*>(message), length};
    msghdr whole = message_of(&part, 1);
    whole.msg_name = const_cast<sockaddr*>(to);
    whole.msg_namelen = to != nullptr ? to_length : 0;
    return send_checked(socket, &whole, flags);
  });
}

ssize_t netsctp_sendmsg(int sd, const struct msghdr* message, int flags) {
  return on_socket(sd, [=](Socket& socket) { return send_checked(socket, message, flags); });
}

ssize_t netsctp_write(int sd, const void* message, size_t length) {
  return netsctp_sendto(sd, message, length, 0, nullptr, 0);
}

ssize_t netsctp_writev(int sd, const struct iovec* iov, int iovcnt) {
  return on_socket(sd, [=](Socket& socket) -> ssize_t {
    bool empty = false;
    if (const int error = check_gathered(iov, iovcnt, empty)) return error;
    if (empty) return 0;
    const msghdr whole = message_of(const_cast<iovec*>(iov), static_cast<std::size_t>(iovcnt));
    return socket.sendmsg(&whole, 0);
  });
}

int netsctp_sendmmsg(int sd, struct mmsghdr* messages, unsigned int count, int flags) {
  return on_socket(sd, [=](Socket& socket) {
    const int wanted = static_cast<int>(std::min<std::size_t>(count, kMaxVectors));
    if (messages == nullptr && wanted != 0) return -EFAULT;
    for (int done = 0; done < wanted; ++done) {
      const ssize_t sent = send_checked(socket, &messages[done].msg_hdr, flags);
      if (sent < 0) return done != 0 ? done : static_cast<int>(sent);
      messages[done].msg_len = static_cast<unsigned>(sent);
    }
    return wanted;
  });
}

ssize_t netsctp_recv(int sd, void* buffer, size_t size, int flags) {
  return netsctp_recvfrom(sd, buffer, size, flags, nullptr, nullptr);
}

ssize_t netsctp_recvfrom(int sd, void* buffer, size_t size, int flags, struct sockaddr* from, socklen_t* from_length) {
  return on_socket(sd, [=](Socket& socket) -> ssize_t {
    if (const int error = check_optional_room(from, from_length)) return error;
    iovec part{buffer, size};
    msghdr whole = message_of(&part, 1);
    whole.msg_name = from;
    whole.msg_namelen = from != nullptr ? *from_length : 0;
    const ssize_t received = receive_checked(socket, &whole, flags);
    if (received >= 0 && from != nullptr) *from_length = whole.msg_namelen;
    return received;
  });
}

ssize_t netsctp_recvmsg(int sd, struct msghdr* message, int flags) {
  return on_socket(sd, [=](Socket& socket) { return receive_checked(socket, message, flags); });
}

ssize_t netsctp_read(int sd, void* buffer, size_t size) {
  if (size != 0) return netsctp_recvfrom(sd, buffer, size, 0, nullptr, nullptr);
  return on_socket(sd, [](Socket&) -> ssize_t { return 0; });  // read(2): nothing asked for
}

ssize_t netsctp_readv(int sd, const struct iovec* iov, int iovcnt) {
  return on_socket(sd, [=](Socket& socket) -> ssize_t {
    bool empty = false;
    if (const int error = check_gathered(iov, iovcnt, empty)) return error;
    if (empty) return 0;
    msghdr whole = message_of(const_cast<iovec*>(iov), static_cast<std::size_t>(iovcnt));
    return socket.recvmsg(&whole, 0);
  });
}

int netsctp_recvmmsg(int sd, struct mmsghdr* messages, unsigned int count, int flags, struct timespec* timeout) {
  return on_socket(sd, [=](Socket& socket) {
    const int wanted = static_cast<int>(std::min<std::size_t>(count, kMaxVectors));
    if (timeout != nullptr && !is_time(*timeout)) return -EINVAL;
    if (messages == nullptr && wanted != 0) return -EFAULT;
    constexpr time_t kFarAway = 1'000'000'000;  // s
    const auto end = timeout != nullptr ? Steady::now() + std::chrono::seconds(std::min(timeout->tv_sec, kFarAway)) +
                                              std::chrono::nanoseconds(timeout->tv_nsec)
                                        : Steady::time_point::max();
    int how = flags & ~MSG_WAITFORONE;
    for (int done = 0; done < wanted; ++done) {
      const ssize_t received = receive_checked(socket, &messages[done].msg_hdr, how);
      if (received < 0) return done != 0 ? done : static_cast<int>(received);
      messages[done].msg_len = static_cast<unsigned>(received);
      if ((flags & MSG_WAITFORONE) != 0) how |= MSG_DONTWAIT;
      if (timeout == nullptr) continue;
      *timeout = left_until(end);
      if (timeout->tv_sec == 0 && timeout->tv_nsec == 0) return done + 1;
    }
    return wanted;
  });
}
