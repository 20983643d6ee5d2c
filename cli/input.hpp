// Standard input in messages, and the signals that interrupt.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

namespace cli {

// Not blocking beyond what read(2) of standard input does: ask poll first.
class Input {
 public:
  Input(bool lines, std::size_t message_size, bool closed);

  [[nodiscard]] bool is_open() const noexcept { return is_open_; }
  [[nodiscard]] bool has_given() const noexcept { return has_given_; }  // anything at all
  // A message is here without reading: a further line of what was read.
  [[nodiscard]] bool has_message() const noexcept;
  // The next message, after one read at most. Nothing if a line is incomplete or at the end.
  std::optional<std::vector<std::byte>> next();

 private:
  std::optional<std::vector<std::byte>> take(std::size_t size);

  bool lines_;
  std::size_t message_size_;
  bool is_open_;
  bool has_given_ = false;
  std::vector<std::byte> held_;
};

// From then on the first SIGINT or SIGTERM makes interruption_descriptor() readable instead of ending the process; the
// second ends it.
void catch_interruptions();
[[nodiscard]] int interruption_descriptor() noexcept;  // -1: not caught
[[nodiscard]] int interruption_signal() noexcept;      // 0: none yet

}  // namespace cli
