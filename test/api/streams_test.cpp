// Stream re-configuration through the C++ API (RFC 6525 §6).
#include <gtest/gtest.h>

#include <cerrno>
#include <variant>

#include "loopback.hpp"

namespace {

using namespace net;

struct Agreed : loopback::Pair {
  Agreed() {
    const sctp::SocketSettings settings{
        .events = {.stream_reset = true, .association_reset = true, .stream_change = true}};
    const auto prepare = [](sctp::Socket& socket) {
      socket.set(sctp::StreamReconfiguration{});
      socket.set(sctp::AllowedReconfigurations{.reset_streams = true, .reset_association = true, .add_streams = true});
    };
    sctp::SocketSettings waiting_settings = settings;
    waiting_settings.local_host = {"127.0.0.1"};
    waiting_settings.listen = true;
    sctp::Socket waiting(std::move(waiting_settings));
    prepare(waiting);
    waiting.start_server();
    client = sctp::Socket(settings);
    prepare(client);
    client.connect(waiting.local_name());
    server = waiting.accept();
  }

  template <typename Kind>
  static Kind told(sctp::Socket& socket) {
    const auto received = socket.receive_any();
    const auto* const notification = received ? std::get_if<sctp::Notification>(&*received) : nullptr;
    const Kind* const kind = notification != nullptr ? std::get_if<Kind>(notification) : nullptr;
    if (kind == nullptr) ADD_FAILURE() << "another notification, or none";
    return kind != nullptr ? *kind : Kind{};
  }
};

TEST(Streams, AResetIsToldAtBothEnds_6525_6_1_1) {
  Agreed pair;
  EXPECT_TRUE(pair.client.option<sctp::StreamReconfiguration>().on);
  EXPECT_TRUE(pair.client.option<sctp::AllowedReconfigurations>().add_streams);
  pair.client.send("first", {.stream = 3});
  EXPECT_EQ(pair.server.receive()->info().ssn, 0);
  const std::vector<std::uint16_t> streams{3};
  pair.client.reset_streams(streams);
  const auto sent = Agreed::told<sctp::StreamsReset>(pair.client);
  EXPECT_TRUE(sent.outgoing);
  EXPECT_FALSE(sent.incoming);
  EXPECT_EQ(sent.streams, streams);
  EXPECT_EQ(sent.outcome, sctp::ReconfigurationOutcome::kDone);
  const auto came = Agreed::told<sctp::StreamsReset>(pair.server);
  EXPECT_TRUE(came.incoming);
  EXPECT_EQ(came.streams, streams);
  EXPECT_NE(sctp::describe(came).find("reset of streams 3"), std::string::npos);
  pair.client.send("again", {.stream = 3});
  EXPECT_EQ(pair.server.receive()->info().ssn, 0);
}

TEST(Streams, TheAssociationCanBeReset_6525_6_1_2) {
  Agreed pair;
  pair.client.reset_association();
  const auto here = Agreed::told<sctp::AssociationReset>(pair.client);
  const auto there = Agreed::told<sctp::AssociationReset>(pair.server);
  EXPECT_EQ(here.outcome, sctp::ReconfigurationOutcome::kDone);
  EXPECT_EQ(here.local_tsn, there.remote_tsn);
  EXPECT_EQ(here.remote_tsn, there.local_tsn);
}

TEST(Streams, AddedStreamsCanBeUsed_6525_6_1_3) {
  Agreed pair;
  const std::uint16_t before = pair.client.option<sctp::Status>().outbound_streams;
  std::error_code error;
  pair.client.send("x", {.stream = before}, error);
  EXPECT_EQ(error, std::errc::invalid_argument);
  pair.client.add_streams(2);
  const auto added = Agreed::told<sctp::StreamsAdded>(pair.client);
  EXPECT_EQ(added.outbound, 2);
  EXPECT_EQ(added.inbound, 0);
  EXPECT_EQ(pair.client.option<sctp::Status>().outbound_streams, before + 2);
  pair.client.send("on a new one", {.stream = before});
  EXPECT_EQ(pair.server.receive()->stream(), before);
}

TEST(Streams, NothingWithoutAgreement_6525_6_3) {
  auto [client, server] = loopback::pair();
  EXPECT_FALSE(client.option<sctp::StreamReconfiguration>().on);
  std::error_code error;
  client.reset_streams({}, sctp::StreamDirection::kBoth, sctp::AssociationId::kNone, error);
  EXPECT_EQ(error.value(), ENOPROTOOPT);
  client.reset_association(sctp::AssociationId::kNone, error);
  EXPECT_EQ(error.value(), ENOPROTOOPT);
  client.add_streams(1, 1, sctp::AssociationId::kNone, error);
  EXPECT_EQ(error.value(), ENOPROTOOPT);
  EXPECT_THROW(client.reset_association(), std::system_error);
}

}  // namespace
