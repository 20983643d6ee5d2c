// What UDP over loopback gives on this machine without any SCTP: the bound every figure of the stack is to be read
// against. Two processes, 1,452-byte datagrams: one system call each; batches of them; UDP_SEGMENT and UDP_GRO; and a
// blocking ping-pong. Prints a Markdown table. Usage: udp_raw [seconds per row, default 1]
#include <netinet/in.h>
#include <netinet/udp.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t kDatagram = 1452;
constexpr std::size_t kSegments = 44;  // 44 * 1452 is just below what one UDP_SEGMENT send may carry
constexpr std::size_t kBatch = 32;

[[noreturn]] void fail(const char* what) {
  std::perror(what);
  std::exit(1);
}

struct Pair {
  int first = -1;
  int second = -1;
};

int bound_socket(sockaddr_in& name) {
  const int descriptor = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  name = {};
  name.sin_family = AF_INET;
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof name;
  if (::bind(descriptor, reinterpret_cast<sockaddr*>(&name), length) != 0 ||
      ::getsockname(descriptor, reinterpret_cast<sockaddr*>(&name), &length) != 0)
    fail("bind");
  const int size = 4 << 20;
  ::setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  ::setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
  return descriptor;
}

Pair connected_sockets() {
  sockaddr_in first{};
  sockaddr_in second{};
  const Pair pair{bound_socket(first), bound_socket(second)};
  if (::connect(pair.first, reinterpret_cast<sockaddr*>(&second), sizeof second) != 0 ||
      ::connect(pair.second, reinterpret_cast<sockaddr*>(&first), sizeof first) != 0)
    fail("connect");
  return pair;
}

enum class Way { kOneByOne, kBatched, kSegmented };

[[noreturn]] void send_forever(int descriptor, Way way) {
  std::vector<std::byte> area(kDatagram * kSegments, std::byte{0x5a});
  if (way == Way::kSegmented) {
    const int size = kDatagram;
    if (::setsockopt(descriptor, IPPROTO_UDP, UDP_SEGMENT, &size, sizeof size) != 0) fail("UDP_SEGMENT");
  }
  iovec vector{area.data(), kDatagram};
  std::array<mmsghdr, kBatch> batch{};
  for (mmsghdr& header : batch) {
    header.msg_hdr.msg_iov = &vector;
    header.msg_hdr.msg_iovlen = 1;
  }
  for (;;) {
    if (way == Way::kBatched) {
      ::sendmmsg(descriptor, batch.data(), kBatch, 0);
    } else if (::send(descriptor, area.data(), way == Way::kSegmented ? area.size() : kDatagram, 0) < 0) {
      fail("send");
    }
  }
}

struct Throughput {
  double datagrams_per_second = 0;
  double microseconds_each = 0;  // per datagram at the receiver
};

Throughput measure(Way way, double seconds) {
  const Pair pair = connected_sockets();
  const int on = 1;
  if (way == Way::kSegmented && ::setsockopt(pair.first, IPPROTO_UDP, UDP_GRO, &on, sizeof on) != 0) fail("UDP_GRO");
  const pid_t sender = ::fork();
  if (sender == 0) send_forever(pair.second, way);

  std::vector<std::byte> area(kBatch * 65536);
  std::array<iovec, kBatch> vectors;
  std::array<mmsghdr, kBatch> batch{};
  for (std::size_t i = 0; i < kBatch; ++i) {
    vectors[i] = {area.data() + i * 65536, 65536};
    batch[i].msg_hdr.msg_iov = &vectors[i];
    batch[i].msg_hdr.msg_iovlen = 1;
  }
  std::uint64_t bytes = 0;
  const auto begin = SteadyClock::now();
  const auto end = begin + std::chrono::duration<double>(seconds);
  auto now = begin;
  while ((now = SteadyClock::now()) < end) {
    if (way == Way::kOneByOne) {
      const ssize_t size = ::recv(pair.first, area.data(), 65536, 0);
      if (size > 0) bytes += static_cast<std::uint64_t>(size);
      continue;
    }
    const int count = ::recvmmsg(pair.first, batch.data(), kBatch, MSG_WAITFORONE, nullptr);
    for (int i = 0; i < count; ++i) bytes += batch[static_cast<std::size_t>(i)].msg_len;
  }
  ::kill(sender, SIGKILL);
  ::waitpid(sender, nullptr, 0);
  ::close(pair.first);
  ::close(pair.second);
  const double elapsed = std::chrono::duration<double>(now - begin).count();
  const double datagrams = static_cast<double>(bytes) / kDatagram;
  return {datagrams / elapsed, elapsed * 1e6 / datagrams};
}

struct RoundTrip {
  double p50 = 0;  // microseconds
  double p99 = 0;
};

RoundTrip ping_pong(double seconds, std::size_t size) {
  const Pair pair = connected_sockets();
  const pid_t echo = ::fork();
  std::vector<std::byte> area(size);
  if (echo == 0) {
    for (;;) {
      const ssize_t got = ::recv(pair.second, area.data(), area.size(), 0);
      if (got > 0 && ::send(pair.second, area.data(), static_cast<std::size_t>(got), 0) < 0) std::exit(1);
    }
  }
  std::vector<double> samples;
  samples.reserve(1'000'000);
  const auto end = SteadyClock::now() + std::chrono::duration<double>(seconds);
  for (auto before = SteadyClock::now(); before < end; before = SteadyClock::now()) {
    if (::send(pair.first, area.data(), size, 0) < 0 || ::recv(pair.first, area.data(), size, 0) < 0) fail("ping-pong");
    samples.push_back(std::chrono::duration<double, std::micro>(SteadyClock::now() - before).count());
  }
  ::kill(echo, SIGKILL);
  ::waitpid(echo, nullptr, 0);
  ::close(pair.first);
  ::close(pair.second);
  std::ranges::sort(samples);
  return {samples[samples.size() / 2], samples[samples.size() * 99 / 100]};
}

}  // namespace

int main(int count, char** arguments) {
  const double seconds = count > 1 ? std::max(0.05, std::atof(arguments[1])) : 1.0;
  std::printf("| UDP over loopback, %zu-byte datagrams | datagrams/s | Gbit/s | us each |\n|---|---:|---:|---:|\n",
              kDatagram);
  const std::array rows{std::pair{"send, recv", Way::kOneByOne}, std::pair{"sendmmsg, recvmmsg (32)", Way::kBatched},
                        std::pair{"UDP_SEGMENT (44), UDP_GRO", Way::kSegmented}};
  for (const auto& [name, way] : rows) {
    const Throughput result = measure(way, seconds);
    std::printf("| %s | %.0f | %.2f | %.2f |\n", name, result.datagrams_per_second,
                result.datagrams_per_second * kDatagram * 8 / 1e9, result.microseconds_each);
  }
  std::printf("\n| blocking ping-pong | p50 us | p99 us |\n|---|---:|---:|\n");
  for (const std::size_t size : {std::size_t{64}, kDatagram}) {
    const RoundTrip result = ping_pong(seconds, size);
    std::printf("| %zu bytes | %.1f | %.1f |\n", size, result.p50, result.p99);
  }
  return 0;
}
