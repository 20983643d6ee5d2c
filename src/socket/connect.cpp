// Associations begun here: connect(), connectx, implicit setup; and peeloff (RFC 6458 §3.1.6, §4.1.5, §7.5, §9.2,
// §9.9).
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

#include "socket/descriptor_table.hpp"
#include "socket/instance.hpp"
#include "socket/sockaddr.hpp"
#include "socket/stack_socket.hpp"
#include "socket/user_memory.hpp"

namespace netsctp::socket {

namespace {

// RFC 6458 §5.3.1: fields of zero leave the socket's value.
void apply(const sctp_initmsg& init, core::AssociationParameters& parameters) noexcept {
  if (init.sinit_num_ostreams != 0) parameters.outbound_streams = init.sinit_num_ostreams;
  if (init.sinit_max_instreams != 0) parameters.max_inbound_streams = init.sinit_max_instreams;
  if (init.sinit_max_attempts != 0) parameters.max_init_retransmits = init.sinit_max_attempts;
  if (init.sinit_max_init_timeo != 0) {
    parameters.init_timeout_max = std::chrono::milliseconds(init.sinit_max_init_timeo);
  }
}

}  // namespace

int StackSocket::connect(const sockaddr* address, socklen_t length) noexcept {
  auto session = instance_.engine().session();
  learn_news(session);
  if (closed_) return -EBADF;
  sa_family_t family = AF_INET;
  if (length >= sizeof family && length <= sizeof(sockaddr_storage)) {
    if (const int error = copy_in(&family, address, sizeof family)) return error;
  }
  if (family == AF_UNSPEC) return -EOPNOTSUPP;  // as Linux: an association is not dissolved so
  const auto to = from_caller(address, length, settings.view);
  if (!to) return -to.error().value();
  return connect_to(session, std::span(&to.value(), 1), nullptr);
}

int StackSocket::connect_to(Session& session, std::span<const Address> peers, core::AssociationId* id) {
  auto begun = associate(session, peers);
  if (!begun) return -begun.error().value();
  if (id != nullptr) *id = (*begun)->id;
  if (is_nonblocking(0)) {
    session.catch_up();
    return -EINPROGRESS;
  }
  const int outcome = await_up(session, *begun);
  return outcome == -EAGAIN ? -EINPROGRESS : outcome;  // as Linux: SO_SNDTIMEO leaves it in progress
}

Result<std::shared_ptr<SocketAssociation>> StackSocket::associate(Session& session, std::span<const Address> peers,
                                                                  const sctp_initmsg* init) {
  if (!is_one_to_many()) {
    if (stage_ == Stage::kConnecting) return std::errc::connection_already_in_progress;
    if (stage_ == Stage::kConnected || stage_ == Stage::kListening) return std::errc::already_connected;
    if (was_up_) return std::errc::already_connected;  // as Linux: a socket is connected once
    error_ = 0;
  }
  core::ConnectRequest request;
  for (const Address& peer : peers) {
    if (peer.port == 0 || peer.port != peers.front().port || !peer.ip.is_unicast()) return std::errc::invalid_argument;
    request.peers.push_back(peer.ip);
  }
  const bool was_unbound = endpoint_ == nullptr;
  if (const int error = bind_if_unbound(session)) return std::error_code(-error, std::generic_category());
  if (was_unbound) endpoint_->is_passing = true;
  if (is_one_to_many()) {
    const auto there = stack().find(endpoint_->id(), peers.front());
    if (there != 0 && !has(there)) return std::errc::address_not_available;  // peeled off
  }
  request.port = peers.front().port;
  request.parameters = settings.association;
  if (init != nullptr) apply(*init, *request.parameters);
  const auto udp = settings.udp_ports.find(peers.front().ip.text());
  request.remote_udp_port = udp != settings.udp_ports.end() ? udp->second : settings.udp_port;
  auto id = stack().connect(endpoint_->id(), request, session.now());
  if (!id) return id.error();

  auto association = instance_.enter(*id, endpoint_, *this);
  association->peers = request.peers;
  association->peer_port = request.port;
  attach(association);
  peer_ = peers.front();
  if (!is_one_to_many()) {
    readiness_.renew();
    end_of_input_ = shut_read_ = false;
    stage_ = Stage::kConnecting;
    settle();
  }
  return association;
}

int StackSocket::await_up(Session& session, const std::shared_ptr<SocketAssociation>& association) {
  ++waiting_connectors_;
  const auto ready = [&] { return association->up || association->ended; };
  const int outcome = wait(session, settings.send_timeout, ready, engine::Awaited::kAnswer);
  --waiting_connectors_;
  if (outcome != 0 || association->up) return outcome;
  if (!is_one_to_many() && stage_ == Stage::kEnded) stage_ = Stage::kIdle;  // told here: it may be tried again
  settle();
  return association->error != 0 ? -association->error : -ECONNABORTED;
}

int StackSocket::peeloff(int id, std::shared_ptr<Socket>& peeled, int flags) noexcept {
  flags &= SOCK_NONBLOCK | SOCK_CLOEXEC;  // as Linux: others are not looked at
  auto session = instance_.engine().session(Intake::kAll);
  if (closed_) return -EBADF;
  if (!is_one_to_many() || !has(id)) return -EINVAL;
  SocketAssociation* const association = instance_.find(id);
  if (association == nullptr) return -EINVAL;
  auto branch = std::make_shared<StackSocket>(instance_, Style::kOneToOne, settings);
  if (const auto error = branch->open_descriptor(flags)) return -error.value();  // at once: the caller is given it
  branch->endpoint_ = association->endpoint;
  branch->stage_ = association->up ? Stage::kConnected : Stage::kConnecting;
  branch->was_up_ = true;
  branch->branch_ = true;
  branch->peer_ = association->peer();
  const auto held = instance_.share(id);
  detach(*association);
  branch->attach(held);
  queue_.move_to(branch->queue_, id);  // RFC 6458 §9.2: what has arrived for it goes along
  branch->settle();
  settle();
  const int descriptor = branch->readiness_.descriptor();
  peeled = std::move(branch);
  return descriptor;
}

}  // namespace netsctp::socket
