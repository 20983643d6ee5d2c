// The blocks behind slices: size classes with bounded free lists over malloc.
#include "base/buffer_pool.hpp"

#include <sys/mman.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <new>

#include "base/poison.hpp"

namespace netsctp {
namespace {

constexpr std::size_t kWorthPopulating = 16'384;

// Fresh memory costs a page fault for each page when it is written: several times what asking for all pages of a block
// at once costs, and on some virtual machines more than all that is done with a packet.
void populate(void* memory, std::size_t size) noexcept {
#ifdef MADV_POPULATE_WRITE
  constexpr std::uintptr_t kPage = 4096;
  const auto begin = reinterpret_cast<std::uintptr_t>(memory) & ~(kPage - 1);
  const auto end = (reinterpret_cast<std::uintptr_t>(memory) + size + kPage - 1) & ~(kPage - 1);
  (void)::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_POPULATE_WRITE);  // a kernel without it: no harm
#endif
}

}  // namespace

void Slice::recycle() noexcept {
  block_->pool->recycle(block_);
}

BufferPool::~BufferPool() {
  assert(outstanding_bytes_ == 0);
  for (Block* block : free_) {
    while (block != nullptr) {
      unpoison(block + 1, block->capacity);
      std::free(std::exchange(block, block->next));
    }
  }
}

Slice BufferPool::allocate(std::size_t size) noexcept {
  std::uint32_t size_class = 0;
  while (size_class < kUnpooled && size > kSizes[size_class]) ++size_class;

  Block* block = nullptr;
  if (size_class < kUnpooled && free_[size_class] != nullptr) {
    block = std::exchange(free_[size_class], free_[size_class]->next);
    --free_count_[size_class];
    unpoison(block + 1, block->capacity);
  } else {
    const std::size_t capacity = size_class < kUnpooled ? kSizes[size_class] : size;
    if (capacity > std::numeric_limits<std::size_t>::max() - sizeof(Block)) return {};
    void* const memory = std::malloc(sizeof(Block) + capacity);
    if (memory == nullptr) return {};
    if (size >= kWorthPopulating) populate(memory, sizeof(Block) + size);
    block = ::new (memory) Block{};
    block->capacity = capacity;
    block->size_class = size_class;
  }
  block->pool = this;
  block->references = 1;
  outstanding_bytes_ += sizeof(Block) + block->capacity;
  return Slice(block, size);
}

Slice BufferPool::copy(std::span<const std::byte> bytes) noexcept {
  Slice slice = allocate(bytes.size());
  if (slice && !bytes.empty()) std::memcpy(slice.writable(), bytes.data(), bytes.size());
  return slice;
}

std::size_t BufferPool::free_bytes() const noexcept {
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < kSizes.size(); ++i) bytes += free_count_[i] * (sizeof(Block) + kSizes[i]);
  return bytes;
}

void BufferPool::recycle(Block* block) noexcept {
  outstanding_bytes_ -= sizeof(Block) + block->capacity;
  const std::uint32_t size_class = block->size_class;
  if (size_class == kUnpooled || free_count_[size_class] >= kMaxFree[size_class]) return std::free(block);
  block->next = free_[size_class];
  free_[size_class] = block;
  ++free_count_[size_class];
  poison(block + 1, block->capacity);
}

}  // namespace netsctp
