// SCTP ports shared by processes: who may claim what, and packets passed on to whoever holds their port.
#include "engine/port_claims.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.hpp"

namespace netsctp::engine {
namespace {

class TestEntropy final : public Entropy {
 public:
  void fill(std::span<std::byte> out) noexcept override {
    for (std::byte& byte : out) byte = static_cast<std::byte>(generator_());
  }

 private:
  std::mt19937 generator_{std::random_device{}()};
};

IpAddress ip(const char* text) {
  return *IpAddress::parse(text);
}

// The UDP port is only a part of the claims' names here: one per test process keeps runs apart.
std::uint16_t udp_port() {
  return static_cast<std::uint16_t>(1 + ::getpid() % 65535);
}

// One process's worth of claims.
struct Holder {
  Holder(std::uint16_t udp = udp_port()) : claims(std::move(*PortClaims::open(udp))) { batch.reserve(1024); }

  std::error_code claim(std::uint16_t port, std::vector<IpAddress> addresses, bool any_v4 = false,
                        bool any_v6 = false) {
    return claims.claim(port, addresses, any_v4, any_v6, entropy).error();
  }
  std::size_t await(std::size_t count) {
    while (batch.size() < count) {
      pollfd entry{claims.descriptor(), POLLIN, 0};
      if (::poll(&entry, 1, 5000) <= 0) break;
      claims.receive(pool, batch, 256);
    }
    return batch.size();
  }
  Datagram packet(std::uint16_t port, const char* from, const char* to, std::size_t size, unsigned char fill) {
    Slice bytes = pool.allocate(size);
    std::memset(bytes.writable(), fill, size);
    if (size >= 4) store_big(bytes.writable() + 2, port);
    return {{ip(from), 9899}, ip(to), std::move(bytes)};
  }

