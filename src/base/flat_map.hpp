// A hash table with open addressing: linear probing, deletion by shifting back, so no tombstones. Not thread-safe.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>

namespace netsctp {

// `Hash` is an object (seeded, where a peer chooses the keys: hash.hpp) called as hash(key) and returning an unsigned
// integer whose low 32 bits are good. Pointers to values are valid until the next insert or erase. An empty map that
// was never filled owns no memory; running out of memory ends the process. At most 2^31 entries. Never shrinks.
template <class K, class V, class Hash>
class FlatMap {
  static_assert(std::is_nothrow_move_constructible_v<K> && std::is_nothrow_move_constructible_v<V>);

 public:
  explicit FlatMap(Hash hash = Hash()) noexcept : hash_(std::move(hash)) {}
  FlatMap(const FlatMap&) = delete;
  FlatMap& operator=(const FlatMap&) = delete;
  ~FlatMap() {
    clear();
    release();
  }

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

  // nullptr if it is not there.
  [[nodiscard]] V* find(const K& key) noexcept { return const_cast<V*>(std::as_const(*this).find(key)); }
  [[nodiscard]] const V* find(const K& key) const noexcept {
    if (size_ == 0) return nullptr;
    const std::size_t at = locate(key, tag_of(key));
    return tags_[at] == kFree ? nullptr : &entries_[at].value;
  }
  [[nodiscard]] bool contains(const K& key) const noexcept { return find(key) != nullptr; }

  // The value now under `key`, and whether it was put there: an entry that exists stays as it is.
  std::pair<V*, bool> insert(K key, V value) noexcept {
    if (size_ + 1 > capacity_ / 4 * 3) resize(capacity_ == 0 ? kSmallest : capacity_ * 2);
    const std::uint32_t tag = tag_of(key);
    const std::size_t at = locate(key, tag);
    if (tags_[at] != kFree) return {&entries_[at].value, false};
    put(at, tag, Entry{std::move(key), std::move(value)});
    ++size_;
    return {&entries_[at].value, true};
  }

  // False if it was not there.
  bool erase(const K& key) noexcept {
    if (size_ == 0) return false;
    std::size_t hole = locate(key, tag_of(key));
    if (tags_[hole] == kFree) return false;
    remove(hole);
    --size_;
    // Entries behind the hole move into it unless that would put them before their home.
    for (std::size_t at = next(hole); tags_[at] != kFree; at = next(at)) {
      const std::size_t from_home = (at - home(tags_[at])) & (capacity_ - 1);
      if (from_home < ((at - hole) & (capacity_ - 1))) continue;
      put(hole, tags_[at], std::move(entries_[at]));
      remove(at);
      hole = at;
    }
    return true;
  }

  // Calls visit(const K&, V&) for each entry, in no particular order. `visit` must not insert or erase.
  template <class Visit>
  void for_each(Visit&& visit) {
    for (std::size_t at = 0; at < capacity_; ++at)
      if (tags_[at] != kFree) visit(std::as_const(entries_[at].key), entries_[at].value);
  }
  template <class Visit>
  void for_each(Visit&& visit) const {
    for (std::size_t at = 0; at < capacity_; ++at)
      if (tags_[at] != kFree) visit(std::as_const(entries_[at].key), std::as_const(entries_[at].value));
  }

  // Keeps the memory.
  void clear() noexcept {
    for (std::size_t at = 0; at < capacity_; ++at)
      if (tags_[at] != kFree) remove(at);
    size_ = 0;
  }

  // Room for `count` entries without growing.
  void reserve(std::size_t count) noexcept {
    const std::size_t needed = std::bit_ceil(count + count / 3 + 1);
    if (needed > capacity_) resize(needed < kSmallest ? kSmallest : needed);
  }

 private:
  struct Entry {
    K key;
    V value;
  };
  static constexpr std::size_t kSmallest = 8;
  static constexpr std::uint32_t kFree = 0;  // tag of a slot without entry

  // 32 bits of the hash, kept by the entry: they give its home and spare most comparisons.
  std::uint32_t tag_of(const K& key) const noexcept {
    const auto tag = static_cast<std::uint32_t>(hash_(key));
    return tag == kFree ? 1 : tag;
  }
  std::size_t home(std::uint32_t tag) const noexcept { return tag & (capacity_ - 1); }
  std::size_t next(std::size_t at) const noexcept { return (at + 1) & (capacity_ - 1); }

  // Where the key is, or the free slot where it would go.
  std::size_t locate(const K& key, std::uint32_t tag) const noexcept {
    std::size_t at = home(tag);
    while (tags_[at] != kFree && !(tags_[at] == tag && entries_[at].key == key)) at = next(at);
    return at;
  }

  void put(std::size_t at, std::uint32_t tag, Entry&& entry) noexcept {
    tags_[at] = tag;
    std::construct_at(entries_ + at, std::move(entry));
  }
  void remove(std::size_t at) noexcept {
    tags_[at] = kFree;
    std::destroy_at(entries_ + at);
  }

  void resize(std::size_t capacity) noexcept {
    const std::unique_ptr<std::uint32_t[]> old_tags = std::exchange(tags_, std::make_unique<std::uint32_t[]>(capacity));
    Entry* const old_entries = std::exchange(entries_, std::allocator<Entry>().allocate(capacity));
    const std::size_t old_capacity = std::exchange(capacity_, capacity);
    for (std::size_t i = 0; i < old_capacity; ++i) {
      if (old_tags[i] == kFree) continue;
      std::size_t at = home(old_tags[i]);
      while (tags_[at] != kFree) at = next(at);
      put(at, old_tags[i], std::move(old_entries[i]));
      std::destroy_at(old_entries + i);
    }
    if (old_entries != nullptr) std::allocator<Entry>().deallocate(old_entries, old_capacity);
  }
  void release() noexcept {
    if (entries_ != nullptr) std::allocator<Entry>().deallocate(entries_, capacity_);
  }

  Hash hash_;
  std::unique_ptr<std::uint32_t[]> tags_;
  Entry* entries_ = nullptr;
  std::size_t capacity_ = 0;
  std::size_t size_ = 0;
};

}  // namespace netsctp
