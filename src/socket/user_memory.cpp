#include "socket/user_memory.hpp"

#include <pthread.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstring>

namespace netsctp::socket {

namespace {

// The calling thread's stack; nothing where it cannot be told.
struct Stack {
  std::uintptr_t begin = 0;
  std::uintptr_t end = 0;
};

Stack find_stack() noexcept {
  pthread_attr_t attributes;
  if (::pthread_getattr_np(::pthread_self(), &attributes) != 0) return {};
  void* begin = nullptr;
  std::size_t size = 0;
  const bool known = ::pthread_attr_getstack(&attributes, &begin, &size) == 0;
  ::pthread_attr_destroy(&attributes);
  const auto address = reinterpret_cast<std::uintptr_t>(begin);
  return known ? Stack{address, address + size} : Stack{};
}

// Whether it lies in frames of the calling thread, which are there, can be read and can be written: what a program
// keeps in local variables needs no question to the kernel. Never true on another stack (of a signal, a coroutine).
bool is_in_own_frames(const void* at, std::size_t size) noexcept {
  thread_local const Stack stack = find_stack();
  const auto here = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
  const auto begin = reinterpret_cast<std::uintptr_t>(at);
  return here >= stack.begin && begin >= here && begin <= stack.end && size <= stack.end - begin;
}

using Transfer = ssize_t (*)(pid_t, const iovec*, unsigned long, const iovec*, unsigned long, unsigned long);

// The kernel copies within this process and says where it cannot. Where it may not at all (seccomp), the pointer is
// trusted.
int copy(void* to, const void* from, std::size_t size, void* ours, void* theirs, Transfer transfer) noexcept {
  if (size == 0) return 0;
  if (theirs == nullptr) return -EFAULT;
  if (is_in_own_frames(theirs, size)) {
    std::memcpy(to, from, size);
    return 0;
  }
  const iovec local{ours, size};
  const iovec remote{theirs, size};
  const ssize_t done = transfer(::getpid(), &local, 1, &remote, 1, 0);
  if (done == static_cast<ssize_t>(size)) return 0;
  if (done >= 0 || errno == EFAULT) return -EFAULT;
  std::memcpy(to, from, size);
  return 0;
}

// Pages are counted in the smallest size there is: where they are larger, one is asked about more than once.
constexpr unsigned kPageBits = 12;

std::uintptr_t page_of(const void* at) noexcept {
  return reinterpret_cast<std::uintptr_t>(at) >> kPageBits;
}
std::uintptr_t last_page(const void* at, std::size_t size) noexcept {
  return (reinterpret_cast<std::uintptr_t>(at) + size - 1) >> kPageBits;
}

// The pages last confirmed, each at its own place: number and one bit, whether it can be written. Torn by nothing:
// every entry stands for itself.
class KnownPages {
 public:
  [[nodiscard]] bool has(std::uintptr_t page, bool writable) const noexcept {
    const std::uintptr_t entry = entries_[page % kEntries].load(std::memory_order_relaxed);
    return page != 0 && (entry >> 1) == page && (!writable || (entry & 1) != 0);
  }
  [[nodiscard]] bool has(const void* at, std::size_t size, bool writable) const noexcept {
    for (std::uintptr_t page = page_of(at), last = last_page(at, size); page <= last; ++page) {
      if (!has(page, writable)) return false;
    }
    return true;
  }
  void add(std::uintptr_t page, bool writable) noexcept {
    if (!has(page, false) || writable) {
      entries_[page % kEntries].store(page << 1 | (writable ? 1 : 0), std::memory_order_relaxed);
    }
  }
  void add(const void* at, std::size_t size, bool writable) noexcept {
    for (std::uintptr_t page = page_of(at), last = last_page(at, size); page <= last; ++page) add(page, writable);
  }
  void remove(std::uintptr_t first, std::uintptr_t last) noexcept {
    const std::size_t count = std::min<std::size_t>(last - first, kEntries - 1) + 1;
    for (std::size_t i = 0; i < count; ++i) {
      auto& entry = entries_[(first + i) % kEntries];
      const std::uintptr_t page = entry.load(std::memory_order_relaxed) >> 1;
      if (page >= first && page <= last) entry.store(0, std::memory_order_relaxed);
    }
  }

 private:
  static constexpr std::size_t kEntries = 1024;
  std::array<std::atomic<std::uintptr_t>, kEntries> entries_{};
};

constinit KnownPages known;

// Asks the kernel about one byte of each page, and remembers.
bool probe(const void* at, std::size_t size) noexcept {
  std::array<std::byte, 64> sink;
  std::array<iovec, 64> bytes;
  const std::uintptr_t last = last_page(at, size);
  for (std::uintptr_t page = page_of(at); page <= last;) {
    const std::size_t count = std::min<std::size_t>(bytes.size(), last - page + 1);
    for (std::size_t i = 0; i < count; ++i) bytes[i] = {reinterpret_cast<void*>((page + i) << kPageBits), 1};
    const iovec local{sink.data(), count};
    const ssize_t done = ::process_vm_readv(::getpid(), &local, 1, bytes.data(), count, 0);
    if (done != static_cast<ssize_t>(count) && (done >= 0 || errno == EFAULT)) return false;
    for (std::size_t i = 0; i < count; ++i) known.add(page + i, false);
    page += count;
  }
  return true;
}

}  // namespace

int copy_in(void* to, const void* from, std::size_t size) noexcept {
  return copy(to, from, size, to, const_cast<void*>(from), ::process_vm_readv);
}

int copy_out(void* to, const void* from, std::size_t size) noexcept {
  const int error = copy(to, from, size, const_cast<void*>(from), to, ::process_vm_writev);
  // Once more, for tools that watch memory (valgrind): they do not see what the kernel wrote.
  if (error == 0 && size != 0) std::memcpy(to, from, size);
  return error;
}

bool is_user_range(const void* at, std::size_t size) noexcept {
  constexpr std::uintptr_t kEnd =
      sizeof(void*) == 8 ? static_cast<std::uintptr_t>(std::uint64_t{1} << 56) : UINTPTR_MAX;
  const auto begin = reinterpret_cast<std::uintptr_t>(at);
  return begin <= kEnd && size <= kEnd - begin;
}

bool can_read_user(const void* from, std::size_t size) noexcept {
  if (size == 0) return true;
  return is_user_range(from, size) &&
         (is_in_own_frames(from, size) || known.has(from, size, false) || probe(from, size));
}

int read_user(void* to, const void* from, std::size_t size) noexcept {
  if (!can_read_user(from, size)) return -EFAULT;
  if (size != 0) std::memcpy(to, from, size);
  return 0;
}

int write_user(void* to, const void* from, std::size_t size) noexcept {
  if (size == 0) return 0;
  if (!is_user_range(to, size)) return -EFAULT;
  if (is_in_own_frames(to, size) || known.has(to, size, true)) {
    std::memcpy(to, from, size);
    return 0;
  }
  const int error = copy_out(to, from, size);
  if (error == 0) known.add(to, size, true);
  return error;
}

void forget_user(const void* at, std::size_t size) noexcept {
  if (size != 0) known.remove(page_of(at), last_page(at, size));
}

}  // namespace netsctp::socket
