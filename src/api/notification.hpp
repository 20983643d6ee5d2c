// Notifications of the Linux ABI (<linux/sctp.h>) as values of the C++ API.
#pragma once

#include <net/sctp/notification.hpp>

#include <cstddef>
#include <optional>
#include <span>

namespace net::sctp {

// Of one whole notification; nothing if it is shorter than its type.
[[nodiscard]] std::optional<Notification> parse_notification(std::span<const std::byte> bytes);

// Whether `events` asks for it.
[[nodiscard]] bool wants(const Events& events, const Notification& notification) noexcept;

}  // namespace net::sctp
