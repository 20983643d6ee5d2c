// Receiving: whole messages out of the pieces of partial delivery (RFC 6458 §4.1.8), notifications in between.
#include "api/socket_state.hpp"

#include <linux/sctp.h>
#include <netinet/in.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "api/notification.hpp"

namespace net::sctp {
namespace {

constexpr std::size_t kPartSize = 64 * 1024;

// Where a part is received before its size is known: one buffer a thread, not one a socket.
std::span<std::byte> scratch() {
  thread_local std::vector<std::byte> buffer(kPartSize);
  return buffer;
}

void read_ancillary(msghdr& header, MessageInfo& info) noexcept {
  for (cmsghdr* item = CMSG_FIRSTHDR(&header); item != nullptr; item = CMSG_NXTHDR(&header, item)) {
    if (item->cmsg_level != IPPROTO_SCTP || item->cmsg_type != SCTP_RCVINFO) continue;
    sctp_rcvinfo received;
    std::memcpy(&received, CMSG_DATA(item), sizeof received);
    info.association = AssociationId{received.rcv_assoc_id};
    info.ppid = ntohl(received.rcv_ppid);
    info.tsn = received.rcv_tsn;
    info.cumulative_tsn = received.rcv_cumtsn;
    info.context = received.rcv_context;
    info.stream = received.rcv_sid;
    info.ssn = received.rcv_ssn;
    info.unordered = (received.rcv_flags & SCTP_UNORDERED) != 0;
  }
}

}  // namespace

const Address& Socket::State::peer_of(const sockaddr_storage& storage, socklen_t length) noexcept {
  if (!last_peer_ || std::memcmp(&storage, &last_peer_storage_, length) != 0) {
    last_peer_storage_ = storage;
    last_peer_ = Address(reinterpret_cast<const sockaddr*>(&storage), length);
  }
  return last_peer_;
}

Socket::State::Part Socket::State::receive_part(std::span<std::byte> buffer, Piece& piece,
                                                std::error_code& error) noexcept {
  sockaddr_storage from;
  alignas(cmsghdr) std::byte control[256];
  iovec place{buffer.data(), buffer.size()};
  msghdr header{};
  header.msg_name = &from;
  header.msg_namelen = sizeof from;
  header.msg_iov = &place;
  header.msg_iovlen = 1;
  header.msg_control = control;
  header.msg_controllen = sizeof control;
  ssize_t size = seam->recvmsg(&header, 0);
  if (size == -ENOTCONN && (shut_down || branch)) size = header.msg_flags = 0;  // as Linux tells these of the end
  if (!succeeded(size, error)) return Part::kNone;
  piece.size = static_cast<std::size_t>(size);
  piece.end_of_message = (header.msg_flags & MSG_EOR) != 0;
  if ((header.msg_flags & MSG_NOTIFICATION) != 0) return Part::kNotification;
  if (size == 0) return Part::kNone;
  read_ancillary(header, piece.info);
  if (header.msg_namelen != 0) piece.info.peer = peer_of(from, header.msg_namelen);
  return Part::kPiece;
}

std::optional<Notification> Socket::State::take_notification(std::span<const std::byte> bytes, bool complete) {
  std::optional<Notification> notification;
  if (notification_.empty() && complete) {
    notification = parse_notification(bytes);
  } else {
    notification_.insert(notification_.end(), bytes.begin(), bytes.end());
    if (!complete) return std::nullopt;
    notification = parse_notification(notification_);
    notification_.clear();
  }
  if (notification) {
    if (const auto* aborted = std::get_if<PartialDeliveryAborted>(&*notification)) forget_partials(*aborted);
  }
  return notification;
}

void Socket::State::forget_partials(const PartialDeliveryAborted& aborted) {
  std::erase_if(partials_, [&](const Partial& partial) {
    return partial.info.association == aborted.association && partial.info.stream == aborted.stream;
  });
}

// Pieces of a message have their stream and SSN in common; another SSN on the stream means that the first message was
// given up.
std::vector<Socket::State::Partial>::iterator Socket::State::find_partial(const MessageInfo& info) {
  const auto found = std::find_if(partials_.begin(), partials_.end(), [&](const Partial& partial) {
    return partial.info.association == info.association && partial.info.stream == info.stream &&
           partial.info.unordered == info.unordered;
  });
  if (found != partials_.end() && !info.unordered && found->info.ssn != info.ssn) {
    partials_.erase(found);
    return partials_.end();
  }
  return found;
}

std::optional<Message> Socket::State::take_message(const Piece& part, std::span<const std::byte> bytes,
                                                   std::error_code& error) {
  auto partial = partials_.empty() ? partials_.end() : find_partial(part.info);
  if (partial == partials_.end()) {
    if (part.end_of_message && bytes.size() <= settings.max_message_size) {
      return Message({bytes.begin(), bytes.end()}, part.info);
    }
    partial = partials_.insert(partials_.end(), Partial{part.info, {}, false});
  }
  std::size_t held = bytes.size();
  for (const Partial& each : partials_) held += each.bytes.size();
  if (held > settings.max_message_size) {
    partial->too_large = true;
    partial->bytes = {};
  }
  if (!partial->too_large) partial->bytes.insert(partial->bytes.end(), bytes.begin(), bytes.end());
  if (!part.end_of_message) return std::nullopt;
  Partial whole = std::move(*partial);
  partials_.erase(partial);
  if (whole.too_large) {
    error = errno_code(EMSGSIZE);
    return std::nullopt;
  }
  return Message(std::move(whole.bytes), whole.info);
}

std::optional<Received> Socket::State::receive(bool notifications, std::error_code& error) {
  const std::lock_guard turn(receiving_);
  const std::span<std::byte> buffer = scratch();
  Piece piece;
  for (;;) {
    const Part part = receive_part(buffer, piece, error);
    const auto bytes = buffer.first(piece.size);
    if (part == Part::kNotification) {
      auto notification = take_notification(bytes, piece.end_of_message);
      if (notification && notifications && wants(events(), *notification)) return Received(std::move(*notification));
      continue;
    }
    if (part == Part::kNone) {
      if (!error) partials_.clear();
      return std::nullopt;
    }
    auto message = take_message(piece, bytes, error);
    if (message) return Received(std::move(*message));
    if (error) return std::nullopt;
  }
}

std::optional<Piece> Socket::State::receive_some(std::span<std::byte> buffer, std::error_code& error) {
  if (buffer.empty()) {
    error = errno_code(EINVAL);
    return std::nullopt;
  }
  const std::lock_guard turn(receiving_);
  std::optional<Piece> piece(std::in_place);
  Part part = Part::kNone;
  while ((part = receive_part(buffer, *piece, error)) == Part::kNotification) {
    take_notification(buffer.first(piece->size), piece->end_of_message);
  }
  if (part == Part::kNone) piece.reset();
  return piece;
}

std::optional<Message> Socket::receive() {
  std::error_code error;
  auto message = receive(error);
  throw_if(error, "receive");
  return message;
}

std::optional<Message> Socket::receive(std::error_code& error) {
  error = errno_code(EBADF);
  if (!state_) return std::nullopt;
  auto received = state_->receive(false, error);
  if (!received) return std::nullopt;
  return std::get<Message>(std::move(*received));
}

std::optional<Received> Socket::receive_any() {
  std::error_code error;
  auto received = receive_any(error);
  throw_if(error, "receive");
  return received;
}

std::optional<Received> Socket::receive_any(std::error_code& error) {
  error = errno_code(EBADF);
  if (!state_) return std::nullopt;
  return state_->receive(true, error);
}

std::optional<Piece> Socket::receive_some(std::span<std::byte> buffer) {
  std::error_code error;
  auto piece = receive_some(buffer, error);
  throw_if(error, "receive");
  return piece;
}

std::optional<Piece> Socket::receive_some(std::span<std::byte> buffer, std::error_code& error) {
  error = errno_code(EBADF);
  if (!state_) return std::nullopt;
  return state_->receive_some(buffer, error);
}

}  // namespace net::sctp
