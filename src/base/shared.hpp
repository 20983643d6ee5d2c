// Values that many objects have alike: kept once, counted, and never changed while anybody has them; who wants another
// one takes another one. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace netsctp {

template <class T>
class Shared {
 public:
  explicit Shared(T value) : held_(new Held{std::move(value)}) {}
  Shared(const Shared& other) noexcept : held_(other.held_) { ++held_->holders; }
  Shared& operator=(Shared other) noexcept {
    std::swap(held_, other.held_);
    return *this;
  }
  ~Shared() {
    if (--held_->holders == 0) delete held_;
  }

  [[nodiscard]] const T& operator*() const noexcept { return held_->value; }
  [[nodiscard]] const T* operator->() const noexcept { return &held_->value; }

 private:
  struct Held {
    T value;
    std::size_t holders = 1;
  };
  Held* held_;
};

// Where they come from: equal ones, asked for one soon after another, are one. Running out of memory ends the process.
template <class T>
class SharedValues {
 public:
  [[nodiscard]] Shared<T> of(const T& value) noexcept {
    for (const Shared<T>& known : latest_) {
      if (*known == value) return known;
    }
    Shared<T> fresh(value);
    if (latest_.size() < kRemembered) {
      latest_.push_back(fresh);
    } else {
      latest_[oldest_] = fresh;
      oldest_ = (oldest_ + 1) % kRemembered;
    }
    return fresh;
  }

 private:
  static constexpr std::size_t kRemembered = 8;

  std::vector<Shared<T>> latest_;
  std::size_t oldest_ = 0;
};

}  // namespace netsctp
