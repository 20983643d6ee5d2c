// Fragmentation, stream sequence numbers and the queue's bookkeeping (RFC 9260 §6.5, §6.9).
#include "core/send_queue.hpp"

#include <gmock/gmock.h>

#include <memory>
#include <vector>

#include "base/buffer_pool.hpp"
#include "core/outstanding.hpp"
#include "core/partial.hpp"
#include "wire/types.hpp"

namespace netsctp::core {
namespace {

constexpr std::uint8_t kWhole = wire::kDataFlagBeginning | wire::kDataFlagEnd;

class SendQueueTest : public ::testing::Test {
 protected:
  ~SendQueueTest() override {
    for (OutgoingMessage* message : taken_) messages_.destroy(message);
  }
  OutgoingMessage* push(std::size_t size, StreamId stream = 0, bool unordered = false) {
    OutgoingMessage* message = messages_.create();
    message->payload = pool_.allocate(size);
    message->stream = stream;
    message->unordered = unordered;
    queue_->push(message);
    return message;
  }
  // Takes a fragment, and remembers a message that is thereby no longer the queue's.
  SendQueue::Taken take(std::size_t max_payload, std::size_t room = SIZE_MAX) {
    const auto next = queue_->peek(max_payload, room);
    EXPECT_TRUE(next.has_value());
    const SendQueue::Taken taken = queue_->take(max_payload, room);
    EXPECT_EQ(taken.length, next->length);
    EXPECT_EQ((taken.flags & wire::kDataFlagEnd) != 0, next->message_end);
    if (next->message_end) taken_.push_back(taken.message);
    return taken;
  }
  std::uint16_t ssn_of_next() { return take(1000).message->ssn; }

