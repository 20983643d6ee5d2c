// Notifications as programs read them (RFC 6458 §6.1, layouts of <linux/sctp.h>): one function for each kind. Knows
// nothing of who subscribed to what.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/event.hpp"
#include "core/types.hpp"
#include "socket/linux_abi.hpp"
#include "socket/sockaddr.hpp"

namespace netsctp::socket {

using NotificationBytes = std::vector<std::byte>;

[[nodiscard]] NotificationBytes assoc_change(core::AssociationId id, const core::AssociationChanged& change);  // §6.1.1
[[nodiscard]] NotificationBytes peer_addr_change(core::AssociationId id, const core::PathChanged& change,
                                                 const AddressView& view);                             // §6.1.2
[[nodiscard]] NotificationBytes remote_error(core::AssociationId id, const core::RemoteError& error);  // §6.1.3

// As Linux: a message that does not fit into one DATA chunk comes back in several notifications, each with a piece.
struct FailedPiece {
  std::span<const std::byte> payload;  // of the failure's
  std::uint16_t flags = 0;             // sinfo_flags, snd_flags
};
[[nodiscard]] std::vector<FailedPiece> pieces_of(const core::SendFailed& failure);
[[nodiscard]] NotificationBytes send_failed(core::AssociationId id, const core::SendFailed& failure,
                                            const FailedPiece& piece);  // §6.1.4
[[nodiscard]] NotificationBytes send_failed_event(core::AssociationId id, const core::SendFailed& failure,
                                                  const FailedPiece& piece);  // §6.1.11

[[nodiscard]] NotificationBytes shutdown_event(core::AssociationId id);                 // §6.1.5
[[nodiscard]] NotificationBytes partial_delivery_aborted(const sctp_rcvinfo& message);  // §6.1.7
[[nodiscard]] NotificationBytes no_authentication(core::AssociationId id);
[[nodiscard]] NotificationBytes adaptation_indication(core::AssociationId id, std::uint32_t indication);  // §6.1.6
[[nodiscard]] NotificationBytes sender_dry(core::AssociationId id);                                       // §6.1.9
// RFC 6525 §6.1.1 to §6.1.3.
[[nodiscard]] NotificationBytes streams_reset(core::AssociationId id, const core::StreamsReset& reset);
[[nodiscard]] NotificationBytes association_reset(core::AssociationId id, const core::AssociationReset& reset);
[[nodiscard]] NotificationBytes streams_changed(core::AssociationId id, const core::StreamsChanged& change);

}  // namespace netsctp::socket
