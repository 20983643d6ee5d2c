// What a program does to its memory: pages that have carried messages are trusted (socket/user_memory.hpp) only as long
// as they are as they were.
#include <sys/mman.h>

#include "preload/libc.hpp"
#include "socket/user_memory.hpp"

namespace libc = netsctp::preload::libc;
using netsctp::socket::forget_user;

extern "C" {

int munmap(void* at, size_t size) noexcept {
  const int result = libc::munmap(at, size);
  if (result == 0) forget_user(at, size);
  return result;
}

int mprotect(void* at, size_t size, int protection) noexcept {
  const int result = libc::mprotect(at, size, protection);
  if (result == 0) forget_user(at, size);
  return result;
}

}  // extern "C"
