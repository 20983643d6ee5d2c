// sendmsg() (RFC 6458 §3.1.4, §4.1.8, §5.3, §7.5): where a message goes, whether there is room for it, and what else it
// asks for.
#include <signal.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "socket/ancillary.hpp"
#include "socket/instance.hpp"
#include "socket/sockaddr.hpp"
#include "socket/stack_socket.hpp"
#include "socket/user_memory.hpp"
#include "socket/user_message.hpp"

namespace netsctp::socket {

// What one sendmsg() asks for.
struct SendOrder {
  std::optional<sctp_sndrcvinfo> info;  // as the caller gave it; else the association's or socket's defaults
  std::optional<sctp_initmsg> init;
  std::optional<Address> to;                 // msg_name
  std::vector<IpAddress> more_destinations;  // SCTP_DSTADDRV4/6, at the port of `to`
  std::size_t length = 0;
  unsigned flags = 0;                              // sinfo_flags
  std::optional<sctp_prinfo> partial_reliability;  // SCTP_PRINFO
  bool has_lifetime = false;                       // sinfo_timetolive is the caller's

  [[nodiscard]] core::AssociationId association() const noexcept { return info ? info->sinfo_assoc_id : 0; }
};

namespace {

// With so many bytes not acknowledged yet, or handed over in so short a time, a message may wait for the next ones to
// share a system call with them.
constexpr std::size_t kMuchUnderWay = 16384;
constexpr Duration kShortTime = std::chrono::microseconds(200);

Result<SendOrder> read_order(const msghdr& message, const SocketSettings& settings) {
  SendOrder order;
  for (std::size_t i = 0; i < message.msg_iovlen; ++i) order.length += message.msg_iov[i].iov_len;
  auto ancillary = parse_ancillary(message);
  if (!ancillary) return ancillary.error();
  order.info = ancillary->info;
  order.init = ancillary->init;
  order.partial_reliability = ancillary->partial_reliability;
  order.has_lifetime = ancillary->has_lifetime;
  order.flags = order.info ? order.info->sinfo_flags : settings.traffic.flags;
  if (message.msg_name != nullptr && message.msg_namelen != 0) {
    auto to = from_sockaddr(static_cast<const sockaddr*>(message.msg_name), message.msg_namelen, settings.view);
    if (!to) return to.error();
    order.to = *to;
    order.more_destinations = std::move(ancillary->destinations);
  }
  // Nothing to send but a goodbye is fine; nothing at all is not (RFC 6458 §3.1.4), nor, as Linux, both.
  if (order.length != 0 && (order.flags & SCTP_EOF) != 0) return std::errc::invalid_argument;
  if (order.length == 0 && (order.flags & (SCTP_EOF | SCTP_ABORT)) == 0) return std::errc::invalid_argument;
  if ((order.flags & SCTP_ADDR_OVER) != 0 && !order.to) return std::errc::invalid_argument;
  return order;
}

// RFC 7496 §4.2, RFC 6458 §5.3.7; what the caller does not say is the association's default.
core::Reliability reliability_of(const SendOrder& order, const TrafficSettings& defaults) noexcept {
  using Policy = core::Reliability::Policy;
  unsigned policy = (order.info ? order.info->sinfo_flags : defaults.flags) & SCTP_PR_SCTP_MASK;
  std::uint32_t value = order.has_lifetime ? order.info->sinfo_timetolive : defaults.time_to_live;
  if (order.partial_reliability) {
    policy = order.partial_reliability->pr_policy;
    value = policy == SCTP_PR_SCTP_NONE ? 0 : order.partial_reliability->pr_value;
  }
  if (policy == SCTP_PR_SCTP_RTX) return {Policy::kRetransmissions, value};
  if (policy == SCTP_PR_SCTP_PRIO) return {Policy::kPriority, value};
  // As Linux: no lifetime of 0; a lifetime without a policy (RFC 6458 §5.3.2) is one all the same.
  return value == 0 ? core::Reliability{} : core::Reliability{Policy::kTimed, value};
}

bool is_readable(const msghdr& message) noexcept {
  return std::all_of(message.msg_iov, message.msg_iov + message.msg_iovlen,
                     [](const iovec& each) { return can_read_user(each.iov_base, each.iov_len); });
}

// Of a message that is readable.
void gather(const msghdr& message, std::byte* to) noexcept {
  for (std::size_t i = 0; i < message.msg_iovlen; ++i) {
    if (message.msg_iov[i].iov_len == 0) continue;
    std::memcpy(to, message.msg_iov[i].iov_base, message.msg_iov[i].iov_len);
    to += message.msg_iov[i].iov_len;
  }
}

}  // namespace

ssize_t StackSocket::sendmsg(const msghdr* given, int flags) noexcept {
  UserMessage message;
  if (const int error = message.import_to_send(given)) return error;
  ssize_t outcome = 0;
  {
    auto session = instance_.engine().session();
    if (closed_) return -EBADF;
    auto order = read_order(message.header, settings);
    outcome = order ? send(session, *order, message.header, flags) : -order.error().value();
  }
  if (outcome == -EPIPE && (flags & MSG_NOSIGNAL) == 0) ::raise(SIGPIPE);
  return outcome;
}

ssize_t StackSocket::send(Session& session, const SendOrder& given, const msghdr& message, int flags) {
  if (given.length > settings.send_buffer) return -EMSGSIZE;
  if (!is_one_to_many() && stage_ == Stage::kListening) return -EPIPE;
  // As Linux: these end one of many associations. One-to-one sockets have shutdown() and SO_LINGER (RFC 6458 §4.1.7).
  if (!is_one_to_many() && !branch_ && (given.flags & (SCTP_EOF | SCTP_ABORT)) != 0) return -EINVAL;
  if (is_one_to_many() && (given.flags & SCTP_SENDALL) != 0) {
    ssize_t sent = 0;  // as Linux: to nobody is no failure
    for (const auto id : std::vector(associations_)) {
      const auto each = instance_.share(id);
      if (each != nullptr && send_to(session, each, given, message, flags | MSG_DONTWAIT) >= 0) {
        sent = static_cast<ssize_t>(given.length);
      }
    }
    return sent;
  }
  SendOrder order = given;
  bool begun = false;
  auto association = destination(session, order, message, begun);
  if (!association) return -association.error().value();
  const ssize_t sent = send_to(session, *association, order, message, flags);
  if (begun && sent >= 0 && !is_nonblocking(flags)) {
    // As Linux: implicit setup (RFC 6458 §7.5) waits until it is up; how that ends is told later.
    session.flush();
    ++waiting_readers_;
    (void)wait(session, settings.send_timeout, [held = *association] { return held->up || held->ended; });
    --waiting_readers_;
    if (closed_) return -EBADF;
    settle();
  }
  return sent;
}

Result<std::shared_ptr<SocketAssociation>> StackSocket::destination(Session& session, SendOrder& order,
                                                                    const msghdr& message, bool& begun) {
  if (!is_one_to_many() && only_ != nullptr) {
    // RFC 6458 §4.1.8: the name only says which of the peer's addresses is preferred; none of another is sent to.
    if (order.to && !only_->has(*order.to)) {
      if (!branch_) return std::errc::address_not_available;
      order.flags &= ~unsigned{SCTP_ADDR_OVER};  // as Linux: a branched-off socket does not look at names
    }
    return only_;
  }
  if (stage_ == Stage::kEnded && end_of_input_ && !was_up_)
    return std::errc::broken_pipe;  // over before it was accepted
  if (!is_one_to_many() && error_ != 0 && !order.to) return std::error_code(take_error(), std::generic_category());
  if (order.to) {
    if (endpoint_ != nullptr && is_one_to_many()) {
      const auto id = stack().find(endpoint_->id(), *order.to);
      if (id != 0 && has(id)) return instance_.share(id);
      if (id != 0) return std::errc::address_not_available;  // peeled off: it has a socket of its own
    }
    if (!is_one_to_many() && was_up_) return std::errc::address_not_available;
    if ((order.flags & (SCTP_EOF | SCTP_ABORT)) != 0 && order.length == 0) return std::errc::invalid_argument;
    if (!is_readable(message)) return std::errc::bad_address;
    // As Linux: a message that cannot be sent begins nothing.
    const unsigned asked = order.init ? order.init->sinit_num_ostreams : 0;
    const unsigned streams = asked != 0 ? asked : settings.association.outbound_streams;
    const unsigned stream = order.info ? order.info->sinfo_stream : settings.traffic.stream;
    if (order.length != 0 && stream >= streams) return std::errc::invalid_argument;
    begun = true;
    std::vector<Address> destinations{*order.to};
    for (const IpAddress& more : order.more_destinations) destinations.push_back({more, order.to->port});
    return associate(session, destinations, order.init ? &*order.init : nullptr);
  }
  if (auto held = is_one_to_many() ? instance_.share(order.association()) : nullptr;
      held != nullptr && held->socket == this) {
    return held;
  }
  return std::errc::broken_pipe;
}

ssize_t StackSocket::send_to(Session& session, const std::shared_ptr<SocketAssociation>& association,
                             const SendOrder& order, const msghdr& message, int flags) {
  const core::AssociationId id = association->id;
  // RFC 6458 §5.3.4: the message is the reason. As Linux: of both flags the graceful one counts.
  if ((order.flags & SCTP_ABORT) != 0 && (order.flags & SCTP_EOF) == 0) {
    if (!is_readable(message)) return -EFAULT;
    std::vector<std::byte> reason(order.length);
    gather(message, reason.data());
    const auto error = stack().abort(id, reason, session.now());
    return error ? -error.value() : static_cast<ssize_t>(order.length);
  }
  if (association->shutting_down) return -ESHUTDOWN;
  if (order.length != 0) {
    if (settings.disable_fragments) {
      const auto status = stack().status(id);
      if (status && order.length > status->fragmentation_point) return -EMSGSIZE;  // RFC 6458 §8.1.11
    }
    const core::Reliability reliability = reliability_of(order, association->traffic);
    if (const std::size_t needed = stack().buffered_bytes(id) + order.length; needed > settings.send_buffer) {
      stack().make_room(id, needed - settings.send_buffer, reliability, session.now());  // RFC 7496 §3.2
    }
    if (const int error = await_space(session, association, flags)) return error;
    if (!is_readable(message)) return -EFAULT;
    const TrafficSettings& defaults = association->traffic;
    core::SendRequest request;
    request.stream = order.info ? order.info->sinfo_stream : defaults.stream;
    request.ppid = order.info ? order.info->sinfo_ppid : defaults.ppid;
    request.context = order.info ? order.info->sinfo_context : defaults.context;
    request.reliability = reliability;
    request.unordered = (order.flags & SCTP_UNORDERED) != 0;
    request.immediate = (order.flags & SCTP_SACK_IMMEDIATELY) != 0;
    if ((order.flags & SCTP_ADDR_OVER) != 0) request.to = order.to->ip;
    request.payload = stack().allocate(order.length);
    if (!request.payload) return -ENOBUFS;
    gather(message, request.payload.writable());
    if (const auto error = stack().send(id, std::move(request), session.now())) {
      if (error == std::errc::broken_pipe) return -ESHUTDOWN;  // as Linux: it exists, but its end has begun
      return error.value() == ESRCH ? -EPIPE : -error.value();
    }
    asked_ = true;
    if (defaults.wants(SCTP_SENDER_DRY_EVENT)) stack().want_sender_dry(id);
    const std::size_t buffered = stack().buffered_bytes(id);
    if (!is_one_to_many() && buffered >= settings.send_buffer) mark_full(*association);
    const bool much = buffered >= kMuchUnderWay || sends_much(order.length, session.now());
    if (much && buffered < settings.send_buffer && !settings.association.no_delay) {
      session.put_off(order.length);
    }
  }
  if ((order.flags & SCTP_EOF) != 0) {  // graceful, after all that was sent before
    association->shutting_down = true;
    (void)stack().shutdown(id, session.now());
  }
  return static_cast<ssize_t>(order.length);
}

// Whether the program sends as fast as it can, by this and the last period of kShortTime.
bool StackSocket::sends_much(std::size_t bytes, Time now) noexcept {
  if (now - sending_since_ > kShortTime) {
    sent_much_ = now - sending_since_ <= 2 * kShortTime && sent_bytes_ >= kMuchUnderWay;
    sending_since_ = now;
    sent_bytes_ = 0;
  }
  sent_bytes_ += bytes;
  return sent_much_ || sent_bytes_ >= kMuchUnderWay;
}

int StackSocket::await_space(Session& session, const std::shared_ptr<SocketAssociation>& association, int flags) {
  // As Linux: a message is let in whenever the send buffer is not full. So POLLOUT and success mean the same.
  const auto room = [&] { return stack().buffered_bytes(association->id) < settings.send_buffer; };
  if (room()) return 0;
  if (is_nonblocking(flags)) {
    session.catch_up();  // what was put off may have made room, once sent
    if (room()) return 0;
    mark_full(*association);
    return -EAGAIN;
  }
  // A sender that waits anyway waits for a third of the buffer while what is in flight will still make room: each
  // message would cost a change of threads else.
  const auto much_room = [&] {
    const std::size_t buffered = stack().buffered_bytes(association->id);
    return buffered < settings.send_buffer &&
           (buffered <= settings.send_buffer / 3 * 2 || stack().in_flight_bytes(association->id) == 0);
  };
  const int outcome = wait(session, settings.send_timeout, [&] { return association->ended || much_room(); });
  if (outcome != 0) return outcome;
  if (association->ended) return association->error != 0 ? -association->error : -EPIPE;
  return 0;
}

}  // namespace netsctp::socket
