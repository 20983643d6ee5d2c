// Memory whose address a program gave: read and written so that a pointer to nowhere is an error, not a crash, as it
// is with a system call.
//
// The kernel is asked once for each page; what it has confirmed is trusted from then on, until it is forgotten. So a
// message from or to memory that has carried one before costs no system call. Neither does a local variable of the
// calling thread: its stack above the caller's frame is there as long as the thread is. What it cannot see: memory that
// carried a message, was unmapped or protected without forget_user(), and is used again.
#pragma once

#include <cstddef>

namespace netsctp::socket {

// Copies `size` bytes: 0 or -EFAULT. A null pointer is fine for no bytes. Asks the kernel about all but the
// thread's own frames: for what is rare.
[[nodiscard]] int copy_in(void* to, const void* from, std::size_t size) noexcept;
[[nodiscard]] int copy_out(void* to, const void* from, std::size_t size) noexcept;

// The same, asking only about pages not yet known: for messages. Thread-safe. After -EFAULT some bytes may have been
// written.
[[nodiscard]] int read_user(void* to, const void* from, std::size_t size) noexcept;
[[nodiscard]] int write_user(void* to, const void* from, std::size_t size) noexcept;
[[nodiscard]] bool can_read_user(const void* from, std::size_t size) noexcept;

// Whether it may be a program's at all: it does not reach into the kernel's half of the address space.
[[nodiscard]] bool is_user_range(const void* at, std::size_t size) noexcept;

// It was unmapped or its protection changed: the kernel is asked again.
void forget_user(const void* at, std::size_t size) noexcept;

}  // namespace netsctp::socket
