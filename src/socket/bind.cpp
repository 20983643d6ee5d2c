// bind(), listen() and the endpoint behind them (RFC 6458 §3.1.2, §4.1.2, §4.1.3).
#include <algorithm>
#include <cerrno>
#include <vector>

#include "socket/instance.hpp"
#include "socket/sockaddr.hpp"
#include "socket/stack_socket.hpp"

namespace netsctp::socket {

namespace {

constexpr std::size_t kMaxBacklog = 4096;  // net.core.somaxconn

}  // namespace

int StackSocket::bind(const sockaddr* address, socklen_t length) noexcept {
  auto session = instance_.engine().session();
  if (closed_) return -EBADF;
  const auto to = from_caller(address, length, settings.view);
  if (!to) return -to.error().value();
  if (endpoint_ != nullptr) return -EINVAL;  // RFC 6458 §4.1.2: only once
  return bind_to(session, std::span(&to.value(), 1));
}

int StackSocket::bind_to(Session&, std::span<const Address> addresses) {
  EndpointAddresses wanted;
  std::uint16_t port = 0;
  for (const Address& address : addresses) {
    if (address.port != 0 && port != 0 && address.port != port) return -EINVAL;
    if (address.port != 0) port = address.port;
    if (address.ip.is_any()) {
      // An IPv6 wildcard stands for IPv4 too, unless IPV6_V6ONLY.
      wanted.any_v6 |= address.ip.is_v6();
      wanted.any_v4 |= address.ip.is_v4() || !settings.view.v6_only;
    } else if (!address.ip.is_unicast() || !is_local(address.ip)) {
      return -EADDRNOTAVAIL;
    } else {
      wanted.specific.push_back(address.ip);
    }
  }
  if (wanted.any_v4 || wanted.any_v6) wanted.specific.clear();
  if ((shares_port() || settings.share_listening) && port != 0) {
    endpoint_ = instance_.shared_endpoint(port, wanted, *this);
  }
  if (endpoint_ == nullptr) {
    auto opened = Endpoint::open(instance_, port, wanted, settings.association);
    if (!opened) return -opened.error().value();
    endpoint_ = *opened;
  }
  if (endpoint_->owner == nullptr) endpoint_->owner = this;
  apply_defaults();
  return 0;
}

int StackSocket::bind_if_unbound(Session& session) {
  if (endpoint_ != nullptr) return 0;
  const Address any = wildcard(settings.view.domain, 0);
  return bind_to(session, std::span(&any, 1));
}

int StackSocket::listen(int backlog) noexcept {
  auto session = instance_.engine().session(Intake::kAll);
  if (closed_) return -EBADF;
  if (!is_one_to_many() && stage_ != Stage::kIdle && stage_ != Stage::kListening) return -EINVAL;
  if (branch_) return -EINVAL;
  if (backlog == 0) {                                 // RFC 6458 §3.1.3, §4.1.3: no new associations any more
    if (stage_ != Stage::kListening) return -EINVAL;  // as Linux
    stop_listening();
    settle();
    return 0;
  }
  if (const int error = bind_if_unbound(session)) return error;
  endpoint_->is_passing = false;
  // As Linux: sockets that share a port may do anything with it, but one only listens, or several with SO_REUSEPORT.
  StackSocket* const owner = endpoint_->owner;
  const bool beside = owner != nullptr && owner != this && owner->stage_ == Stage::kListening;
  if (beside && !owner->shares_listening_with(*this)) return -EADDRINUSE;
  if (!beside) endpoint_->owner = this;
  apply_defaults();
  const std::size_t wanted = backlog < 0 ? kMaxBacklog : static_cast<std::size_t>(backlog);
  backlog_ = std::min(wanted, kMaxBacklog);
  stage_ = Stage::kListening;
  auto& listeners = endpoint_->listeners;
  if (std::find(listeners.begin(), listeners.end(), this) == listeners.end()) listeners.push_back(this);
  announce_listeners();
  settle();
  return 0;
}

void StackSocket::announce_listeners() noexcept {
  std::size_t places = 0;
  for (const StackSocket* const each : endpoint_->listeners) {
    // A one-to-many socket accepts by itself: nothing ever waits. As Linux: one more than was asked for may wait.
    places += each->is_one_to_many() ? kMaxBacklog : each->backlog_ + 1;
  }
  stack().listen(endpoint_->id(), places);
}

void StackSocket::stop_listening() noexcept {
  stage_ = Stage::kIdle;
  auto& listeners = endpoint_->listeners;
  std::erase(listeners, this);
  if (listeners.empty()) {
    stack().stop_listening(endpoint_->id());
    return;
  }
  announce_listeners();
  if (endpoint_->owner != this) return;
  endpoint_->owner = listeners.front();
  listeners.front()->apply_defaults();
}

}  // namespace netsctp::socket
