// A process of the demo: this program again in another role, its standard output read line by line. Ended with its
// owner.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace demo {

using Clock = std::chrono::steady_clock;
using Time = Clock::time_point;

class Child {
 public:
  // `environment` adds to or replaces this process's variables. Throws std::system_error.
  Child(std::vector<std::string> arguments, const std::vector<std::string>& environment);
  ~Child();  // kills it if it still runs
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  [[nodiscard]] int output() const noexcept { return output_; }  // to poll for; -1 after its end
  // The next line; nothing when there is none before the deadline or at the end.
  std::optional<std::string> read_line(Time deadline);
  // Its exit status; nothing if it has not ended before the deadline or was killed.
  std::optional<int> wait(Time deadline);

 private:
  pid_t pid_ = -1;
  int output_ = -1;
  std::string held_;
};

}  // namespace demo
