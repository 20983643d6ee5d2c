// Short forms for tests of the socket layer over the real loopback. Everything has a deadline; nothing sleeps.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <vector>

#include "socket/linux_abi.hpp"
#include "socket/socket.hpp"

namespace netsctp::test {

using SocketPtr = std::shared_ptr<socket::Socket>;

inline constexpr int kPatience = 10'000;  // ms

// A sockaddr that knows its length.
struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;

  static SocketAddress v4(const char* text, std::uint16_t port) {
    SocketAddress result;
    auto* in = reinterpret_cast<sockaddr_in*>(&result.storage);
    in->sin_family = AF_INET;
    in->sin_port = htons(port);
    ::inet_pton(AF_INET, text, &in->sin_addr);
    result.length = sizeof(sockaddr_in);
    return result;
  }
  static SocketAddress v6(const char* text, std::uint16_t port) {
    SocketAddress result;
    auto* in = reinterpret_cast<sockaddr_in6*>(&result.storage);
    in->sin6_family = AF_INET6;
    in->sin6_port = htons(port);
    ::inet_pton(AF_INET6, text, &in->sin6_addr);
    result.length = sizeof(sockaddr_in6);
    return result;
  }
  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  [[nodiscard]] sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  [[nodiscard]] std::uint16_t port() const { return ntohs(reinterpret_cast<const sockaddr_in*>(&storage)->sin_port); }
  [[nodiscard]] std::string text() const {
    char buffer[INET6_ADDRSTRLEN] = "?";
    if (storage.ss_family == AF_INET) {
      ::inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(&storage)->sin_addr, buffer, sizeof buffer);
    } else if (storage.ss_family == AF_INET6) {
      ::inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6*>(&storage)->sin6_addr, buffer, sizeof buffer);
    }
    return buffer;
  }
};

// A UDP port (RFC 6951) where everything vanishes: somebody holds it, so that no ICMP tells, and never reads.
inline std::uint16_t silent_udp_port() {
  static const std::uint16_t port = [] {
    const int held = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sockaddr_in name{};
    name.sin_family = AF_INET;
    socklen_t length = sizeof name;
    EXPECT_EQ(::bind(held, reinterpret_cast<sockaddr*>(&name), length), 0);
    EXPECT_EQ(::getsockname(held, reinterpret_cast<sockaddr*>(&name), &length), 0);
    return ntohs(name.sin_port);
  }();
  return port;
}

// An address from which nothing answers at a socket prepared with be_unanswered(): over UDP, because nobody reads at
// the peer's UDP port; over raw IP, because test/raw.sh has led it nowhere.
inline const char* silent_host() {
  const char* const host = std::getenv("NETSCTP_TEST_SILENT_HOST");
  return host != nullptr ? host : "127.0.0.1";
}

inline SocketPtr make(int type = SOCK_STREAM, int domain = AF_INET) {
  auto opened = socket::open(domain, type);
  EXPECT_TRUE(opened.ok()) << opened.error().message();
  return opened ? *opened : nullptr;
}

inline SocketAddress name_of(const SocketPtr& socket) {
  SocketAddress name;
  name.length = sizeof name.storage;
  EXPECT_EQ(socket->getsockname(name.get(), &name.length), 0);
  return name;
}

inline std::uint16_t bind_to(const SocketPtr& socket, const SocketAddress& address) {
  EXPECT_EQ(socket->bind(address.get(), address.length), 0);
  return name_of(socket).port();
}

inline SocketPtr listener(std::uint16_t& port, int type = SOCK_STREAM, const char* text = "127.0.0.1",
                          int backlog = 8) {
  auto result = make(type);
  port = bind_to(result, SocketAddress::v4(text, port));
  EXPECT_EQ(result->listen(backlog), 0);
  return result;
}

inline int connect_to(const SocketPtr& socket, const SocketAddress& to) {
  return socket->connect(to.get(), to.length);
}

inline SocketPtr accept_one(const SocketPtr& listening, int flags = 0) {
  SocketPtr accepted;
  EXPECT_EQ(listening->accept(accepted, nullptr, nullptr, flags), 0);
  return accepted;
}

template <class Value>
int set(const SocketPtr& socket, int level, int option, const Value& value) {
  return socket->setsockopt(level, option, &value, sizeof value);
}
template <class Value>
int get(const SocketPtr& socket, int level, int option, Value& value) {
  socklen_t length = sizeof value;
  return socket->getsockopt(level, option, &value, &length);
}

inline void be_unanswered(const SocketPtr& socket) {
  sctp_udpencaps nowhere{};
  nowhere.sue_port = htons(silent_udp_port());
  EXPECT_EQ(set(socket, IPPROTO_SCTP, SCTP_REMOTE_UDP_ENCAPS_PORT, nowhere), 0);
}

