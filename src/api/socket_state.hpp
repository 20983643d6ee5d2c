// What a net::sctp::Socket holds: the seam's socket and what the API adds to it (RFC 6458's calls as typed calls, whole
// messages). The protocol, blocking, buffers and descriptors are the seam's.
#pragma once

#include <net/sctp/socket.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <system_error>
#include <utility>
#include <vector>

#include "api/errors.hpp"
#include "socket/socket.hpp"

namespace net::sctp {

using Seam = ::netsctp::socket::Socket;

class Socket::State {
 public:
  State(std::shared_ptr<Seam> opened, SocketSettings wanted) : seam(std::move(opened)), settings(std::move(wanted)) {}
  ~State();
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  // What every socket of the API has set, new or accepted: RCVINFO and the events.
  void configure(std::error_code& error) noexcept;
  // The same for one that `listener` has accepted: it has both from there, unless the subscription was changed there.
  void inherit(const State& listener, std::error_code& error) noexcept;
  void subscribe(const Events& wanted, std::error_code& error) noexcept;
  [[nodiscard]] Events events() const noexcept;

  // The next whole message or, if asked for, a notification that was subscribed to.
  std::optional<Received> receive(bool notifications, std::error_code& error);
  std::optional<Piece> receive_some(std::span<std::byte> buffer, std::error_code& error);

  std::vector<Address> addresses(int option, AssociationId of, std::error_code& error);

  template <typename Value>
  int set(int level, int name, const Value& value) noexcept {
    return seam->setsockopt(level, name, &value, sizeof value);
  }
  template <typename Value>
  int read(int level, int name, Value& value) noexcept {
    socklen_t length = sizeof value;
    return seam->getsockopt(level, name, &value, &length);
  }

  const std::shared_ptr<Seam> seam;
  const SocketSettings settings;
  std::vector<Address> local;  // settings.local_host, looked up
  std::vector<Address> peers;
  int family = AF_INET;
  std::atomic<bool> open{true};
  std::atomic<bool> shut_down{false};  // one-to-one, by shutdown(): its association is to end
  bool branch = false;                 // made by peeloff(): for the kernel not quite a one-to-one socket
  std::atomic<AssociationId> association{AssociationId::kNone};  // start_client()'s

 private:
  // A message of which pieces have come.
  struct Partial {
    MessageInfo info;
    std::vector<std::byte> bytes;
    bool too_large = false;
  };
  enum class Part : std::uint8_t { kNone, kPiece, kNotification };

  // What one recvmsg() gave; kNone: an error, or the end.
  Part receive_part(std::span<std::byte> buffer, Piece& piece, std::error_code& error) noexcept;
  std::optional<Notification> take_notification(std::span<const std::byte> bytes, bool complete);
  std::optional<Message> take_message(const Piece& part, std::span<const std::byte> bytes, std::error_code& error);
  std::vector<Partial>::iterator find_partial(const MessageInfo& info);
  void forget_partials(const PartialDeliveryAborted& aborted);
  const Address& peer_of(const sockaddr_storage& storage, socklen_t length) noexcept;

  std::mutex receiving_;
  std::vector<Partial> partials_;
  std::vector<std::byte> notification_;   // the parts of one
  sockaddr_storage last_peer_storage_{};  // writing an address as text once per peer, not once per message
  Address last_peer_;
  mutable std::mutex events_mutex_;
  Events events_;
  std::atomic<bool> resubscribed_{false};  // since configure()
};

}  // namespace net::sctp