  TestEntropy entropy;
  BufferPool pool;
  std::vector<Datagram> batch;
  PortClaims claims;
};

// A child process that does one thing, says when it is done, and stays until it is told to go.
class Child {
 public:
  explicit Child(const std::function<std::error_code()>& work) {
    int ends[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    child_ = ::fork();
    if (child_ == 0) {
      ::close(ends[0]);
      const int result = work().value();
      char end = 0;
      bool ok = ::write(ends[1], &result, sizeof result) == sizeof result;
      ok = ok && ::read(ends[1], &end, 1) == 0;
      ::_exit(ok ? 0 : 1);
    }
    ::close(ends[1]);
    end_ = ends[0];
    int result = -1;
    EXPECT_EQ(::read(end_, &result, sizeof result), static_cast<ssize_t>(sizeof result));
    result_ = std::error_code(result, std::generic_category());
  }
  ~Child() { finish(); }
  void finish() {
    if (end_ < 0) return;
    ::close(std::exchange(end_, -1));
    int status = 0;
    EXPECT_EQ(::waitpid(child_, &status, 0), child_);
    EXPECT_EQ(status, 0);
  }
  [[nodiscard]] std::error_code result() const { return result_; }

 private:
  pid_t child_ = -1;
  int end_ = -1;
  std::error_code result_;
};

TEST(PortClaims, TheSameAddressAndPortIsTakenOnce) {
  Holder a;
  Holder b;
  EXPECT_FALSE(a.claim(7, {ip("127.0.0.1")}));
  EXPECT_EQ(b.claim(7, {ip("127.0.0.1")}), std::errc::address_in_use);
  EXPECT_EQ(a.claim(7, {ip("127.0.0.1")}), std::errc::address_in_use);
  EXPECT_FALSE(b.claim(8, {ip("127.0.0.1")}));
}

TEST(PortClaims, DifferentAddressesOfOnePortAreFree) {
  Holder a;
  Holder b;
  EXPECT_FALSE(a.claim(7, {ip("127.0.0.1")}));
  EXPECT_FALSE(a.claim(7, {ip("127.0.0.2")}));
  EXPECT_FALSE(b.claim(7, {ip("127.0.0.3"), ip("::1")}));
}

TEST(PortClaims, DifferentUdpPortsAreDifferentHosts) {
  Holder a;
  Holder b(static_cast<std::uint16_t>(udp_port() ^ 0x8000));
  EXPECT_FALSE(a.claim(7, {}, true, true));
  EXPECT_FALSE(b.claim(7, {}, true, true));
}

TEST(PortClaims, AWildcardExcludesSpecificAddressesOfItsFamilyOnly) {
  Holder a;
  Holder b;
  EXPECT_FALSE(a.claim(7, {}, true, false));
  EXPECT_EQ(b.claim(7, {ip("127.0.0.1")}), std::errc::address_in_use);
  EXPECT_EQ(a.claim(7, {ip("127.0.0.1")}), std::errc::address_in_use);
  EXPECT_FALSE(b.claim(7, {ip("::1")}));
  EXPECT_EQ(b.claim(7, {}, true, false), std::errc::address_in_use);
}

TEST(PortClaims, ASpecificAddressExcludesTheWildcardOfItsFamilyOnly) {
  Holder a;
  Holder b;
  EXPECT_FALSE(a.claim(7, {ip("127.0.0.1"), ip("127.0.0.2")}));
  EXPECT_EQ(b.claim(7, {}, true, false), std::errc::address_in_use);
  EXPECT_EQ(b.claim(7, {}, true, true), std::errc::address_in_use);
  EXPECT_FALSE(b.claim(7, {}, false, true));
  a.claims.release(7, std::vector{ip("127.0.0.1")}, false, false);
  EXPECT_EQ(b.claim(7, {}, true, false), std::errc::address_in_use);
  a.claims.release(7, std::vector{ip("127.0.0.2")}, false, false);
  EXPECT_FALSE(b.claim(7, {}, true, false));
}

TEST(PortClaims, AFailedClaimLeavesNothingBehind) {
  Holder a;
  Holder b;
  EXPECT_FALSE(a.claim(7, {ip("127.0.0.3")}));
  EXPECT_EQ(b.claim(7, {ip("127.0.0.1"), ip("127.0.0.2"), ip("127.0.0.3")}), std::errc::address_in_use);
  EXPECT_TRUE(b.claims.empty());
  a.claims.release(7, std::vector{ip("127.0.0.3")}, false, false);
  EXPECT_TRUE(a.claims.empty());
  EXPECT_FALSE(a.claim(7, {}, true, true));
}

TEST(PortClaims, AddressesCoveredByAWildcardAreNotClaimedTwice) {
  Holder a;
  EXPECT_FALSE(a.claim(7, {ip("127.0.0.1"), ip("::1")}, true, true));
  EXPECT_TRUE(a.claims.holds(7, ip("127.0.0.9")));
  EXPECT_FALSE(a.claims.extend(7, ip("127.0.0.5")));
  a.claims.release(7, std::vector{ip("127.0.0.1"), ip("::1")}, true, true);
  EXPECT_TRUE(a.claims.empty());
}

TEST(PortClaims, AClaimCanGrowAndShrink) {
  Holder a;
  Holder b;
  EXPECT_FALSE(a.claim(7, {ip("127.0.0.1")}));
  EXPECT_FALSE(b.claim(7, {ip("127.0.0.2")}));
  EXPECT_EQ(a.claims.extend(7, ip("127.0.0.2")), std::errc::address_in_use);
  EXPECT_FALSE(a.claims.extend(7, ip("127.0.0.3")));
  EXPECT_TRUE(a.claims.holds(7, ip("127.0.0.3")));
  EXPECT_FALSE(a.claims.holds(7, ip("127.0.0.2")));
  EXPECT_EQ(a.claims.extend(9, ip("127.0.0.3")), std::errc::invalid_argument);
}

TEST(PortClaims, PortZeroPicksAFreePort) {
  Holder a;
  Holder b;
  const auto first = a.claims.claim(0, {}, true, true, a.entropy);
  ASSERT_TRUE(first);
  EXPECT_GE(first.value(), PortClaims::kFirstFreePort);
  EXPECT_LE(first.value(), PortClaims::kLastFreePort);
  const auto second = b.claims.claim(0, {}, true, true, b.entropy);
  ASSERT_TRUE(second);
  EXPECT_NE(first.value(), second.value());
  EXPECT_EQ(a.claim(0, {}), std::errc::invalid_argument);
}

TEST(PortClaims, ManyProcessesMayHoldAddressesOfAServicesPortAndFewOfADynamicOne) {
  constexpr std::uint16_t kService = 38412;
  constexpr std::uint16_t kDynamic = PortClaims::kFirstDynamicPort;
  Holder wildcard;
  for (const auto& [port, room] : {std::pair(kService, 32U), std::pair(kDynamic, 4U)}) {
    std::vector<std::unique_ptr<Holder>> holders;
    const auto claim = [&] {
      holders.push_back(std::make_unique<Holder>());
      return holders.back()->claim(port, {ip(("127.0.1." + std::to_string(holders.size())).c_str())});
    };
    for (unsigned i = 0; i < room; ++i) ASSERT_FALSE(claim()) << port << ' ' << i;
    EXPECT_EQ(claim(), std::errc::address_in_use) << port;
    // Whoever of them is left alone keeps the wildcard away.
    holders.erase(holders.begin(), holders.begin() + static_cast<std::ptrdiff_t>(room) - 1);
    EXPECT_EQ(wildcard.claim(port, {}, true), std::errc::address_in_use) << port;
    holders.clear();
    EXPECT_FALSE(wildcard.claim(port, {}, true)) << port;
  }
}

TEST(PortClaims, WithoutAFreeDynamicPortAnotherIsPicked) {
  constexpr unsigned kCount = PortClaims::kLastFreePort - PortClaims::kFirstDynamicPort + 1U;
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  if (limit.rlim_max < kCount + 100) GTEST_SKIP() << "no more than " << limit.rlim_max << " descriptors";
  const rlimit before = std::exchange(limit, rlimit{limit.rlim_max, limit.rlim_max});
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
  {
    Holder holder;
    Holder other;
    for (unsigned i = 0; i < kCount; ++i) {
      const auto picked = holder.claims.claim(0, {}, true, false, holder.entropy);
      ASSERT_TRUE(picked);
      ASSERT_GE(picked.value(), PortClaims::kFirstDynamicPort) << i;
    }
    for (Holder* const each : {&holder, &other}) {
      const auto picked = each->claims.claim(0, {}, true, false, each->entropy);
      ASSERT_TRUE(picked);
      EXPECT_GE(picked.value(), PortClaims::kFirstFreePort);
      EXPECT_LT(picked.value(), PortClaims::kFirstDynamicPort);
    }
  }
  EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
}

// --- ports that came with an association ---------------------------------------------------------------------------

constexpr Time kNow{std::chrono::hours(1)};

std::uint16_t any_port(Holder& holder, bool any_v4 = true, bool any_v6 = false) {
  auto claimed = holder.claims.claim(0, {}, any_v4, any_v6, holder.entropy);
  EXPECT_TRUE(claimed);
  return claimed ? claimed.value() : std::uint16_t{0};
}

TEST(PortClaims, ARetiredPortIsUsedAgainAfterSomeOthers) {
  Holder a;
  std::vector<std::uint16_t> retired;
  for (std::size_t i = 0; i <= PortClaims::kMinSpares; ++i) {
    retired.push_back(any_port(a));
    EXPECT_EQ(std::ranges::count(retired, retired.back()), 1);
    a.claims.retire(retired.back(), true, false, kNow);
  }
  EXPECT_EQ(std::ranges::count(retired, any_port(a, true, true)), 0);  // other wildcards
  EXPECT_EQ(any_port(a), retired.front());
  EXPECT_EQ(std::ranges::count(retired, any_port(a)), 0);  // too few are left
}

TEST(PortClaims, ARetiredPortIsTakenForOthersUntilItsTimeIsOver) {
  Holder a;
  Holder b;
  const std::uint16_t port = any_port(a);
  EXPECT_EQ(a.claims.spares_end(), kNever);
  a.claims.retire(port, true, false, kNow);
  EXPECT_TRUE(a.claims.empty());
  EXPECT_EQ(a.claims.spares_end(), kNow + PortClaims::kSpareLife);
  a.claims.drop_spares(kNow + PortClaims::kSpareLife - std::chrono::nanoseconds(1));
  EXPECT_EQ(b.claim(port, {}, true, false), std::errc::address_in_use);
  a.claims.drop_spares(kNow + PortClaims::kSpareLife);
  EXPECT_EQ(a.claims.spares_end(), kNever);
  EXPECT_FALSE(b.claim(port, {}, true, false));
}

TEST(PortClaims, ARetiredPortIsFreeForItsOwnProcess) {
  Holder a;
  for (const bool specific : {false, true}) {
    const std::uint16_t port = any_port(a);
    a.claims.retire(port, true, false, kNow);
    EXPECT_FALSE(specific ? a.claim(port, {ip("127.0.0.1")}) : a.claim(port, {}, true, false));
    EXPECT_EQ(a.claims.holds(port, ip("127.0.0.2")), !specific);
    EXPECT_EQ(a.claims.spares_end(), kNever);
  }
}

TEST(PortClaims, WhatStillComesForARetiredPortStaysHere) {
  Holder a;
  const std::uint16_t port = any_port(a);
  a.claims.retire(port, true, false, kNow);
  a.batch.push_back(a.packet(port, "127.0.0.8", "127.0.0.1", 100, 1));
  a.claims.pass_on(a.batch);
  EXPECT_EQ(a.batch.size(), 1U);
  EXPECT_EQ(a.claims.counters().passed_on, 0U);
}

TEST(PortClaims, TheOldestOfTooManyRetiredPortsIsReleased) {
  Holder a;
  Holder b;
  std::vector<std::uint16_t> ports;
  for (std::size_t i = 0; i <= PortClaims::kMaxSpares; ++i) ports.push_back(any_port(a));
  for (const std::uint16_t port : ports) a.claims.retire(port, true, false, kNow);
  EXPECT_FALSE(b.claim(ports[0], {}, true, false));
  EXPECT_EQ(b.claim(ports[1], {}, true, false), std::errc::address_in_use);
}

TEST(PortClaims, RetiredPortsGiveWayWhereDescriptorsAreShort) {
  Holder a;
  std::vector<std::uint16_t> ports;
  for (std::size_t i = 0; i < PortClaims::kMinSpares; ++i) ports.push_back(any_port(a));
  for (const std::uint16_t port : ports) a.claims.retire(port, true, false, kNow);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const int next = ::dup(0);
  ASSERT_GE(next, 0);
  ::close(next);
  // The sanitizer needs a descriptor when it meets a class for the first time: it shall have met those of errors.
  ASSERT_NE(std::error_code(EMFILE, std::system_category()), std::errc::address_in_use);
  const rlimit none{static_cast<rlim_t>(next), before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  EXPECT_NE(any_port(a), 0);
  EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_EQ(a.claims.spares_end(), kNever);
}

TEST(PortClaims, APortWithAddressesOfItsOwnOrOverRawIpIsReleasedWhenItRetires) {
  Holder a;
  Holder b;
  EXPECT_FALSE(a.claim(7, {ip("::1")}, true, false));
  a.claims.retire(7, true, false, kNow);
  EXPECT_TRUE(a.claims.holds(7, ip("::1")));
  EXPECT_FALSE(b.claim(7, {}, true, false));
  Holder raw(0);
  const std::uint16_t port = any_port(raw);
  raw.claims.retire(port, true, false, kNow);
  EXPECT_FALSE(raw.claims.holds(port, ip("127.0.0.1")));
  EXPECT_EQ(raw.claims.spares_end(), kNever);
}

TEST(PortClaims, APortIsTakenAcrossProcessesUntilTheHolderEnds) {
  const std::uint16_t udp = udp_port();
  Holder mine(udp);
  std::optional<Child> child;
  std::unique_ptr<Holder> theirs;  // lives in the child only
  child.emplace([&] {
    theirs = std::make_unique<Holder>(udp);
    return theirs->claim(7, {}, true, false);
  });
  EXPECT_FALSE(child->result());
  EXPECT_EQ(mine.claim(7, {ip("127.0.0.1")}), std::errc::address_in_use);
  EXPECT_EQ(mine.claim(7, {}, true, false), std::errc::address_in_use);
  child->finish();
  EXPECT_FALSE(mine.claim(7, {ip("127.0.0.1")}));
  EXPECT_EQ(Child([&] { return Holder(udp).claim(7, {}, true, false); }).result(), std::errc::address_in_use);
}

TEST(PortClaims, PacketsForAnotherHoldersPortArePassedOnToIt) {
  Holder receiver;
  Holder holder;
  ASSERT_FALSE(holder.claim(7, {}, true, true));
  ASSERT_FALSE(receiver.claim(9, {ip("127.0.0.1")}));
  auto& batch = receiver.batch;
  batch.push_back(receiver.packet(9, "127.0.0.8", "127.0.0.1", 100, 1));   // its own
  batch.push_back(receiver.packet(7, "127.0.0.8", "127.0.0.1", 1400, 2));  // a run of three and a shorter one
  batch.push_back(receiver.packet(7, "127.0.0.8", "127.0.0.1", 1400, 3));
  batch.push_back(receiver.packet(7, "127.0.0.8", "127.0.0.1", 1400, 4));
  batch.push_back(receiver.packet(7, "127.0.0.8", "127.0.0.1", 40, 5));
  batch.push_back(receiver.packet(7, "::1", "::1", 48, 6));               // another pair of addresses
  batch.push_back(receiver.packet(9, "127.0.0.8", "127.0.0.2", 100, 7));  // its port, not its address: nobody's
  batch.push_back(receiver.packet(7, "127.0.0.8", "127.0.0.1", 8, 8));    // no SCTP packet
  receiver.claims.pass_on(batch);
  ASSERT_EQ(batch.size(), 3U);
  EXPECT_EQ(batch[0].bytes.data()[50], std::byte{1});
  EXPECT_EQ(batch[1].bytes.data()[50], std::byte{7});
  EXPECT_EQ(batch[2].bytes.size(), 8U);

  ASSERT_EQ(holder.await(5), 5U);
  const std::array<std::size_t, 4> sizes{1400, 1400, 1400, 40};
  std::size_t over_v4 = 0;
  for (const Datagram& datagram : holder.batch) {
    if (datagram.to.is_v6()) {
      EXPECT_EQ(datagram.from.text(), "[::1]:9899");
      EXPECT_EQ(datagram.bytes.data()[40], std::byte{6});
      continue;
    }
    ASSERT_LT(over_v4, sizes.size());
    EXPECT_EQ(datagram.from.text(), "127.0.0.8:9899");
    EXPECT_EQ(datagram.to.text(), "127.0.0.1");
    EXPECT_EQ(datagram.bytes.size(), sizes[over_v4]);
    EXPECT_EQ(datagram.bytes.data()[20], static_cast<std::byte>(2 + over_v4));
    ++over_v4;
  }
  EXPECT_EQ(over_v4, 4U);
  EXPECT_EQ(receiver.claims.counters().passed_on, 5U);
  EXPECT_EQ(holder.claims.counters().taken_over, 5U);
}

TEST(PortClaims, AnExactAddressIsPreferredToNothing) {
  Holder receiver;
  Holder holder;
  ASSERT_FALSE(holder.claim(7, {ip("127.0.0.1")}));
  receiver.batch.push_back(receiver.packet(7, "127.0.0.8", "127.0.0.1", 100, 1));
  receiver.batch.push_back(receiver.packet(7, "127.0.0.8", "127.0.0.2", 100, 2));
  receiver.claims.pass_on(receiver.batch);
  ASSERT_EQ(receiver.batch.size(), 1U);  // out of the blue, RFC 9260 §8.4
  EXPECT_EQ(receiver.batch[0].to.text(), "127.0.0.2");
  EXPECT_EQ(holder.await(1), 1U);
}

TEST(PortClaims, AFullMailboxDropsAndCounts) {
  Holder receiver;
  Holder holder;
  ASSERT_FALSE(holder.claim(7, {}, true, false));
  constexpr std::size_t kPackets = 5000;  // more messages than any mailbox holds
  for (std::size_t i = 0; i < kPackets; ++i) {
    receiver.batch.push_back(receiver.packet(7, i % 2 == 0 ? "127.0.0.8" : "127.0.0.9", "127.0.0.1", 100, 1));
  }
  receiver.claims.pass_on(receiver.batch);
  EXPECT_TRUE(receiver.batch.empty());
  const PassOnCounters& counters = receiver.claims.counters();
  EXPECT_GT(counters.mailbox_full, 0U);
  EXPECT_EQ(counters.mailbox_full + counters.passed_on, kPackets);
  EXPECT_EQ(holder.await(counters.passed_on), counters.passed_on);
}

TEST(PortClaims, WhatIsNotAnEnvelopeIsDiscarded) {
  Holder holder;
  ASSERT_FALSE(holder.claim(7, {}, true, false));
  const std::string name = "netsctp/" + std::to_string(udp_port()) + "/7/*4";
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path + 1, name.data(), name.size());
  const link::Descriptor stranger(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  std::vector<unsigned char> message(200, 0);
  const auto send = [&](std::size_t size) {
    return ::sendto(stranger.number(), message.data(), size, 0, reinterpret_cast<sockaddr*>(&address),
                    static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size()));
  };
  const auto field = [&](std::size_t at, auto value) { std::memcpy(message.data() + at, &value, sizeof value); };
  ASSERT_EQ(send(0), 0);
  ASSERT_EQ(send(200), 200);
  field(0, std::uint32_t{0x4E530001});
  ASSERT_EQ(send(52), 52);
  ASSERT_EQ(send(200), 200);  // no family
  field(16, std::uint8_t{4});
  ASSERT_EQ(send(200), 200);  // no segment size
  field(4, std::uint16_t{1});
  ASSERT_EQ(send(200), 200);  // segments too small
  EXPECT_EQ(holder.claims.receive(holder.pool, holder.batch, 256), 0U);
  EXPECT_EQ(holder.claims.counters().bad_messages, 6U);
  field(4, std::uint16_t{100});
  ASSERT_EQ(send(200), 200);
  EXPECT_EQ(holder.await(2), 2U);
}

TEST(PortClaims, PacketsArePassedOnBetweenProcesses) {
  const std::uint16_t udp = udp_port();
  Holder mine(udp);
  ASSERT_FALSE(mine.claim(7, {}, true, false));
  Child child([&] {
    Holder theirs(udp);
    theirs.batch.push_back(theirs.packet(7, "127.0.0.8", "127.0.0.1", 1000, 9));
    theirs.claims.pass_on(theirs.batch);
    return theirs.batch.empty() ? std::error_code{} : std::make_error_code(std::errc::io_error);
  });
  EXPECT_FALSE(child.result());
  ASSERT_EQ(mine.await(1), 1U);
  EXPECT_EQ(mine.batch[0].bytes.size(), 1000U);
}

}  // namespace
}  // namespace netsctp::engine
