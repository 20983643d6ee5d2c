// A hash table of pointers to objects that hold their keys themselves: open addressing, linear probing, deletion by
// shifting back, so no tombstones. Twelve bytes a slot. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

namespace netsctp {

// An entry is found by its hash (32 bits that are good, from a seeded hash where a peer chooses the keys: hash.hpp) and
// by what `matches(object)` says: the table never looks into the objects itself. One may be entered several times,
// under several hashes or the same one. An empty table that was never filled owns no memory; running out of memory ends
// the process. At most 2^31 entries. Never shrinks.
template <class T>
class PointerTable {
 public:
  PointerTable() noexcept = default;
  PointerTable(const PointerTable&) = delete;
  PointerTable& operator=(const PointerTable&) = delete;

  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  // nullptr if there is none. Only entries of this hash are asked.
  template <class Matches>
  [[nodiscard]] T* find(std::uint32_t hash, Matches&& matches) const noexcept {
    if (size_ == 0) return nullptr;
    const std::uint32_t tag = tag_of(hash);
    for (std::size_t at = home(tag); tags_[at] != kFree; at = next(at))
      if (tags_[at] == tag && matches(std::as_const(*entries_[at]))) return entries_[at];
    return nullptr;
  }

  void insert(std::uint32_t hash, T& object) noexcept {
    if (size_ + 1 > capacity_ / 4 * 3) resize(capacity_ == 0 ? kSmallest : capacity_ * 2);
    put(tag_of(hash), &object);
    ++size_;
  }

  // One entry of the object under this hash; false if there is none.
  bool erase(std::uint32_t hash, const T& object) noexcept {
    if (size_ == 0) return false;
    const std::uint32_t tag = tag_of(hash);
    std::size_t hole = home(tag);
    while (tags_[hole] != kFree && !(tags_[hole] == tag && entries_[hole] == &object)) hole = next(hole);
    if (tags_[hole] == kFree) return false;
    // Entries behind the hole move into it unless that would put them before their home.
    for (std::size_t at = next(hole); tags_[at] != kFree; at = next(at)) {
      const std::size_t from_home = (at - home(tags_[at])) & (capacity_ - 1);
      if (from_home < ((at - hole) & (capacity_ - 1))) continue;
      tags_[hole] = tags_[at];
      entries_[hole] = entries_[at];
      hole = at;
    }
    tags_[hole] = kFree;
    --size_;
    return true;
  }

  // Calls visit(T&) for each entry, in no particular order. `visit` must not insert or erase.
  template <class Visit>
  void for_each(Visit&& visit) const {
    for (std::size_t at = 0; at < capacity_; ++at)
      if (tags_[at] != kFree) visit(*entries_[at]);
  }

 private:
  static constexpr std::size_t kSmallest = 8;
  static constexpr std::uint32_t kFree = 0;  // tag of a slot without entry

  static std::uint32_t tag_of(std::uint32_t hash) noexcept { return hash == kFree ? 1 : hash; }
  std::size_t home(std::uint32_t tag) const noexcept { return tag & (capacity_ - 1); }
  std::size_t next(std::size_t at) const noexcept { return (at + 1) & (capacity_ - 1); }

  void put(std::uint32_t tag, T* object) noexcept {
    std::size_t at = home(tag);
    while (tags_[at] != kFree) at = next(at);
    tags_[at] = tag;
    entries_[at] = object;
  }

  void resize(std::size_t capacity) noexcept {
    const auto old_tags = std::exchange(tags_, std::make_unique<std::uint32_t[]>(capacity));
    const auto old_entries = std::exchange(entries_, std::make_unique_for_overwrite<T*[]>(capacity));
    const std::size_t old_capacity = std::exchange(capacity_, capacity);
    for (std::size_t at = 0; at < old_capacity; ++at)
      if (old_tags[at] != kFree) put(old_tags[at], old_entries[at]);
  }

  std::unique_ptr<std::uint32_t[]> tags_;  // hashes: they give an entry its home and spare most comparisons
  std::unique_ptr<T*[]> entries_;
  std::size_t capacity_ = 0;
  std::size_t size_ = 0;
};

}  // namespace netsctp
