// The functions of RFC 6458 §9 about addresses and associations, in C: options of the seam, as in libsctp.
#include <netsctp.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "api/c/call.hpp"
#include "api/c/packed_addresses.hpp"
#include "socket/user_memory.hpp"

using netsctp::c::address_size;
using netsctp::c::answer;
using netsctp::c::on_socket;
using netsctp::c::packed_addresses;
using netsctp::socket::Socket;

namespace {

int connectx(Socket& socket, std::span<const std::byte> peers, sctp_assoc_t& id) {
  // As libsctp: the option that also works without blocking, then the one of older kernels.
  sctp_getaddrs_old argument{};
  argument.addr_num = static_cast<int>(peers.size());
  argument.addrs = reinterpret_cast<sockaddr*>(const_cast<std::byte*>(peers.data()));
  socklen_t length = sizeof argument;
  int outcome = socket.getsockopt(IPPROTO_SCTP, SCTP_SOCKOPT_CONNECTX3, &argument, &length);
  if (outcome != -ENOPROTOOPT) {
    if (outcome == 0 || outcome == -EINPROGRESS) id = argument.assoc_id;
    return outcome;
  }
  outcome = socket.setsockopt(IPPROTO_SCTP, SCTP_SOCKOPT_CONNECTX, peers.data(), static_cast<socklen_t>(peers.size()));
  if (outcome > 0) id = outcome;
  return outcome > 0 ? 0 : outcome;
}

// RFC 6458 §9.3, §9.5.
int list_addresses(Socket& socket, int option, sctp_assoc_t id, sockaddr** addresses) noexcept {
  constexpr std::size_t kFirstRoom = 4096;
  constexpr std::size_t kMostRoom = std::size_t{1} << 24;
  if (addresses == nullptr) return -EFAULT;
  *addresses = nullptr;
  for (std::size_t room = kFirstRoom; room <= kMostRoom; room *= 2) {
    // Zeroed: valgrind does not see what the option stores by a system call.
    void* const block = std::calloc(1, room);
    if (block == nullptr) return -ENOMEM;
    auto* const list = static_cast<sctp_getaddrs*>(block);
    list->assoc_id = id;
    list->addr_num = 0;
    auto length = static_cast<socklen_t>(room);
    const int error = socket.getsockopt(IPPROTO_SCTP, option, block, &length);
    const int count = static_cast<int>(list->addr_num);
    if (error < 0 || count == 0) {
      std::free(block);
      if (error == -ENOMEM) continue;
      return error;
    }
    // The addresses move to the front, so that freeing them is free().
    std::memmove(block, list->addrs, length - sizeof *list);
    *addresses = static_cast<sockaddr*>(block);
    return count;
  }
  return -ENOMEM;
}

}  // namespace

namespace netsctp::c {

std::size_t address_size(sa_family_t family) noexcept {
  if (family == AF_INET) return sizeof(sockaddr_in);
  return family == AF_INET6 ? sizeof(sockaddr_in6) : 0;
}

Result<std::span<const std::byte>> packed_addresses(const sockaddr* addresses, int count) noexcept {
  if (count <= 0) return std::errc::invalid_argument;
  const auto* const begin = reinterpret_cast<const std::byte*>(addresses);
  std::size_t length = 0;
  for (int i = 0; i < count; ++i) {
    sa_family_t family = AF_UNSPEC;
    if (socket::read_user(&family, begin + length, sizeof family) != 0) return std::errc::bad_address;
    const std::size_t size = address_size(family);
    if (size == 0) return std::errc::invalid_argument;
    if (!socket::can_read_user(begin + length, size)) return std::errc::bad_address;
    length += size;
  }
  return std::span(begin, length);
}

}  // namespace netsctp::c

int netsctp_bindx(int sd, struct sockaddr* addrs, int addrcnt, int flags) {
  return on_socket(sd, [=](Socket& socket) {
    if (flags != SCTP_BINDX_ADD_ADDR && flags != SCTP_BINDX_REM_ADDR) return -EINVAL;
    auto packed = packed_addresses(addrs, addrcnt);
    if (!packed) return -packed.error().value();
    const int option = flags == SCTP_BINDX_ADD_ADDR ? SCTP_SOCKOPT_BINDX_ADD : SCTP_SOCKOPT_BINDX_REM;
    return socket.setsockopt(IPPROTO_SCTP, option, packed->data(), static_cast<socklen_t>(packed->size()));
  });
}

int netsctp_connectx(int sd, struct sockaddr* addrs, int addrcnt, sctp_assoc_t* id) {
  return on_socket(sd, [=](Socket& socket) {
    sctp_assoc_t begun = 0;
    auto packed = packed_addresses(addrs, addrcnt);
    const int outcome = packed ? connectx(socket, *packed, begun) : -packed.error().value();
    if (id != nullptr) *id = begun;
    return outcome;
  });
}

int netsctp_peeloff(int sd, sctp_assoc_t assoc_id) {
  return on_socket(sd, [=](Socket& socket) {
    sctp_peeloff_arg_t argument{assoc_id, -1};
    socklen_t length = sizeof argument;
    const int error = socket.getsockopt(IPPROTO_SCTP, SCTP_SOCKOPT_PEELOFF, &argument, &length);
    return error < 0 ? error : argument.sd;
  });
}

int netsctp_peeloff_flags(int sd, sctp_assoc_t assoc_id, unsigned flags) {
  return on_socket(sd, [=](Socket& socket) {
    sctp_peeloff_flags_arg_t argument{{assoc_id, -1}, flags};
    socklen_t length = sizeof argument;
    const int error = socket.getsockopt(IPPROTO_SCTP, SCTP_SOCKOPT_PEELOFF_FLAGS, &argument, &length);
    return error < 0 ? error : argument.p_arg.sd;
  });
}

int netsctp_getpaddrs(int sd, sctp_assoc_t id, struct sockaddr** addrs) {
  return on_socket(sd, [=](Socket& socket) { return list_addresses(socket, SCTP_GET_PEER_ADDRS, id, addrs); });
}

int netsctp_getladdrs(int sd, sctp_assoc_t id, struct sockaddr** addrs) {
  return on_socket(sd, [=](Socket& socket) { return list_addresses(socket, SCTP_GET_LOCAL_ADDRS, id, addrs); });
}

int netsctp_freepaddrs(struct sockaddr* addrs) {
  std::free(addrs);
  return 0;
}

int netsctp_freeladdrs(struct sockaddr* addrs) {
  std::free(addrs);
  return 0;
}

int netsctp_getaddrlen(sa_family_t family) {
  return static_cast<int>(address_size(family));
}