inline void subscribe(const SocketPtr& socket, std::initializer_list<int> types) {
  for (const int type : types) {
    sctp_event event{};
    event.se_type = static_cast<std::uint16_t>(type);
    event.se_on = 1;
    EXPECT_EQ(set(socket, IPPROTO_SCTP, SCTP_EVENT, event), 0);
  }
}

inline ssize_t send_text(const SocketPtr& socket, std::string_view text, int flags = MSG_NOSIGNAL,
                         const SocketAddress* to = nullptr, const sctp_sndinfo* info = nullptr) {
  iovec part{const_cast<char*>(text.data()), text.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (to != nullptr) {
    message.msg_name = const_cast<sockaddr*>(to->get());
    message.msg_namelen = to->length;
  }
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(sctp_sndinfo))] = {};
  if (info != nullptr) {
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = IPPROTO_SCTP;
    header->cmsg_type = SCTP_SNDINFO;
    header->cmsg_len = CMSG_LEN(sizeof *info);
    std::memcpy(CMSG_DATA(header), info, sizeof *info);
  }
  return socket->sendmsg(&message, flags);
}

struct Received {
  ssize_t result = 0;  // bytes or -errno
  std::string text;
  int flags = 0;
  SocketAddress from;
  sctp_rcvinfo info{};
  bool has_info = false;
  sctp_nxtinfo next{};
  bool has_next = false;
  sctp_sndrcvinfo old_info{};
  bool has_old_info = false;

  [[nodiscard]] const sctp_notification& notification() const {
    return *reinterpret_cast<const sctp_notification*>(text.data());
  }
};

inline Received receive(const SocketPtr& socket, int flags = 0, std::size_t size = 65536) {
  Received received;
  received.text.resize(size);
  iovec part{received.text.data(), size};
  alignas(cmsghdr) char control[256] = {};
  msghdr message{};
  message.msg_name = received.from.get();
  message.msg_namelen = sizeof received.from.storage;
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  received.result = socket->recvmsg(&message, flags);
  received.text.resize(received.result > 0 ? static_cast<std::size_t>(received.result) : 0);
  received.flags = message.msg_flags;
  received.from.length = message.msg_namelen;
  if (received.result < 0) return received;
  for (cmsghdr* at = CMSG_FIRSTHDR(&message); at != nullptr; at = CMSG_NXTHDR(&message, at)) {
    if (at->cmsg_level != IPPROTO_SCTP) continue;
    if (at->cmsg_type == SCTP_RCVINFO) {
      std::memcpy(&received.info, CMSG_DATA(at), sizeof received.info);
      received.has_info = true;
    } else if (at->cmsg_type == SCTP_NXTINFO) {
      std::memcpy(&received.next, CMSG_DATA(at), sizeof received.next);
      received.has_next = true;
    } else if (at->cmsg_type == SCTP_SNDRCV) {
      std::memcpy(&received.old_info, CMSG_DATA(at), sizeof received.old_info);
      received.has_old_info = true;
    }
  }
  return received;
}

// What poll(2) reports, waiting for any of `events` (and POLLERR, POLLHUP) at most `timeout` ms.
inline short poll_for(const SocketPtr& socket, short events, int timeout = kPatience) {
  pollfd entry{socket->descriptor(), events, 0};
  (void)::poll(&entry, 1, timeout);
  return entry.revents;
}

// Receives can be bounded: no test hangs.
inline void be_patient(const SocketPtr& socket) {
  const timeval limit{kPatience / 1000, 0};
  EXPECT_EQ(set(socket, SOL_SOCKET, SO_RCVTIMEO, limit), 0);
  EXPECT_EQ(set(socket, SOL_SOCKET, SO_SNDTIMEO, limit), 0);
}

// A connected one-to-one pair.
struct Pair {
  SocketPtr listening;
  SocketPtr client;
  SocketPtr server;
  std::uint16_t port = 0;

  explicit Pair(const std::function<void(const SocketPtr&)>& prepare = {}) {
    listening = make();
    if (prepare) prepare(listening);
    port = bind_to(listening, SocketAddress::v4("127.0.0.1", 0));
    EXPECT_EQ(listening->listen(8), 0);
    client = make();
    if (prepare) prepare(client);
    be_patient(client);
    be_patient(listening);
    EXPECT_EQ(connect_to(client, SocketAddress::v4("127.0.0.1", port)), 0);
    server = accept_one(listening);
    be_patient(server);
  }
  ~Pair() {
    for (const auto& each : {client, server, listening}) {
      if (each != nullptr) (void)each->close();
    }
  }
};

}  // namespace netsctp::test
