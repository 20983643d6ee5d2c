// Messages through real sockets on loopback (RFC 6458 §3, §4, §5).
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "loopback.hpp"

namespace {

using namespace net;
using loopback::connected_to;
using loopback::listener;

TEST(Messages, OneToManyServerAnswersWhoeverAsks) {
  sctp::Socket server = listener({.one_to_many = true});
  for (int i = 0; i < 3; ++i) {
    sctp::Socket client = connected_to(server);
    client.send("question " + std::to_string(i), {.stream = 2, .ppid = 7});
    const auto question = server.receive();
    ASSERT_TRUE(question);
    EXPECT_EQ(question->text(), "question " + std::to_string(i));
    EXPECT_EQ(question->peer(), sctp::Address("127.0.0.1", client.local_name().port()));
    EXPECT_EQ(question->stream(), 2);
    EXPECT_EQ(question->ppid(), 7U);
    EXPECT_GE(static_cast<int>(question->association()), 3);
    server.send("I am the Server!!", {.association = question->association(), .stream = 1, .ppid = 46});
    const auto answer = client.receive();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->text(), "I am the Server!!");
    EXPECT_EQ(answer->size(), 17U);
    EXPECT_EQ(answer->stream(), 1);
    EXPECT_EQ(answer->ppid(), 46U);
  }
}

TEST(Messages, OneToManyClientSendsOnTheAssociationItStarted) {
  sctp::Socket server = listener({.one_to_many = true});
  sctp::Socket client = connected_to(server, {.one_to_many = true});
  client.send("hello");
  EXPECT_EQ(server.receive()->text(), "hello");
}

TEST(Messages, SendingToAnAddressSetsTheAssociationUp) {  // RFC 6458 §3.1.3
  sctp::Socket server = listener({.one_to_many = true});
  sctp::Socket client({.one_to_many = true});
  client.send("hello", {.peer = server.local_name()});
  const auto message = server.receive();
  ASSERT_TRUE(message);
  EXPECT_EQ(message->text(), "hello");
  server.send("back", {.association = message->association()});
  EXPECT_EQ(client.receive()->text(), "back");
}

TEST(Messages, BoundsAreKept) {
  auto [client, server] = loopback::pair();
  const std::vector<std::size_t> sizes{1, 1000, 3, 40000, 1452, 2};
  for (const std::size_t size : sizes) client.send(std::string(size, static_cast<char>('a' + size % 26)));
  for (const std::size_t size : sizes) {
    const auto message = server.receive();
    ASSERT_TRUE(message);
    EXPECT_EQ(message->text(), std::string(size, static_cast<char>('a' + size % 26)));
  }
}

TEST(Messages, AMessageLargerThanTheReceiveBufferArrivesWhole) {  // RFC 9260 §6.9: partial delivery
  auto [client, server] = loopback::pair();
  client.set(sctp::SendBuffer{2'000'000});
  std::string large(1'500'000, '\0');
  for (std::size_t i = 0; i < large.size(); ++i) large[i] = static_cast<char>(i * 31 + i / 256);
  client.send(large);
  client.send("after");
  const auto message = server.receive();
  ASSERT_TRUE(message);
  EXPECT_TRUE(message->text() == large);
  EXPECT_EQ(server.receive()->text(), "after");
}

TEST(Messages, ABufferTooSmallGetsTheMessageInPieces) {  // RFC 6458 §4.1.8: MSG_EOR
  auto [client, server] = loopback::pair();
  client.send("abcdefgh", {.stream = 3});
  client.send("ij");
  std::vector<std::byte> buffer(3);
  std::string text;
  std::vector<bool> ends;
  while (text.size() < 10) {
    const auto piece = server.receive_some(buffer);
    ASSERT_TRUE(piece);
    text.append(reinterpret_cast<const char*>(buffer.data()), piece->size);
    ends.push_back(piece->end_of_message);
    EXPECT_EQ(piece->info.stream, text.size() <= 8 ? 3 : 0);
  }
  EXPECT_EQ(text, "abcdefghij");
  EXPECT_EQ(ends, (std::vector<bool>{false, false, true, true}));
}

TEST(Messages, UnorderedIsTold) {
  auto [client, server] = loopback::pair();
  client.send("u", {.unordered = true});
  client.send("o");
  const auto first = server.receive();
  const auto second = server.receive();
  ASSERT_TRUE(first && second);
  EXPECT_NE(first->unordered(), second->unordered());
}

