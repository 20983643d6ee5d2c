// UDP encapsulation through a NAT that changes its port in the middle of an association (RFC 6951 §5.4).
#include <sys/eventfd.h>

#include <array>
#include <thread>

#include "socket/sockets.hpp"

namespace netsctp::test {
namespace {

int udp_socket(std::uint16_t& port) {
  const int made = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  auto name = SocketAddress::v4("127.0.0.1", 0);
  EXPECT_EQ(::bind(made, name.get(), name.length), 0);
  socklen_t length = name.length;
  EXPECT_EQ(::getsockname(made, name.get(), &length), 0);
  port = name.port();
  return made;
}

std::uint16_t remote_udp_port(const SocketPtr& socket) {
  sctp_udpencaps encapsulation{};
  EXPECT_EQ(get(socket, IPPROTO_SCTP, SCTP_REMOTE_UDP_ENCAPS_PORT, encapsulation), 0);
  return ntohs(encapsulation.sue_port);
}

// What the client sends to `front` goes on to `to` from another socket, `back`, and what comes back there the other
// way.
struct Nat {
  std::uint16_t front_port = 0;
  std::uint16_t back_port = 0;
  int front = udp_socket(front_port);
  int back = udp_socket(back_port);
  int stop = ::eventfd(0, EFD_CLOEXEC);
  std::uint16_t to;
  std::thread thread;

  explicit Nat(std::uint16_t port) : to(port) { start(); }
  ~Nat() {
    end();
    for (const int each : {front, back, stop}) ::close(each);
  }
  // The mapping is gone, and who sends to its port hears so by ICMP; the next packet makes another.
  void rebind() {
    end();
    ::close(back);
    back = udp_socket(back_port);
    start();
  }

 private:
  void start() {
    thread = std::thread([this] {
      std::array<pollfd, 3> entries{{{front, POLLIN, 0}, {back, POLLIN, 0}, {stop, POLLIN, 0}}};
      while (::poll(entries.data(), entries.size(), -1) > 0 && entries[2].revents == 0) {
        forward(front, back);
        forward(back, front);
      }
    });
  }
  void end() {
    std::uint64_t one = 1;
    EXPECT_EQ(::write(stop, &one, sizeof one), 8);
    thread.join();
    EXPECT_EQ(::read(stop, &one, sizeof one), 8);
  }
  void forward(int from, int by) const {
    std::array<char, 65536> packet;
    const auto next = SocketAddress::v4("127.0.0.1", to);
    for (ssize_t size = 0; (size = ::recv(from, packet.data(), packet.size(), 0)) >= 0;)
      (void)::sendto(by, packet.data(), static_cast<std::size_t>(size), 0, next.get(), next.length);
  }
};

TEST(Nat, AnAssociationLivesThroughChangesOfItsPort_6951_5_4) {
  const Pair direct;
  const std::uint16_t own_port = remote_udp_port(direct.client);
  Nat nat(own_port);
  auto client = make();
  be_patient(client);
  sctp_udpencaps encapsulation{};
  encapsulation.sue_port = htons(nat.front_port);
  ASSERT_EQ(set(client, IPPROTO_SCTP, SCTP_REMOTE_UDP_ENCAPS_PORT, encapsulation), 0);
  ASSERT_EQ(connect_to(client, SocketAddress::v4("127.0.0.1", direct.port)), 0);
  auto server = accept_one(direct.listening);
  be_patient(server);
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(send_text(client, "there"), 5);
    ASSERT_EQ(receive(server).text, "there");
    EXPECT_EQ(remote_udp_port(server), nat.back_port);
    EXPECT_EQ(remote_udp_port(client), nat.front_port);
    ASSERT_EQ(send_text(server, "and back"), 8);
    ASSERT_EQ(receive(client).text, "and back");
    nat.rebind();
  }
  EXPECT_EQ(client->close(), 0);
  EXPECT_EQ(server->close(), 0);
}

// RFC 6951 §5.5: by ICMP, over UDP as over raw IP.
TEST(Nat, NobodyAtThePeersUdpPortIsRefusedAtOnce_6951_5_5) {
  std::uint16_t dead = 0;
  ::close(udp_socket(dead));
  auto client = make();
  be_patient(client);
  sctp_udpencaps encapsulation{};
  encapsulation.sue_port = htons(dead);
  ASSERT_EQ(set(client, IPPROTO_SCTP, SCTP_REMOTE_UDP_ENCAPS_PORT, encapsulation), 0);
  EXPECT_EQ(connect_to(client, SocketAddress::v4("127.0.0.1", 7)), -ECONNREFUSED);
  EXPECT_EQ(client->close(), 0);
}

}  // namespace
}  // namespace netsctp::test