  BufferPool pool_;
  Slab<OutgoingMessage> messages_;
  std::unique_ptr<SendQueue> queue_ = std::make_unique<SendQueue>(messages_);
  std::vector<OutgoingMessage*> taken_;
};

TEST_F(SendQueueTest, EmptyQueueOffersNothing) {
  EXPECT_TRUE(queue_->empty());
  EXPECT_FALSE(queue_->peek(1000).has_value());
  EXPECT_FALSE(queue_->mid_message());
  EXPECT_EQ(queue_->pop_abandoned(), nullptr);
}

TEST_F(SendQueueTest, NoRoomForPayloadOffersNothing) {
  push(10);
  EXPECT_FALSE(queue_->peek(0).has_value());
}

TEST_F(SendQueueTest, Section6_9MessageThatFitsIsOneChunkWithBothBits) {
  OutgoingMessage* message = push(1000);
  const auto taken = take(1000);
  EXPECT_EQ(taken.message, message);
  EXPECT_EQ(taken.offset, 0u);
  EXPECT_EQ(taken.length, 1000u);
  EXPECT_EQ(taken.flags, kWhole);
  EXPECT_TRUE(message->transmitted);
  EXPECT_TRUE(queue_->empty());
}

TEST_F(SendQueueTest, Section6_9Step3BitsOfBeginningMiddleAndEnd) {
  push(2001);
  EXPECT_FALSE(queue_->mid_message());
  EXPECT_EQ(take(1000).flags, wire::kDataFlagBeginning);
  EXPECT_TRUE(queue_->mid_message());
  EXPECT_EQ(take(1000).flags, 0);
  const auto last = take(1000);
  EXPECT_EQ(last.flags, wire::kDataFlagEnd);
  EXPECT_EQ(last.offset, 2000u);
  EXPECT_EQ(last.length, 1u);
  EXPECT_FALSE(queue_->mid_message());
}

TEST_F(SendQueueTest, Section6_9ExactMultipleHasNoEmptyLastFragment) {
  push(3000);
  EXPECT_EQ(take(1000).flags, wire::kDataFlagBeginning);
  EXPECT_EQ(take(1000).flags, 0);
  const auto last = take(1000);
  EXPECT_EQ(last.flags, wire::kDataFlagEnd);
  EXPECT_EQ(last.length, 1000u);
  EXPECT_TRUE(queue_->empty());
}

TEST_F(SendQueueTest, Section6_9MessageKeepsTheSizeItWasFirstCutBy) {
  push(2500);
  EXPECT_EQ(take(1000).length, 1000u);
  EXPECT_EQ(take(1400).length, 1000u);
  EXPECT_EQ(take(1400).length, 500u);
  push(2500);
  EXPECT_EQ(take(1400).length, 1400u);  // the next message has its own
  EXPECT_EQ(take(1400).length, 1100u);
}

TEST_F(SendQueueTest, Section6_9MessageThatIsCutAnywayBeginsInWhatIsLeftOfAPacket) {
  push(2500);
  EXPECT_EQ(take(1000, 703).length, 700u);   // the next fragment of the packet needs no padding before it
  EXPECT_EQ(take(1000, 200).length, 1000u);  // only the first is cut for the room
  const auto last = take(1000);
  EXPECT_EQ(last.length, 800u);
  EXPECT_EQ(last.flags, wire::kDataFlagEnd);
}

TEST_F(SendQueueTest, Section6_9SliverOfAPacketIsLeftEmpty) {
  push(2500);
  EXPECT_EQ(take(1000, 15).length, 1000u);
  EXPECT_EQ(take(1000).length, 1000u);
}

TEST_F(SendQueueTest, Section6_9MessageThatFitsAPacketIsNotCutToFillAnother) {
  push(1000);
  EXPECT_EQ(take(1000, 700).flags, kWhole);
}

TEST_F(SendQueueTest, Section6_9WhatHasNoTsnYetIsCutSmallerWhenThePathMtuFell) {
  push(2500);
  EXPECT_EQ(take(1000).length, 1000u);
  EXPECT_EQ(take(600).length, 600u);
  EXPECT_EQ(take(1000).length, 900u);
}

TEST_F(SendQueueTest, Section3_3_1FragmentNeverExceedsTheLengthField) {
  push(100000);
  EXPECT_EQ(take(200000).length, 65535u - 16);
  take(200000);
}

TEST_F(SendQueueTest, Section6_1ImmediateBitIsOnTheLastChunkOnly) {
  push(1500)->immediate = true;
  EXPECT_EQ(take(1000).flags, wire::kDataFlagBeginning);
  EXPECT_EQ(take(1000).flags, wire::kDataFlagEnd | wire::kDataFlagImmediate);
}

TEST_F(SendQueueTest, Section6_9Step2UnorderedBitIsOnEveryFragment) {
  push(2500, 0, true);
  for (int i = 0; i < 3; ++i) EXPECT_NE(take(1000).flags & wire::kDataFlagUnordered, 0);
}

TEST_F(SendQueueTest, PeekTellsThePathTheUserAskedFor) {
  push(10)->path = 2;
  EXPECT_EQ(queue_->peek(1000)->path, 2);
  take(1000);
  push(10);
  EXPECT_EQ(queue_->peek(1000)->path, kNoPath);
}

TEST_F(SendQueueTest, MessagesAreTakenFirstComeFirstServedAcrossStreams) {
  OutgoingMessage* first = push(1500, 7);
  OutgoingMessage* second = push(10, 1);
  EXPECT_EQ(take(1000).message, first);
  EXPECT_EQ(take(1000).message, first);
  EXPECT_EQ(take(1000).message, second);
}

TEST_F(SendQueueTest, Section6_5SequenceNumbersStartFromZeroInEachStream) {
  push(10, 0);
  push(10, 65535);
  push(10, 0);
  EXPECT_EQ(ssn_of_next(), 0);
  EXPECT_EQ(ssn_of_next(), 0);
  EXPECT_EQ(ssn_of_next(), 1);
}

TEST_F(SendQueueTest, Section6_5SequenceNumberAfter65535IsZero) {
  for (int i = 0; i < 65535; ++i) {
    push(1, 3);
    OutgoingMessage* message = queue_->take(1000).message;
    messages_.destroy(message);
  }
  push(1, 3);
  push(1, 3);
  EXPECT_EQ(ssn_of_next(), 65535);
  EXPECT_EQ(ssn_of_next(), 0);
}

TEST_F(SendQueueTest, Section6_5UnorderedMessageTakesNoSequenceNumber) {
  push(10, 2);
  push(10, 2, true);
  push(10, 2);
  EXPECT_EQ(ssn_of_next(), 0);
  take(1000);
  EXPECT_EQ(ssn_of_next(), 1);
}

TEST_F(SendQueueTest, Section6_9Step2FragmentsShareOneSequenceNumber) {
  push(2500, 4);
  push(10, 4);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(take(1000).message->ssn, 0);
  EXPECT_EQ(ssn_of_next(), 1);
}

TEST_F(SendQueueTest, Section5_2_4ResetStartsSequenceNumbersAgain) {
  push(10, 4);
  take(1000);
  queue_->reset_sequence_numbers();
  push(10, 4);
  EXPECT_EQ(ssn_of_next(), 0);
}

TEST_F(SendQueueTest, BytesAndMessagesCountWhatIsNotYetTaken) {
  push(1500);
  push(10);
  EXPECT_EQ(queue_->bytes(), 1510u);
  EXPECT_EQ(queue_->message_count(), 2u);
  take(1000);
  EXPECT_EQ(queue_->bytes(), 510u);
  EXPECT_EQ(queue_->message_count(), 2u);
  take(1000);
  EXPECT_EQ(queue_->bytes(), 10u);
  EXPECT_EQ(queue_->message_count(), 1u);
  take(1000);
  EXPECT_TRUE(queue_->empty());
}

TEST_F(SendQueueTest, AbandonedMessagesComeOldestFirst) {
  OutgoingMessage* first = push(10);
  OutgoingMessage* second = push(20);
  EXPECT_EQ(queue_->pop_abandoned(), first);
  EXPECT_EQ(queue_->bytes(), 20u);
  EXPECT_EQ(queue_->pop_abandoned(), second);
  EXPECT_EQ(queue_->pop_abandoned(), nullptr);
  EXPECT_TRUE(queue_->empty());
  messages_.destroy(first);
  messages_.destroy(second);
}

TEST_F(SendQueueTest, DestructionDestroysTheMessagesQueued) {
  push(10);
  push(20);
  queue_.reset();
  EXPECT_EQ(messages_.live(), 0u);
}

// A message with one fragment outstanding and the rest queued, and one wholly queued: each is given up once.
class PartlyTakenTest : public SendQueueTest {
 protected:
  PartlyTakenTest() : partly_(push(2500)), whole_(push(10)) {
    const auto taken = queue_->take(1000);
    window_->add(taken.message, taken.offset, taken.length, taken.flags, 0, Time{});
  }
  static std::vector<OutgoingMessage*> drain(auto& from) {
    std::vector<OutgoingMessage*> result;
    while (OutgoingMessage* message = from.pop_abandoned()) result.push_back(message);
    return result;
  }
  void destroy_both() {
    messages_.destroy(partly_);
    messages_.destroy(whole_);
  }

