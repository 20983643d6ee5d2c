// The kernel's random bytes, fetched in batches. Not thread-safe: the engine's lock guards it.
#pragma once

#include <array>
#include <cstddef>
#include <span>

#include "base/entropy.hpp"

namespace netsctp::engine {

class SystemEntropy final : public Entropy {
 public:
  void fill(std::span<std::byte> out) noexcept override;

 private:
  void refill() noexcept;

  std::array<std::byte, 4096> buffer_;
  std::size_t left_ = 0;  // at the end of buffer_
};

}  // namespace netsctp::engine
