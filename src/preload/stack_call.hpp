// One call into the stack in place of libc's.
#pragma once

#include <pthread.h>

#include <cerrno>
#include <memory>

#include "preload/descriptors.hpp"

namespace netsctp::preload {

// For its time a cancellation of the thread waits (an unwinding must not run through the stack); errno is set as libc
// would set it, and left alone by success.
class StackCall {
 public:
  explicit StackCall(int descriptor) noexcept : saved_errno_(errno) {
    ::pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state_);
    description_ = descriptors::find(descriptor);
  }
  ~StackCall() {
    const int given = errno;
    description_.reset();  // with the last of them the socket ends, and system calls of its own set errno
    errno = given;
    ::pthread_setcancelstate(cancel_state_, nullptr);
  }
  StackCall(const StackCall&) = delete;
  StackCall& operator=(const StackCall&) = delete;

  // False: EBADF.
  [[nodiscard]] explicit operator bool() const noexcept { return description_ != nullptr; }
  [[nodiscard]] Description& description() const noexcept { return *description_; }
  [[nodiscard]] socket::Socket& socket() const noexcept { return *description_->socket; }

  // What the call returns for a result or a negative errno.
  template <class Result>
  [[nodiscard]] Result give(Result result) const noexcept {
    errno = result < 0 ? static_cast<int>(-result) : saved_errno_;
    return result < 0 ? Result{-1} : result;
  }

 private:
  int saved_errno_;
  int cancel_state_ = 0;
  std::shared_ptr<Description> description_;
};

// send() on a stack socket. (In this library the name `send` would mean libc's: own_calls.cpp.)
ssize_t send_bytes(int descriptor, const void* data, size_t size, int flags, const sockaddr* to,
                   socklen_t length) noexcept;

}  // namespace netsctp::preload
