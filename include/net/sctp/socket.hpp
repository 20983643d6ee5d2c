// An SCTP socket (RFC 6458), one-to-one or one-to-many, over the kernel's SCTP or netsctp's own: same calls, same
// meaning.
//
//   sctp::Socket server({.local_host = {"127.0.0.1"}, .local_port = 5556, .listen = true, .one_to_many = true});
//   server.start_server();
//   while (auto message = server.receive())
//     server.send("I am the Server!!", {.association = message->association()});
#pragma once

#include <net/sctp/address.hpp>
#include <net/sctp/error.hpp>
#include <net/sctp/message.hpp>
#include <net/sctp/notification.hpp>
#include <net/sctp/options.hpp>
#include <net/sctp/types.hpp>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace net::sctp {

// What a socket is to be. Hosts are addresses, or names that are looked up when the socket is made: of a name, one
// address is taken. Several hosts are several addresses of one multi-homed endpoint.
struct SocketSettings {
  std::vector<std::string> local_host = {};  // empty: every address of this machine
  std::uint16_t local_port = 0;              // 0: a free one
  std::vector<std::string> peer_host = {};   // for start_client()
  std::uint16_t peer_port = 0;
  bool listen = false;       // start_server() listens; start_client() too (one-to-many: serve and call on one socket)
  bool one_to_many = false;  // RFC 6458 §3: all associations on one socket; else §4: one association a socket, as TCP
  bool ipv6 = false;         // an IPv6 socket (IPv4 too) even if no host is an IPv6 address
  bool nonblocking = false;
  int backlog = 128;                                // one-to-one: associations waiting for accept()
  std::size_t max_message_size = 16 * 1024 * 1024;  // bytes: what receive() puts together at most
  std::optional<InitParameters> init = {};          // set before the first association
  std::optional<Rto> rto = {};
  bool no_delay = false;
  Events events = {};                                 // notifications that receive_any() returns
  std::optional<std::uint16_t> remote_udp_port = {};  // RFC 6951: the UDP port peers are spoken to at first
};

// The types that set() and option() take.
template <typename Option>
concept ReadableOption =
    std::same_as<Option, NoDelay> || std::same_as<Option, Linger> || std::same_as<Option, SendBuffer> ||
    std::same_as<Option, ReceiveBuffer> || std::same_as<Option, Rto> || std::same_as<Option, InitParameters> ||
    std::same_as<Option, AssociationParameters> || std::same_as<Option, PathParameters> ||
    std::same_as<Option, PathStatus> || std::same_as<Option, Status> || std::same_as<Option, PrimaryAddress> ||
    std::same_as<Option, RemoteUdpPort> || std::same_as<Option, DelayedSack> || std::same_as<Option, Autoclose> ||
    std::same_as<Option, StreamReconfiguration> || std::same_as<Option, AllowedReconfigurations> ||
    std::same_as<Option, Events> || std::same_as<Option, CongestionControl> || std::same_as<Option, LossDetection>;
template <typename Option>
concept WritableOption = ReadableOption<Option> && !std::same_as<Option, PathStatus> && !std::same_as<Option, Status>;

// Owns the socket: closed gracefully when destroyed. Moved, not copied; what was moved from is closed.
// Threads: every call may be made from several threads at once, except moving and destroying; receives of one socket
// take turns. close() ends the calls that wait in other threads with EBADF; over the kernel's SCTP they go on waiting.
// Errors: those listed in error.hpp; the forms without std::error_code& throw std::system_error.
class [[gnu::visibility("default")]] Socket {
 public:
  Socket() noexcept;  // closed
  // Opens the socket; nothing is bound yet. Errors: EPROTONOSUPPORT, EMFILE, resolver_category(), ...
  explicit Socket(SocketSettings settings);
  Socket(SocketSettings settings, std::error_code & error);
  Socket(Socket && other) noexcept;
  Socket& operator=(Socket&& other) noexcept;
  ~Socket();

  [[nodiscard]] bool is_open() const noexcept;
  // For poll, select and epoll, which see this socket's own readiness: POLLIN, POLLOUT, POLLHUP, POLLERR. Do not read
  // it, write it or close it. -1 if closed. A socket of netsctp's own stack needs none and gets it with the first call;
  // -1 too if the process has no room for one.
  [[nodiscard]] int descriptor() const noexcept;
  // Waits until the socket has something to receive or to accept; false after the timeout.
  bool wait_readable(std::chrono::milliseconds timeout);
  bool wait_readable(std::chrono::milliseconds timeout, std::error_code & error) noexcept;

