// Reading standard input: lines from a terminal, full messages from elsewhere.
#include "input.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdint>

namespace cli {
namespace {

int interruption = -1;
volatile std::sig_atomic_t signal_seen = 0;

void on_signal(int signal) {
  const int saved = errno;
  signal_seen = signal;
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(interruption, &one, sizeof one);
  errno = saved;
}

}  // namespace

Input::Input(bool lines, std::size_t message_size, bool closed)
    : lines_(lines), message_size_(message_size), is_open_(!closed) {}

bool Input::has_message() const noexcept {
  if (held_.empty()) return false;
  if (!is_open_ || held_.size() >= message_size_) return true;
  return lines_ && std::find(held_.begin(), held_.end(), std::byte{'\n'}) != held_.end();
}

std::optional<std::vector<std::byte>> Input::next() {
  if (!has_message() && is_open_) {
    const std::size_t before = held_.size();
    held_.resize(before + message_size_);
    ssize_t size = 0;
    do {
      size = ::read(STDIN_FILENO, held_.data() + before, message_size_);
    } while (size < 0 && errno == EINTR);
    held_.resize(before + static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
    if (size > 0) has_given_ = true;
    if (size <= 0 && errno != EAGAIN) is_open_ = false;
    if (size == 0) is_open_ = false;
  }
  if (held_.empty()) return std::nullopt;
  if (!lines_) return take(std::min(held_.size(), message_size_));
  const auto end = std::find(held_.begin(), held_.end(), std::byte{'\n'});
  if (end != held_.end()) return take(std::min(static_cast<std::size_t>(end - held_.begin()) + 1, message_size_));
  if (!is_open_ || held_.size() >= message_size_) return take(std::min(held_.size(), message_size_));
  return std::nullopt;
}

std::optional<std::vector<std::byte>> Input::take(std::size_t size) {
  const auto end = held_.begin() + static_cast<std::ptrdiff_t>(size);
  std::vector<std::byte> message(held_.begin(), end);
  held_.erase(held_.begin(), end);
  return message;
}

void catch_interruptions() {
  if (interruption >= 0) return;
  interruption = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  struct sigaction action = {};
  action.sa_handler = on_signal;
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

int interruption_descriptor() noexcept {
  return interruption;
}
int interruption_signal() noexcept {
  return signal_seen;
}

}  // namespace cli
