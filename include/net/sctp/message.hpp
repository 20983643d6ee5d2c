// What is sent and what is received (RFC 6458 §5.3.4, §5.3.5). SCTP keeps the bounds of messages: one send is one
// receive.
#pragma once

#include <net/sctp/address.hpp>
#include <net/sctp/types.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace net::sctp {

// How to send a message. All numbers are in host order; `ppid` is put in network order on the wire, so that 46 arrives
// as 46 everywhere (with the socket options of C, each program does that itself).
struct SendInfo {
  // One-to-many: which association. kNone: the association with `peer`, or else the one start_client() made.
  AssociationId association = AssociationId::kNone;
  // One-to-many: the peer, when no association is named; one is set up if there is none (RFC 6458 §3.1). With
  // `address_over`: the address to send this message to instead of the primary path.
  Address peer = {};
  std::uint16_t stream = 0;       // less than the number of outbound streams agreed on, else EINVAL
  std::uint32_t ppid = 0;         // payload protocol identifier: carried, not interpreted (IANA keeps a list)
  std::uint32_t context = 0;      // comes back with a SendFailed notification
  bool unordered = false;         // may overtake messages of its stream
  bool sack_immediately = false;  // ask the peer to acknowledge without delay (RFC 7053)
  bool address_over = false;
  bool eof = false;    // shut the association down gracefully after this message (one-to-many)
  bool abort = false;  // abort the association; the bytes given are the reason that the peer is told
};

// What came with a message. Numbers in host order.
struct MessageInfo {
  Address peer;  // the address it came from
  AssociationId association = AssociationId::kNone;
  std::uint32_t ppid = 0;
  std::uint32_t tsn = 0;             // of (one of) its DATA chunks
  std::uint32_t cumulative_tsn = 0;  // only with unordered messages
  std::uint32_t context = 0;
  std::uint16_t stream = 0;
  std::uint16_t ssn = 0;  // stream sequence number; meaningless if unordered
  bool unordered = false;
};

// A received message, whole. Owns its bytes.
class Message {
 public:
  Message() = default;
  Message(std::vector<std::byte> bytes, const MessageInfo& info) : bytes_(std::move(bytes)), info_(info) {}

  [[nodiscard]] std::size_t size() const noexcept { return bytes_.size(); }
  [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return bytes_; }
  [[nodiscard]] std::string_view text() const noexcept {
    return {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()};
  }
  // Takes the bytes out without copying.
  [[nodiscard]] std::vector<std::byte> release() noexcept { return std::exchange(bytes_, {}); }

  [[nodiscard]] const MessageInfo& info() const noexcept { return info_; }
  [[nodiscard]] const Address& peer() const noexcept { return info_.peer; }
  [[nodiscard]] AssociationId association() const noexcept { return info_.association; }
  [[nodiscard]] std::uint16_t stream() const noexcept { return info_.stream; }
  [[nodiscard]] std::uint32_t ppid() const noexcept { return info_.ppid; }
  [[nodiscard]] bool unordered() const noexcept { return info_.unordered; }

 private:
  std::vector<std::byte> bytes_;
  MessageInfo info_;
};

// What Socket::receive_some() put into the caller's buffer: a message or a part of one.
struct Piece {
  std::size_t size = 0;
  bool end_of_message = false;  // MSG_EOR (RFC 6458 §4.1.8)
  MessageInfo info;
};

}  // namespace net::sctp
