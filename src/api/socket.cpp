// Socket: its life, names, setting up and ending associations. Receiving is in receive.cpp, options in options.cpp.
#include <net/sctp/socket.hpp>

#include <fcntl.h>
#include <linux/sctp.h>
#include <netinet/in.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "api/socket_state.hpp"

namespace net::sctp {
namespace {

constexpr socklen_t kMostAddressBytes = 1 << 20;  // bound of a list of addresses that the seam is asked for

// The packed array of sockaddr_in and sockaddr_in6 that bindx and connectx take (RFC 6458 §9.1). A few are a local
// variable, of which the seam knows that it can be read.
class Packed {
 public:
  explicit Packed(std::span<const Address> addresses) {
    std::byte* at = few_.data();
    if (addresses.size() > kFew) {
      many_.resize(addresses.size() * sizeof(sockaddr_in6));
      at = many_.data();
    }
    std::byte* const begin = at;
    for (const Address& address : addresses) {
      sockaddr_storage storage;
      const socklen_t length = address.store(storage);
      std::memcpy(at, &storage, length);
      at += length;
    }
    bytes_ = {begin, at};
  }
  Packed(const Packed&) = delete;
  Packed& operator=(const Packed&) = delete;
  [[nodiscard]] std::span<std::byte> bytes() const noexcept { return bytes_; }