  // Binds to local_host and local_port, and listens. Errors: EADDRINUSE, EADDRNOTAVAIL, EACCES.
  void start_server();
  void start_server(std::error_code & error);
  // Binds if a local host or port is given, and connects to peer_host and peer_port. The association; on a one-to-many
  // socket send() uses it when nothing else is said. Errors: ECONNREFUSED, ETIMEDOUT, EINVAL without a peer.
  AssociationId start_client();
  AssociationId start_client(std::error_code & error);

  void bind(const Address& address);
  void bind(const Address& address, std::error_code& error) noexcept;
  // Adds or removes local addresses (RFC 6458 §9.1). The port is the bound one or 0.
  void bindx(std::span<const Address> addresses, Bindx action = Bindx::kAdd);
  void bindx(std::span<const Address> addresses, Bindx action, std::error_code & error);
  // One-to-one: associations wait for accept(). One-to-many: associations from peers are taken; 0 stops that.
  void listen(int backlog = 128);
  void listen(int backlog, std::error_code& error) noexcept;
  // One-to-one: the next association that waits, as a socket of its own.
  [[nodiscard]] Socket accept();
  [[nodiscard]] Socket accept(std::error_code & error);
  // Sets up an association and waits until it is up. A socket that does not block: EINPROGRESS, and POLLOUT when it is.
  void connect(const Address& peer);
  void connect(const Address& peer, std::error_code& error) noexcept;
  // The same, trying the peer's addresses in turn (RFC 6458 §9.9).
  AssociationId connectx(std::span<const Address> addresses);
  AssociationId connectx(std::span<const Address> addresses, std::error_code & error);
  // One-to-many: takes an association out into a one-to-one socket of its own (RFC 6458 §9.2).
  [[nodiscard]] Socket peeloff(AssociationId association);
  [[nodiscard]] Socket peeloff(AssociationId association, std::error_code & error);

  // Sends one message, whole or not at all; waits for room in the send buffer. Returns before it is acknowledged.
  // Errors: EMSGSIZE, EPIPE, ECONNRESET, ENOENT or EINVAL (no such association or stream), EAGAIN.
  void send(std::span<const std::byte> bytes, const SendInfo& info = {});
  void send(std::span<const std::byte> bytes, const SendInfo& info, std::error_code& error) noexcept;
  void send(std::string_view text, const SendInfo& info = {}) {
    send(std::as_bytes(std::span(text)), info);
  }
  void send(std::string_view text, const SendInfo& info, std::error_code& error) noexcept {
    send(std::as_bytes(std::span(text)), info, error);
  }

  // The next message, whole; notifications before it are dropped. Nothing at the end of a one-to-one socket's
  // association. Errors: EAGAIN, EMSGSIZE (a message beyond max_message_size was dropped), ECONNRESET, ETIMEDOUT.
  [[nodiscard]] std::optional<Message> receive();
  [[nodiscard]] std::optional<Message> receive(std::error_code & error);
  // The next message or notification, in their order.
  [[nodiscard]] std::optional<Received> receive_any();
  [[nodiscard]] std::optional<Received> receive_any(std::error_code & error);
  // Receives into `buffer`, without the copy that receive() makes: a message, or the part of it that fits; the rest
  // comes with the next call. Notifications are dropped. Not to be mixed with the others in the middle of a message.
  [[nodiscard]] std::optional<Piece> receive_some(std::span<std::byte> buffer);
  [[nodiscard]] std::optional<Piece> receive_some(std::span<std::byte> buffer, std::error_code & error);

