// The real descriptor of a stack socket: one end of a Unix stream socketpair, whose emptiness and fullness the stack
// controls from the other end, so that poll, select and epoll (level and edge triggered) work without being
// intercepted.
//
//   POLLIN          bytes were written into the pair for the program's end: one for each edge
//   no POLLOUT      the program's end has its own small send buffer filled
//   POLLRDHUP       our end was shut down for writing
//   POLLHUP         our end was shut down for both, or closed
//   POLLERR         our end was closed with bytes unread in it: the kernel notes ECONNRESET at the program's end
//
// Knows nothing of SCTP. Every call under the engine's lock, but descriptor() and is_put_off(). System calls are made
// only when something changes, and none before there is a pair: where nobody may ever ask for the descriptor, it is put
// off until somebody does, and what it would tell is kept in mind.
#pragma once

#include <atomic>
#include <cstddef>
#include <system_error>

namespace netsctp::socket {

class Readiness {
 public:
  Readiness() noexcept = default;
  ~Readiness() { close(); }
  Readiness(const Readiness&) = delete;
  Readiness& operator=(const Readiness&) = delete;

  // Makes the descriptor, not readable but writable. `flags`: SOCK_NONBLOCK, SOCK_CLOEXEC. EMFILE, ENFILE, ENOMEM,
  // ENOBUFS.
  std::error_code open(int flags) noexcept;
  // As open(), but the descriptor is made by open_now(), which readiness then has told all along. open_now() does
  // nothing if nothing was put off; after an error it may be called again.
  void put_off(int flags) noexcept;
  std::error_code open_now() noexcept;
  [[nodiscard]] bool is_put_off() const noexcept { return put_off_.load(std::memory_order_acquire); }  // thread-safe
  void close() noexcept;
  [[nodiscard]] bool is_open() const noexcept {
    return ours_ >= 0 || program_.load(std::memory_order_relaxed) >= 0 || is_put_off();
  }

  // The program's end is now this duplicate of it; the old number is the caller's to close.
  void move_to(int duplicate) noexcept { program_.store(duplicate, std::memory_order_release); }

  // -1 while not open or put off. Thread-safe.
  [[nodiscard]] int descriptor() const noexcept { return program_.load(std::memory_order_acquire); }
  [[nodiscard]] bool is_nonblocking() const noexcept;  // asks the descriptor

  void set_readable(bool readable) noexcept;
  // Readable, and whoever waits for an edge gets a fresh one.
  void readable_edge() noexcept;
  void set_writable(bool writable) noexcept;

  void end_of_input() noexcept;  // POLLIN, POLLRDHUP
  void hang_up() noexcept;       // POLLIN, POLLOUT, POLLRDHUP, POLLHUP
  void fail() noexcept;          // the same and POLLERR
  void clear_error() noexcept;   // takes POLLERR back
  [[nodiscard]] bool is_hung_up() const noexcept { return phase_ >= Phase::kHungUp; }
  // Undoes a hang-up: the same descriptor number with a new pair behind it. Registrations with epoll are lost.
  void renew() noexcept;

  // In the child of a fork(): the program's end becomes a duplicate of `hung_up`, put off or not; ours is closed.
  void abandon(int hung_up) noexcept;

 private:
  enum class Phase : unsigned char { kOpen, kInputEnded, kHungUp, kFailed };

  [[nodiscard]] bool has_two_ends() const noexcept { return ours_ >= 0 || is_put_off(); }

  std::atomic<int> program_{-1};  // the program's end
  int ours_ = -1;
  std::size_t signalled_ = 0;  // bytes in the pair for the program's end
  bool writable_ = true;
  Phase phase_ = Phase::kOpen;
  std::atomic<bool> put_off_{false};
  int flags_ = 0;  // of what was put off
};

}  // namespace netsctp::socket
