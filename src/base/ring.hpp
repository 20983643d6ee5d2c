// A growable circular deque: a power of two of slots, used from head to tail. No protocol, not thread-safe.
#pragma once

#include <bit>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>

namespace netsctp {

// An empty Ring that was never filled owns no memory. Growing moves the elements, so references are valid only until
// the next insertion that needs more capacity. T may be move-only and must move without throwing. Running out of memory
// ends the process: what a ring holds is bounded by whoever fills it. At most 2^31 elements.
template <class T>
class Ring {
  static_assert(std::is_nothrow_move_constructible_v<T> && std::is_nothrow_destructible_v<T>);

 public:
  Ring() noexcept = default;
  Ring(Ring&& other) noexcept
      : items_(std::exchange(other.items_, nullptr)),
        capacity_(std::exchange(other.capacity_, 0)),
        head_(std::exchange(other.head_, 0)),
        size_(std::exchange(other.size_, 0)) {}
  Ring& operator=(Ring&& other) noexcept {
    if (this != &other) {
      Ring taken(std::move(other));
      swap(taken);
    }
    return *this;
  }
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;
  ~Ring() {
    clear();
    release();
  }

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }

  // `index` counts from the front and is below size().
  [[nodiscard]] T& operator[](std::size_t index) noexcept { return *slot(index); }
  [[nodiscard]] const T& operator[](std::size_t index) const noexcept { return *slot(index); }
  [[nodiscard]] T& front() noexcept { return *slot(0); }
  [[nodiscard]] const T& front() const noexcept { return *slot(0); }
  [[nodiscard]] T& back() noexcept { return *slot(size_ - 1); }
  [[nodiscard]] const T& back() const noexcept { return *slot(size_ - 1); }

  void push_back(T value) noexcept { emplace_back(std::move(value)); }

  // The arguments must not refer into this ring: it may grow first.
  template <class... Arguments>
  T& emplace_back(Arguments&&... arguments) noexcept {
    if (size_ == capacity_) relocate(capacity_ == 0 ? kSmallest : std::size_t{capacity_} * 2);
    T* const item = std::construct_at(place(size_), std::forward<Arguments>(arguments)...);
    ++size_;
    return *item;
  }

  void pop_front() noexcept {
    std::destroy_at(slot(0));
    head_ = (head_ + 1) & (capacity_ - 1);
    --size_;
  }

  void pop_back() noexcept {
    std::destroy_at(slot(size_ - 1));
    --size_;
  }

  // Keeps the memory.
  void clear() noexcept {
    while (!empty()) pop_back();
    head_ = 0;
  }

  // Room for `count` elements in all.
  void reserve(std::size_t count) noexcept {
    if (count > capacity_) relocate(std::bit_ceil(count < kSmallest ? kSmallest : count));
  }

  // Gives back what is not needed: everything if empty.
  void shrink_to_fit() noexcept {
    if (empty()) {
      release();
    } else if (std::bit_ceil(size()) < capacity_) {
      relocate(std::bit_ceil(size()));
    }
  }

  void swap(Ring& other) noexcept {
    std::swap(items_, other.items_);
    std::swap(capacity_, other.capacity_);
    std::swap(head_, other.head_);
    std::swap(size_, other.size_);
  }

 private:
  static constexpr std::size_t kSmallest = 2;

  T* place(std::size_t index) const noexcept { return items_ + ((head_ + index) & (capacity_ - 1)); }
  T* slot(std::size_t index) const noexcept {
    assert(index < size_);
    return place(index);
  }

  void relocate(std::size_t capacity) noexcept {
    T* const items = std::allocator<T>().allocate(capacity);
    for (std::size_t i = 0; i < size_; ++i) {
      T* const from = place(i);
      std::construct_at(items + i, std::move(*from));
      std::destroy_at(from);
    }
    release();
    items_ = items;
    capacity_ = static_cast<std::uint32_t>(capacity);
  }

  void release() noexcept {
    if (items_ != nullptr) std::allocator<T>().deallocate(items_, capacity_);
    items_ = nullptr;
    capacity_ = 0;
    head_ = 0;
  }

  T* items_ = nullptr;
  std::uint32_t capacity_ = 0;
  std::uint32_t head_ = 0;
  std::uint32_t size_ = 0;
};

}  // namespace netsctp