TEST(Messages, AMessageBeyondTheLimitIsDroppedAndTheNextOneArrives) {
  sctp::Socket waiting = listener({.max_message_size = 100'000});
  sctp::Socket client = connected_to(waiting);
  sctp::Socket server = waiting.accept();
  client.send(std::string(100'001, 'x'));
  client.send(std::string(100'000, 'y'));
  std::error_code error;
  EXPECT_FALSE(server.receive(error));
  EXPECT_EQ(error, std::errc::message_size);
  EXPECT_EQ(server.receive()->size(), 100'000U);
}

TEST(Messages, TheEndOfAnAssociationIsNothing) {
  auto [client, server] = loopback::pair();
  client.send("last");
  client.shutdown();
  EXPECT_EQ(server.receive()->text(), "last");
  std::error_code error;
  EXPECT_FALSE(server.receive(error));
  EXPECT_FALSE(error);
  EXPECT_FALSE(client.receive(error));
  EXPECT_FALSE(error);
}

TEST(Messages, AnAbortIsAnErrorAtThePeer) {  // RFC 9260 §9.1
  auto [client, server] = loopback::pair();
  client.abort(sctp::AssociationId::kNone, "enough");
  std::error_code error;
  EXPECT_FALSE(server.receive(error));
  EXPECT_EQ(error, std::errc::connection_reset);
}

TEST(Messages, AnAssociationCanBeTakenOut) {  // RFC 6458 §9.2
  sctp::Socket server = listener({.one_to_many = true});
  sctp::Socket client = connected_to(server);
  client.send("one");
  const auto message = server.receive();
  ASSERT_TRUE(message);
  sctp::Socket taken = server.peeloff(message->association());
  client.send("two");
  EXPECT_EQ(taken.receive()->text(), "two");
  taken.send("three");
  EXPECT_EQ(client.receive()->text(), "three");
  EXPECT_EQ(taken.peer_name(), sctp::Address("127.0.0.1", client.local_name().port()));
  taken.shutdown();
  EXPECT_FALSE(client.receive());
  EXPECT_FALSE(taken.receive());
}

TEST(Messages, ATakenOutAssociationEndsWithItsPeer) {  // RFC 6458 §9.2
  sctp::Socket server = listener({.one_to_many = true});
  sctp::Socket client = connected_to(server);
  client.send("one");
  const auto message = server.receive();
  ASSERT_TRUE(message);
  sctp::Socket taken = server.peeloff(message->association());
  client.close();
  EXPECT_FALSE(taken.receive());
}

TEST(Messages, TwoPathsAreTwoAddressesOfOnePeer) {
  sctp::Socket server({.local_host = {"127.0.0.1", "127.0.0.2"}, .listen = true});
  server.start_server();
  const auto bound = server.local_addresses();
  EXPECT_EQ(bound.size(), 2U);
  const std::uint16_t port = server.local_name().port();
  sctp::Socket client({.local_host = {"127.0.0.1", "127.0.0.2"}});
  client.start_server();
  const std::vector<sctp::Address> peers{sctp::Address("127.0.0.1", port), sctp::Address("127.0.0.2", port)};
  client.connectx(peers);
  auto seen = client.peer_addresses();
  std::sort(seen.begin(), seen.end());
  EXPECT_EQ(seen, peers);
  const sctp::Socket accepted = server.accept();
  auto theirs = accepted.peer_addresses();
  auto ours = client.local_addresses();
  std::sort(theirs.begin(), theirs.end());
  std::sort(ours.begin(), ours.end());
  EXPECT_EQ(theirs, ours);
  EXPECT_EQ(client.option<sctp::AssociationParameters>().peer_addresses, 2);
}

TEST(Messages, Ipv6LoopbackWorksToo) {
  sctp::Socket server({.local_host = {"::1"}, .listen = true, .one_to_many = true});
  server.start_server();
  sctp::Socket client({.peer_host = {"::1"}, .peer_port = server.local_name().port()});
  client.start_client();
  client.send("six");
  const auto message = server.receive();
  ASSERT_TRUE(message);
  EXPECT_EQ(message->text(), "six");
  EXPECT_TRUE(message->peer().is_v6());
}

}  // namespace
