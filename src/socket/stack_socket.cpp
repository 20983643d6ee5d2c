#include "socket/stack_socket.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "socket/backend.hpp"
#include "socket/descriptor_table.hpp"
#include "socket/instance.hpp"
#include "socket/sockaddr.hpp"

namespace netsctp::socket {

Result<std::shared_ptr<StackSocket>> StackSocket::create(int domain, int type, DescriptorIs descriptor) {
  auto instance = Instance::acquire();
  if (!instance) return instance.error();
  SocketSettings initial;
  initial.view.domain = domain;
  initial.association.congestion_control = backend().congestion_control;
  initial.association.loss_detection = backend().loss_detection;
  const auto style = (type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)) == SOCK_STREAM ? Style::kOneToOne : Style::kOneToMany;
  auto socket = std::make_shared<StackSocket>(**instance, style, initial);
  auto session = (*instance)->engine().session();
  socket->descriptor_is_ = descriptor;
  if (const auto error = socket->open_descriptor(type & (SOCK_NONBLOCK | SOCK_CLOEXEC))) return error;
  socket->settle();
  return socket;
}

StackSocket::StackSocket(Instance& instance, Style style, const SocketSettings& initial)
    : settings(initial), instance_(instance), style_(style) {}

std::error_code StackSocket::open_descriptor(int flags) noexcept {
  if (descriptor_is_ == DescriptorIs::kMadeWhenAsked) {
    readiness_.put_off(flags);
  } else {
    if (const auto error = readiness_.open(flags)) return error;
    enter_descriptor(readiness_.descriptor(), shared_from_this());
  }
  instance_.enter(shared_from_this());
  return {};
}

int StackSocket::descriptor() noexcept {
  // In the child of a fork(), where nobody gives the lock back, nothing is put off any more.
  if (!readiness_.is_put_off()) return readiness_.descriptor();
  auto session = instance_.engine().session();
  return descriptor_now();
}

int StackSocket::descriptor_now() noexcept {
  if (readiness_.is_put_off() && !readiness_.open_now()) {
    enter_descriptor(readiness_.descriptor(), shared_from_this());
  }
  return readiness_.descriptor();
}

core::Stack& StackSocket::stack() noexcept {
  return instance_.stack();
}

SocketAssociation* StackSocket::association(core::AssociationId id) noexcept {
  if (!is_one_to_many()) return only_.get();
  return has(id) ? instance_.find(id) : nullptr;
}

bool StackSocket::has(core::AssociationId id) noexcept {
  const SocketAssociation* const association = instance_.find(id);
  return association != nullptr && association->socket == this;
}

int StackSocket::take_error() noexcept {
  const int error = std::exchange(error_, 0);
  if (error != 0) readiness_.clear_error();
  return error;
}

void StackSocket::leave_error(int error) noexcept {
  auto session = instance_.engine().session();
  if (!closed_) error_ = error;
}

int StackSocket::take_left_error() noexcept {
  auto session = instance_.engine().session();
  return take_error();
}

void StackSocket::act_as_tcp() noexcept {
  auto session = instance_.engine().session();
  settings.as_tcp = true;
}

void StackSocket::apply_defaults() noexcept {
  if (endpoint_ == nullptr || endpoint_->owner != this) return;
  if (auto* const parameters = stack().parameters(endpoint_->id())) *parameters = settings.association;
}

int StackSocket::wait(Session& session, Duration timeout, const std::function<bool()>& ready,
                      engine::Awaited awaited) noexcept {
  const Time deadline = timeout == Duration{} ? kNever : engine::Engine::clock_now() + timeout;
  const int outcome = session.wait([&] { return closed_ || ready(); }, deadline, awaited);
  if (closed_) return -EBADF;
  if (outcome == ETIMEDOUT || outcome == -ETIMEDOUT) return -EAGAIN;
  return outcome > 0 ? -outcome : outcome;
}

