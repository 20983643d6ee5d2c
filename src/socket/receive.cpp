// recvmsg() (RFC 6458 §3.1.4, §4.1.8, §5.3): messages and notifications in the order they arrived.
#include <sys/uio.h>

#include <cerrno>
#include <cstring>
#include <span>

#include "socket/ancillary.hpp"
#include "socket/instance.hpp"
#include "socket/sockaddr.hpp"
#include "socket/stack_socket.hpp"

namespace netsctp::socket {

namespace {

sctp_sndrcvinfo to_sndrcvinfo(const sctp_rcvinfo& info) noexcept {
  sctp_sndrcvinfo result{};
  result.sinfo_stream = info.rcv_sid;
  result.sinfo_ssn = info.rcv_ssn;
  result.sinfo_flags = info.rcv_flags;
  result.sinfo_ppid = info.rcv_ppid;
  result.sinfo_context = info.rcv_context;
  result.sinfo_tsn = info.rcv_tsn;
  result.sinfo_cumtsn = info.rcv_cumtsn;
  result.sinfo_assoc_id = info.rcv_assoc_id;
  return result;
}

sctp_nxtinfo to_nxtinfo(const ReceivedItem& item) noexcept {
  sctp_nxtinfo result{};
  result.nxt_sid = item.info.rcv_sid;
  result.nxt_flags = item.is_notification ? static_cast<std::uint16_t>(SCTP_NOTIFICATION) : item.info.rcv_flags;
  result.nxt_ppid = item.info.rcv_ppid;
  result.nxt_length = static_cast<std::uint32_t>(item.available);
  result.nxt_assoc_id = item.info.rcv_assoc_id;
  return result;
}

}  // namespace

ssize_t StackSocket::recvmsg(msghdr* message, int flags) noexcept {
  if (message == nullptr) return -EFAULT;
  {
    // What is here already is served without asking the link: a reader that is behind does not pay for that.
    auto session = instance_.engine().session();
    if (closed_) return -EBADF;
    if (auto* const item = queue_.next(settings.fragment_interleave)) return deliver(session, *item, *message, flags);
  }
  auto session = instance_.engine().session(true);
  while (true) {
    if (closed_) return -EBADF;
    if (auto* const item = queue_.next(settings.fragment_interleave)) return deliver(session, *item, *message, flags);
    if (const int error = take_error()) return -error;
    if (end_of_input_) {
      message->msg_namelen = 0;
      message->msg_controllen = 0;
      message->msg_flags = 0;
      return 0;
    }
    // As Linux: EAGAIN to those that do not wait, though nothing can come; but not where poll() says there is
    // something.
    const bool looks_ready = !is_one_to_many() && (stage_ == Stage::kListening || readiness_.is_hung_up());
    if (nothing_can_come() && (looks_ready || !is_nonblocking(flags))) return -ENOTCONN;
    settle_input();
    if (is_nonblocking(flags)) return -EAGAIN;
    ++waiting_readers_;
    const int outcome = wait(session, settings.receive_timeout, [&] {
      return queue_.next(settings.fragment_interleave) != nullptr || error_ != 0 || end_of_input_ || nothing_can_come();
    });
    --waiting_readers_;
    if (outcome != 0) {
      if (!closed_) settle();
      return outcome;
    }
  }
}

bool StackSocket::nothing_can_come() const noexcept {
  if (!is_one_to_many()) return stage_ != Stage::kConnected && stage_ != Stage::kConnecting;
  return associations_.empty() && stage_ != Stage::kListening;  // as Linux: it would wait for good
}

ssize_t StackSocket::deliver(Session& session, ReceivedItem& item, msghdr& message, int flags) noexcept {
  message.msg_flags = item.is_notification ? static_cast<int>(MSG_NOTIFICATION) : 0;
  if (message.msg_name != nullptr) {
    socklen_t length = message.msg_namelen;
    copy_sockaddr(item.from, settings.view, static_cast<sockaddr*>(message.msg_name), &length);
    message.msg_namelen = length;
  }
  {
    AncillaryWriter ancillary(message);
    if (settings.next_info) {
      if (const auto* const next = queue_.after(item)) ancillary.add(SCTP_NXTINFO, to_nxtinfo(*next));
    }
    if (!item.is_notification) {
      if (settings.receive_info) ancillary.add(SCTP_RCVINFO, item.info);
      if (settings.traffic.wants(SCTP_DATA_IO_EVENT)) ancillary.add(SCTP_SNDRCV, to_sndrcvinfo(item.info));
    }
  }
  const bool is_message = !item.is_notification;
  const auto association = item.info.rcv_assoc_id;
  const bool peek = (flags & MSG_PEEK) != 0;
  const auto taken = queue_.take(item, std::span(message.msg_iov, message.msg_iovlen), peek);
  if (taken.end_of_record) message.msg_flags |= MSG_EOR;
  if (!peek) {
    if (is_message) stack().consumed(association, taken.bytes, session.now());  // the window opens (RFC 9260 §6.2)
    settle_input();
  }
  return static_cast<ssize_t>(taken.bytes);
}

}  // namespace netsctp::socket
