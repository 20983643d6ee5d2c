// Short forms for tests of the C API. A hanging test is ended by the watchdog of loopback.cpp.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netsctp.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace c_sockets {

// A descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int number = -1) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Descriptor() {
    if (number_ >= 0) (void)netsctp_close(number_);
  }
  operator int() const { return number_; }  // NOLINT(google-explicit-constructor): it stands for the number
  int release() { return std::exchange(number_, -1); }

 private:
  int number_;
};

// A sockaddr that knows its length.
struct Name {
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;

  [[nodiscard]] sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  [[nodiscard]] std::uint16_t port() const { return ntohs(reinterpret_cast<const sockaddr_in*>(&storage)->sin_port); }
};

inline Name v4(const char* text, std::uint16_t port) {
  Name name;
  sockaddr_in in{};
  in.sin_family = AF_INET;
  in.sin_port = htons(port);
  EXPECT_EQ(::inet_pton(AF_INET, text, &in.sin_addr), 1);
  std::memcpy(&name.storage, &in, sizeof in);
  name.length = sizeof in;
  return name;
}

inline Name v6(const char* text, std::uint16_t port) {
  Name name;
  sockaddr_in6 in{};
  in.sin6_family = AF_INET6;
  in.sin6_port = htons(port);
  EXPECT_EQ(::inet_pton(AF_INET6, text, &in.sin6_addr), 1);
  std::memcpy(&name.storage, &in, sizeof in);
  name.length = sizeof in;
  return name;
}

// Addresses one behind the other.
class Packed {
 public:
  Packed(std::initializer_list<Name> names) : count_(static_cast<int>(names.size())) {
    for (const Name& each : names) {
      const auto* const bytes = reinterpret_cast<const std::byte*>(&each.storage);
      bytes_.insert(bytes_.end(), bytes, bytes + each.length);
    }
  }
  [[nodiscard]] sockaddr* get() { return reinterpret_cast<sockaddr*>(bytes_.data()); }
  [[nodiscard]] int count() const { return count_; }

 private:
  std::vector<std::byte> bytes_;
  int count_;
};

inline Name name_of(int sd) {
  Name name;
  EXPECT_EQ(netsctp_getsockname(sd, name.get(), &name.length), 0);
  return name;
}

inline Descriptor open(int type, int domain = AF_INET) {
  Descriptor sd(netsctp_socket(domain, type, IPPROTO_SCTP));
  EXPECT_GE(sd, 0) << std::strerror(errno);
  return sd;
}

inline Descriptor listener(int type, Name at = v4("127.0.0.1", 0)) {
  Descriptor sd = open(type, at.storage.ss_family);
  EXPECT_EQ(netsctp_bind(sd, at.get(), at.length), 0) << std::strerror(errno);
  EXPECT_EQ(netsctp_listen(sd, 8), 0);
  return sd;
}

// A one-to-one association.
struct Pair {
  Descriptor client;
  Descriptor server;
};

inline Pair connected(Name at = v4("127.0.0.1", 0)) {
  const Descriptor waiting = listener(SOCK_STREAM, at);
  Pair pair;
  pair.client = open(SOCK_STREAM, at.storage.ss_family);
  Name to = name_of(waiting);
  EXPECT_EQ(netsctp_connect(pair.client, to.get(), to.length), 0) << std::strerror(errno);
  pair.server = Descriptor(netsctp_accept(waiting, nullptr, nullptr));
  EXPECT_GE(pair.server, 0);
  return pair;
}

inline ssize_t send_text(int sd, std::string_view text) {
  return netsctp_send(sd, text.data(), text.size(), MSG_NOSIGNAL);
}

inline std::string receive_text(int sd, int flags = 0) {
  char buffer[1024];
  const ssize_t size = netsctp_recv(sd, buffer, sizeof buffer, flags);
  EXPECT_GE(size, 0) << std::strerror(errno);
  return {buffer, size > 0 ? static_cast<std::size_t>(size) : 0};
}

inline void turn_on(int sd, int option) {
  const int on = 1;
  EXPECT_EQ(netsctp_setsockopt(sd, IPPROTO_SCTP, option, &on, sizeof on), 0);
}

// The errno of a call that has failed as calls do, with -1; else 0.
inline int failure(ssize_t result) {
  return result == -1 ? errno : 0;
}

}  // namespace c_sockets
