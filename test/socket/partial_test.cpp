// Partial reliability through sockets: RFC 7496 §4, RFC 6458 §5.3.7.
#include "sockets.hpp"

namespace netsctp::test {
namespace {

TEST(PartialReliability, SupportIsNegotiatedForAssociationsToCome_7496_4_5) {
  Pair pair;
  sctp_assoc_value value{};
  EXPECT_EQ(get(pair.client, IPPROTO_SCTP, SCTP_PR_SUPPORTED, value), 0);
  EXPECT_EQ(value.assoc_value, 1U);
  auto fresh = make();
  value = {};
  EXPECT_EQ(set(fresh, IPPROTO_SCTP, SCTP_PR_SUPPORTED, value), 0);
  EXPECT_EQ(get(fresh, IPPROTO_SCTP, SCTP_PR_SUPPORTED, value), 0);
  EXPECT_EQ(value.assoc_value, 0U);
}

TEST(PartialReliability, DefaultPolicyIsKept_6458_8_1_32) {
  Pair pair;
  sctp_default_prinfo info{};
  info.pr_policy = SCTP_PR_SCTP_TTL;
  info.pr_value = 1000;
  EXPECT_EQ(set(pair.client, IPPROTO_SCTP, SCTP_DEFAULT_PRINFO, info), 0);
  info = {};
  EXPECT_EQ(get(pair.client, IPPROTO_SCTP, SCTP_DEFAULT_PRINFO, info), 0);
  EXPECT_EQ(info.pr_policy, SCTP_PR_SCTP_TTL);
  EXPECT_EQ(info.pr_value, 1000U);
  info.pr_policy = 1;
  EXPECT_EQ(set(pair.client, IPPROTO_SCTP, SCTP_DEFAULT_PRINFO, info), -EINVAL);
  EXPECT_EQ(send_text(pair.client, "arrives in time"), 15);
  EXPECT_EQ(receive(pair.server).text, "arrives in time");
}

TEST(PartialReliability, LessImportantMessagesMakeRoomAndAreReported_7496_3_2) {
  Pair pair;
  subscribe(pair.client, {SCTP_SEND_FAILED_EVENT});
  EXPECT_EQ(set(pair.server, SOL_SOCKET, SO_RCVBUF, int{2500}), 0);
  sctp_default_prinfo info{};
  info.pr_policy = SCTP_PR_SCTP_PRIO;
  info.pr_value = 9;
  EXPECT_EQ(set(pair.client, IPPROTO_SCTP, SCTP_DEFAULT_PRINFO, info), 0);
  const std::string text(20'000, 'x');
  while (send_text(pair.client, text, MSG_DONTWAIT | MSG_NOSIGNAL) > 0) continue;  // equal: none makes room
  info.pr_value = 1;
  EXPECT_EQ(set(pair.client, IPPROTO_SCTP, SCTP_DEFAULT_PRINFO, info), 0);
  EXPECT_EQ(send_text(pair.client, text, MSG_DONTWAIT | MSG_NOSIGNAL), 20'000);
  const Received got = receive(pair.client);
  ASSERT_NE(got.flags & MSG_NOTIFICATION, 0);
  EXPECT_EQ(got.notification().sn_header.sn_type, SCTP_SEND_FAILED_EVENT);
  sctp_prstatus status{};
  status.sprstat_policy = SCTP_PR_SCTP_PRIO;
  EXPECT_EQ(get(pair.client, IPPROTO_SCTP, SCTP_PR_ASSOC_STATUS, status), 0);
  EXPECT_GE(status.sprstat_abandoned_unsent + status.sprstat_abandoned_sent, 1U);
  const auto total = status.sprstat_abandoned_unsent;
  status.sprstat_policy = SCTP_PR_SCTP_ALL;
  EXPECT_EQ(get(pair.client, IPPROTO_SCTP, SCTP_PR_STREAM_STATUS, status), 0);
  EXPECT_EQ(status.sprstat_abandoned_unsent, total);
  status.sprstat_sid = 999;
  EXPECT_EQ(get(pair.client, IPPROTO_SCTP, SCTP_PR_STREAM_STATUS, status), -EINVAL);
  status.sprstat_policy = SCTP_PR_SCTP_NONE;
  EXPECT_EQ(get(pair.client, IPPROTO_SCTP, SCTP_PR_ASSOC_STATUS, status), -EINVAL);
}

// How a caller says what it wants of one message.
struct Wish {
  bool sndrcv = false;  // the policy in sinfo_flags, the value in sinfo_timetolive (Linux)
  bool prinfo = false;  // SCTP_PRINFO (RFC 6458 §5.3.7)
  int policy = SCTP_PR_SCTP_NONE;
  unsigned value = 0;
  unsigned context = 0;
  int stream = 0;
};

ssize_t send_wish(const SocketPtr& socket, std::string_view text, const Wish& wish) {
  iovec part{const_cast<char*>(text.data()), text.size()};
  alignas(cmsghdr) char control[256] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  const auto put = [&](int type, const auto& value) {
    auto* const header = reinterpret_cast<cmsghdr*>(control + message.msg_controllen);
    header->cmsg_level = IPPROTO_SCTP;
    header->cmsg_type = type;
    header->cmsg_len = CMSG_LEN(sizeof value);
    std::memcpy(CMSG_DATA(header), &value, sizeof value);
    message.msg_controllen += CMSG_SPACE(sizeof value);
  };
  if (wish.sndrcv) {
    sctp_sndrcvinfo info{};
    info.sinfo_flags = static_cast<std::uint16_t>(wish.policy);
    info.sinfo_timetolive = wish.value;
    info.sinfo_context = wish.context;
    info.sinfo_stream = static_cast<std::uint16_t>(wish.stream);
    put(SCTP_SNDRCV, info);
  } else if (wish.prinfo) {
    sctp_sndinfo info{};
    info.snd_context = wish.context;
    info.snd_sid = static_cast<std::uint16_t>(wish.stream);
    put(SCTP_SNDINFO, info);
    put(SCTP_PRINFO, sctp_prinfo{static_cast<std::uint16_t>(wish.policy), wish.value});
  }
  return socket->sendmsg(&message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

// The peer takes in nothing until it reads.
struct ClosedWindow : Pair {
  ClosedWindow() : Pair([](const SocketPtr& each) { EXPECT_EQ(set(each, SOL_SOCKET, SO_RCVBUF, int{2500}), 0); }) {
    subscribe(client, {SCTP_SEND_FAILED_EVENT});
    for (int i = 0; i < 40; ++i) EXPECT_EQ(send_text(client, std::string(1000, 'f')), 1000);
  }
  // Reads until the client has been told that a message failed.
  Received failure() {
    (void)poll_for(client, POLLIN, 20);  // what has a millisecond to live is dead then
    for (const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(kPatience);;) {
      const Received got = receive(client, MSG_DONTWAIT);
      if (got.result > 0 || std::chrono::steady_clock::now() > end) return got;
      (void)poll_for(server, POLLIN, 20);
      while (receive(server, MSG_DONTWAIT).result > 0) continue;
    }
  }
  sctp_prstatus status(int option, int policy, int stream = 0) {
    sctp_prstatus found{};
    found.sprstat_sid = static_cast<std::uint16_t>(stream);
    found.sprstat_policy = static_cast<std::uint16_t>(policy);
    EXPECT_EQ(get(client, IPPROTO_SCTP, option, found), 0);
    return found;
  }
};

const sctp_send_failed_event& failed_event(const Received& got) {
  return *reinterpret_cast<const sctp_send_failed_event*>(got.text.data());
}

TEST(PartialReliability, UnsentExpiredMessagesComeBackWithTheirPayload_6458_6_1_11) {
  for (const bool sndrcv : {true, false}) {
    ClosedWindow pair;
    const Wish wish{sndrcv, !sndrcv, SCTP_PR_SCTP_TTL, 1, 77, 3};
    ASSERT_EQ(send_wish(pair.client, "too late", wish), 8);
    const Received got = pair.failure();
    ASSERT_EQ(got.result, static_cast<ssize_t>(sizeof(sctp_send_failed_event) + 8));
    const sctp_send_failed_event& event = failed_event(got);
    EXPECT_EQ(event.ssf_type, SCTP_SEND_FAILED_EVENT);
    EXPECT_EQ(event.ssf_flags, SCTP_DATA_UNSENT);
    EXPECT_EQ(event.ssf_length, got.result);
    EXPECT_EQ(event.ssf_error, 0U);
    EXPECT_EQ(event.ssfe_info.snd_context, 77U);
    EXPECT_EQ(event.ssfe_info.snd_sid, 3);
    EXPECT_EQ(got.text.substr(sizeof event), "too late");
    EXPECT_EQ(pair.status(SCTP_PR_ASSOC_STATUS, SCTP_PR_SCTP_TTL).sprstat_abandoned_unsent, 1U);
    EXPECT_EQ(pair.status(SCTP_PR_ASSOC_STATUS, SCTP_PR_SCTP_RTX).sprstat_abandoned_unsent, 0U);
    EXPECT_EQ(pair.status(SCTP_PR_STREAM_STATUS, SCTP_PR_SCTP_TTL, 3).sprstat_abandoned_unsent, 1U);
    EXPECT_EQ(pair.status(SCTP_PR_STREAM_STATUS, SCTP_PR_SCTP_ALL, 2).sprstat_abandoned_unsent, 0U);
    EXPECT_EQ(pair.status(SCTP_PR_ASSOC_STATUS, SCTP_PR_SCTP_ALL).sprstat_abandoned_sent, 0U);
  }
}

TEST(PartialReliability, OldNotificationToo_6458_6_1_4) {
  ClosedWindow pair;
  sctp_event event{};
  event.se_type = SCTP_SEND_FAILED_EVENT;
  EXPECT_EQ(set(pair.client, IPPROTO_SCTP, SCTP_EVENT, event), 0);
  subscribe(pair.client, {SCTP_SEND_FAILED});
  ASSERT_EQ(send_wish(pair.client, "too late", {.sndrcv = true, .policy = SCTP_PR_SCTP_TTL, .value = 1}), 8);
  const Received got = pair.failure();
  ASSERT_EQ(got.result, static_cast<ssize_t>(sizeof(sctp_send_failed) + 8));
  EXPECT_EQ(got.notification().sn_header.sn_type, SCTP_SEND_FAILED);
  EXPECT_EQ(got.notification().sn_header.sn_flags, SCTP_DATA_UNSENT);
  EXPECT_EQ(got.text.substr(sizeof(sctp_send_failed)), "too late");
}

TEST(PartialReliability, LifetimeOfSndrcvinfoNeedsNoPolicy_6458_5_3_2) {
  ClosedWindow pair;
  ASSERT_EQ(send_wish(pair.client, "too late", {.sndrcv = true, .value = 1}), 8);
  EXPECT_EQ(pair.failure().text.substr(sizeof(sctp_send_failed_event)), "too late");
}

TEST(PartialReliability, DefaultPolicyIsThatOfMessagesThatSayNothing_6458_8_1_32) {
  ClosedWindow pair;
  sctp_default_prinfo info{};
  info.pr_policy = SCTP_PR_SCTP_TTL;
  info.pr_value = 1;
  EXPECT_EQ(set(pair.client, IPPROTO_SCTP, SCTP_DEFAULT_PRINFO, info), 0);
  ASSERT_EQ(send_wish(pair.client, "kept", {.prinfo = true}), 4);  // it says: reliable
  ASSERT_EQ(send_wish(pair.client, "kept", {.sndrcv = true}), 4);
  ASSERT_EQ(send_text(pair.client, "too late"), 8);
  EXPECT_EQ(pair.failure().text.substr(sizeof(sctp_send_failed_event)), "too late");
}

TEST(PartialReliability, LifetimeOfZeroIsNone) {
  ClosedWindow pair;
  ASSERT_EQ(send_wish(pair.client, "kept", {.prinfo = true, .policy = SCTP_PR_SCTP_TTL, .value = 0}), 4);
  ASSERT_EQ(send_wish(pair.client, "too late", {.prinfo = true, .policy = SCTP_PR_SCTP_TTL, .value = 1}), 8);
  EXPECT_EQ(pair.failure().text.substr(sizeof(sctp_send_failed_event)), "too late");
  EXPECT_EQ(pair.status(SCTP_PR_ASSOC_STATUS, SCTP_PR_SCTP_ALL).sprstat_abandoned_unsent, 1U);
}

TEST(PartialReliability, UnknownPoliciesAreRefused_Linux) {
  Pair pair;
  EXPECT_EQ(send_wish(pair.client, "x", {.prinfo = true, .policy = 1, .value = 5}), -EINVAL);
  EXPECT_EQ(send_wish(pair.client, "x", {.prinfo = true, .policy = SCTP_PR_SCTP_ALL, .value = 5}), -EINVAL);
  sctp_prstatus status{};
  for (const int policy : {SCTP_PR_SCTP_NONE, SCTP_PR_SCTP_ALL | SCTP_PR_SCTP_TTL, 1}) {
    status.sprstat_policy = static_cast<std::uint16_t>(policy);
    EXPECT_EQ(get(pair.client, IPPROTO_SCTP, SCTP_PR_ASSOC_STATUS, status), -EINVAL);
    EXPECT_EQ(get(pair.client, IPPROTO_SCTP, SCTP_PR_STREAM_STATUS, status), -EINVAL);
  }
}

}  // namespace
}  // namespace netsctp::test
