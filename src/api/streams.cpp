// Stream re-configuration of a socket's associations (RFC 6525 §6.3).
#include <net/sctp/socket.hpp>

#include <linux/sctp.h>
#include <netinet/in.h>

#include <cstring>
#include <limits>

#include "api/socket_state.hpp"

namespace net::sctp {

AssociationId Socket::or_own(AssociationId association) const noexcept {
  return association == AssociationId::kNone && state_ ? state_->association.load() : association;
}

void Socket::reset_streams(std::span<const std::uint16_t> streams, StreamDirection direction,
                           AssociationId association) {
  std::error_code error;
  reset_streams(streams, direction, association, error);
  throw_if(error, "reset streams");
}

void Socket::reset_streams(std::span<const std::uint16_t> streams, StreamDirection direction, AssociationId association,
                           std::error_code& error) {
  error = errno_code(EINVAL);
  if (streams.size() > std::numeric_limits<std::uint16_t>::max()) return;
  sctp_reset_streams head{};
  head.srs_assoc_id = static_cast<sctp_assoc_t>(or_own(association));
  if (direction != StreamDirection::kIncoming) head.srs_flags |= SCTP_STREAM_RESET_OUTGOING;
  if (direction != StreamDirection::kOutgoing) head.srs_flags |= SCTP_STREAM_RESET_INCOMING;
  head.srs_number_streams = static_cast<std::uint16_t>(streams.size());
  std::vector<std::byte> value(sizeof head + streams.size_bytes());
  std::memcpy(value.data(), &head, sizeof head);
  if (!streams.empty()) std::memcpy(value.data() + sizeof head, streams.data(), streams.size_bytes());
  set_raw(IPPROTO_SCTP, SCTP_RESET_STREAMS, value, error);
}

void Socket::reset_association(AssociationId association) {
  std::error_code error;
  reset_association(association, error);
  throw_if(error, "reset an association");
}

void Socket::reset_association(AssociationId association, std::error_code& error) noexcept {
  const auto id = static_cast<sctp_assoc_t>(or_own(association));
  set_raw(IPPROTO_SCTP, SCTP_RESET_ASSOC, std::as_bytes(std::span(&id, 1)), error);
}

void Socket::add_streams(std::uint16_t outbound, std::uint16_t inbound, AssociationId association) {
  std::error_code error;
  add_streams(outbound, inbound, association, error);
  throw_if(error, "add streams");
}

void Socket::add_streams(std::uint16_t outbound, std::uint16_t inbound, AssociationId association,
                         std::error_code& error) noexcept {
  const sctp_add_streams wanted{static_cast<sctp_assoc_t>(or_own(association)), inbound, outbound};
  set_raw(IPPROTO_SCTP, SCTP_ADD_STREAMS, std::as_bytes(std::span(&wanted, 1)), error);
}

}  // namespace net::sctp