bool StackSocket::is_nonblocking(int flags) const noexcept {
  return (flags & MSG_DONTWAIT) != 0 || readiness_.is_nonblocking();
}

void StackSocket::settle() noexcept {
  if (!readiness_.is_open()) return;
  settle_input();
  switch (stage_) {
    case Stage::kIdle:
    case Stage::kListening:
      readiness_.set_writable(is_one_to_many() && full_ == 0);
      break;
    case Stage::kConnecting:
      readiness_.set_writable(false);
      break;
    case Stage::kConnected:
      readiness_.set_writable(full_ == 0);
      break;
    case Stage::kEnded:
      if (error_ != 0) return readiness_.fail();
      readiness_.set_writable(was_up_);
      break;
  }
  if (end_of_input_) shut_write_ ? readiness_.hang_up() : readiness_.end_of_input();  // as Linux
}

void StackSocket::settle_input() noexcept {
  if (stage_ == Stage::kListening && !is_one_to_many()) {
    readiness_.set_readable(!accept_queue_.empty());
  } else {
    readiness_.set_readable(queue_.next(settings.fragment_interleave) != nullptr);
  }
}

void StackSocket::arrived() noexcept {
  if (!std::exchange(will_signal_, true)) instance_.will_signal(shared_from_this());
}

void StackSocket::signal_arrival() noexcept {
  will_signal_ = false;
  // A thread that waits in recvmsg() or accept() takes it and then settles: the descriptor need not flicker.
  const bool anything = !accept_queue_.empty() || queue_.next(settings.fragment_interleave) != nullptr;
  if (anything && waiting_readers_ == 0) readiness_.readable_edge();
}

void StackSocket::mark_full(SocketAssociation& association) noexcept {
  if (association.wants_space || association.ended) return;
  association.wants_space = true;
  ++full_;
  stack().want_send_space(association.id);
  readiness_.set_writable(false);
}

void StackSocket::unmark_full(SocketAssociation& association) noexcept {
  if (!association.wants_space) return;
  association.wants_space = false;
  --full_;
  settle();
}

void StackSocket::attach(const std::shared_ptr<SocketAssociation>& association) {
  association->socket = this;
  const auto id = association->id;
  associations_.insert(std::lower_bound(associations_.begin(), associations_.end(), id), id);
  if (!is_one_to_many()) only_ = association;
}

void StackSocket::detach(SocketAssociation& association) noexcept {
  if (association.wants_space) --full_;
  association.wants_space = false;
  association.socket = nullptr;
  associations_.erase(std::lower_bound(associations_.begin(), associations_.end(), association.id));
  if (only_.get() == &association) only_.reset();
}

int StackSocket::getsockname(sockaddr* address, socklen_t* length) noexcept {
  auto session = instance_.engine().session();
  if (closed_) return -EBADF;
  if (length == nullptr) return -EFAULT;
  Address name = wildcard(settings.view.domain, 0);
  if (endpoint_ != nullptr) {
    if (!endpoint_->addresses().specific.empty()) {
      name.ip = endpoint_->addresses().specific.back();  // as Linux: the one bound last
    } else if (peer_.port != 0) {
      name.ip = source_towards(peer_);  // as Linux: a wildcard has become the address that is sent from
    }
    name.port = endpoint_->port();
  }
  return to_caller(name, settings.view, address, length);
}

int StackSocket::getpeername(sockaddr* address, socklen_t* length) noexcept {
  auto session = instance_.engine().session(Intake::kAll);
  if (closed_) return -EBADF;
  // RFC 6458 §4.1.9: the primary address, also after the end; nothing for one-to-many.
  if (is_one_to_many() || !was_up_) return -ENOTCONN;
  if (length == nullptr) return -EFAULT;
  return to_caller(only_ != nullptr ? only_->peer() : peer_, settings.view, address, length);
}

}  // namespace netsctp::socket
