// Objects of one type out of pages: a free list, no allocation once the pages are there. Not thread-safe.
#pragma once

#include <cassert>
#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

#include "base/poison.hpp"

namespace netsctp {

// An unused Slab owns no memory. Pages start with a few objects and double up to 32 KiB; they are reused and given back
// only when the slab is destroyed, by which time all its objects must have been destroyed.
template <class T>
class Slab {
  static_assert(std::is_nothrow_destructible_v<T>);

 public:
  Slab() noexcept = default;
  Slab(const Slab&) = delete;
  Slab& operator=(const Slab&) = delete;
  ~Slab() {
    assert(live_ == 0);
    while (pages_ != nullptr) {
      Page* const page = std::exchange(pages_, pages_->next);
      unpoison(page + 1, page->cells * sizeof(Cell));
      ::operator delete (page, std::align_val_t{alignof(Page)});
    }
  }

  // nullptr if there is no memory.
  template <class... Arguments>
  [[nodiscard]] T* create(Arguments&&... arguments) noexcept(std::is_nothrow_constructible_v<T, Arguments...>) {
    if (free_ == nullptr && !grow()) return nullptr;
    Cell* const cell = free_;
    unpoison(cell, sizeof *cell);
    Cell* const next = cell->next;
    T* const object = std::construct_at(&cell->object, std::forward<Arguments>(arguments)...);
    free_ = next;  // only now: the cell stays free if the constructor throws
    ++live_;
    return object;
  }

  // `object` came from create() of this slab; nullptr does nothing.
  void destroy(T* object) noexcept {
    if (object == nullptr) return;
    std::destroy_at(object);
    --live_;
    release(reinterpret_cast<Cell*>(object));
  }

  [[nodiscard]] std::size_t live() const noexcept { return live_; }
  // Real memory held, in bytes, free objects included.
  [[nodiscard]] std::size_t memory() const noexcept { return memory_; }

 private:
  union Cell {
    Cell() noexcept : next(nullptr) {}
    ~Cell() {}
    Cell* next;
    T object;
  };
  struct alignas(alignof(Cell)) Page {  // its cells follow it
    Page* next;
    std::size_t cells;
  };
  static constexpr std::size_t kFirstPage = 4;
  static constexpr std::size_t kLargestPage = sizeof(Cell) > 8192 ? 4 : 32768 / sizeof(Cell);

  bool grow() noexcept {
    std::size_t cells = pages_ == nullptr ? kFirstPage : pages_->cells * 2;
    if (cells > kLargestPage) cells = kLargestPage;
    const std::size_t size = sizeof(Page) + cells * sizeof(Cell);
    void* const memory = ::operator new (size, std::align_val_t{alignof(Page)}, std::nothrow);
    if (memory == nullptr) return false;
    Page* const page = ::new (memory) Page{pages_, cells};
    pages_ = page;
    memory_ += size;
    Cell* const first = reinterpret_cast<Cell*>(page + 1);
    for (std::size_t i = cells; i-- > 0;) release(first + i);
    return true;
  }

  void release(Cell* cell) noexcept {
    ::new (static_cast<void*>(cell)) Cell();
    cell->next = free_;
    free_ = cell;
    poison(cell, sizeof *cell);
  }

  Cell* free_ = nullptr;
  Page* pages_ = nullptr;
  std::size_t live_ = 0;
  std::size_t memory_ = 0;
};

}  // namespace netsctp
