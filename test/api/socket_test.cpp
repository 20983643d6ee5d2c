// The socket as an object: errors both ways, ownership, threads, readiness, names, notifications, options.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "loopback.hpp"

namespace {

using namespace net;
using namespace std::chrono_literals;
using loopback::connected_to;
using loopback::listener;

// The code of the std::system_error that `call` throws.
template <typename Call>
std::error_code thrown_by(Call&& call) {
  try {
    call();
  } catch (const std::system_error& error) {
    return error.code();
  }
  return {};
}

TEST(Socket, APortThatIsTakenIsAnErrorBothWays) {
  const sctp::Socket first = listener({.one_to_many = true});
  const sctp::Address taken = first.local_name();
  sctp::Socket second;
  second = sctp::Socket({.local_host = {"127.0.0.1"}, .local_port = taken.port(), .listen = true});
  std::error_code error;
  second.start_server(error);
  EXPECT_EQ(error, std::errc::address_in_use);
  sctp::Socket third({.local_host = {"127.0.0.1"}, .local_port = taken.port(), .listen = true});
  EXPECT_EQ(thrown_by([&] { third.start_server(); }), std::errc::address_in_use);
  try {
    third.start_server();
  } catch (const std::system_error& what) {
    EXPECT_NE(std::string(what.what()).find(taken.text()), std::string::npos) << what.what();
  }
}

TEST(Socket, AnAddressOfAnotherMachineCannotBeBound) {
  sctp::Socket socket{sctp::SocketSettings{}};
  EXPECT_EQ(thrown_by([&] { socket.bind(sctp::Address("192.0.2.1", 0)); }), std::errc::address_not_available);
}

TEST(Socket, ConnectingWhereNobodyListensIsRefused) {
  std::uint16_t port = 0;
  {
    const sctp::Socket gone = listener();
    port = gone.local_name().port();
  }
  sctp::Socket client({.peer_host = {"127.0.0.1"}, .peer_port = port});
  std::error_code error;
  client.start_client(error);
  EXPECT_EQ(error, std::errc::connection_refused);
}

TEST(Socket, AHostThatDoesNotAnswerTimesOut) {  // RFC 9260 §5.1.4
  // Nobody reads at this UDP port, or the raw link's tests name a host: the INITs get no answer.
  const int held = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_in name{};
  name.sin_family = AF_INET;
  socklen_t length = sizeof name;
  ASSERT_EQ(::bind(held, reinterpret_cast<sockaddr*>(&name), length), 0);
  ASSERT_EQ(::getsockname(held, reinterpret_cast<sockaddr*>(&name), &length), 0);
  const char* const silent_host = std::getenv("NETSCTP_TEST_SILENT_HOST");
  sctp::Socket client({.peer_host = {silent_host != nullptr ? silent_host : "127.0.0.1"},
                       .peer_port = 5000,
                       .init = sctp::InitParameters{.max_attempts = 1, .max_timeout = 50ms},
                       .rto = sctp::Rto{.initial = 50ms, .min = 20ms, .max = 50ms},
                       .remote_udp_port = ntohs(name.sin_port)});
  EXPECT_EQ(thrown_by([&] { client.start_client(); }), std::errc::timed_out);
  ::close(held);
}

TEST(Socket, WhatCannotBeSentIsSaid) {
  auto [client, server] = loopback::pair();
  std::error_code error;
  client.send("x", {.stream = 65535}, error);
  EXPECT_EQ(error, std::errc::invalid_argument);
  const std::size_t room = client.option<sctp::SendBuffer>().bytes;
  client.send(std::string(room + 1, 'x'), {}, error);
  EXPECT_EQ(error, std::errc::message_size);
  client.shutdown();
  client.send("x", {}, error);
  EXPECT_TRUE(sctp::has_ended(error)) << error.message();
  EXPECT_TRUE(sctp::has_ended(thrown_by([&] { client.send("x"); })));
}

TEST(Socket, WhatWasMovedFromOrClosedIsClosed) {
  sctp::Socket first{sctp::SocketSettings{}};
  const int descriptor = first.descriptor();
  EXPECT_GE(descriptor, 0);
  sctp::Socket second = std::move(first);
  EXPECT_FALSE(first.is_open());  // NOLINT(bugprone-use-after-move)
  EXPECT_EQ(first.descriptor(), -1);
  EXPECT_EQ(thrown_by([&] { first.listen(); }), std::errc::bad_file_descriptor);
  EXPECT_EQ(second.descriptor(), descriptor);
  second.close();
  second.close();
  EXPECT_FALSE(second.is_open());
  std::error_code error;
  EXPECT_FALSE(second.receive(error));
  EXPECT_EQ(error, std::errc::bad_file_descriptor);
  EXPECT_FALSE(sctp::Socket().is_open());
}

TEST(Socket, ClosingEndsAReceiveThatWaitsInAnotherThread) {
  for (int round = 0; round < 20; ++round) {
    sctp::Socket server = listener({.one_to_many = true});
    std::error_code error;
    std::thread waiting([&] { EXPECT_FALSE(server.receive(error)); });
    server.close();
    waiting.join();
    EXPECT_EQ(error, std::errc::bad_file_descriptor);
  }
}

TEST(Socket, ASocketThatDoesNotBlockSaysSo) {
  auto [client, server] = loopback::pair();
  server.set_nonblocking(true);
  std::error_code error;
  EXPECT_FALSE(server.receive(error));
  EXPECT_TRUE(sctp::would_block(error));
  EXPECT_FALSE(server.wait_readable(0ms));
  client.send("now");
  EXPECT_TRUE(server.wait_readable(10s));
  EXPECT_EQ(server.receive()->text(), "now");
}

TEST(Socket, TheDescriptorTellsReadinessToPoll) {
  sctp::Socket waiting = listener();
  pollfd entry{waiting.descriptor(), POLLIN, 0};
  EXPECT_EQ(::poll(&entry, 1, 0), 0);
  sctp::Socket client = connected_to(waiting);
  EXPECT_EQ(::poll(&entry, 1, 10'000), 1);
  sctp::Socket server = waiting.accept();
  entry = {client.descriptor(), POLLIN | POLLOUT, 0};
  EXPECT_EQ(::poll(&entry, 1, 10'000), 1);
  EXPECT_EQ(entry.revents, POLLOUT);
}

TEST(Socket, EachEndKnowsBothNames) {
  auto [client, server] = loopback::pair();
  EXPECT_EQ(client.peer_name(), server.local_name());
  EXPECT_EQ(server.peer_name(), sctp::Address("127.0.0.1", client.local_name().port()));
  std::error_code error;
  EXPECT_FALSE(sctp::Socket(sctp::SocketSettings()).peer_name(error));
  EXPECT_EQ(error, std::errc::not_connected);
}

TEST(Socket, AssociationsBeginAndEndInNotifications) {  // RFC 6458 §6.1.1
  sctp::Socket server = listener({.one_to_many = true, .events = {.association = true, .shutdown = true}});
  sctp::Socket client = connected_to(server);
  client.send("between");
  client.close();
  std::vector<std::string> seen;
  auto association = sctp::AssociationId::kNone;
  for (bool over = false; !over;) {
    const auto received = server.receive_any();
    ASSERT_TRUE(received);
    if (const auto* message = std::get_if<sctp::Message>(&*received)) {
      seen.emplace_back(message->text());
      EXPECT_EQ(message->association(), association);
      continue;
    }
    const auto& notification = std::get<sctp::Notification>(*received);
    EXPECT_FALSE(sctp::describe(notification).empty());
    if (std::holds_alternative<sctp::ShutdownEvent>(notification)) seen.emplace_back("shutdown");
    if (const auto* change = std::get_if<sctp::AssociationChange>(&notification)) {
      if (change->state == sctp::AssociationChange::State::kUp) {
        association = change->association;
        EXPECT_GT(change->outbound_streams, 0);
        seen.emplace_back("up");
      } else {
        EXPECT_EQ(change->state, sctp::AssociationChange::State::kShutdownComplete);
        seen.emplace_back("over");
        over = true;
      }
    }
  }
  EXPECT_EQ(seen, (std::vector<std::string>{"up", "between", "shutdown", "over"}));
}

TEST(Socket, ReceiveDropsNotifications) {
  sctp::Socket server = listener({.one_to_many = true, .events = {.association = true}});
  sctp::Socket client = connected_to(server);
  client.send("only this");
  EXPECT_EQ(server.receive()->text(), "only this");
  EXPECT_TRUE(server.option<sctp::Events>().association);
}

// Whatever the listener's subscription has become since.
TEST(Socket, WhatIsAcceptedHasTheEventsOfTheSettings) {
  sctp::Socket waiting = listener({.events = {.shutdown = true}});
  sctp::Socket early = connected_to(waiting);
  waiting.set(sctp::Events{});
  sctp::Socket late = connected_to(waiting);
  for (sctp::Socket* const client : {&early, &late}) {
    sctp::Socket accepted = waiting.accept();
    EXPECT_TRUE(accepted.option<sctp::Events>().shutdown);
    client->shutdown();
    const auto received = accepted.receive_any();
    ASSERT_TRUE(received);
    const auto* const notification = std::get_if<sctp::Notification>(&*received);
    ASSERT_NE(notification, nullptr);
    EXPECT_TRUE(std::holds_alternative<sctp::ShutdownEvent>(*notification));
  }
}

TEST(Options, LossRecoveryIsChosenByTheSocket) {
  sctp::Socket socket{sctp::SocketSettings{}};
  EXPECT_EQ(socket.option<sctp::CongestionControl>().algorithm, sctp::CongestionControl::Algorithm::kRfc9260);
  for (const auto algorithm : {sctp::CongestionControl::Algorithm::kCubic, sctp::CongestionControl::Algorithm::kBbr}) {
    socket.set(sctp::CongestionControl{algorithm});
    EXPECT_EQ(socket.option<sctp::CongestionControl>().algorithm, algorithm);
  }
  EXPECT_EQ(socket.option<sctp::LossDetection>().algorithm, sctp::LossDetection::Algorithm::kRfc9260);
  socket.set(sctp::LossDetection{sctp::LossDetection::Algorithm::kRack});
  EXPECT_EQ(socket.option<sctp::LossDetection>().algorithm, sctp::LossDetection::Algorithm::kRack);
}

TEST(Options, ValuesThatAreSetAreRead) {
  sctp::Socket socket{sctp::SocketSettings{}};
  socket.set(sctp::NoDelay{true});
  EXPECT_TRUE(socket.option<sctp::NoDelay>().on);
  socket.set(sctp::Rto{.initial = 300ms, .min = 200ms, .max = 900ms});
  const auto rto = socket.option<sctp::Rto>();
  EXPECT_EQ(rto.initial, 300ms);
  EXPECT_EQ(rto.min, 200ms);
  EXPECT_EQ(rto.max, 900ms);
  socket.set(sctp::InitParameters{.outbound_streams = 33, .max_inbound_streams = 44, .max_attempts = 5});
  const auto init = socket.option<sctp::InitParameters>();
  EXPECT_EQ(init.outbound_streams, 33);
  EXPECT_EQ(init.max_inbound_streams, 44);
  EXPECT_EQ(init.max_attempts, 5);
  socket.set(sctp::Linger{.on = true, .timeout = 3s});
  EXPECT_EQ(socket.option<sctp::Linger>().timeout, 3s);
  socket.set(sctp::ReceiveBuffer{100'000});
  EXPECT_GE(socket.option<sctp::ReceiveBuffer>().bytes, 100'000U);
  socket.set(sctp::PathParameters{.heartbeat_interval = 1234ms, .max_retransmissions = 3});
  const auto path = socket.option<sctp::PathParameters>();
  EXPECT_EQ(path.heartbeat_interval, 1234ms);
  EXPECT_EQ(path.max_retransmissions, 3);
  EXPECT_EQ(path.heartbeat, true);
  socket.set(sctp::DelayedSack{.delay = 50ms, .frequency = 3});
  EXPECT_EQ(socket.option<sctp::DelayedSack>().delay, 50ms);
  socket.set(sctp::AssociationParameters{.max_retransmissions = 7});
  EXPECT_EQ(socket.option<sctp::AssociationParameters>().max_retransmissions, 7);
  EXPECT_EQ(thrown_by([&] { socket.set(sctp::Rto{.min = 5s, .max = 1s}); }), std::errc::invalid_argument);
}

TEST(Options, TheStatusOfAnAssociation) {  // RFC 6458 §8.2.1, §8.2.2
  auto [client, server] = loopback::pair({.init = sctp::InitParameters{.outbound_streams = 5}});
  const auto status = client.option<sctp::Status>();
  EXPECT_EQ(status.state, sctp::AssociationState::kEstablished);
  EXPECT_STREQ(sctp::name(status.state), "ESTABLISHED");
  EXPECT_EQ(status.outbound_streams, 5);
  EXPECT_GT(status.peer_window, 0U);
  EXPECT_EQ(status.primary.peer, server.local_name());
  const auto path = client.option(sctp::PathStatus{.peer = server.local_name()});
  EXPECT_EQ(path.state, sctp::PathState::kActive);
  EXPECT_GT(path.congestion_window, 0U);
  EXPECT_GT(path.mtu, 0U);
  EXPECT_EQ(client.option<sctp::PrimaryAddress>().peer, server.local_name());
  std::error_code error;
  (void)sctp::Socket(sctp::SocketSettings()).option(sctp::Status(), sctp::AssociationId::kNone, error);
  EXPECT_EQ(error, std::errc::invalid_argument);
}

TEST(Backend, SaysWhatServesAndWhy) {
  const auto backend = sctp::backend_info();
  EXPECT_FALSE(backend.reason.empty());
  EXPECT_TRUE(backend.error.empty()) << backend.error;
  EXPECT_FALSE(sctp::version().empty());
  EXPECT_EQ(backend.udp_port != 0, backend.link == "udp");
}

}  // namespace
