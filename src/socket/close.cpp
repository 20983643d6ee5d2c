// close() and shutdown() (RFC 6458 §3.1.5, §4.1.6, §4.1.7, §8.1.4).
#include <cerrno>
#include <chrono>
#include <utility>
#include <vector>

#include "socket/descriptor_table.hpp"
#include "socket/instance.hpp"
#include "socket/stack_socket.hpp"

namespace netsctp::socket {

int StackSocket::close() noexcept {
  const auto self = shared_from_this();
  auto session = instance_.engine().session();
  if (endpoint_ != nullptr) session.take_in();  // what nobody has read matters
  if (closed_) return -EBADF;
  std::vector<std::shared_ptr<SocketAssociation>> waited_for;
  for (const auto id : associations_) waited_for.push_back(instance_.share(id));
  const bool forcibly = settings.linger && settings.linger_seconds == 0;
  const bool may_have_peers = endpoint_ != nullptr;
  give_up(session.now(), forcibly);
  if (may_have_peers) session.catch_up();
  if (settings.linger && settings.linger_seconds > 0 && !waited_for.empty()) {
    // RFC 6458 §8.1.4: blocks until all is delivered and said goodbye, or the time is over.
    (void)session.wait(
        [&] {
          for (const auto& association : waited_for) {
            if (association != nullptr && !association->ended) return false;
          }
          return true;
        },
        session.now() + std::chrono::seconds(settings.linger_seconds), engine::Awaited::kAnswer);
  }
  return 0;
}

void StackSocket::give_up(Time now, bool forcibly) noexcept {
  closed_ = true;
  forget_descriptor(readiness_.descriptor(), this, [this] { readiness_.close(); });
  instance_.forget(shared_from_this());
  const std::vector<core::AssociationId> mine = associations_;
  for (const auto id : mine) {
    if (auto* const association = instance_.find(id)) let_go(*association, now, forcibly);
  }
  while (!accept_queue_.empty()) {  // nobody can accept them any more
    const auto embryo = std::move(accept_queue_.front());
    accept_queue_.pop_front();
    embryo->give_up(now, false);
  }
  if (stage_ == Stage::kListening) stop_listening();
  if (endpoint_ != nullptr && endpoint_->owner == this) endpoint_->owner = nullptr;
  endpoint_.reset();
  queue_.clear();
}

void StackSocket::let_go(SocketAssociation& association, Time now, bool forcibly) noexcept {
  const std::size_t unread = queue_.unread_bytes(association.id);
  detach(association);
  // As Linux: what the peer believes delivered but nobody read makes the end an ABORT, as does SO_LINGER with time 0
  // (§8.1.4).
  if (forcibly || unread != 0) {
    (void)stack().abort(association.id, {}, now);
  } else {
    (void)stack().shutdown(association.id, now);
  }
  instance_.reap(association.id);
}

int StackSocket::shutdown(int how) noexcept {
  if (how != SHUT_RD && how != SHUT_WR && how != SHUT_RDWR) return -EINVAL;
  auto session = instance_.engine().session(Intake::kAll);
  if (closed_) return -EBADF;
  if (stage_ == Stage::kListening) return how == SHUT_WR ? 0 : -EOPNOTSUPP;  // as Linux, in either style
  if (is_one_to_many() || !was_up_) return -ENOTCONN;
  if (how != SHUT_WR) shut_read_ = end_of_input_ = true;  // RFC 6458 §4.1.7: no protocol action; what came is read
  if (how != SHUT_RD) {
    shut_write_ = true;
    if (only_ != nullptr) {
      only_->shutting_down = asked_ = true;
      (void)stack().shutdown(only_->id, session.now());
    }
  }
  settle();
  session.catch_up();
  return 0;
}

}  // namespace netsctp::socket
