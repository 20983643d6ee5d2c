// `netsctp run --tcp`: a TCP socket of the program is a one-to-one SCTP socket, whose messages are read as bytes.
#pragma once

#include <sys/socket.h>
#include <sys/types.h>

#include "socket/socket.hpp"

namespace netsctp::preload::tcp {

// NETSCTP_PRELOAD_TCP is 1.
[[nodiscard]] bool is_wanted() noexcept;

// As the calls of the same name on a TCP socket; negative errno.
ssize_t send(socket::Socket& socket, const msghdr* given, int flags) noexcept;
ssize_t receive(socket::Socket& socket, msghdr* given, int flags) noexcept;
// TCP_NODELAY and TCP_MAXSEG are SCTP's; what tunes a TCP the program will never have is accepted without effect; what
// would have to answer something is ENOPROTOOPT.
int get_option(socket::Socket& socket, int option, void* value, socklen_t* length) noexcept;
int set_option(socket::Socket& socket, int option, const void* value, socklen_t length) noexcept;

}  // namespace netsctp::preload::tcp