 private:
  static constexpr std::size_t kFew = 4;
  std::array<std::byte, kFew * sizeof(sockaddr_in6)> few_;
  std::vector<std::byte> many_;
  std::span<std::byte> bytes_;
};

std::string texts(std::span<const Address> addresses) {
  std::string text;
  for (const Address& address : addresses) text += (text.empty() ? "" : ", ") + std::string(address.text());
  return text;
}

// One address of each host.
std::vector<Address> look_up(const std::vector<std::string>& hosts, std::uint16_t port, bool ipv6,
                             std::error_code& error) {
  std::vector<Address> chosen;
  for (const std::string& host : hosts) {
    const auto found = resolve(host, port, error);
    if (error) return {};
    const auto v4 = std::find_if(found.begin(), found.end(), [](const Address& address) { return address.is_v4(); });
    chosen.push_back(ipv6 || v4 == found.end() ? found.front() : *v4);
  }
  return chosen;
}

bool any_v6(const std::vector<Address>& addresses) {
  return std::any_of(addresses.begin(), addresses.end(), [](const Address& address) { return address.is_v6(); });
}

}  // namespace

Socket::State::~State() {
  if (open.exchange(false)) seam->close();
}

void Socket::State::configure(std::error_code& error) noexcept {
  const int on = 1;
  if (!succeeded(set(IPPROTO_SCTP, SCTP_RECVRCVINFO, on), error)) return;
  subscribe(settings.events, error);
  resubscribed_ = false;
}

void Socket::State::inherit(const State& listener, std::error_code& error) noexcept {
  if (listener.resubscribed_) return configure(error);
  error.clear();
  const std::lock_guard guard(events_mutex_);
  events_ = settings.events;
}

void Socket::State::subscribe(const Events& wanted, std::error_code& error) noexcept {
  sctp_event_subscribe kinds{};
  kinds.sctp_association_event = wanted.association;
  kinds.sctp_address_event = wanted.peer_address;
  kinds.sctp_send_failure_event_event = wanted.send_failure;
  kinds.sctp_peer_error_event = wanted.peer_error;
  kinds.sctp_shutdown_event = wanted.shutdown;
  kinds.sctp_partial_delivery_event = 1;  // receive() must know of a message that will have no end
  kinds.sctp_adaptation_layer_event = wanted.adaptation;
  kinds.sctp_sender_dry_event = wanted.sender_dry;
  kinds.sctp_stream_reset_event = wanted.stream_reset;
  kinds.sctp_assoc_reset_event = wanted.association_reset;
  kinds.sctp_stream_change_event = wanted.stream_change;
  resubscribed_ = true;
  if (!succeeded(set(IPPROTO_SCTP, SCTP_EVENTS, kinds), error)) return;
  const std::lock_guard guard(events_mutex_);
  events_ = wanted;
}

Events Socket::State::events() const noexcept {
  const std::lock_guard guard(events_mutex_);
  return events_;
}

Socket::Socket() noexcept = default;
Socket::Socket(std::shared_ptr<State> state) noexcept : state_(std::move(state)) {}
Socket::Socket(Socket&& other) noexcept = default;
Socket& Socket::operator=(Socket&& other) noexcept {
  state_ = std::exchange(other.state_, nullptr);
  return *this;
}
Socket::~Socket() = default;

Socket::Socket(SocketSettings settings) {
  std::error_code error;
  *this = Socket(std::move(settings), error);
  throw_if(error, "open an SCTP socket");
}

Socket::Socket(SocketSettings settings, std::error_code& error) {
  error.clear();
  auto local = look_up(settings.local_host, settings.local_port, settings.ipv6, error);
  if (error) return;
  auto peers = look_up(settings.peer_host, settings.peer_port, settings.ipv6, error);
  if (error) return;
  const int family = settings.ipv6 || any_v6(local) || any_v6(peers) ? AF_INET6 : AF_INET;
  const int type =
      (settings.one_to_many ? SOCK_SEQPACKET : SOCK_STREAM) | SOCK_CLOEXEC | (settings.nonblocking ? SOCK_NONBLOCK : 0);
  auto opened = ::netsctp::socket::open(family, type, ::netsctp::socket::DescriptorIs::kMadeWhenAsked);
  if (!opened) {
    error = opened.error();
    return;
  }
  auto state = std::make_shared<State>(std::move(*opened), std::move(settings));
  state->local = std::move(local);
  state->peers = std::move(peers);
  state->family = family;
  state->configure(error);
  if (error) return;
  Socket made(state);
  const SocketSettings& wanted = state->settings;
  if (wanted.no_delay) made.set(NoDelay{true}, AssociationId::kFuture, error);
  if (!error && wanted.init) made.set(*wanted.init, AssociationId::kFuture, error);
  if (!error && wanted.rto) made.set(*wanted.rto, AssociationId::kFuture, error);
  if (!error && wanted.remote_udp_port) {
    made.set(RemoteUdpPort{.port = *wanted.remote_udp_port}, AssociationId::kFuture, error);
  }
  if (!error) *this = std::move(made);
}

bool Socket::is_open() const noexcept {
  return state_ && state_->open.load();
}

int Socket::descriptor() const noexcept {
  return is_open() ? state_->seam->descriptor() : -1;
}

bool Socket::wait_readable(std::chrono::milliseconds timeout) {
  std::error_code error;
  const bool readable = wait_readable(timeout, error);
  throw_if(error, "wait");
  return readable;
}

bool Socket::wait_readable(std::chrono::milliseconds timeout, std::error_code& error) noexcept {
  pollfd entry{descriptor(), POLLIN, 0};
  error = errno_code(is_open() ? EMFILE : EBADF);
  if (entry.fd < 0) return false;
  constexpr std::chrono::milliseconds kMost{std::numeric_limits<int>::max()};
  const int ready =
      ::poll(&entry, 1, static_cast<int>(std::clamp(timeout, std::chrono::milliseconds(-1), kMost).count()));
  if (!succeeded(ready < 0 ? -errno : ready, error)) return false;
  return ready > 0;
}

void Socket::start_server() {
  std::error_code error;
  start_server(error);
  if (error) throw_if(error, state_ ? "serve at " + texts(state_->local) : "serve");
}

void Socket::start_server(std::error_code& error) {
  error = errno_code(EBADF);
  if (!state_) return;
  const auto& local = state_->local;
  const Address wildcard = Address(state_->family == AF_INET6 ? "::" : "0.0.0.0", state_->settings.local_port);
  bind(local.empty() ? wildcard : local.front(), error);
  if (!error && local.size() > 1) bindx(std::span(local).subspan(1), Bindx::kAdd, error);
  if (!error && state_->settings.listen) listen(state_->settings.backlog, error);
}

AssociationId Socket::start_client() {
  std::error_code error;
  const AssociationId association = start_client(error);
  if (error) throw_if(error, state_ ? "connect to " + texts(state_->peers) : "connect");
  return association;
}

AssociationId Socket::start_client(std::error_code& error) {
  error = errno_code(EBADF);
  if (!state_) return AssociationId::kNone;
  if (!state_->local.empty() || state_->settings.local_port != 0 || state_->settings.listen) {
    start_server(error);
    if (error) return AssociationId::kNone;
  }
  const AssociationId association = connectx(state_->peers, error);
  state_->association = association;
  return association;
}

void Socket::bind(const Address& address) {
  std::error_code error;
  bind(address, error);
  throw_if(error, "bind " + std::string(address.text()));
}

void Socket::bind(const Address& address, std::error_code& error) noexcept {
  error = errno_code(EBADF);
  if (!state_) return;
  sockaddr_storage storage;
  const socklen_t length = address.store(storage);
  succeeded(state_->seam->bind(reinterpret_cast<const sockaddr*>(&storage), length), error);
}

void Socket::bindx(std::span<const Address> addresses, Bindx action) {
  std::error_code error;
  bindx(addresses, action, error);
  if (error)
    throw_if(error, (action == Bindx::kAdd ? "add the addresses " : "remove the addresses ") + texts(addresses));
}

void Socket::bindx(std::span<const Address> addresses, Bindx action, std::error_code& error) {
  error = errno_code(EBADF);
  if (!state_) return;
  // RFC 6458 §9.1: the port given must be the one bound already; 0 stands for it here.
  std::vector<Address> with_port(addresses.begin(), addresses.end());
  std::error_code unbound;
  const std::uint16_t port = local_name(unbound).port();
  for (Address& address : with_port) {
    if (address.port() == 0) address = address.with_port(port);
  }
  const Packed packed(with_port);
  const auto bytes = packed.bytes();
  const int option = action == Bindx::kAdd ? SCTP_SOCKOPT_BINDX_ADD : SCTP_SOCKOPT_BINDX_REM;
  succeeded(state_->seam->setsockopt(IPPROTO_SCTP, option, bytes.data(), static_cast<socklen_t>(bytes.size())), error);
}

void Socket::listen(int backlog) {
  std::error_code error;
  listen(backlog, error);
  throw_if(error, "listen");
}

void Socket::listen(int backlog, std::error_code& error) noexcept {
  error = errno_code(EBADF);
  if (state_) succeeded(state_->seam->listen(backlog), error);
}

Socket Socket::accept() {
  std::error_code error;
  Socket accepted = accept(error);
  throw_if(error, "accept");
  return accepted;
}

Socket Socket::accept(std::error_code& error) {
  error = errno_code(EBADF);
  if (!state_) return {};
  std::shared_ptr<Seam> seam;
  const int flags = SOCK_CLOEXEC | (state_->settings.nonblocking ? SOCK_NONBLOCK : 0);
  if (!succeeded(state_->seam->accept(seam, nullptr, nullptr, flags), error)) return {};
  auto state = std::make_shared<State>(std::move(seam), state_->settings);
  state->inherit(*state_, error);
  return error ? Socket() : Socket(std::move(state));
}

void Socket::connect(const Address& peer) {
  std::error_code error;
  connect(peer, error);
  throw_if(error, "connect to " + std::string(peer.text()));
}

void Socket::connect(const Address& peer, std::error_code& error) noexcept {
  error = errno_code(EBADF);
  if (!state_) return;
  sockaddr_storage storage;
  const socklen_t length = peer.store(storage);
  succeeded(state_->seam->connect(reinterpret_cast<const sockaddr*>(&storage), length), error);
}

AssociationId Socket::connectx(std::span<const Address> addresses) {
  std::error_code error;
  const AssociationId association = connectx(addresses, error);
  if (error) throw_if(error, "connect to " + texts(addresses));
  return association;
}

AssociationId Socket::connectx(std::span<const Address> addresses, std::error_code& error) {
  error = errno_code(EBADF);
  if (!state_) return AssociationId::kNone;
  const Packed packed(addresses);
  const auto bytes = packed.bytes();
  if (bytes.empty()) {
    error = errno_code(EINVAL);
    return AssociationId::kNone;
  }
  // This form, of the several, tells the association also when it returns EINPROGRESS.
  sctp_getaddrs_old request{};
  request.addr_num = static_cast<int>(bytes.size());
  request.addrs = reinterpret_cast<sockaddr*>(bytes.data());
  succeeded(state_->read(IPPROTO_SCTP, SCTP_SOCKOPT_CONNECTX3, request), error);
  return error && error != std::errc::operation_in_progress ? AssociationId::kNone : AssociationId{request.assoc_id};
}

Socket Socket::peeloff(AssociationId association) {
  std::error_code error;
  Socket peeled = peeloff(association, error);
  throw_if(error, "peel an association off");
  return peeled;
}

Socket Socket::peeloff(AssociationId association, std::error_code& error) {
  error = errno_code(EBADF);
  if (!state_) return {};
  std::shared_ptr<Seam> seam;
  const int flags = SOCK_CLOEXEC | (state_->settings.nonblocking ? SOCK_NONBLOCK : 0);
  if (!succeeded(state_->seam->peeloff(static_cast<int>(association), seam, flags), error)) return {};
  SocketSettings settings = state_->settings;
  settings.one_to_many = false;
  auto state = std::make_shared<State>(std::move(seam), std::move(settings));
  state->branch = true;
  state->configure(error);
  return error ? Socket() : Socket(std::move(state));
}

void Socket::send(std::span<const std::byte> bytes, const SendInfo& info) {
  std::error_code error;
  send(bytes, info, error);
  throw_if(error, "send");
}

void Socket::send(std::span<const std::byte> bytes, const SendInfo& info, std::error_code& error) noexcept {
  error = errno_code(EBADF);
  if (!state_) return;
  const bool to_many = state_->settings.one_to_many;
  sctp_sndinfo wanted{};
  wanted.snd_sid = info.stream;
  wanted.snd_flags = static_cast<std::uint16_t>(
      (info.unordered ? SCTP_UNORDERED : 0) | (info.sack_immediately ? SCTP_SACK_IMMEDIATELY : 0) |
      (info.address_over ? SCTP_ADDR_OVER : 0) | (info.eof ? SCTP_EOF : 0) | (info.abort ? SCTP_ABORT : 0));
  wanted.snd_ppid = htonl(info.ppid);
  wanted.snd_context = info.context;
  AssociationId association = info.association;
  if (association == AssociationId::kNone && to_many && !info.peer) association = state_->association;
  wanted.snd_assoc_id = static_cast<sctp_assoc_t>(association);

  alignas(cmsghdr) std::byte control[CMSG_SPACE(sizeof wanted)] = {};
  sockaddr_storage to;
  iovec place{const_cast<std::byte*>(bytes.data()), bytes.size()};
  msghdr header{};
  header.msg_iov = &place;
  header.msg_iovlen = 1;
  header.msg_control = control;
  header.msg_controllen = sizeof control;
  cmsghdr* item = CMSG_FIRSTHDR(&header);
  item->cmsg_level = IPPROTO_SCTP;
  item->cmsg_type = SCTP_SNDINFO;
  item->cmsg_len = CMSG_LEN(sizeof wanted);
  std::memcpy(CMSG_DATA(item), &wanted, sizeof wanted);
  if (info.peer && (info.address_over || (to_many && association == AssociationId::kNone))) {
    header.msg_name = &to;
    header.msg_namelen = info.peer.store(to);
  }
  succeeded(state_->seam->sendmsg(&header, MSG_NOSIGNAL), error);
}

void Socket::shutdown(AssociationId association) {
  std::error_code error;
  shutdown(association, error);
  throw_if(error, "shut down");
}

void Socket::shutdown(AssociationId association, std::error_code& error) noexcept {
  error = errno_code(EBADF);
  if (!state_) return;
  if (state_->settings.one_to_many || state_->branch) {
    // RFC 6458 §3.1.4: a message with SCTP_EOF and no data shuts one of many associations down. (On a branched-off
    // socket Linux' shutdown() does nothing.)
    send(std::span<const std::byte>(), {.association = association, .eof = true}, error);
  } else {
    state_->shut_down = true;
    succeeded(state_->seam->shutdown(SHUT_WR), error);
  }
}

void Socket::abort(AssociationId association, std::string_view reason) {
  std::error_code error;
  abort(association, reason, error);
  throw_if(error, "abort");
}

void Socket::abort(AssociationId association, std::string_view reason, std::error_code& error) noexcept {
  send(reason, {.association = association, .abort = true}, error);
  if (error != std::errc::invalid_argument || !state_ || state_->settings.one_to_many) return;
  // One-to-one sockets know no SCTP_ABORT: RFC 6458 §4.1.7 has SO_LINGER for that.
  const linger at_once{1, 0};
  if (succeeded(state_->seam->setsockopt(SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), error)) close(error);
}

void Socket::close() {
  std::error_code error;
  close(error);
  throw_if(error, "close");
}

void Socket::close(std::error_code& error) noexcept {
  error.clear();
  if (state_ && state_->open.exchange(false)) succeeded(state_->seam->close(), error);
}

Address Socket::local_name() const {
  std::error_code error;
  const Address address = local_name(error);
  throw_if(error, "ask for the local address");
  return address;
}

Address Socket::local_name(std::error_code& error) const noexcept {
  error = errno_code(EBADF);
  if (!state_) return {};
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  if (!succeeded(state_->seam->getsockname(reinterpret_cast<sockaddr*>(&storage), &length), error)) return {};
  return {reinterpret_cast<const sockaddr*>(&storage), length};
}

Address Socket::peer_name() const {
  std::error_code error;
  const Address address = peer_name(error);
  throw_if(error, "ask for the peer's address");
  return address;
}

Address Socket::peer_name(std::error_code& error) const noexcept {
  error = errno_code(EBADF);
  if (!state_) return {};
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  if (!succeeded(state_->seam->getpeername(reinterpret_cast<sockaddr*>(&storage), &length), error)) return {};
  return {reinterpret_cast<const sockaddr*>(&storage), length};
}

// RFC 6458 §9.3, §9.5: a count and packed addresses; ENOMEM asks for a larger buffer.
std::vector<Address> Socket::State::addresses(int option, AssociationId of, std::error_code& error) {
  std::vector<std::byte> buffer;
  sctp_getaddrs head{};
  socklen_t length = 0;
  for (socklen_t size = 4096;; size *= 4) {
    buffer.assign(size, std::byte{0});
    head.assoc_id = static_cast<sctp_assoc_t>(of);
    std::memcpy(buffer.data(), &head, sizeof head);
    length = size;
    if (succeeded(seam->getsockopt(IPPROTO_SCTP, option, buffer.data(), &length), error)) break;
    if (error != std::errc::not_enough_memory || size >= kMostAddressBytes) return {};
  }
  std::memcpy(&head, buffer.data(), sizeof head);
  std::vector<Address> list;
  auto rest = std::span<const std::byte>(buffer).subspan(sizeof head);
  while (list.size() < head.addr_num) {
    sockaddr_storage storage{};
    std::memcpy(&storage, rest.data(), std::min(sizeof(sockaddr_in6), rest.size()));
    const std::size_t size = storage.ss_family == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
    const Address address(reinterpret_cast<const sockaddr*>(&storage), sizeof storage);
    if (!address || rest.size() < size) break;
    list.push_back(address);
    rest = rest.subspan(size);
  }
  return list;
}

std::vector<Address> Socket::local_addresses(AssociationId association) const {
  std::error_code error;
  auto addresses = local_addresses(association, error);
  throw_if(error, "ask for the local addresses");
  return addresses;
}

std::vector<Address> Socket::local_addresses(AssociationId association, std::error_code& error) const {
  error = errno_code(EBADF);
  return state_ ? state_->addresses(SCTP_GET_LOCAL_ADDRS, association, error) : std::vector<Address>();
}

std::vector<Address> Socket::peer_addresses(AssociationId association) const {
  std::error_code error;
  auto addresses = peer_addresses(association, error);
  throw_if(error, "ask for the peer's addresses");
  return addresses;
}

std::vector<Address> Socket::peer_addresses(AssociationId association, std::error_code& error) const {
  error = errno_code(EBADF);
  return state_ ? state_->addresses(SCTP_GET_PEER_ADDRS, association, error) : std::vector<Address>();
}

void Socket::set_nonblocking(bool on) {
  std::error_code error;
  set_nonblocking(on, error);
  throw_if(error, "change whether the socket blocks");
}

void Socket::set_nonblocking(bool on, std::error_code& error) noexcept {
  const int handle = descriptor();
  error = errno_code(is_open() ? EMFILE : EBADF);
  if (handle < 0) return;
  const int flags = fcntl(handle, F_GETFL);
  const int wanted = on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK;
  succeeded(flags < 0 || fcntl(handle, F_SETFL, wanted) < 0 ? -errno : 0, error);
}

}  // namespace net::sctp
