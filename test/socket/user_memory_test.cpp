// Memory of programs: what is there is copied, what is not is EFAULT, also at the edges of a thread's own stack.
#include "socket/user_memory.hpp"

#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <functional>

namespace netsctp::socket {
namespace {

// Runs `work` in a thread whose stack has pages that cannot be touched below and above it; `work` is given its ends.
void on_a_fenced_stack(const std::function<void(std::byte* begin, std::byte* end)>& work) {
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  constexpr std::size_t kStack = 1 << 20;
  void* const all = ::mmap(nullptr, kStack + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(all, MAP_FAILED);
  auto* const begin = static_cast<std::byte*>(all) + page;
  ASSERT_EQ(::mprotect(begin, kStack, PROT_READ | PROT_WRITE), 0);
  struct Task {
    const std::function<void(std::byte*, std::byte*)>& work;
    std::byte* begin;
  } task{work, begin};
  pthread_attr_t attributes;
  ::pthread_attr_init(&attributes);
  ASSERT_EQ(::pthread_attr_setstack(&attributes, begin, kStack), 0);
  pthread_t thread;
  const auto run = [](void* given) -> void* {
    const Task& mine = *static_cast<Task*>(given);
    mine.work(mine.begin, mine.begin + kStack);
    return nullptr;
  };
  ASSERT_EQ(::pthread_create(&thread, &attributes, run, &task), 0);
  ::pthread_join(thread, nullptr);
  ::pthread_attr_destroy(&attributes);
  ::munmap(all, kStack + 2 * page);
}

TEST(UserMemory, LocalVariablesAreReadAndWritten) {
  on_a_fenced_stack([](std::byte*, std::byte*) {
    const std::array<int, 3> given{1, 2, 3};
    std::array<int, 3> taken{};
    EXPECT_EQ(copy_in(taken.data(), given.data(), sizeof given), 0);
    EXPECT_EQ(taken, given);
    const std::array<int, 3> more{4, 5, 6};
    EXPECT_EQ(copy_out(taken.data(), more.data(), sizeof more), 0);
    EXPECT_EQ(taken, more);
    EXPECT_TRUE(can_read_user(given.data(), sizeof given));
    EXPECT_EQ(write_user(taken.data(), given.data(), sizeof given), 0);
    EXPECT_EQ(taken, given);
  });
}

TEST(UserMemory, WhatReachesBeyondTheStackIsNoMemory) {
  on_a_fenced_stack([](std::byte*, std::byte* end) {
    std::array<std::byte, 64> taken{};
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    for (const std::byte* const at : {end - 32, end, end + page / 2, end - 63}) {
      EXPECT_EQ(copy_in(taken.data(), at, taken.size()), -EFAULT);
      EXPECT_FALSE(can_read_user(at, taken.size()));
    }
    EXPECT_EQ(copy_out(end - 32, taken.data(), taken.size()), -EFAULT);
    EXPECT_EQ(write_user(end - 32, taken.data(), taken.size()), -EFAULT);
    EXPECT_EQ(copy_in(taken.data(), end - 64, taken.size()), 0);
  });
}

TEST(UserMemory, BelowTheStackIsNoMemory) {
  on_a_fenced_stack([](std::byte* begin, std::byte*) {
    std::array<std::byte, 64> taken{};
    EXPECT_EQ(copy_in(taken.data(), begin - 64, taken.size()), -EFAULT);
    EXPECT_EQ(copy_in(taken.data(), begin - 32, taken.size()), -EFAULT);
    EXPECT_EQ(copy_out(begin - 32, taken.data(), taken.size()), -EFAULT);
    EXPECT_FALSE(can_read_user(begin - 32, taken.size()));
  });
}

TEST(UserMemory, OfAnotherThreadIsAskedAbout) {
  std::array<std::byte, 64> mine{};
  std::byte* foreign = nullptr;
  on_a_fenced_stack([&](std::byte* begin, std::byte*) {
    foreign = begin;
    std::array<std::byte, 64> taken{};
    EXPECT_EQ(copy_in(taken.data(), mine.data(), mine.size()), 0);
    EXPECT_EQ(copy_out(mine.data(), taken.data(), taken.size()), 0);
  });
  EXPECT_EQ(copy_in(mine.data(), foreign, mine.size()), -EFAULT);  // it has gone
}

}  // namespace
}  // namespace netsctp::socket
