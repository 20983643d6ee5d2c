// Messages: pieces and MSG_EOR, peeking, ancillary data, limits, back-pressure (RFC 6458 §3.1.4, §5.3, §8).
#include <thread>

#include "sockets.hpp"

namespace netsctp::test {
namespace {

TEST(Messages, ALongOneIsReadInPiecesWithEorOnTheLast_6458_3_1_4) {
  Pair pair;
  EXPECT_EQ(send_text(pair.client, "0123456789"), 10);
  EXPECT_EQ(send_text(pair.client, "next"), 4);
  Received got = receive(pair.server, MSG_PEEK, 4);
  EXPECT_EQ(got.text, "0123");
  EXPECT_EQ(got.flags & MSG_EOR, 0);
  got = receive(pair.server, 0, 4);
  EXPECT_EQ(got.text, "0123");
  EXPECT_EQ(got.flags & MSG_EOR, 0);
  got = receive(pair.server, 0, 100);
  EXPECT_EQ(got.text, "456789");
  EXPECT_NE(got.flags & MSG_EOR, 0);
  EXPECT_EQ(receive(pair.server).text, "next");
}

TEST(Messages, AncillaryDataTellsStreamAndNext_6458_5_3) {
  Pair pair;
  EXPECT_EQ(set(pair.server, IPPROTO_SCTP, SCTP_RECVRCVINFO, int{1}), 0);
  EXPECT_EQ(set(pair.server, IPPROTO_SCTP, SCTP_RECVNXTINFO, int{1}), 0);
  sctp_event_subscribe old{};
  old.sctp_data_io_event = 1;
  EXPECT_EQ(set(pair.server, IPPROTO_SCTP, SCTP_EVENTS, old), 0);
  sctp_sndinfo info{};
  info.snd_sid = 2;
  info.snd_ppid = 7;
  EXPECT_EQ(send_text(pair.client, "one", 0, nullptr, &info), 3);
  info.snd_sid = 4;
  EXPECT_EQ(send_text(pair.client, "three", 0, nullptr, &info), 5);
  while (!receive(pair.server, MSG_PEEK).has_next) {
    ASSERT_NE(poll_for(pair.server, POLLIN), 0);
  }
  const Received got = receive(pair.server);
  ASSERT_TRUE(got.has_info && got.has_next && got.has_old_info);
  EXPECT_EQ(got.info.rcv_sid, 2);
  EXPECT_EQ(got.info.rcv_ppid, 7U);
  EXPECT_EQ(got.old_info.sinfo_stream, 2);
  EXPECT_EQ(got.old_info.sinfo_tsn, got.info.rcv_tsn);
  EXPECT_EQ(got.next.nxt_sid, 4);
  EXPECT_EQ(got.next.nxt_length, 5U);
  EXPECT_FALSE(receive(pair.server).has_next);
}

TEST(Messages, BadOnesAreRefused) {
  Pair pair;
  sctp_sndinfo info{};
  info.snd_sid = 10;  // ten streams: 0 to 9
  EXPECT_EQ(send_text(pair.client, "x", 0, nullptr, &info), -EINVAL);
  info = {};
  info.snd_flags = 0x400;
  EXPECT_EQ(send_text(pair.client, "x", 0, nullptr, &info), -EINVAL);
  EXPECT_EQ(send_text(pair.client, ""), -EINVAL);
  EXPECT_EQ(set(pair.client, SOL_SOCKET, SO_SNDBUF, int{5000}), 0);
  EXPECT_EQ(send_text(pair.client, std::string(10'001, 'x')), -EMSGSIZE);
  EXPECT_EQ(set(pair.client, IPPROTO_SCTP, SCTP_DISABLE_FRAGMENTS, int{1}), 0);
  EXPECT_EQ(send_text(pair.client, std::string(3000, 'x')), -EMSGSIZE);  // RFC 6458 §8.1.11
}

TEST(Messages, ManyArriveInOrder) {
  Pair pair;
  constexpr int kCount = 20'000;
  std::thread sender([&] {
    for (int i = 0; i < kCount; ++i) {
      const std::string text = std::to_string(i);
      ASSERT_EQ(send_text(pair.client, text), static_cast<ssize_t>(text.size()));
    }
  });
  for (int i = 0; i < kCount; ++i) ASSERT_EQ(receive(pair.server).text, std::to_string(i));
  sender.join();
}

TEST(Messages, OneLargerThanTheReceiveBufferIsDeliveredInParts_6458_6_1_7) {
  Pair pair([](const SocketPtr& each) {
    EXPECT_EQ(set(each, SOL_SOCKET, SO_RCVBUF, int{65536}), 0);
    EXPECT_EQ(set(each, SOL_SOCKET, SO_SNDBUF, int{2 << 20}), 0);
  });
  std::string large(1 << 20, ' ');
  for (std::size_t i = 0; i < large.size(); ++i) large[i] = static_cast<char>('a' + i % 23);
  EXPECT_EQ(send_text(pair.client, large), static_cast<ssize_t>(large.size()));
  std::string got;
  int flags = 0;
  while (got.size() < large.size() && (flags & MSG_EOR) == 0) {
    const Received part = receive(pair.server, 0, 10'000);
    ASSERT_GT(part.result, 0);
    got += part.text;
    flags = part.flags;
  }
  EXPECT_NE(flags & MSG_EOR, 0);
  EXPECT_EQ(got, large);
}

TEST(Messages, ASlowReaderStopsTheSender) {
  Pair pair([](const SocketPtr& each) {
    EXPECT_EQ(set(each, SOL_SOCKET, SO_RCVBUF, int{20'000}), 0);
    EXPECT_EQ(set(each, SOL_SOCKET, SO_SNDBUF, int{20'000}), 0);
  });
  const std::string block(1000, 'x');
  int sent = 0;
  while (send_text(pair.client, block, MSG_DONTWAIT) == 1000) ASSERT_LT(++sent, 200);
  EXPECT_EQ(send_text(pair.client, block, MSG_DONTWAIT), -EAGAIN);
  // Full is not writable. (What the window still takes in may free some of it once.)
  while ((poll_for(pair.client, POLLOUT, 200) & POLLOUT) != 0) {
    while (send_text(pair.client, block, MSG_DONTWAIT) == 1000) ASSERT_LT(++sent, 200);
  }
  for (int i = 0; i < sent; ++i) ASSERT_EQ(receive(pair.server).result, 1000);
  EXPECT_EQ(poll_for(pair.client, POLLOUT), POLLOUT);
  EXPECT_EQ(send_text(pair.client, block, MSG_DONTWAIT), 1000);
  EXPECT_EQ(receive(pair.server).result, 1000);
}

TEST(Messages, ABlockedSenderGoesOnWhenThereIsRoom) {
  Pair pair([](const SocketPtr& each) {
    EXPECT_EQ(set(each, SOL_SOCKET, SO_RCVBUF, int{10'000}), 0);
    EXPECT_EQ(set(each, SOL_SOCKET, SO_SNDBUF, int{5'000}), 0);
  });
  std::thread sender([&] {
    for (int i = 0; i < 500; ++i) ASSERT_EQ(send_text(pair.client, std::string(700, 'x')), 700);
  });
  for (int i = 0; i < 500; ++i) ASSERT_EQ(receive(pair.server).result, 700);
  sender.join();
}

}  // namespace
}  // namespace netsctp::test
