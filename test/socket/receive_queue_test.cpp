// The queue between the stack and the readers of one socket (RFC 6458 §8.1.20).
#include "socket/receive_queue.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <string_view>

namespace netsctp::socket {
namespace {

constexpr core::AssociationId kOne = 1;
constexpr core::AssociationId kOther = 2;

class Queue {
 public:
  explicit Queue(bool interleave) : interleave_(interleave) {}

  bool add(core::AssociationId association, std::string_view text, bool first, bool last) {
    sctp_rcvinfo info{};
    info.rcv_assoc_id = association;
    core::Piece piece;
    piece.payload = pool_.copy(std::as_bytes(std::span(text)));
    piece.first = first;
    piece.last = last;
    return queue_.add(info, Address{}, std::move(piece), interleave_);
  }
  // At most `size` bytes, a point behind them at the end of a message; "": there is nothing to read.
  std::string read(std::size_t size = 100) {
    auto* const item = queue_.next(interleave_);
    if (item == nullptr) return "";
    std::string text(size, ' ');
    const iovec into{text.data(), size};
    const auto copied = ReceiveQueue::copy(*item, std::span(&into, 1));
    if (!copied) return "?";
    queue_.take(*item, *copied);
    text.resize(copied->bytes);
    return copied->end_of_record ? text + "." : text;
  }
  ReceiveQueue& operator*() { return queue_; }

 private:
  BufferPool pool_;
  ReceiveQueue queue_;
  bool interleave_;
};

TEST(ReceiveQueue, Level0JoinsThePiecesOfAMessage_6458_8_1_20) {
  Queue queue(false);
  EXPECT_TRUE(queue.add(kOne, "abc", true, false));
  EXPECT_TRUE(queue.add(kOther, "xyz", true, true));
  EXPECT_FALSE(queue.add(kOne, "def", false, false));
  EXPECT_EQ(queue.read(), "abcdef");
  EXPECT_EQ(queue.read(), "");
  EXPECT_TRUE(queue.add(kOne, "ghi", false, true));
  EXPECT_EQ(queue.read(), "ghi.");
  EXPECT_EQ(queue.read(), "xyz.");
}

TEST(ReceiveQueue, Level1KeepsTheOrderOfArrival_6458_8_1_20) {
  Queue queue(true);
  queue.add(kOne, "abc", true, false);
  queue.add(kOther, "xyz", true, true);
  EXPECT_TRUE(queue.add(kOne, "def", false, false));
  EXPECT_FALSE(queue.add(kOne, "ghi", false, true));
  EXPECT_EQ(queue.read(2), "ab");
  EXPECT_EQ(queue.read(), "c");
  EXPECT_EQ(queue.read(), "xyz.");
  EXPECT_EQ(queue.read(5), "defgh");
  EXPECT_EQ(queue.read(), "i.");
  EXPECT_TRUE((*queue).empty());
}

TEST(ReceiveQueue, Level1PassesOverAMessageThatIsOutOfBytes_6458_8_1_20) {
  Queue queue(true);
  queue.add(kOne, "abc", true, false);
  EXPECT_EQ(queue.read(), "abc");
  queue.add(kOther, "xyz", true, true);
  EXPECT_TRUE(queue.add(kOne, "def", false, true));
  EXPECT_EQ(queue.read(), "xyz.");
  EXPECT_EQ(queue.read(), "def.");
  EXPECT_TRUE((*queue).empty());
}

TEST(ReceiveQueue, AMessageCutShortIsReportedWhereverItsPiecesAre_6458_6_1_7) {
  Queue queue(true);
  queue.add(kOne, "abc", true, false);
  queue.add(kOther, "xyz", true, true);
  queue.add(kOne, "def", false, false);
  const auto broken = (*queue).give_up_partial(kOne);
  ASSERT_TRUE(broken.has_value());
  EXPECT_EQ(broken->rcv_assoc_id, kOne);
  EXPECT_EQ(queue.read(), "abc");  // has been handed over: the event comes behind it
  EXPECT_EQ(queue.read(), "xyz.");
  EXPECT_TRUE((*queue).empty());
}

}  // namespace
}  // namespace netsctp::socket
