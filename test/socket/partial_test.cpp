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

}  // namespace
}  // namespace netsctp::test
