// Associations begun by peers: admitted when the core reports them up, taken by accept() (RFC 6458 §4.1.4).
#include <cerrno>
#include <utility>

#include "socket/descriptor_table.hpp"
#include "socket/instance.hpp"
#include "socket/sockaddr.hpp"
#include "socket/stack_socket.hpp"

namespace netsctp::socket {

bool StackSocket::admit(core::AssociationId id, const std::shared_ptr<Endpoint>& from) noexcept {
  if (closed_ || stage_ != Stage::kListening) return false;
  if (is_one_to_many()) {
    attach(instance_.enter(id, from, *this));
    stack().accepted(id);
    return true;
  }
  // Those that ended gracefully before anybody accepted them may still be read, but no longer count in the core.
  if (accept_queue_.size() > 2 * backlog_) return false;
  auto embryo = std::make_shared<StackSocket>(instance_, Style::kOneToOne, settings);
  embryo->endpoint_ = from;
  embryo->listener_ = this;
  embryo->attach(instance_.enter(id, from, *embryo));
  embryo->was_up_ = true;
  accept_queue_.push_back(std::move(embryo));
  arrived();
  return true;
}

int StackSocket::accept(std::shared_ptr<Socket>& accepted, sockaddr* address, socklen_t* length, int flags) noexcept {
  if ((flags & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)) != 0) return -EINVAL;
  auto session = instance_.engine().session();
  if (closed_) return -EBADF;
  if (is_one_to_many()) return -EOPNOTSUPP;
  if (stage_ != Stage::kListening) return -EINVAL;
  const auto is_any_left = [this] { return accept_queue_.size() > promised_; };
  const bool may_wait = is_any_left() || !is_nonblocking(0);
  if (!may_wait) learn_news(session);  // who waits takes in himself what comes
  if (!is_any_left()) {
    if (!may_wait) return -EAGAIN;
    ++waiting_readers_;
    bool promised = false;  // to this thread: no other is woken for the same
    const auto ready = [&] {
      if (!promised && is_any_left()) {
        promised = true;
        ++promised_;
      }
      return promised || stage_ != Stage::kListening;
    };
    const int error = wait(session, settings.receive_timeout, ready, engine::Awaited::kRequest);
    if (promised) --promised_;
    --waiting_readers_;
    if (error != 0) {
      settle();
      return error;
    }
    if (accept_queue_.empty()) return -EINVAL;
  }
  const std::shared_ptr<StackSocket> child = accept_queue_.front();
  Address peer = wildcard(settings.view.domain, 0);
  if (child->only_ != nullptr) peer = child->only_->peer();
  // Before anything has changed: a pointer to nowhere leaves the association in the queue. (Linux closes it.)
  if (const int error = address != nullptr ? to_caller(peer, settings.view, address, length) : 0) {
    settle();
    return error;
  }
  child->descriptor_is_ = descriptor_is_;
  if (const auto error = child->open_descriptor(flags)) {  // it stays in the queue
    settle();
    return -error.value();
  }
  accept_queue_.pop_front();
  child->listener_ = nullptr;
  if (child->only_ != nullptr) {
    stack().accepted(child->only_->id);
    child->peer_ = peer;
  }
  child->settle();
  settle();
  accepted = child;
  return 0;
}

}  // namespace netsctp::socket