  std::unique_ptr<Outstanding> window_ = std::make_unique<Outstanding>(Tsn::initial(1), messages_);
  OutgoingMessage* partly_;
  OutgoingMessage* whole_;
};

TEST_F(PartlyTakenTest, IsGivenUpByOutstandingIfTheQueueIsAskedFirst) {
  EXPECT_EQ(drain(*queue_), std::vector{whole_});
  EXPECT_TRUE(queue_->empty());
  EXPECT_FALSE(queue_->mid_message());
  EXPECT_EQ(drain(*window_), std::vector{partly_});
  destroy_both();
}

TEST_F(PartlyTakenTest, IsGivenUpByTheQueueIfOutstandingIsAskedFirst) {
  EXPECT_TRUE(drain(*window_).empty());
  EXPECT_EQ(drain(*queue_), (std::vector{partly_, whole_}));
  destroy_both();
}

TEST_F(PartlyTakenTest, IsGivenUpByTheQueueIfAllThatWasTakenIsAcked) {
  window_->on_cumulative_ack(Tsn::initial(1));
  EXPECT_EQ(drain(*queue_), (std::vector{partly_, whole_}));
  EXPECT_TRUE(drain(*window_).empty());
  destroy_both();
}

TEST_F(PartlyTakenTest, IsDestroyedWhenAckedAfterTheQueueForgotIt) {
  EXPECT_EQ(queue_->pop_abandoned(), whole_);
  messages_.destroy(whole_);
  window_->on_cumulative_ack(Tsn::initial(1));
  EXPECT_EQ(messages_.live(), 0u);
}

TEST_F(PartlyTakenTest, IsDestroyedOnceIfTheQueueIsDestroyedFirst) {
  queue_.reset();
  EXPECT_EQ(messages_.live(), 1u);
  window_.reset();
  EXPECT_EQ(messages_.live(), 0u);
}

TEST_F(PartlyTakenTest, IsDestroyedOnceIfOutstandingIsDestroyedFirst) {
  window_.reset();
  EXPECT_EQ(messages_.live(), 2u);
  queue_.reset();
  EXPECT_EQ(messages_.live(), 0u);
}

TEST_F(SendQueueTest, RoundRobinTakesAMessageOfEachStreamInTurn_8260_3_2) {
  queue_->set_scheduler(Scheduler::kRoundRobin);
  for (const StreamId stream : {StreamId{1}, StreamId{1}, StreamId{1}, StreamId{4}, StreamId{2}}) push(10, stream);
  std::vector<StreamId> order;
  while (!queue_->empty()) order.push_back(take(1000).message->stream);
  EXPECT_EQ(order, (std::vector<StreamId>{1, 2, 4, 1, 1}));
}

TEST_F(SendQueueTest, ThePriorityOfLowestValueIsServedFirst_8260_3_4) {
  queue_->set_scheduler(Scheduler::kPriority);
  queue_->set_priority(1, 9);
  queue_->set_priority(2, 3);
  queue_->set_priority(3, 3);
  for (const StreamId stream : {StreamId{1}, StreamId{2}, StreamId{2}, StreamId{3}}) push(10, stream);
  std::vector<StreamId> order;
  while (!queue_->empty()) order.push_back(take(1000).message->stream);
  EXPECT_EQ(order, (std::vector<StreamId>{2, 3, 2, 1}));
}

TEST_F(SendQueueTest, AMessageBegunIsFinishedWhateverTheScheduler_9260_6_9) {
  push(25, 1);
  push(10, 2);
  EXPECT_EQ(take(10).message->stream, 1);
  queue_->set_scheduler(Scheduler::kPriority);
  queue_->set_priority(1, 9);
  EXPECT_EQ(take(10).message->stream, 1);
  EXPECT_EQ(take(10).message->stream, 1);
  EXPECT_EQ(queue_->message_count(), 1U);
  push(10, 1);
  queue_->set_scheduler(Scheduler::kFirstCome);
  EXPECT_EQ(take(10).message->stream, 2);
  EXPECT_EQ(take(10).message->stream, 1);
  EXPECT_TRUE(queue_->empty());
}

TEST_F(SendQueueTest, WhatWaitsByStreamIsGivenUpToo) {
  queue_->set_scheduler(Scheduler::kRoundRobin);
  push(10, 1);
  push(10, 5);
  for (OutgoingMessage* const removed : queue_->remove_streams_from(3)) messages_.destroy(removed);
  EXPECT_EQ(queue_->message_count(), 1U);
  messages_.destroy(queue_->pop_abandoned());
  EXPECT_EQ(queue_->pop_abandoned(), nullptr);
  EXPECT_TRUE(queue_->empty());
}

// ---- RFC 3758, RFC 7496: what may be given up

TEST_F(SendQueueTest, FrontIsWhatPeekAndTakeAreAboutUnderEveryScheduler) {
  EXPECT_EQ(queue_->front(), nullptr);
  push(10, 5);
  OutgoingMessage* const preferred = push(10, 3);
  queue_->set_scheduler(Scheduler::kPriority);
  queue_->set_priority(5, 9);
  EXPECT_EQ(queue_->front(), preferred);
  EXPECT_EQ(take(1000).message, preferred);
}

TEST_F(SendQueueTest, Rfc3758Section3_5ADroppedMessageEndsWhereverItWas) {
  OutgoingMessage* const first = push(2500);
  push(10);
  take(1000);
  EXPECT_EQ(queue_->drop_front(), first);
  EXPECT_FALSE(queue_->mid_message());
  EXPECT_EQ(queue_->bytes(), 10u);
  EXPECT_EQ(queue_->message_count(), 1u);
  EXPECT_EQ(take(1000).flags, kWhole);
  messages_.destroy(first);
}

// ---- RFC 6525 §5.1.2 A1: streams that are held

struct SendQueueHoldTest : SendQueueTest {
  std::vector<StreamId> taken_streams() {
    std::vector<StreamId> order;
    while (queue_->peek(1000)) order.push_back(take(1000).message->stream);
    return order;
  }
};

TEST_F(SendQueueHoldTest, OthersPassThemByAndThenTheyGoFirst) {
  for (const Scheduler scheduler : {Scheduler::kFirstCome, Scheduler::kRoundRobin, Scheduler::kPriority}) {
    queue_->set_scheduler(scheduler);
    for (const StreamId stream : {StreamId{3}, StreamId{1}, StreamId{5}}) push(10, stream);
    EXPECT_NE(queue_->front(), nullptr);  // chosen, but not begun
    queue_->hold({5, 3});
    push(10, 3);
    push(20, 2);
    EXPECT_EQ(queue_->message_count(), 5U);
    EXPECT_EQ(queue_->held_count(), 3U);
    EXPECT_EQ(queue_->bytes(), 60U);
    EXPECT_EQ(queue_->held_bytes(), 30U);
    EXPECT_EQ(taken_streams(), (std::vector<StreamId>{1, 2}));
    EXPECT_EQ(queue_->front(), nullptr);
    EXPECT_FALSE(queue_->empty());
    push(10, 1);
    queue_->release();
    EXPECT_EQ(queue_->held_bytes(), 0U);
    const std::vector<StreamId> after = taken_streams();
    if (scheduler == Scheduler::kFirstCome) {
      EXPECT_EQ(after, (std::vector<StreamId>{3, 5, 3, 1}));
    } else {
      EXPECT_THAT(after, testing::UnorderedElementsAre(1, 3, 3, 5));
    }
    EXPECT_TRUE(queue_->empty());
  }
}

TEST_F(SendQueueHoldTest, AMessageThatIsBegunGoesOn) {
  push(2000, 3);
  take(1000);
  push(10, 3);
  queue_->hold({3});
  EXPECT_TRUE(queue_->mid_message_of(3));
  EXPECT_FALSE(queue_->mid_message_of(1));
  queue_->release();
  EXPECT_EQ(take(1000).message->stream, 3);
  queue_->hold({3});
  EXPECT_FALSE(queue_->peek(1000));
  EXPECT_EQ(queue_->held_count(), 1U);
}

TEST_F(SendQueueHoldTest, TheyAreGivenUpToo) {
  push(10, 3)->reliability = {Reliability::Policy::kPriority, 7};
  OutgoingMessage* const other = push(10, 3);
  queue_->hold({3});
  const auto removed = queue_->remove_least_important(
      1, [](const OutgoingMessage& message) { return message.reliability.policy == Reliability::Policy::kPriority; });
  ASSERT_EQ(removed.size(), 1U);
  messages_.destroy(removed[0]);
  EXPECT_EQ(queue_->held_bytes(), 10U);
  EXPECT_EQ(queue_->pop_abandoned(), other);
  messages_.destroy(other);
  EXPECT_TRUE(queue_->empty());
}

struct SendQueueRoomTest : SendQueueTest {
  OutgoingMessage* push_priority(std::size_t size, std::uint32_t value, StreamId stream = 0) {
    OutgoingMessage* const message = push(size, stream);
    message->reliability = {Reliability::Policy::kPriority, value};
    return message;
  }
  std::vector<OutgoingMessage*> remove(std::size_t bytes) {
    auto removed = queue_->remove_least_important(bytes, [](const OutgoingMessage& message) {
      return message.reliability.policy == Reliability::Policy::kPriority;
    });
    taken_.insert(taken_.end(), removed.begin(), removed.end());
    return removed;
  }
};

TEST_F(SendQueueRoomTest, Rfc7496Section3_2TheLeastImportantGoFirstOfEqualsTheLast) {
  auto* const a = push_priority(100, 5);
  auto* const b = push_priority(100, 9);
  auto* const reliable = push(100);
  auto* const c = push_priority(100, 9);
  EXPECT_EQ(remove(1), std::vector{c});
  EXPECT_EQ(remove(101), (std::vector{b, a}));
  EXPECT_TRUE(remove(100).empty());
  EXPECT_EQ(queue_->bytes(), 100u);
  EXPECT_EQ(take(1000).message, reliable);
}

TEST_F(SendQueueRoomTest, Rfc7496Section3_2AMessageThatIsBegunStays) {
  auto* const begun = push_priority(2000, 9);
  take(1000);
  push_priority(10, 1);
  EXPECT_EQ(remove(5000).size(), 1u);
  EXPECT_TRUE(queue_->mid_message());
  EXPECT_EQ(take(1000).message, begun);
  EXPECT_TRUE(queue_->empty());
}

TEST_F(SendQueueRoomTest, Rfc7496Section3_2ThoseThatWaitByStreamToo) {
  queue_->set_scheduler(Scheduler::kRoundRobin);
  for (StreamId stream = 0; stream < 5; ++stream) push_priority(100, stream, stream);
  EXPECT_EQ(remove(250).size(), 3u);
  EXPECT_EQ(queue_->bytes(), 200u);
  EXPECT_EQ(queue_->message_count(), 2u);
  EXPECT_LE(take(1000).message->stream, 1);
  EXPECT_LE(take(1000).message->stream, 1);
  EXPECT_TRUE(queue_->empty());
}

TEST_F(SendQueueRoomTest, OrderOfThoseThatStayIsKeptAndManyAreQuick) {
  constexpr std::uint32_t kCount = 100'000;
  std::vector<OutgoingMessage*> stay;
  for (std::uint32_t i = 0; i < kCount; ++i) {
    auto* const message = push_priority(1, i % 2);
    if (i % 2 == 0) stay.push_back(message);
  }
  EXPECT_EQ(remove(kCount / 2).size(), kCount / 2);  // quadratic, this would take minutes
  for (OutgoingMessage* const message : stay) ASSERT_EQ(take(1000).message, message);
}

}  // namespace
}  // namespace netsctp::core
