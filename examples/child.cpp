// Starting, reading and ending a child process.
#include "child.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <system_error>

namespace demo {
namespace {

int milliseconds_until(Time deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
  return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 60'000));
}

std::vector<std::string> merged_environment(const std::vector<std::string>& changes) {
  std::vector<std::string> merged = changes;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::string_view name = text.substr(0, text.find('=') + 1);
    const bool is_replaced =
        std::any_of(changes.begin(), changes.end(), [&](const auto& c) { return c.starts_with(name); });
    if (!is_replaced) merged.emplace_back(text);
  }
  return merged;
}

std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> list;
  for (std::string& text : strings) list.push_back(text.data());
  list.push_back(nullptr);
  return list;
}

}  // namespace

Child::Child(std::vector<std::string> arguments, const std::vector<std::string>& environment) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) < 0) throw std::system_error(errno, std::generic_category(), "pipe");
  output_ = ends[0];
  arguments.insert(arguments.begin(), "netsctp-demo");
  auto variables = merged_environment(environment);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  const int error =
      ::posix_spawn(&pid_, "/proc/self/exe", &actions, nullptr, pointers(arguments).data(), pointers(variables).data());
  posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  if (error != 0) {
    ::close(output_);
    throw std::system_error(error, std::generic_category(), "start a process");
  }
}

Child::~Child() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  if (output_ >= 0) ::close(output_);
}

std::optional<std::string> Child::read_line(Time deadline) {
  for (;;) {
    if (const std::size_t end = held_.find('\n'); end != std::string::npos) {
      std::string line = held_.substr(0, end);
      held_.erase(0, end + 1);
      return line;
    }
    if (output_ < 0) return std::nullopt;
    pollfd entry{output_, POLLIN, 0};
    if (::poll(&entry, 1, milliseconds_until(deadline)) <= 0) return std::nullopt;
    std::array<char, 4096> bytes;
    const ssize_t size = ::read(output_, bytes.data(), bytes.size());
    if (size <= 0) {
      ::close(output_);
      output_ = -1;
    } else {
      held_.append(bytes.data(), static_cast<std::size_t>(size));
    }
  }
}

std::optional<int> Child::wait(Time deadline) {
  if (pid_ <= 0) return std::nullopt;
  const int handle = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
  pollfd entry{handle, POLLIN, 0};
  const int ready = ::poll(&entry, 1, milliseconds_until(deadline));
  if (handle >= 0) ::close(handle);
  if (ready <= 0) return std::nullopt;
  int status = 0;
  ::waitpid(pid_, &status, 0);
  pid_ = -1;
  if (!WIFEXITED(status)) return std::nullopt;
  return WEXITSTATUS(status);
}

}  // namespace demo
