// Which descriptors of this process are sockets of the stack, and which the stack uses for itself.
//
// A stack socket is one *description*, as an open file is for the kernel, with one or more descriptors: dup() and its
// like add one, the last close() closes the socket. The question every taken-over call asks first, "is it ours?", is
// one load from a table by number.
//
// fork() (POSIX copies the descriptors, but the stack lives in one process): in the child every inherited stack socket
// is replaced by a descriptor that reports a hang-up, and calls on it fail with EBADF; what the stack used for itself
// is closed, so that the parent's ports, links and peers notice nothing of the child. vfork(): the child shares this
// table's memory but not the descriptors, so it may close and duplicate without touching the table.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "socket/socket.hpp"

namespace netsctp::preload {

enum class Kind : std::uint8_t {
  kOther,       // not ours: the kernel's
  kSocket,      // the program's, a stack socket
  kInherited,   // was a stack socket of the parent process
  kClosing,     // was the program's a moment ago: a thread that still calls with it must not reach what is behind it
  kOwn,         // used by the stack; the program never got it
  kOwnEventfd,  // the same; threads keep its number over a fork()
};

inline constexpr std::size_t kMaxDescriptors = std::size_t{1} << 20;
extern constinit std::array<std::atomic<Kind>, kMaxDescriptors> kinds;  // 1 MiB of which only what is used is real

[[nodiscard]] inline Kind kind_of(int descriptor) noexcept {
  const auto index = static_cast<std::size_t>(static_cast<unsigned>(descriptor));
  return index < kMaxDescriptors ? kinds[index].load(std::memory_order_acquire) : Kind::kOther;
}
// Whether a call on it is for the stack (which includes the clear error for an inherited one).
[[nodiscard]] inline bool is_ours(int descriptor) noexcept {
  const Kind kind = kind_of(descriptor);
  return kind == Kind::kSocket || kind == Kind::kInherited || kind == Kind::kClosing;
}

struct Description {
  std::shared_ptr<socket::Socket> socket;
  int domain = 0;
  bool as_tcp = false;           // the program believes it is a TCP socket
  std::vector<int> descriptors;  // guarded by the table's lock
};

// All thread-safe. Results: 0 or more, or -errno.
namespace descriptors {

// The description of a stack socket; nullptr: none (any more), or an inherited one (EBADF).
[[nodiscard]] std::shared_ptr<Description> find(int descriptor) noexcept;

// From now on socket->descriptor() is the program's. -EMFILE: its number is too high for the table; it was closed.
int enter(std::shared_ptr<socket::Socket> socket, int domain, bool as_tcp, bool close_on_exec) noexcept;

int close(int descriptor) noexcept;
void close_range(unsigned first, unsigned last) noexcept;
// As F_DUPFD: the lowest free number from `lowest` on.
int duplicate(int descriptor, int lowest, bool close_on_exec) noexcept;
// As dup3; either of both is ours.
int duplicate_to(int descriptor, int to, bool close_on_exec) noexcept;

// FD_CLOEXEC as the program sees it. Really it is always set: after exec() nobody would drive the socket.
[[nodiscard]] bool closes_on_exec(int descriptor) noexcept;
void set_close_on_exec(int descriptor, bool close_on_exec) noexcept;
void set_close_on_exec_range(unsigned first, unsigned last) noexcept;

// After connect() on a socket that had ended the stack may have put a new file behind its number: the duplicates
// follow.
void refresh_duplicates(const Description& description) noexcept;

// A descriptor the stack has opened for itself; moved to a high number, as programs count on low ones. Returns it.
int keep(int descriptor, Kind kind) noexcept;
// It is about to be closed for good, ours or the program's.
void forget(int descriptor) noexcept;

// Whether this is the process the table is of: false in a child of vfork().
[[nodiscard]] bool is_this_process() noexcept;
// To be called before the first socket: registers what happens on fork(). Idempotent.
void begin() noexcept;

}  // namespace descriptors
}  // namespace netsctp::preload
