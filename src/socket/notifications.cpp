#include "socket/notifications.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>
#include <span>

namespace netsctp::socket {

namespace {

// The fixed part with `tail` behind it.
template <class Fixed>
NotificationBytes assemble(const Fixed& fixed, std::span<const std::byte> tail = {}) {
  NotificationBytes bytes(sizeof fixed + tail.size());
  std::memcpy(bytes.data(), &fixed, sizeof fixed);
  if (!tail.empty()) std::memcpy(bytes.data() + sizeof fixed, tail.data(), tail.size());
  return bytes;
}

std::uint16_t sac_state(core::AssociationChanged::What what) noexcept {
  using What = core::AssociationChanged::What;
  switch (what) {
    case What::kUp:
      return SCTP_COMM_UP;
    case What::kLost:
      return SCTP_COMM_LOST;
    case What::kRestarted:
      return SCTP_RESTART;
    case What::kShutdownComplete:
      return SCTP_SHUTDOWN_COMP;
    case What::kCannotStart:
      break;
  }
  return SCTP_CANT_STR_ASSOC;
}

int spc_state(core::PathChanged::What what) noexcept {
  using What = core::PathChanged::What;
  switch (what) {
    case What::kAvailable:
    case What::kRecovered:
      return SCTP_ADDR_AVAILABLE;
    case What::kPotentiallyFailed:
      return SCTP_ADDR_POTENTIALLY_FAILED;
    case What::kUnreachable:
      return SCTP_ADDR_UNREACHABLE;
    case What::kConfirmed:
      return SCTP_ADDR_CONFIRMED;
    case What::kMadePrimary:
      return SCTP_ADDR_MADE_PRIM;
    case What::kAdded:
      return SCTP_ADDR_ADDED;
    case What::kRemoved:
      break;
  }
  return SCTP_ADDR_REMOVED;
}

// RFC 6525 §6.1: one pair of values for all three events.
static_assert(SCTP_STREAM_RESET_DENIED == SCTP_ASSOC_RESET_DENIED &&
              SCTP_STREAM_RESET_FAILED == SCTP_ASSOC_RESET_FAILED);
static_assert(SCTP_STREAM_RESET_DENIED == SCTP_STREAM_CHANGE_DENIED &&
              SCTP_STREAM_RESET_FAILED == SCTP_STREAM_CHANGE_FAILED);
std::uint16_t outcome_flags(const core::ReconfigurationOutcome& outcome) noexcept {
  if (outcome.denied) return SCTP_STREAM_RESET_DENIED;
  return outcome.failed ? SCTP_STREAM_RESET_FAILED : 0;
}

constexpr std::size_t kChunkHead = 4;  // RFC 9260 §3.2: type, flags, length

// Of a fragment given back: the flags of its DATA chunk (RFC 9260 §3.3.1), as Linux has them. <linux/sctp.h> names
// none. First and last together are the SCTP_DATA_NOT_FRAG of RFC 6458 §6.1.11, the last alone its SCTP_DATA_LAST_FRAG.
constexpr std::uint16_t kNoBits = 0;
constexpr std::uint16_t kLastFragment = 1;
constexpr std::uint16_t kFirstFragment = 2;
constexpr std::uint16_t kUnorderedBit = 4;

std::uint16_t sent_flag(const core::SendFailed& failure) noexcept {
  return failure.was_sent ? SCTP_DATA_SENT : SCTP_DATA_UNSENT;
}

}  // namespace

NotificationBytes assoc_change(core::AssociationId id, const core::AssociationChanged& change) {
  std::span<const std::byte> info;
  // RFC 6458 §6.1.1: only then; as Linux, the causes without the head of the chunk.
  if (change.what == core::AssociationChanged::What::kLost && change.abort_chunk.size() > kChunkHead) {
    info = std::span(change.abort_chunk).subspan(kChunkHead);
  }
  sctp_assoc_change head{};
  head.sac_type = SCTP_ASSOC_CHANGE;
  head.sac_length = static_cast<std::uint32_t>(sizeof head + info.size());
  head.sac_state = sac_state(change.what);
  head.sac_error = change.cause;
  if (change.what == core::AssociationChanged::What::kUp || change.what == core::AssociationChanged::What::kRestarted) {
    head.sac_outbound_streams = change.outbound_streams;
    head.sac_inbound_streams = change.inbound_streams;
  }
  head.sac_assoc_id = id;
  return assemble(head, info);
}

NotificationBytes peer_addr_change(core::AssociationId id, const core::PathChanged& change, const AddressView& view) {
  sctp_paddr_change head{};
  head.spc_type = SCTP_PEER_ADDR_CHANGE;
  head.spc_length = sizeof head;
  sockaddr_storage address;
  to_sockaddr(change.address, view, address);
  std::memcpy(&head.spc_aaddr, &address, sizeof address);
  head.spc_state = spc_state(change.what);
  head.spc_assoc_id = id;
  return assemble(head);
}

NotificationBytes remote_error(core::AssociationId id, const core::RemoteError& error) {
  sctp_remote_error head{};
  head.sre_type = SCTP_REMOTE_ERROR;
  head.sre_length = static_cast<std::uint32_t>(sizeof head + error.chunk.size());
  head.sre_error = htons(error.cause);  // big-endian, as the struct declares it
  head.sre_assoc_id = id;
  return assemble(head, error.chunk);
}

std::vector<FailedPiece> pieces_of(const core::SendFailed& failure) {
  const std::span<const std::byte> all = failure.payload;
  const std::size_t step = failure.fragment_size != 0 ? failure.fragment_size : std::max<std::size_t>(all.size(), 1);
  std::vector<FailedPiece> pieces;
  for (std::size_t at = 0; at < all.size(); at += step) {
    FailedPiece piece{all.subspan(at, std::min(step, all.size() - at)), failure.unordered ? kUnorderedBit : kNoBits};
    if (at == 0) piece.flags |= kFirstFragment;
    if (at + step >= all.size()) piece.flags |= kLastFragment;
    pieces.push_back(piece);
  }
  return pieces;
}

NotificationBytes send_failed(core::AssociationId id, const core::SendFailed& failure, const FailedPiece& piece) {
  sctp_send_failed head{};
  head.ssf_type = SCTP_SEND_FAILED;
  head.ssf_flags = sent_flag(failure);
  head.ssf_length = static_cast<std::uint32_t>(sizeof head + piece.payload.size());
  head.ssf_error = failure.cause;
  head.ssf_info.sinfo_stream = failure.stream;
  head.ssf_info.sinfo_flags = piece.flags;
  head.ssf_info.sinfo_ppid = failure.ppid;
  head.ssf_info.sinfo_context = failure.context;
  head.ssf_info.sinfo_assoc_id = id;
  head.ssf_assoc_id = id;
  return assemble(head, piece.payload);
}

NotificationBytes shutdown_event(core::AssociationId id) {
  sctp_shutdown_event head{};
  head.sse_type = SCTP_SHUTDOWN_EVENT;
  head.sse_length = sizeof head;
  head.sse_assoc_id = id;
  return assemble(head);
}

NotificationBytes partial_delivery_aborted(const sctp_rcvinfo& message) {
  sctp_pdapi_event head{};
  head.pdapi_type = SCTP_PARTIAL_DELIVERY_EVENT;
  head.pdapi_length = sizeof head;
  head.pdapi_indication = SCTP_PARTIAL_DELIVERY_ABORTED;
  head.pdapi_assoc_id = message.rcv_assoc_id;
  head.pdapi_stream = message.rcv_sid;
  head.pdapi_seq = message.rcv_ssn;
  return assemble(head);
}

NotificationBytes sender_dry(core::AssociationId id) {
  sctp_sender_dry_event head{};
  head.sender_dry_type = SCTP_SENDER_DRY_EVENT;
  head.sender_dry_length = sizeof head;
  head.sender_dry_assoc_id = id;
  return assemble(head);
}

NotificationBytes no_authentication(core::AssociationId id) {
  sctp_authkey_event head{};
  head.auth_type = SCTP_AUTHENTICATION_EVENT;
  head.auth_length = sizeof head;
  head.auth_indication = SCTP_AUTH_NO_AUTH;
  head.auth_assoc_id = id;
  return assemble(head);
}

NotificationBytes adaptation_indication(core::AssociationId id, std::uint32_t indication) {
  sctp_adaptation_event head{};
  head.sai_type = SCTP_ADAPTATION_INDICATION;
  head.sai_length = sizeof head;
  head.sai_adaptation_ind = indication;
  head.sai_assoc_id = id;
  return assemble(head);
}

NotificationBytes send_failed_event(core::AssociationId id, const core::SendFailed& failure, const FailedPiece& piece) {
  sctp_send_failed_event head{};
  head.ssf_type = SCTP_SEND_FAILED_EVENT;
  head.ssf_flags = sent_flag(failure);
  head.ssf_length = static_cast<std::uint32_t>(sizeof head + piece.payload.size());
  head.ssf_error = failure.cause;
  head.ssfe_info.snd_sid = failure.stream;
  head.ssfe_info.snd_flags = piece.flags;
  head.ssfe_info.snd_ppid = failure.ppid;
  head.ssfe_info.snd_context = failure.context;
  head.ssfe_info.snd_assoc_id = id;
  head.ssf_assoc_id = id;
  return assemble(head, piece.payload);
}

NotificationBytes streams_reset(core::AssociationId id, const core::StreamsReset& reset) {
  sctp_stream_reset_event head{};
  head.strreset_type = SCTP_STREAM_RESET_EVENT;
  head.strreset_flags = outcome_flags(reset.outcome);
  if (reset.incoming) head.strreset_flags |= SCTP_STREAM_RESET_INCOMING_SSN;
  if (reset.outgoing) head.strreset_flags |= SCTP_STREAM_RESET_OUTGOING_SSN;
  const auto list = std::as_bytes(std::span(reset.streams));
  head.strreset_length = static_cast<std::uint32_t>(sizeof head + list.size());
  head.strreset_assoc_id = id;
  return assemble(head, list);
}

NotificationBytes association_reset(core::AssociationId id, const core::AssociationReset& reset) {
  sctp_assoc_reset_event head{};
  head.assocreset_type = SCTP_ASSOC_RESET_EVENT;
  head.assocreset_flags = outcome_flags(reset.outcome);
  head.assocreset_length = sizeof head;
  head.assocreset_assoc_id = id;
  head.assocreset_local_tsn = reset.local_tsn;
  head.assocreset_remote_tsn = reset.remote_tsn;
  return assemble(head);
}

// The numbers are those of the streams asked for or added, as Linux tells them, not the totals.
NotificationBytes streams_changed(core::AssociationId id, const core::StreamsChanged& change) {
  sctp_stream_change_event head{};
  head.strchange_type = SCTP_STREAM_CHANGE_EVENT;
  head.strchange_flags = outcome_flags(change.outcome);
  head.strchange_length = sizeof head;
  head.strchange_assoc_id = id;
  head.strchange_instrms = change.inbound_added;
  head.strchange_outstrms = change.outbound_added;
  return assemble(head);
}

}  // namespace netsctp::socket
