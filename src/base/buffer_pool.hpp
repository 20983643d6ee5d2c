// Packet and message memory: reference-counted blocks of a few sizes, and slices that share them. Single-threaded:
// whoever owns the pool (the engine, under its lock) also guards every slice of it, so that counts are plain integers.
#pragma once

#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace netsctp {

class BufferPool;

// A view of bytes that keeps their block alive. Copies share the block, moves hand it over. Must not outlive its pool.
// A default-constructed slice is null: no block, size 0.
class Slice {
 public:
  Slice() noexcept = default;
  Slice(const Slice& other) noexcept : block_(other.block_), data_(other.data_), size_(other.size_) {
    if (block_ != nullptr) ++block_->references;
  }
  Slice(Slice&& other) noexcept
      : block_(std::exchange(other.block_, nullptr)),
        data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)) {}
  Slice& operator=(Slice other) noexcept {
    std::swap(block_, other.block_);
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~Slice() { reset(); }

  explicit operator bool() const noexcept { return block_ != nullptr; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] const std::byte* data() const noexcept { return data_; }
  [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return {data_, size_}; }

  // For filling a slice fresh from allocate(), before it is shared: whoever else holds the block would see the change.
  [[nodiscard]] std::byte* writable() noexcept { return data_; }

  // Payload bytes of the whole block that this slice keeps alive; 0 for a null slice.
  [[nodiscard]] std::size_t capacity() const noexcept { return block_ != nullptr ? block_->capacity : 0; }
  // True if no other slice holds the block.
  [[nodiscard]] bool is_unique() const noexcept { return block_ != nullptr && block_->references == 1; }

  // Shares the block. offset + length is at most size().
  [[nodiscard]] Slice subslice(std::size_t offset, std::size_t length) const noexcept {
    assert(offset <= size_ && length <= size_ - offset);
    Slice part(*this);
    part.data_ += offset;
    part.size_ = length;
    return part;
  }
  [[nodiscard]] Slice first(std::size_t length) const noexcept { return subslice(0, length); }

  void reset() noexcept {
    if (block_ != nullptr && --block_->references == 0) recycle();
    block_ = nullptr;
    data_ = nullptr;
    size_ = 0;
  }

 private:
  friend class BufferPool;

  struct alignas(16) Block {  // its bytes follow it
    union {
      BufferPool* pool;  // in use
      Block* next;       // free
    };
    std::size_t capacity;
    std::uint32_t references;
    std::uint32_t size_class;
  };

  Slice(Block* block, std::size_t size) noexcept
      : block_(block), data_(reinterpret_cast<std::byte*>(block + 1)), size_(size) {}
  void recycle() noexcept;

  Block* block_ = nullptr;
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

class BufferPool {
 public:
  BufferPool() noexcept = default;
  BufferPool(const BufferPool&) = delete;
  BufferPool& operator=(const BufferPool&) = delete;
  ~BufferPool();  // no slice may be left

  // A slice of `size` uninitialized bytes in a block of its own; null if there is no memory.
  [[nodiscard]] Slice allocate(std::size_t size) noexcept;
  // The same, filled with a copy of `bytes`.
  [[nodiscard]] Slice copy(std::span<const std::byte> bytes) noexcept;

  // Real memory of the blocks that slices hold, block headers included.
  [[nodiscard]] std::size_t outstanding_bytes() const noexcept { return outstanding_bytes_; }
  // Real memory kept for reuse; bounded by kMaxFree blocks of each size.
  [[nodiscard]] std::size_t free_bytes() const noexcept;

 private:
  friend class Slice;
  using Block = Slice::Block;

  // The largest ones are pooled too: malloc() may return them to the system, and then each page of the next one costs
  // more than the message in it.
  static constexpr std::array<std::size_t, 8> kSizes{64, 256, 1024, 2048, 16384, 65536, 262144, 1048576};
  static constexpr std::array<std::size_t, 8> kMaxFree{8192, 4096, 2048, 1024, 128, 32, 8, 4};
  static constexpr std::uint32_t kUnpooled = kSizes.size();  // larger: its own malloc

  void recycle(Block* block) noexcept;

  std::array<Block*, kSizes.size()> free_{};
  std::array<std::size_t, kSizes.size()> free_count_{};
  std::size_t outstanding_bytes_ = 0;
};

}  // namespace netsctp
