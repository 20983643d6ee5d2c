// What waits to be read from one socket: messages (whole or in partial delivery) and notifications, in the order they
// arrived (RFC 6458 §3.1.4, §6.1.7, §8.1.20). Knows nothing of descriptors, addresses' sockaddr forms or ancillary
// data; receive.cpp does. Not thread-safe: the engine's lock guards it, as it guards the slices.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "base/address.hpp"
#include "base/buffer_pool.hpp"
#include "base/ring.hpp"
#include "core/event.hpp"
#include "socket/linux_abi.hpp"

namespace netsctp::socket {

// A message or notification on its way to the reader.
struct ReceivedItem {
  sctp_rcvinfo info{};        // of a notification: only rcv_assoc_id
  Address from;               // the peer's address it came from
  Slice piece;                // the first unread piece of a message ...
  Ring<Slice> further;        // ... and those after it
  std::size_t available = 0;  // unread bytes held
  bool complete = false;      // the last byte has arrived
  bool started = false;       // some bytes have been read
  bool goes_on = false;       // further bytes of the message are in an item behind this one
  bool is_notification = false;
  std::vector<std::byte> notification;
  std::size_t notification_offset = 0;

  // The next piece of its message belongs to this item.
  [[nodiscard]] bool is_open() const noexcept { return !complete && !goes_on; }
};

class ReceiveQueue {
 public:
  // Real memory all unread notifications may hold; further ones are dropped until some are read.
  static constexpr std::size_t kMaxNotificationBytes = 262144;

  // Takes a piece. True: a reader should be told. Interleaving: with true, a piece stays behind what has arrived before
  // it of other associations, so that a message without end keeps nobody waiting; with false, it joins its message.
  bool add(const sctp_rcvinfo& info, const Address& from, core::Piece&& piece, bool interleave) noexcept;
  // False: dropped for want of room.
  bool add_notification(core::AssociationId association, const Address& from, std::vector<std::byte>&& bytes) noexcept;

  // The association has ended: the rest of a message in partial delivery will never come. What nobody has begun to read
  // of it is dropped; the return value is its stream and SSN if a reader has already seen its beginning.
  std::optional<sctp_rcvinfo> give_up_partial(core::AssociationId association) noexcept;

  // The item to read next. Interleaving (RFC 6458 §8.1.20): with false, a message in partial delivery that is out of
  // bytes holds everything behind it back; with true, it is passed over. nullptr: nothing to read.
  [[nodiscard]] ReceivedItem* next(bool interleave) noexcept;
  // The item behind `item`, if any.
  [[nodiscard]] const ReceivedItem* after(const ReceivedItem& item) const noexcept;

  struct Copied {
    std::size_t bytes = 0;
    bool end_of_record = false;  // MSG_EOR
  };
  // Copies out as much of `item` (from next()) as fits, into a program's memory. Nothing: it cannot be written.
  [[nodiscard]] static std::optional<Copied> copy(const ReceivedItem& item, std::span<const iovec> into) noexcept;
  // What was copied has been read. With its last byte the item may be gone: `item` is then no longer valid.
  void take(ReceivedItem& item, const Copied& copied) noexcept;

  // Unread payload of messages of one association (0: of all).
  [[nodiscard]] std::size_t unread_bytes(core::AssociationId association = 0) const noexcept;
  [[nodiscard]] bool empty() const noexcept { return items_.empty(); }

  // Hands everything of one association to `other` (peeloff).
  void move_to(ReceiveQueue& other, core::AssociationId association) noexcept;
  void clear() noexcept;

 private:
  [[nodiscard]] ReceivedItem* open_item(core::AssociationId association) noexcept;
  void erase(const ReceivedItem& item) noexcept;
  template <class Predicate>
  void split(Predicate belongs, ReceiveQueue* other) noexcept;

  Ring<ReceivedItem> items_;
  std::size_t open_items_ = 0;  // those is_open() holds for
  std::size_t notification_bytes_ = 0;
};

}  // namespace netsctp::socket