  // Ends an association gracefully: what was sent is delivered first (RFC 9260 §9.2). One-to-one: its own, and
  // receiving goes on to the end, which poll() does not show (AssociationChange does); one-to-many: the one named, or
  // the one start_client() made.
  void shutdown(AssociationId association = AssociationId::kNone);
  void shutdown(AssociationId association, std::error_code & error) noexcept;
  // Ends an association at once; data on the way is lost, and the peer is told the reason (RFC 9260 §9.1). A one-to-one
  // socket cannot tell a reason, and is closed by it.
  void abort(AssociationId association = AssociationId::kNone, std::string_view reason = {});
  void abort(AssociationId association, std::string_view reason, std::error_code & error) noexcept;
  // Stream re-configuration (RFC 6525 §6.3); what came of it is told by StreamsReset, AssociationReset, StreamsAdded.
  // Both ends must have set StreamReconfiguration before the association began, and AllowedReconfigurations. Errors:
  // ENOPROTOOPT (not so), EINVAL (no such association or stream), EINPROGRESS (one request at a time), EAGAIN (data is
  // queued on the streams, or the association was reset just now).
  //
  // The streams begin with sequence number 0 again, in the direction given; none: all of them.
  void reset_streams(std::span<const std::uint16_t> streams = {},
                     StreamDirection direction = StreamDirection::kOutgoing,
                     AssociationId association = AssociationId::kNone);
  void reset_streams(std::span<const std::uint16_t> streams, StreamDirection direction, AssociationId association,
                     std::error_code & error);
  // All streams, and the transmission sequence numbers, begin again in both directions.
  void reset_association(AssociationId association = AssociationId::kNone);
  void reset_association(AssociationId association, std::error_code & error) noexcept;
  // Adds streams to send on, and asks the peer for more to receive on.
  void add_streams(std::uint16_t outbound, std::uint16_t inbound = 0, AssociationId association = AssociationId::kNone);
  void add_streams(std::uint16_t outbound, std::uint16_t inbound, AssociationId association,
                   std::error_code & error) noexcept;
  // Closes the socket; see Linger. Closing what is closed does nothing.
  void close();
  void close(std::error_code & error) noexcept;

  // One address of this end, and of the peer (one-to-one). Errors: ENOTCONN.
  [[nodiscard]] Address local_name() const;
  [[nodiscard]] Address local_name(std::error_code & error) const noexcept;
  [[nodiscard]] Address peer_name() const;
  [[nodiscard]] Address peer_name(std::error_code & error) const noexcept;
  // All of them (RFC 6458 §9.3, §9.5). One-to-many: of the association; without one, local_addresses() is what is
  // bound.
  [[nodiscard]] std::vector<Address> local_addresses(AssociationId association = AssociationId::kNone) const;
  [[nodiscard]] std::vector<Address> local_addresses(AssociationId association, std::error_code & error) const;
  [[nodiscard]] std::vector<Address> peer_addresses(AssociationId association = AssociationId::kNone) const;
  [[nodiscard]] std::vector<Address> peer_addresses(AssociationId association, std::error_code & error) const;

  void set_nonblocking(bool on);
  void set_nonblocking(bool on, std::error_code& error) noexcept;

  // Sets an option of options.hpp: set(sctp::NoDelay{true}), set(sctp::Rto{.min = 200ms}, association).
  template <WritableOption Option>
  void set(const Option& value, AssociationId association = AssociationId::kFuture) {
    std::error_code error;
    set(value, association, error);
    throw_if(error, "set a socket option");
  }
  template <WritableOption Option>
  void set(const Option& value, AssociationId association, std::error_code& error) noexcept;
  // Reads one: option<sctp::Status>(association), option(sctp::PathStatus{.peer = address}).
  template <ReadableOption Option>
  [[nodiscard]] Option option(const Option& query = {}, AssociationId association = AssociationId::kFuture) const {
    std::error_code error;
    Option value = option(query, association, error);
    throw_if(error, "read a socket option");
    return value;
  }
  template <ReadableOption Option>
  [[nodiscard]] Option option(const Option& query, AssociationId association, std::error_code& error) const noexcept;
  template <ReadableOption Option>
  [[nodiscard]] Option option(AssociationId association) const {
    return option(Option{}, association);
  }
  // Any option of <linux/sctp.h> and <sys/socket.h> as bytes (getsockopt, setsockopt); option() returns the length.
  void set_raw(int level, int name, std::span<const std::byte> value);
  void set_raw(int level, int name, std::span<const std::byte> value, std::error_code& error) noexcept;
  std::size_t read_raw(int level, int name, std::span<std::byte> value) const;
  std::size_t read_raw(int level, int name, std::span<std::byte> value, std::error_code& error) const noexcept;

 private:
  class State;
  explicit Socket(std::shared_ptr<State> state) noexcept;
  // Where none is named, the one start_client() made.
  [[nodiscard]] AssociationId or_own(AssociationId association) const noexcept;

  std::shared_ptr<State> state_;  // null once moved from
};

}  // namespace net::sctp
