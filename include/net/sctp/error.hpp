// Errors of the C++ API. Every call has two forms: one throws std::system_error, one takes a std::error_code& (cleared
// on success) and does not throw it. Codes are errno values in std::generic_category(), so that they compare with
// std::errc; only looking up a host name has a category of its own.
//
// What calls share (errno names):
//   EBADF           the socket is closed, was moved from, or was closed by another thread while this call waited
//   EINVAL          an argument is out of its range, or the call does not fit the state of the socket
//   EAGAIN          the socket does not block, and the call would have to wait: see would_block()
//   EADDRINUSE      another socket of this host has the SCTP port
//   EADDRNOTAVAIL   the address is not one of this machine
//   ECONNREFUSED    the peer's host is there, and nobody listens on that SCTP port
//   ETIMEDOUT       the peer does not answer, or has stopped answering
//   ECONNRESET      the peer aborted the association
//   EPIPE, ESHUTDOWN, ENOTCONN  sending after the association ended or was shut down: see has_ended()
//   EMSGSIZE        the message is larger than the send buffer (send), or than SocketSettings::max_message_size
//   (receive) EPROTONOSUPPORT the environment asks for a backend that cannot be had: backend_info().error says it in
//   words
#pragma once

#include <cerrno>
#include <string_view>
#include <system_error>

namespace net::sctp {

// Failures of looking up a host name: the EAI_ values of getaddrinfo(3).
[[gnu::visibility("default")]] [[nodiscard]] const std::error_category& resolver_category() noexcept;

// The call did nothing because the socket does not block: try again when poll(2) says so.
[[nodiscard]] inline bool would_block(const std::error_code& error) noexcept {
  return error == std::errc::operation_would_block || error == std::errc::resource_unavailable_try_again;
}

// The association is not there any more, or is being shut down.
[[nodiscard]] inline bool has_ended(const std::error_code& error) noexcept {
  return error == std::errc::broken_pipe || error == std::errc::not_connected || error == std::errc::connection_reset ||
         (error.category() == std::generic_category() && error.value() == ESHUTDOWN);
}

// Throws std::system_error if there is an error; `what` says what was tried.
[[gnu::visibility("default")]] void throw_if(const std::error_code& error, std::string_view what);

}  // namespace net::sctp
