// Who answers for ports that nobody holds, where each process has its own raw sockets (RFC 9260 §8.4).
#include "engine/stray_duty.hpp"

#include <poll.h>

#include <memory>

#include "engine/port_claims.hpp"
#include "unit/own_network.hpp"

namespace netsctp::engine {
namespace {

struct StrayDuties : testing::Test {
  void SetUp() override { test::require_own_network(); }  // abstract names are the namespace's own too
  static bool is_readable(int descriptor) {
    pollfd entry{descriptor, POLLIN, 0};
    return ::poll(&entry, 1, 0) > 0;
  }
};

TEST_F(StrayDuties, OneHasItAndAnotherTakesOver) {
  auto first = std::make_unique<StrayDuty>();
  StrayDuty second;
  StrayDuty third;
  first->seek();
  second.seek();
  third.seek();
  EXPECT_TRUE(first->is_ours());
  EXPECT_FALSE(second.is_ours());
  EXPECT_FALSE(third.is_ours());
  EXPECT_FALSE(is_readable(second.descriptor()));
  first.reset();  // the process ends
  EXPECT_TRUE(is_readable(second.descriptor()));
  EXPECT_TRUE(is_readable(third.descriptor()));
  for (StrayDuty* one : {&third, &second}) {
    one->drop();
    one->seek();
  }
  EXPECT_TRUE(third.is_ours());
  EXPECT_FALSE(second.is_ours());
  EXPECT_FALSE(is_readable(second.descriptor()));  // it watches the new one
}

// A process as far as ports go.
struct Process {
  explicit Process(std::uint16_t udp_port = 0) : claims(std::move(*PortClaims::open(udp_port))) {}
  void take(std::uint16_t port, const char* address = nullptr) {
    const std::vector<IpAddress> addresses =
        address != nullptr ? std::vector{*IpAddress::parse(address)} : std::vector<IpAddress>{};
    EXPECT_TRUE(claims.claim(port, addresses, address == nullptr, false, entropy).ok());
  }
  // Whether a packet that this process's raw socket got stays with it.
  bool keeps(std::uint16_t port, const char* to = "127.0.0.1") {
    std::vector<std::byte> bytes(16);
    bytes[2] = static_cast<std::byte>(port >> 8);
    bytes[3] = static_cast<std::byte>(port & 0xFF);
    std::vector<Datagram> batch;
    batch.push_back({{*IpAddress::parse("127.0.0.1"), 0}, *IpAddress::parse(to), pool.copy(bytes)});
    claims.pass_on(batch);
    return !batch.empty();
  }
  struct NoEntropy final : Entropy {
    void fill(std::span<std::byte> out) noexcept override { std::ranges::fill(out, std::byte{0}); }
  } entropy;
  BufferPool pool;
  PortClaims claims;
};

TEST_F(StrayDuties, APacketForNobodysPortStaysWithExactlyOneProcess) {
  Process first;
  Process second;
  first.take(5000);
  second.take(5001);
  EXPECT_TRUE(first.keeps(5000));
  EXPECT_FALSE(second.keeps(5000));
  EXPECT_FALSE(first.keeps(5001));
  EXPECT_TRUE(second.keeps(5001));
  EXPECT_TRUE(first.keeps(5002));
  EXPECT_FALSE(second.keeps(5002));
}

TEST_F(StrayDuties, AnAddressThatNobodyHoldsOfAHeldPortIsNobodysToo) {
  Process first;
  Process second;
  first.take(5000, "127.0.0.1");
  second.take(5000, "127.0.0.2");
  EXPECT_FALSE(first.keeps(5000, "127.0.0.2"));
  EXPECT_TRUE(second.keeps(5000, "127.0.0.2"));
  EXPECT_TRUE(first.keeps(5000, "127.0.0.3"));
  EXPECT_FALSE(second.keeps(5000, "127.0.0.3"));
}

TEST_F(StrayDuties, TheDutyPassesOnWithTheLastPort) {
  Process first;
  Process second;
  first.take(5000);
  second.take(5001);
  EXPECT_TRUE(first.claims.takes_strays());
  EXPECT_FALSE(second.claims.takes_strays());
  first.claims.release(5000, {}, true, false);
  EXPECT_FALSE(first.claims.takes_strays());
  std::vector<Datagram> none;
  EXPECT_TRUE(is_readable(second.claims.descriptor()));
  EXPECT_EQ(second.claims.receive(second.pool, none, 16), 0U);
  EXPECT_TRUE(second.claims.takes_strays());
  EXPECT_FALSE(is_readable(second.claims.descriptor()));
}

}  // namespace
}  // namespace netsctp::engine
