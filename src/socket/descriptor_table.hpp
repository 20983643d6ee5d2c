// Which of this process's descriptors are SCTP sockets of ours. Thread-safe.
#pragma once

#include <functional>
#include <memory>

namespace netsctp::socket {

class Socket;

// From now on lookup(descriptor) finds `socket` (socket.hpp).
void enter_descriptor(int descriptor, std::shared_ptr<Socket> socket);

// Removes the entry if it still is of `socket`, then calls `close`, both before anybody can look it up: closed first,
// its number could be another's already; forgotten first, it would for a moment be open and no socket.
void forget_descriptor(int descriptor, const Socket* socket, const std::function<void()>& close = {}) noexcept;

// fork() (after_fork.hpp). Held over it; in the child, whose lock nobody can undo, the entries go into a table with a
// lock of its own.
void hold_descriptors() noexcept;
void release_descriptors() noexcept;
void inherit_descriptors() noexcept;

}  // namespace netsctp::socket
