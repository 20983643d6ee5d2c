// What a program sees of a suspected path (RFC 7829 §7), with Linux's defaults.
#include "sockets.hpp"

namespace netsctp::test {
namespace {

// An association whose second path leads nowhere.
struct TwoPaths {
  std::uint16_t port = 0;
  SocketPtr server = make(SOCK_SEQPACKET);
  SocketPtr client = make();
  SocketAddress second;

  explicit TwoPaths(std::uint32_t expose) {
    std::vector<char> packed;
    for (const char* const text : {"127.0.0.1", "127.0.0.2"}) {
      const auto each = SocketAddress::v4(text, 0);
      const auto* const bytes = reinterpret_cast<const char*>(each.get());
      packed.insert(packed.end(), bytes, bytes + each.length);
    }
    EXPECT_EQ(server->setsockopt(IPPROTO_SCTP, SCTP_SOCKOPT_BINDX_ADD, packed.data(), 32), 0);
    EXPECT_EQ(server->listen(1), 0);
    port = name_of(server).port();
    second = SocketAddress::v4("127.0.0.2", port);
    be_patient(client);
    EXPECT_EQ(set(client, IPPROTO_SCTP, SCTP_RTOINFO, sctp_rtoinfo{0, 50, 100, 50}), 0);
    EXPECT_EQ(set(client, IPPROTO_SCTP, SCTP_EXPOSE_POTENTIALLY_FAILED_STATE, sctp_assoc_value{0, expose}), 0);
    EXPECT_EQ(connect_to(client, SocketAddress::v4("127.0.0.1", port)), 0);
    while (state() == SCTP_UNCONFIRMED) {
    }
    subscribe(client, {SCTP_PEER_ADDR_CHANGE});
    sctp_udpencaps nowhere{};
    std::memcpy(&nowhere.sue_address, second.get(), second.length);
    nowhere.sue_port = htons(silent_udp_port());
    EXPECT_EQ(set(client, IPPROTO_SCTP, SCTP_REMOTE_UDP_ENCAPS_PORT, nowhere), 0);
    sctp_paddrparams demand{};
    std::memcpy(&demand.spp_address, second.get(), second.length);
    demand.spp_pathmaxrxt = 3;
    demand.spp_flags = SPP_HB_DEMAND;
    EXPECT_EQ(set(client, IPPROTO_SCTP, SCTP_PEER_ADDR_PARAMS, demand), 0);
  }
  ~TwoPaths() {
    EXPECT_EQ(client->close(), 0);
    EXPECT_EQ(server->close(), 0);
  }
  // Of the second path: SCTP_ACTIVE, ...; or a negative errno.
  int state() {
    sctp_paddrinfo info{};
    std::memcpy(&info.spinfo_address, second.get(), second.length);
    const int error = get(client, IPPROTO_SCTP, SCTP_GET_PEER_ADDR_INFO, info);
    return error != 0 ? error : info.spinfo_state;
  }
  // The next change that is told: SCTP_ADDR_AVAILABLE, ...
  int told() {
    const auto got = receive(client);
    EXPECT_EQ(got.notification().sn_header.sn_type, SCTP_PEER_ADDR_CHANGE);
    return got.notification().sn_paddr_change.spc_state;
  }
};

TEST(Paths, ThePotentiallyFailedStateIsToldIfAskedFor_7829_7_1) {
  TwoPaths paths(2);
  EXPECT_EQ(paths.told(), static_cast<int>(SCTP_ADDR_POTENTIALLY_FAILED));
  EXPECT_EQ(paths.told(), static_cast<int>(SCTP_ADDR_UNREACHABLE));
}

TEST(Paths, ItIsShownButNotToldByDefault_7829_7_3) {
  TwoPaths paths(0);
  int state = paths.state();
  while (state == SCTP_ACTIVE) state = paths.state();
  EXPECT_EQ(state, static_cast<int>(SCTP_POTENTIALLY_FAILED));
  EXPECT_EQ(paths.told(), static_cast<int>(SCTP_ADDR_UNREACHABLE));
}

TEST(Paths, ItIsHiddenOnDemand_7829_7_3) {
  TwoPaths paths(1);
  int state = paths.state();
  while (state == SCTP_ACTIVE) state = paths.state();
  EXPECT_EQ(state, -EACCES);
  EXPECT_EQ(paths.told(), static_cast<int>(SCTP_ADDR_UNREACHABLE));
  EXPECT_EQ(paths.state(), static_cast<int>(SCTP_INACTIVE));
}

TEST(Paths, ExposureIsEachAssociationsOwn_7829_7_3) {
  TwoPaths paths(2);
  auto many = make(SOCK_SEQPACKET);
  be_patient(many);
  EXPECT_EQ(connect_to(many, SocketAddress::v4("127.0.0.1", paths.port)), 0);
  std::uint32_t list[4] = {};
  ASSERT_EQ(get(many, IPPROTO_SCTP, SCTP_GET_ASSOC_ID_LIST, list), 0);
  sctp_assoc_value value{static_cast<sctp_assoc_t>(list[1]), 1};
  EXPECT_EQ(set(many, IPPROTO_SCTP, SCTP_EXPOSE_POTENTIALLY_FAILED_STATE, value), 0);
  value = {0, 9};
  EXPECT_EQ(get(many, IPPROTO_SCTP, SCTP_EXPOSE_POTENTIALLY_FAILED_STATE, value), 0);
  EXPECT_EQ(value.assoc_value, 0U);
  value = {static_cast<sctp_assoc_t>(list[1]), 9};
  EXPECT_EQ(get(many, IPPROTO_SCTP, SCTP_EXPOSE_POTENTIALLY_FAILED_STATE, value), 0);
  EXPECT_EQ(value.assoc_value, 1U);
  EXPECT_EQ(many->close(), 0);
}

// The MTU of a client's path to 127.0.0.1 once the server has read `count` messages of 16 KiB.
std::uint32_t mtu_after(int count, std::uint32_t probe_interval) {
  Pair pair([&](const SocketPtr& socket) {
    sctp_probeinterval interval{};
    EXPECT_EQ(get(socket, IPPROTO_SCTP, SCTP_PLPMTUD_PROBE_INTERVAL, interval), 0);
    EXPECT_EQ(interval.spi_interval, 20'000U);
    interval.spi_interval = probe_interval;
    EXPECT_EQ(set(socket, IPPROTO_SCTP, SCTP_PLPMTUD_PROBE_INTERVAL, interval), 0);
  });
  const std::string message(16'384, 'x');
  for (int i = 0; i < count; ++i) {
    EXPECT_EQ(send_text(pair.client, message), static_cast<ssize_t>(message.size()));
    EXPECT_EQ(receive(pair.server).text.size(), message.size());
  }
  sctp_paddrparams path{};
  const auto peer = SocketAddress::v4("127.0.0.1", pair.port);
  std::memcpy(&path.spp_address, peer.get(), peer.length);
  EXPECT_EQ(get(pair.client, IPPROTO_SCTP, SCTP_PEER_ADDR_PARAMS, path), 0);
  return path.spp_pathmtu;
}

TEST(Paths, BulkOverLoopbackFindsItsMtu_8899) {
  EXPECT_EQ(mtu_after(0, 20'000), 1500U);
  EXPECT_GT(mtu_after(200, 20'000), 60'000U);
}

TEST(Paths, NoIntervalNoSearch_8899) {
  EXPECT_EQ(mtu_after(200, 0), 1500U);
}

}  // namespace
}  // namespace netsctp::test
