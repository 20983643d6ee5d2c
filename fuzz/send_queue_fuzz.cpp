// SendQueue together with Outstanding: bytes are a list of operations (push, take, acknowledge, abandon). Every byte of
// every message is taken once and in order, flags and sequence numbers are right, every message is given up or
// destroyed once.
#include "core/send_queue.hpp"

#include <fuzzer/FuzzedDataProvider.h>

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <map>
#include <memory>

#include "base/buffer_pool.hpp"
#include "core/outstanding.hpp"
#include "wire/types.hpp"

namespace netsctp::core {
namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

struct ModelMessage {
  OutgoingMessage* message;
  std::size_t size;
  std::size_t taken = 0;
  std::size_t first_length = 0;
};

class Comparison {
 public:
  explicit Comparison(FuzzedDataProvider& input) : input_(input) {}
  ~Comparison() {
    if (input_.ConsumeBool()) abandon();
    if (input_.ConsumeBool()) window_.reset();
    queue_.reset();
    window_.reset();
    require(slab_.live() == 0);
  }

  void step() {
    switch (input_.ConsumeIntegralInRange(0, 9)) {
      case 0:
      case 1:
      case 2:
        return push();
      case 3:
      case 4:
      case 5:
      case 6:
        return take();
      case 7:
      case 8:
        return acknowledge();
      default:
        if (input_.ConsumeBool()) return abandon();
        queue_->reset_sequence_numbers();
        next_ssn_.clear();
    }
  }

  void compare() const {
    window_->check_consistent();
    std::size_t bytes = 0;
    for (const ModelMessage& model : queued_) {
      bytes += model.size - model.taken;
      require(model.message->taken == model.taken && model.message->transmitted == (model.taken != 0));
    }
    require(queue_->bytes() == bytes && queue_->empty() == queued_.empty());
    require(queue_->message_count() == queued_.size());
    require(queue_->mid_message() == (!queued_.empty() && queued_.front().taken != 0));
    std::size_t live = queued_.size();
    for (const OutgoingMessage* message : sent_) live += message->unacked != 0 ? 1 : 0;
    require(slab_.live() == live);
  }

 private:
  void push() {
    OutgoingMessage* message = slab_.create();
    message->payload = pool_.allocate(input_.ConsumeIntegralInRange<std::size_t>(1, 5000));
    message->stream = input_.ConsumeIntegralInRange<StreamId>(0, 3);
    if (message->stream == 3) message->stream = input_.ConsumeIntegral<StreamId>();
    message->unordered = input_.ConsumeBool();
    message->immediate = input_.ConsumeBool();
    message->path = input_.ConsumeBool() ? PathId{1} : kNoPath;
    queue_->push(message);
    queued_.push_back({message, message->payload.size()});
  }

  void take() {
    const std::size_t max_payload = input_.ConsumeIntegralInRange<std::size_t>(0, 2000);
    const auto next = queue_->peek(max_payload);
    require(next.has_value() == (!queued_.empty() && max_payload != 0));
    if (!next) return;
    ModelMessage& model = queued_.front();
    const SendQueue::Taken taken = queue_->take(max_payload);
    const bool beginning = model.taken == 0;
    if (beginning) model.first_length = taken.length;
    const std::size_t rest = model.size - model.taken;
    require(taken.message == model.message && taken.offset == model.taken && taken.length == next->length);
    require(taken.length == std::min({rest, max_payload, beginning ? max_payload : model.first_length}));
    const bool end = taken.length == rest;
    require(next->message_end == end && next->path == model.message->path);
    const OutgoingMessage& message = *model.message;
    require(taken.flags == (beginning ? wire::kDataFlagBeginning : 0) + (end ? wire::kDataFlagEnd : 0) +
                               (message.unordered ? wire::kDataFlagUnordered : 0) +
                               (end && message.immediate ? wire::kDataFlagImmediate : 0));
    if (beginning) {
      require(message.ssn == (message.unordered ? 0 : next_ssn_[message.stream]));
      if (!message.unordered) ++next_ssn_[message.stream];
    }
    window_->add(taken.message, taken.offset, taken.length, taken.flags, 0, Time{});
    model.taken += taken.length;
    if (!end) return;
    sent_.push_back(model.message);
    queued_.pop_front();
  }

  void acknowledge() {
    const std::size_t count = input_.ConsumeIntegralInRange<std::size_t>(0, window_->size());
    const Tsn cumulative = window_->cumulative_ack_point() + count;
    const Tsn last = window_->next_tsn() - 1;
    // What will be destroyed must not be looked at afterwards.
    while (!sent_.empty() && last_tsn_of(sent_.front(), last) <= cumulative) sent_.pop_front();
    window_->on_cumulative_ack(cumulative);
  }

  Tsn last_tsn_of(const OutgoingMessage* message, Tsn from) const {
    while (window_->chunk(from).message != message) from = from - 1;
    return from;
  }

  void abandon() {
    std::deque<OutgoingMessage*> expected(sent_);
    for (const ModelMessage& model : queued_) expected.push_back(model.message);
    const bool window_first = input_.ConsumeBool();
    std::deque<OutgoingMessage*> given_up;
    const auto drain = [&](auto& from) {
      while (OutgoingMessage* message = from.pop_abandoned()) {
        given_up.push_back(message);
      }
    };
    if (window_first) {
      drain(*window_);
      drain(*queue_);
      require(given_up == expected);  // oldest first, all in all
    } else {
      drain(*queue_);
      drain(*window_);
      require(given_up.size() == expected.size());
      std::sort(given_up.begin(), given_up.end());
      std::sort(expected.begin(), expected.end());
      require(given_up == expected);
    }
    for (OutgoingMessage* message : given_up) slab_.destroy(message);
    sent_.clear();
    queued_.clear();
    require(slab_.live() == 0 && queue_->empty() && window_->empty());
  }

  FuzzedDataProvider& input_;
  BufferPool pool_;
  Slab<OutgoingMessage> slab_;
  std::deque<ModelMessage> queued_;    // not completely taken
  std::deque<OutgoingMessage*> sent_;  // completely taken, outstanding
  std::map<StreamId, std::uint16_t> next_ssn_;
  std::unique_ptr<SendQueue> queue_ = std::make_unique<SendQueue>(slab_);
  std::unique_ptr<Outstanding> window_ = std::make_unique<Outstanding>(Tsn::initial(0xFFFFFFF0), slab_);
};

}  // namespace
}  // namespace netsctp::core

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzedDataProvider input(data, size);
  netsctp::core::Comparison comparison(input);
  while (input.remaining_bytes() > 0) {
    comparison.step();
    comparison.compare();
  }
  return 0;
}
