// Memory whose address a program gave: read and written so that a pointer to nowhere is an error, not a crash, as it
// is with a system call.
#pragma once

#include <cstddef>

namespace netsctp::socket {

// Copies `size` bytes: 0 or -EFAULT. A null pointer is fine for no bytes. A system call each: not for payload.
[[nodiscard]] int copy_in(void* to, const void* from, std::size_t size) noexcept;
[[nodiscard]] int copy_out(void* to, const void* from, std::size_t size) noexcept;

}  // namespace netsctp::socket
