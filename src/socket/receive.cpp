// recvmsg() (RFC 6458 §3.1.4, §4.1.8, §5.3): messages and notifications in the order they arrived.
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <span>

#include "socket/ancillary.hpp"
#include "socket/instance.hpp"
#include "socket/sockaddr.hpp"
#include "socket/stack_socket.hpp"
#include "socket/user_memory.hpp"
#include "socket/user_message.hpp"

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

ssize_t StackSocket::recvmsg(msghdr* given, int flags) noexcept {
  UserMessage message;
  if (const int error = message.import_to_fill(given)) return error;
  {
    // What is here already is served without asking the link: a reader that is behind does not pay for that.
    auto session = instance_.engine().session();
    if (closed_) return -EBADF;
    if (auto* const item = queue_.next(settings.fragment_interleave)) {
      session.leave_quietly();
      return deliver(*item, message, given, flags);
    }
  }
  auto session = instance_.engine().session(Intake::kArrived);
  while (true) {
    if (closed_) return -EBADF;
    if (auto* const item = queue_.next(settings.fragment_interleave)) {
      return deliver(*item, message, given, flags);
    }
    if (const int error = take_error()) return -error;
    if (end_of_input_) {
      message.header.msg_namelen = 0;
      message.header.msg_controllen = 0;
      message.header.msg_flags = 0;
      return UserMessage::store(message.header, given);
    }
    // As Linux: EAGAIN to those that do not wait, though nothing can come; but not where poll() says there is
    // something.
    const bool looks_ready = !is_one_to_many() && (stage_ == Stage::kListening || readiness_.is_hung_up());
    if (nothing_can_come() && (looks_ready || !is_nonblocking(flags))) return -ENOTCONN;
    settle_input();
    if (is_nonblocking(flags)) return -EAGAIN;
    ++waiting_readers_;
    const auto ready = [&] {
      return queue_.next(settings.fragment_interleave) != nullptr || error_ != 0 || end_of_input_ || nothing_can_come();
    };
    const auto awaited = std::exchange(asked_, false) ? engine::Awaited::kAnswer : engine::Awaited::kWhatever;
    const int outcome = wait(session, settings.receive_timeout, ready, awaited);
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

// All is stored in the program's memory before anything is taken from the queue: a pointer to nowhere costs EFAULT, not
// the message. (Linux drops it.)
ssize_t StackSocket::deliver(ReceivedItem& item, UserMessage& message, msghdr* given, int flags) noexcept {
  msghdr& header = message.header;
  header.msg_flags = item.is_notification ? static_cast<int>(MSG_NOTIFICATION) : 0;
  if (header.msg_name != nullptr) {
    sockaddr_storage name;
    const auto size = static_cast<socklen_t>(to_sockaddr(item.from, settings.view, name));
    if (const int error = write_user(header.msg_name, &name, std::min(header.msg_namelen, size))) return error;
    header.msg_namelen = size;
  }
  {
    AncillaryWriter ancillary(header);
    if (settings.next_info) {
      if (const auto* const next = queue_.after(item)) ancillary.add(SCTP_NXTINFO, to_nxtinfo(*next));
    }
    if (!item.is_notification) {
      if (settings.receive_info) ancillary.add(SCTP_RCVINFO, item.info);
      if (settings.traffic.wants(SCTP_DATA_IO_EVENT)) ancillary.add(SCTP_SNDRCV, to_sndrcvinfo(item.info));
    }
  }
  const auto copied = ReceiveQueue::copy(item, std::span(header.msg_iov, header.msg_iovlen));
  if (!copied) return -EFAULT;
  if (copied->end_of_record) header.msg_flags |= MSG_EOR;
  if (const int error = UserMessage::store(header, given)) return error;
  if ((flags & MSG_PEEK) == 0) {
    if (!item.is_notification) {
      stack().consumed(item.info.rcv_assoc_id, copied->bytes);  // the window opens (RFC 9260 §6.2)
    }
    queue_.take(item, *copied);
    settle_input();
  }
  return static_cast<ssize_t>(copied->bytes);
}

}  // namespace netsctp::socket
