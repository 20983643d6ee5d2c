// Doubly linked circular lists whose links live in the elements: no allocation, O(1) everywhere. Not thread-safe.
#pragma once

#include <bit>
#include <cassert>
#include <cstddef>

namespace netsctp {

// The links of one element for one list at a time. Leaves its list when destroyed. Its address is its identity.
class ListHook {
 public:
  ListHook() noexcept = default;
  ListHook(const ListHook&) = delete;
  ListHook& operator=(const ListHook&) = delete;
  ~ListHook() { unlink(); }

  [[nodiscard]] bool is_linked() const noexcept { return next_ != this; }

  // Does nothing if it is in no list.
  void unlink() noexcept {
    previous_->next_ = next_;
    next_->previous_ = previous_;
    previous_ = next_ = this;
  }

 private:
  template <class T, ListHook T::*hook>
  friend class IntrusiveList;

  void link_before(ListHook& place) noexcept {
    assert(!is_linked());
    previous_ = place.previous_;
    next_ = &place;
    previous_->next_ = this;
    place.previous_ = this;
  }

  ListHook* previous_ = this;
  ListHook* next_ = this;
};

// `hook` names the ListHook member of T that this list uses. The list never owns its elements; destroying either side
// is safe. An element must not be linked when it is pushed.
template <class T, ListHook T::*hook>
class IntrusiveList {
 public:
  IntrusiveList() noexcept = default;
  IntrusiveList(const IntrusiveList&) = delete;
  IntrusiveList& operator=(const IntrusiveList&) = delete;
  ~IntrusiveList() { clear(); }

  [[nodiscard]] bool empty() const noexcept { return !head_.is_linked(); }

  void push_back(T& element) noexcept { (element.*hook).link_before(head_); }
  void push_front(T& element) noexcept { (element.*hook).link_before(*head_.next_); }
  // The element must be in this list or in none.
  void erase(T& element) noexcept { (element.*hook).unlink(); }

  // nullptr if empty.
  [[nodiscard]] T* front() const noexcept { return element_at(head_.next_); }
  [[nodiscard]] T* back() const noexcept { return element_at(head_.previous_); }
  // The one after `element`, which is in this list; nullptr at the end.
  [[nodiscard]] T* next(const T& element) const noexcept { return element_at((element.*hook).next_); }

  // Unlinks and returns the first element; nullptr if empty.
  T* pop_front() noexcept {
    T* const element = front();
    if (element != nullptr) erase(*element);
    return element;
  }

  void clear() noexcept {
    while (pop_front() != nullptr) {
    }
  }

 private:
  [[nodiscard]] T* element_at(ListHook* link) const noexcept {
    if (link == &head_) return nullptr;
    // A pointer to a data member is the member's offset in the Itanium C++ ABI, which all our platforms follow.
    static_assert(sizeof(ListHook T::*) == sizeof(std::ptrdiff_t));
    return reinterpret_cast<T*>(reinterpret_cast<std::byte*>(link) - std::bit_cast<std::ptrdiff_t>(hook));
  }

  ListHook head_;
};

}  // namespace netsctp
