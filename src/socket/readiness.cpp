#include "socket/readiness.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace netsctp::socket {

namespace {

// More than the smallest send buffer of a Unix socket takes: one write of it fills one.
constexpr ssize_t kFill = 65536;

const std::byte* filling() noexcept {
  static const std::array<std::byte, kFill> bytes{};
  return bytes.data();
}

void drain(int descriptor) noexcept {
  std::array<std::byte, 16384> sink;
  while (::recv(descriptor, sink.data(), sink.size(), MSG_DONTWAIT) == static_cast<ssize_t>(sink.size())) {
  }
}

}  // namespace

std::error_code Readiness::open(int flags) noexcept {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return {errno, std::generic_category()};
  const int smallest = 1;  // the kernel raises it to its minimum
  (void)::setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &smallest, sizeof smallest);
  if ((flags & SOCK_CLOEXEC) == 0) (void)::fcntl(ends[0], F_SETFD, 0);
  if ((flags & SOCK_NONBLOCK) != 0) (void)::fcntl(ends[0], F_SETFL, O_RDWR | O_NONBLOCK);
  ours_ = ends[1];
  signalled_ = 0;
  writable_ = true;
  phase_ = Phase::kOpen;
  program_.store(ends[0], std::memory_order_release);
  return {};
}

void Readiness::put_off(int flags) noexcept {
  flags_ = flags;
  signalled_ = 0;
  writable_ = true;
  phase_ = Phase::kOpen;
  put_off_.store(true, std::memory_order_release);
}

std::error_code Readiness::open_now() noexcept {
  if (!is_put_off()) return {};
  Readiness made;
  if (const auto error = made.open(flags_)) return error;
  if (signalled_ != 0) made.readable_edge();
  made.set_writable(writable_);
  if (phase_ == Phase::kInputEnded) made.end_of_input();
  if (phase_ == Phase::kHungUp) made.hang_up();
  if (phase_ == Phase::kFailed) made.fail();
  ours_ = std::exchange(made.ours_, -1);
  signalled_ = made.signalled_;
  writable_ = made.writable_;
  // Before it is no longer put off: nobody may find neither.
  program_.store(made.program_.exchange(-1), std::memory_order_release);
  put_off_.store(false, std::memory_order_release);
  return {};
}

void Readiness::close() noexcept {
  put_off_.store(false, std::memory_order_release);
  if (const int descriptor = program_.exchange(-1); descriptor >= 0) ::close(descriptor);
  if (const int descriptor = std::exchange(ours_, -1); descriptor >= 0) ::close(descriptor);
}

bool Readiness::is_nonblocking() const noexcept {
  if (is_put_off()) return (flags_ & SOCK_NONBLOCK) != 0;
  return (::fcntl(descriptor(), F_GETFL) & O_NONBLOCK) != 0;
}

void Readiness::set_readable(bool readable) noexcept {
  if (!is_open() || readable == (signalled_ != 0)) return;
  if (readable) return readable_edge();
  if (!is_put_off()) drain(descriptor());
  signalled_ = 0;
}

void Readiness::readable_edge() noexcept {
  if (phase_ != Phase::kOpen) return;  // readable for good, by the end of input
  if (is_put_off()) signalled_ = 1;
  if (ours_ < 0) return;
  const std::byte mark{};
  if (::send(ours_, &mark, 1, MSG_DONTWAIT | MSG_NOSIGNAL) == 1) {
    ++signalled_;
    return;
  }
  // Nobody has looked for hundreds of edges: make room, but never become unreadable meanwhile.
  while (signalled_ > 1) {
    std::array<std::byte, 4096> sink;
    const ssize_t got = ::recv(descriptor(), sink.data(), std::min(sink.size(), signalled_ - 1), MSG_DONTWAIT);
    if (got <= 0) break;
    signalled_ -= static_cast<std::size_t>(got);
  }
  if (::send(ours_, &mark, 1, MSG_DONTWAIT | MSG_NOSIGNAL) == 1) ++signalled_;
}

void Readiness::set_writable(bool writable) noexcept {
  if (!has_two_ends() || writable == writable_ || phase_ == Phase::kHungUp) return;
  writable_ = writable;
  if (is_put_off()) return;
  if (writable) {
    drain(ours_);
  } else {
    // Less taken than given: it is full.
    while (::send(descriptor(), filling(), kFill, MSG_DONTWAIT | MSG_NOSIGNAL) == kFill) {
    }
  }
}

void Readiness::end_of_input() noexcept {
  if (!has_two_ends() || phase_ != Phase::kOpen) return;
  phase_ = Phase::kInputEnded;
  if (!is_put_off()) (void)::shutdown(ours_, SHUT_WR);
}

void Readiness::hang_up() noexcept {
  if (!has_two_ends() || phase_ >= Phase::kHungUp) return;
  set_writable(true);  // so that a writer is woken to find out
  phase_ = Phase::kHungUp;
  if (!is_put_off()) (void)::shutdown(ours_, SHUT_RDWR);
}

void Readiness::fail() noexcept {
  if (!has_two_ends() || phase_ >= Phase::kHungUp) return;
  phase_ = Phase::kFailed;
  if (is_put_off()) return;
  const std::byte mark{};
  if (writable_) (void)::send(descriptor(), &mark, 1, MSG_DONTWAIT | MSG_NOSIGNAL);
  ::close(std::exchange(ours_, -1));
}

void Readiness::clear_error() noexcept {
  if (phase_ != Phase::kFailed) return;
  if (is_put_off()) phase_ = Phase::kHungUp;
  int error = 0;
  socklen_t length = sizeof error;
  (void)::getsockopt(descriptor(), SOL_SOCKET, SO_ERROR, &error, &length);
}

void Readiness::abandon(int hung_up) noexcept {
  if (put_off_.exchange(false) && hung_up >= 0) {
    program_.store(::fcntl(hung_up, (flags_ & SOCK_CLOEXEC) != 0 ? F_DUPFD_CLOEXEC : F_DUPFD, 0));
    return;
  }
  if (const int kept = descriptor(); kept >= 0 && hung_up >= 0) {
    const int close_on_exec = ::fcntl(kept, F_GETFD);
    (void)::dup3(hung_up, kept, (close_on_exec & FD_CLOEXEC) != 0 ? O_CLOEXEC : 0);
  }
  if (ours_ >= 0) ::close(std::exchange(ours_, -1));
}

void Readiness::renew() noexcept {
  if (phase_ < Phase::kHungUp || !is_open()) return;
  if (is_put_off()) return put_off(flags_);
  const int kept = descriptor();
  const int status = ::fcntl(kept, F_GETFL);
  const int close_on_exec = ::fcntl(kept, F_GETFD);
  Readiness fresh;
  if (fresh.open(((status & O_NONBLOCK) != 0 ? SOCK_NONBLOCK : 0) | SOCK_CLOEXEC)) return;
  if (::dup3(fresh.descriptor(), kept, (close_on_exec & FD_CLOEXEC) != 0 ? O_CLOEXEC : 0) < 0) return;
  if (ours_ >= 0) ::close(ours_);
  ours_ = std::exchange(fresh.ours_, -1);
  signalled_ = 0;
  writable_ = fresh.writable_;
  phase_ = Phase::kOpen;
}

}  // namespace netsctp::socket
