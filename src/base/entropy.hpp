// Where random bytes come from: handed in, so that a seed replays a run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace netsctp {

class Entropy {
 public:
  virtual ~Entropy() = default;
  // Fills `out` with unpredictable bytes (in tests: bytes of a seeded generator).
  virtual void fill(std::span<std::byte> out) noexcept = 0;

  [[nodiscard]] std::uint32_t u32() noexcept {
    std::uint32_t value = 0;
    fill(std::as_writable_bytes(std::span(&value, 1)));
    return value;
  }
  [[nodiscard]] std::uint64_t u64() noexcept {
    std::uint64_t value = 0;
    fill(std::as_writable_bytes(std::span(&value, 1)));
    return value;
  }
};

}  // namespace netsctp
