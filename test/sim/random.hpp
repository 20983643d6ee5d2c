// The simulator's only source of chance: one 64-bit seed decides a whole run. Not for cryptography.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <span>

#include "base/entropy.hpp"

namespace netsctp::sim {

// A well-mixed function of its argument (the finalizer of splitmix64).
constexpr std::uint64_t mix(std::uint64_t value) noexcept {
  value += 0x9E3779B97F4A7C15U;
  value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9U;
  value = (value ^ (value >> 27)) * 0x94D049BB133111EBU;
  return value ^ (value >> 31);
}

// A counter through mix(): any seed is a good one, and a fork() is independent of what its parent draws later.
class Random {
 public:
  explicit constexpr Random(std::uint64_t seed) noexcept : state_(mix(seed)) {}

  constexpr std::uint64_t next() noexcept { return mix(state_++); }
  // 0 to bound - 1; bound is at least 1.
  constexpr std::uint64_t below(std::uint64_t bound) noexcept { return next() % bound; }
  // first to last, both possible.
  constexpr std::uint64_t between(std::uint64_t first, std::uint64_t last) noexcept {
    return first + below(last - first + 1);
  }
  // 0 to just below 1.
  constexpr double fraction() noexcept { return static_cast<double>(next() >> 11) * 0x1.0p-53; }
  // Draws nothing for 0, so that switching a fault off does not shift the rest of the run.
  constexpr bool chance(double probability) noexcept { return probability > 0 && fraction() < probability; }
  template <typename T>
  constexpr T pick(std::initializer_list<T> choices) noexcept {
    return choices.begin()[below(choices.size())];
  }
  constexpr Random fork() noexcept { return Random(next()); }

 private:
  std::uint64_t state_;
};

class SeededEntropy final : public Entropy {
 public:
  explicit SeededEntropy(std::uint64_t seed) noexcept : random_(seed) {}
  void fill(std::span<std::byte> out) noexcept override {
    while (!out.empty()) {
      const std::uint64_t word = random_.next();
      const std::size_t length = out.size() < sizeof word ? out.size() : sizeof word;
      std::memcpy(out.data(), &word, length);
      out = out.subspan(length);
    }
  }

 private:
  Random random_;
};

}  // namespace netsctp::sim
