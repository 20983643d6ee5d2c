#include "preload/tcp.hpp"

#include <netinet/tcp.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <vector>

#include "socket/linux_abi.hpp"
#include "socket/user_memory.hpp"
#include "socket/user_message.hpp"

namespace netsctp::preload::tcp {

namespace {

// A longer write becomes several messages: each is in a receive buffer as a whole, and none exceeds a send buffer.
constexpr std::size_t kLargestMessage = 32768;

std::size_t total(const msghdr& message) noexcept {
  std::size_t size = 0;
  for (std::size_t i = 0; i < message.msg_iovlen; ++i) size += message.msg_iov[i].iov_len;
  return size;
}

// The bytes [offset, offset + size) of what the vectors name.
std::vector<iovec> part(const msghdr& message, std::size_t offset, std::size_t size) {
  std::vector<iovec> result;
  for (std::size_t i = 0; i < message.msg_iovlen && size != 0; ++i) {
    iovec each = message.msg_iov[i];
    const std::size_t skipped = std::min(offset, each.iov_len);
    offset -= skipped;
    each.iov_base = static_cast<char*>(each.iov_base) + skipped;
    each.iov_len = std::min(each.iov_len - skipped, size);
    size -= each.iov_len;
    if (each.iov_len != 0) result.push_back(each);
  }
  return result;
}

}  // namespace

bool is_wanted() noexcept {
  static const bool wanted = [] {
    const char* const value = std::getenv("NETSCTP_PRELOAD_TCP");
    return value != nullptr && std::string_view(value) == "1";
  }();
  return wanted;
}

ssize_t send(socket::Socket& socket, const msghdr* given, int flags) noexcept {
  socket::UserMessage imported;
  if (const int error = imported.import_to_send(given)) return error;
  const msghdr& message = imported.header;
  const std::size_t size = total(message);
  msghdr piece{};
  piece.msg_name = message.msg_name;
  piece.msg_namelen = message.msg_namelen;
  if ((flags & MSG_OOB) != 0) return -EOPNOTSUPP;
  flags &= ~MSG_MORE;
  std::size_t sent = 0;
  while (sent < size) {
    auto vectors = part(message, sent, kLargestMessage);
    piece.msg_iov = vectors.data();
    piece.msg_iovlen = vectors.size();
    const ssize_t result = socket.sendmsg(&piece, flags);
    if (result < 0) {
      if (sent != 0) break;
      return result == -ESHUTDOWN ? -EPIPE : result;
    }
    sent += static_cast<std::size_t>(result);
  }
  return static_cast<ssize_t>(sent);
}

ssize_t receive(socket::Socket& socket, msghdr* given, int flags) noexcept {
  socket::UserMessage imported;
  if (const int error = imported.import_to_fill(given)) return error;
  msghdr& message = imported.header;
  const bool all = (flags & MSG_WAITALL) != 0 && (flags & MSG_PEEK) == 0;
  flags &= ~MSG_WAITALL;
  const std::size_t size = total(message);
  if (size == 0) return 0;
  message.msg_controllen = 0;
  std::size_t got = 0;
  do {
    auto vectors = part(message, got, size);
    msghdr piece = message;
    piece.msg_iov = vectors.data();
    piece.msg_iovlen = vectors.size();
    const ssize_t result = socket.recvmsg(&piece, flags);
    if (result < 0 && got == 0) return result;
    if (result <= 0) break;
    got += static_cast<std::size_t>(result);
    message.msg_namelen = piece.msg_namelen;
  } while (all && got < size);
  message.msg_flags = 0;
  if (const int error = socket::UserMessage::store(message, given)) return error;
  return static_cast<ssize_t>(got);
}

int get_option(socket::Socket& socket, int option, void* value, socklen_t* length) noexcept {
  switch (option) {
    case TCP_NODELAY:
      return socket.getsockopt(IPPROTO_SCTP, SCTP_NODELAY, value, length);
    case TCP_MAXSEG: {
      socklen_t room = 0;
      if (const int error = socket::copy_in(&room, length, sizeof room)) return error;
      sctp_assoc_value current{};
      socklen_t size = sizeof current;
      if (const int error = socket.getsockopt(IPPROTO_SCTP, SCTP_MAXSEG, &current, &size); error < 0) return error;
      const int segment = current.assoc_value != 0 ? static_cast<int>(current.assoc_value) : 1400;
      room = std::min<socklen_t>(room, sizeof segment);
      if (const int error = socket::copy_out(value, &segment, room)) return error;
      return socket::copy_out(length, &room, sizeof room);
    }
    default:
      return -ENOPROTOOPT;
  }
}

int set_option(socket::Socket& socket, int option, const void* value, socklen_t length) noexcept {
  switch (option) {
    case TCP_NODELAY:
      return socket.setsockopt(IPPROTO_SCTP, SCTP_NODELAY, value, length);
    case TCP_MAXSEG: {
      if (length < sizeof(int)) return -EINVAL;
      int segment = 0;
      if (const int error = socket::copy_in(&segment, value, sizeof segment)) return error;
      const sctp_assoc_value wanted{0, static_cast<std::uint32_t>(segment)};
      return socket.setsockopt(IPPROTO_SCTP, SCTP_MAXSEG, &wanted, sizeof wanted);
    }
    case TCP_CORK:
    case TCP_KEEPIDLE:
    case TCP_KEEPINTVL:
    case TCP_KEEPCNT:
    case TCP_SYNCNT:
    case TCP_LINGER2:
    case TCP_DEFER_ACCEPT:
    case TCP_WINDOW_CLAMP:
    case TCP_QUICKACK:
    case TCP_USER_TIMEOUT:
    case TCP_NOTSENT_LOWAT:
      return 0;
    default:
      return -ENOPROTOOPT;
  }
}

}  // namespace netsctp::preload::tcp
