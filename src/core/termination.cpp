// The end: ABORT and graceful shutdown (RFC 9260 §9).
#include "base/bytes.hpp"
#include "core/association.hpp"
#include "core/stack_state.hpp"
#include "wire/control.hpp"

namespace netsctp::core {

void Association::shutdown(Time) noexcept {
  switch (state_) {
    case State::kCookieWait:
      // Nothing has come of it yet: nobody to tell.
      finish(AssociationChanged::What::kCannotStart, AssociationChanged::Reason::kAbortedByUser);
      break;
    case State::kCookieEchoed:
      abort({});
      break;
    case State::kEstablished:
      enter(State::kShutdownPending);
      allow_burst();
      break;
    default:  // RFC 9260 §9.2: already on its way
      break;
  }
}

void Association::abort(std::span<const std::byte> reason) noexcept {
  abort_with(wire::CauseCode::kUserInitiatedAbort, reason, AssociationChanged::Reason::kAbortedByUser);
}

bool Association::on_abort(const wire::Chunk& chunk) noexcept {
  wire::ParameterReader causes(chunk.value());
  const auto first = causes.next();
  while (causes.next()) continue;
  if (causes.malformed()) {  // RFC 9260 §3.3.7: silently
    ++stack_.counters.discarded_malformed_chunk;
    return false;
  }
  const bool setting_up = state_ == State::kCookieWait || state_ == State::kCookieEchoed;
  ++stack_.counters.associations_aborted;
  // RFC 9260 §9.1: the reason goes up to the user; nothing is answered.
  finish(setting_up ? AssociationChanged::What::kCannotStart : AssociationChanged::What::kLost,
         AssociationChanged::Reason::kAbortedByPeer, first ? first->type : std::uint16_t{0}, chunk.whole);
  return false;
}

void Association::begin_shutdown_sent(Time now) noexcept {
  fail_request();  // RFC 6525 §6.1: nothing will be answered in time to be of use
  if (state_ == State::kClosed) return;
  enter(State::kShutdownSent);
  for (Path& path : paths_) path.heartbeat_due = false;  // RFC 9260 §8.3: none once SHUTDOWN has been sent
  shutdown_path_ = data_path();
  shutdown_due_ = true;
  timers_.start(Timer::kT2, now + paths_[shutdown_path_].timeout.rto());
  // RFC 9260 §9.2: T5-shutdown-guard bounds the rest at five times RTO.Max. Data still to be delivered has T3-rtx.
  timers_.start(Timer::kT5, now + 5 * parameters_->rto_max);
}

void Association::begin_shutdown_ack_sent(Time now) noexcept {
  fail_request();
  if (state_ == State::kClosed) return;
  enter(State::kShutdownAckSent);
  for (Path& path : paths_) path.heartbeat_due = false;  // RFC 9260 §8.3
  shutdown_path_ = data_path();
  shutdown_due_ = false;
  shutdown_ack_due_ = true;
  timers_.start(Timer::kT2, now + paths_[shutdown_path_].timeout.rto());
}

void Association::on_shutdown(const wire::Chunk& chunk, Time now) noexcept {
  const std::optional<std::uint32_t> cumulative = wire::parse_shutdown(chunk);
  if (!cumulative) {
    ++stack_.counters.discarded_malformed_chunk;
    return;
  }
  switch (state_) {
    case State::kEstablished:
    case State::kShutdownPending:
      stack_.emit(*this, PeerShutdown{});
      enter(State::kShutdownReceived);
      [[fallthrough]];
    case State::kShutdownReceived:
      on_cumulative_ack(*cumulative, now);  // progress() sends SHUTDOWN ACK when nothing is outstanding
      break;
    case State::kShutdownSent:
      // RFC 9260 §9.2: both shut down at once.
      begin_shutdown_ack_sent(now);
      break;
    case State::kShutdownAckSent:
      shutdown_ack_due_ = true;
      break;
    default:  // RFC 9260 §9.2: silently discarded in COOKIE-WAIT and COOKIE-ECHOED
      ++stack_.counters.discarded_unexpected_chunk;
      break;
  }
}

void Association::on_shutdown_ack(const Datagram& datagram) noexcept {
  if (state_ != State::kShutdownSent && state_ != State::kShutdownAckSent) {
    ++stack_.counters.discarded_unexpected_chunk;
    return;
  }
  // RFC 9260 §9.2, §8.5.1 C: the peer's tag, T bit clear, and all is forgotten.
  stack_.reply(datagram.from, datagram.to, local_port_, peer_port_, peer_tag_,
               [](wire::PacketWriter& writer) { writer.chunk(wire::ChunkType::kShutdownComplete, 0); });
  ++stack_.counters.associations_shut_down;
  finish(AssociationChanged::What::kShutdownComplete, AssociationChanged::Reason::kNone);
}

void Association::resend_shutdown_ack() noexcept {
  shutdown_ack_due_ = true;
}

}  // namespace netsctp::core
