// What the core tells about the associations of a socket, and what becomes of it: data and notifications to read, a
// changed state, a ready descriptor (RFC 6458 §6).
#include <cerrno>
#include <utility>

#include "socket/instance.hpp"
#include "socket/notifications.hpp"
#include "socket/stack_socket.hpp"

namespace netsctp::socket {

namespace {

using What = core::AssociationChanged::What;
using Reason = core::AssociationChanged::Reason;

constexpr std::uint32_t kExposeFailed = 2;  // SCTP_EXPOSE_POTENTIALLY_FAILED_STATE: enabled

// What the next call on the socket fails with, as Linux has it.
int errno_of(const core::AssociationChanged& change) noexcept {
  const bool starting = change.what == What::kCannotStart;
  switch (change.reason) {
    case Reason::kAbortedByPeer:
      return starting ? ECONNREFUSED : ECONNRESET;
    case Reason::kUnreachable:
      return ETIMEDOUT;
    case Reason::kProtocolError:
      return ECONNABORTED;
    case Reason::kAbortedByUser:
      return 0;
    case Reason::kNone:
      break;
  }
  return starting ? ETIMEDOUT : ECONNRESET;
}

}  // namespace

void StackSocket::on_event(SocketAssociation& association, core::Event&& event) noexcept {
  if (std::holds_alternative<core::SendSpace>(event.what)) {
    // Not before a third is free: the descriptor's readiness costs system calls.
    if (!association.wants_space) return;
    if (stack().buffered_bytes(association.id) <= settings.send_buffer / 3 * 2) {
      unmark_full(association);
    } else {
      stack().want_send_space(association.id);
    }
  } else if (auto* const change = std::get_if<core::AssociationChanged>(&event.what)) {
    on_change(association, std::move(*change));
  } else if (auto* const path = std::get_if<core::PathChanged>(&event.what)) {
    if (path->what == core::PathChanged::What::kAdded) instance_.learn_peers(association);
    // RFC 7829 §7.1, RFC 7829 §7.3: into the potentially failed state and out of it only if asked for.
    const bool suspicion =
        path->what == core::PathChanged::What::kPotentiallyFailed || path->what == core::PathChanged::What::kRecovered;
    if (suspicion && association.traffic.expose_failed != kExposeFailed) return;
    if (association.traffic.wants(SCTP_PEER_ADDR_CHANGE)) {
      notify(association, SCTP_PEER_ADDR_CHANGE, peer_addr_change(association.id, *path, settings.view));
    }
  } else if (auto* const remote = std::get_if<core::RemoteError>(&event.what)) {
    if (association.traffic.wants(SCTP_REMOTE_ERROR)) {
      notify(association, SCTP_REMOTE_ERROR, remote_error(association.id, *remote));
    }
  } else if (auto* const failure = std::get_if<core::SendFailed>(&event.what)) {
    for (const FailedPiece& piece : pieces_of(*failure)) {
      if (association.traffic.wants(SCTP_SEND_FAILED)) {
        notify(association, SCTP_SEND_FAILED, send_failed(association.id, *failure, piece));
      }
      if (association.traffic.wants(SCTP_SEND_FAILED_EVENT)) {
        notify(association, SCTP_SEND_FAILED_EVENT, send_failed_event(association.id, *failure, piece));
      }
    }
  } else if (std::holds_alternative<core::PartialDeliveryAborted>(event.what)) {
    give_up_partial(association);
  } else if (std::holds_alternative<core::PeerShutdown>(event.what)) {
    association.shutting_down = true;
    if (association.traffic.wants(SCTP_SHUTDOWN_EVENT)) {
      notify(association, SCTP_SHUTDOWN_EVENT, shutdown_event(association.id));
    }
    if (!is_one_to_many()) {
      end_of_input_ = true;
      settle();
    }
  } else if (const auto* const adaptation = std::get_if<core::AdaptationIndicated>(&event.what)) {
    if (association.traffic.wants(SCTP_ADAPTATION_INDICATION)) {
      notify(association, SCTP_ADAPTATION_INDICATION, adaptation_indication(association.id, adaptation->indication));
    }
  } else if (std::holds_alternative<core::SenderDry>(event.what)) {
    if (association.traffic.wants(SCTP_SENDER_DRY_EVENT)) {
      notify(association, SCTP_SENDER_DRY_EVENT, sender_dry(association.id));
    }
  } else if (const auto* const streams = std::get_if<core::StreamsReset>(&event.what)) {
    if (association.traffic.wants(SCTP_STREAM_RESET_EVENT)) {
      notify(association, SCTP_STREAM_RESET_EVENT, streams_reset(association.id, *streams));
    }
  } else if (const auto* const reset = std::get_if<core::AssociationReset>(&event.what)) {
    if (association.traffic.wants(SCTP_ASSOC_RESET_EVENT)) {
      notify(association, SCTP_ASSOC_RESET_EVENT, association_reset(association.id, *reset));
    }
  } else if (const auto* const changed = std::get_if<core::StreamsChanged>(&event.what)) {
    if (association.traffic.wants(SCTP_STREAM_CHANGE_EVENT)) {
      notify(association, SCTP_STREAM_CHANGE_EVENT, streams_changed(association.id, *changed));
    }
  }
}

void StackSocket::on_data(SocketAssociation& association, core::DataArrived&& data) noexcept {
  if (shut_read_) {
    stack().consumed(association.id, data.piece.payload.size());
    return;
  }
  sctp_rcvinfo info{};
  info.rcv_sid = data.piece.stream;
  info.rcv_ssn = data.piece.ssn;
  info.rcv_flags = data.piece.unordered ? SCTP_UNORDERED : 0;
  info.rcv_ppid = data.piece.ppid;
  info.rcv_tsn = data.piece.tsn.wire();
  info.rcv_cumtsn = data.cumulative_tsn;
  info.rcv_context = association.traffic.receive_context;
  info.rcv_assoc_id = association.id;
  if (queue_.add(info, association.peer(data.path), std::move(data.piece), settings.fragment_interleave)) arrived();
}

// RFC 6458 §6.1.7: the rest of a message in partial delivery will not come.
void StackSocket::give_up_partial(SocketAssociation& association) noexcept {
  const std::size_t before = queue_.unread_bytes(association.id);
  const auto broken = queue_.give_up_partial(association.id);
  if (const std::size_t dropped = before - queue_.unread_bytes(association.id)) {
    stack().consumed(association.id, dropped);
  }
  if (broken) notify(association, SCTP_PARTIAL_DELIVERY_EVENT, partial_delivery_aborted(*broken));
}

void StackSocket::notify(const SocketAssociation& association, unsigned type, std::vector<std::byte>&& bytes) noexcept {
  if (!association.traffic.wants(type)) return;
  if (queue_.add_notification(association.id, association.peer(), std::move(bytes))) arrived();
}

void StackSocket::on_change(SocketAssociation& association, core::AssociationChanged&& change) noexcept {
  if (change.what == What::kUp || change.what == What::kRestarted) instance_.learn_peers(association);
  if (change.what == What::kUp) {
    association.up = true;
    if (!is_one_to_many()) stage_ = Stage::kConnected;
    was_up_ = true;
    settle();
  }
  const bool over = change.what != What::kUp && change.what != What::kRestarted;
  if (over || change.what == What::kRestarted) {
    give_up_partial(association);
  }
  if (association.traffic.wants(SCTP_ASSOC_CHANGE)) {
    notify(association, SCTP_ASSOC_CHANGE, assoc_change(association.id, change));
  }
  // RFC 6458 §6.1.8: the peer does not support authentication. (None does that this stack agrees with.)
  if (change.what == What::kUp && association.traffic.wants(SCTP_AUTHENTICATION_EVENT)) {
    notify(association, SCTP_AUTHENTICATION_EVENT, no_authentication(association.id));
  }
  if (over) ended(association, change.what == What::kShutdownComplete ? 0 : errno_of(change));
}

void StackSocket::ended(SocketAssociation& association, int error) noexcept {
  association.ended = true;
  association.error = error;
  const bool was_connecting = !association.up;
  detach(association);
  if (is_one_to_many()) {
    settle();
    return;
  }
  stage_ = Stage::kEnded;
  end_of_input_ |= settings.as_tcp;
  if (listener_ != nullptr) {  // as Linux: accept() gives it out all the same, and what came before its end
    end_of_input_ = true;
    was_up_ = false;
    return;
  }
  // A thread in connect() gets the error itself.
  const bool told = was_connecting && waiting_connectors_ != 0;
  error_ = told ? 0 : error;
  if (!told) settle();
}

}  // namespace netsctp::socket
