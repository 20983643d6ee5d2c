#include "socket/receive_queue.hpp"

#include <algorithm>
#include <utility>

#include "socket/user_memory.hpp"

namespace netsctp::socket {

namespace {

// Copies into consecutive parts of an iovec array, a program's memory.
class Scatter {
 public:
  explicit Scatter(std::span<const iovec> into) noexcept : into_(into) {}

  // False: it is full, or has failed.
  bool copy(std::span<const std::byte> bytes) noexcept {
    while (!bytes.empty() && index_ < into_.size()) {
      const iovec& part = into_[index_];
      const std::size_t count = std::min(bytes.size(), part.iov_len - offset_);
      failed_ = write_user(static_cast<std::byte*>(part.iov_base) + offset_, bytes.data(), count) != 0;
      if (failed_) return false;
      bytes = bytes.subspan(count);
      done_ += count;
      offset_ += count;
      if (offset_ == part.iov_len) {
        ++index_;
        offset_ = 0;
      }
    }
    return bytes.empty();
  }
  [[nodiscard]] std::size_t done() const noexcept { return done_; }
  [[nodiscard]] bool has_failed() const noexcept { return failed_; }

 private:
  std::span<const iovec> into_;
  std::size_t index_ = 0;
  std::size_t offset_ = 0;
  std::size_t done_ = 0;
  bool failed_ = false;
};

// Real memory of one notification.
std::size_t cost(const ReceivedItem& item) noexcept {
  return sizeof item + item.notification.capacity();
}

}  // namespace

bool ReceiveQueue::add(const sctp_rcvinfo& info, const Address& from, core::Piece&& piece, bool interleave) noexcept {
  ReceivedItem* item = piece.first ? nullptr : open_item(info.rcv_assoc_id);
  const bool overtaken = interleave && item != nullptr && item != &items_.back();
  if (overtaken) {
    item->goes_on = true;
    --open_items_;
    if (item->available == 0) erase(*item);
  }
  if (item == nullptr || overtaken) {
    item = &items_.emplace_back();
    item->info = info;
    item->from = from;
    item->started = overtaken;
    ++open_items_;
  }
  const bool was_dry = item->available == 0;
  item->available += piece.payload.size();
  if (was_dry) {
    item->piece = std::move(piece.payload);
  } else {
    item->further.push_back(std::move(piece.payload));
  }
  if (piece.last) {
    item->complete = true;
    --open_items_;
  }
  return was_dry;
}

bool ReceiveQueue::add_notification(core::AssociationId association, const Address& from,
                                    std::vector<std::byte>&& bytes) noexcept {
  if (notification_bytes_ + bytes.size() > kMaxNotificationBytes) return false;
  ReceivedItem& item = items_.emplace_back();
  item.info.rcv_assoc_id = association;
  item.from = from;
  item.is_notification = true;
  item.complete = true;
  item.notification = std::move(bytes);
  item.available = item.notification.size();
  notification_bytes_ += cost(item);
  return true;
}

std::optional<sctp_rcvinfo> ReceiveQueue::give_up_partial(core::AssociationId association) noexcept {
  ReceivedItem* const item = open_item(association);
  if (item == nullptr) return std::nullopt;
  const bool started = item->started;
  const sctp_rcvinfo info = item->info;
  erase(*item);
  if (!started) return std::nullopt;
  return info;
}

ReceivedItem* ReceiveQueue::next(bool interleave) noexcept {
  for (std::size_t i = 0; i < items_.size(); ++i) {
    ReceivedItem& item = items_[i];
    if (item.available != 0 || item.complete) return &item;
    if (!interleave) return nullptr;  // RFC 6458 §8.1.20 level 0: nothing may come between its pieces
  }
  return nullptr;
}

const ReceivedItem* ReceiveQueue::after(const ReceivedItem& item) const noexcept {
  for (std::size_t i = 0; i + 1 < items_.size(); ++i) {
    if (&items_[i] == &item) return &items_[i + 1];
  }
  return nullptr;
}

std::optional<ReceiveQueue::Copied> ReceiveQueue::copy(const ReceivedItem& item, std::span<const iovec> into) noexcept {
  Scatter scatter(into);
  if (item.is_notification) {
    (void)scatter.copy(std::span(item.notification).subspan(item.notification_offset));
  } else if (scatter.copy(item.piece.bytes())) {
    for (std::size_t i = 0; i < item.further.size() && scatter.copy(item.further[i].bytes()); ++i) {
    }
  }
  if (scatter.has_failed()) return std::nullopt;
  return Copied{scatter.done(), item.complete && scatter.done() == item.available};
}

void ReceiveQueue::take(ReceivedItem& item, const Copied& copied) noexcept {
  if (copied.end_of_record || (item.goes_on && copied.bytes == item.available)) {
    erase(item);
    return;
  }
  item.started = true;
  item.available -= copied.bytes;
  if (item.is_notification) {
    item.notification_offset += copied.bytes;
    return;
  }
  for (std::size_t left = copied.bytes; left != 0;) {
    const std::size_t count = std::min(left, item.piece.size());
    left -= count;
    if (count < item.piece.size()) {
      item.piece = item.piece.subslice(count, item.piece.size() - count);
      continue;
    }
    item.piece.reset();
    if (item.further.empty()) break;
    item.piece = std::move(item.further.front());
    item.further.pop_front();
  }
}

std::size_t ReceiveQueue::unread_bytes(core::AssociationId association) const noexcept {
  std::size_t sum = 0;
  for (std::size_t i = 0; i < items_.size(); ++i) {
    const ReceivedItem& item = items_[i];
    if (!item.is_notification && (association == 0 || item.info.rcv_assoc_id == association)) sum += item.available;
  }
  return sum;
}

void ReceiveQueue::move_to(ReceiveQueue& other, core::AssociationId association) noexcept {
  split([association](const ReceivedItem& item) { return item.info.rcv_assoc_id == association; }, &other);
}

void ReceiveQueue::clear() noexcept {
  items_.clear();
  items_.shrink_to_fit();
  open_items_ = 0;
  notification_bytes_ = 0;
}

ReceivedItem* ReceiveQueue::open_item(core::AssociationId association) noexcept {
  if (open_items_ == 0) return nullptr;
  for (std::size_t i = items_.size(); i-- > 0;) {
    ReceivedItem& item = items_[i];
    if (item.is_open() && item.info.rcv_assoc_id == association) return &item;
  }
  return nullptr;
}

void ReceiveQueue::erase(const ReceivedItem& item) noexcept {
  if (&item != &items_.front()) {
    split([&item](const ReceivedItem& each) { return &each == &item; }, nullptr);
    return;
  }
  if (item.is_notification) notification_bytes_ -= cost(item);
  if (item.is_open()) --open_items_;
  items_.pop_front();
}

template <class Predicate>
void ReceiveQueue::split(Predicate belongs, ReceiveQueue* other) noexcept {
  Ring<ReceivedItem> kept;
  for (std::size_t i = 0; i < items_.size(); ++i) {
    ReceivedItem& item = items_[i];
    if (!belongs(item)) {
      kept.push_back(std::move(item));
      continue;
    }
    const std::size_t bytes = item.is_notification ? cost(item) : 0;
    const std::size_t open = item.is_open() ? 1 : 0;
    notification_bytes_ -= bytes;
    open_items_ -= open;
    if (other == nullptr) continue;
    other->notification_bytes_ += bytes;
    other->open_items_ += open;
    other->items_.push_back(std::move(item));
  }
  items_ = std::move(kept);
}

}  // namespace netsctp::socket
