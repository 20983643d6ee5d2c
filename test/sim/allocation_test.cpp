// In the steady state the stack allocates nothing per packet. Counted: every allocation of the C++ and (without
// sanitizers, with the GNU C library) the C heap while a Stack is being called; the simulator's own are not.
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <new>

#include "sim/simulation.hpp"

namespace {

std::uint64_t allocations = 0;

void count() noexcept {
  if (netsctp::sim::stack_calls_running > 0) ++allocations;
}

}  // namespace

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
extern "C" void* __libc_malloc(std::size_t);
extern "C" void* malloc(std::size_t size) {  // operator new comes here too
  count();
  return __libc_malloc(size);
}
#else
void* operator new(std::size_t size) {
  count();
  void* memory = std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  count();
  return std::malloc(size == 0 ? 1 : size);
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
#endif

namespace netsctp::sim {
namespace {

struct Steady {
  std::uint64_t allocations = 0;
  std::uint64_t packets = 0;
};

// `count` messages from a to b after a warm-up of the same kind.
Steady transfer(std::size_t count, std::size_t size, double loss,
                core::CongestionControl control = core::CongestionControl::kRfc9260) {
  Simulation simulation;
  const auto [network, host_a, host_b, a, b] = simulation.parts();
  network.stop_recording();
  network.default_link = {.delay = 5ms, .bandwidth = 100'000'000, .loss = loss};
  b.keeps_bytes = false;
  a.parameters.congestion_control = control;
  if (control != core::CongestionControl::kRfc9260) a.parameters.loss_detection = core::LossDetection::kRack;
  simulation.open();
  simulation.connect();
  const auto send = [&](std::size_t messages) {
    const std::uint64_t before = b.latest()->bytes_read;
    a.send(a.latest()->id, std::vector<Message>(messages, {.size = size}));
    EXPECT_TRUE(network.run_until([&] { return b.latest()->bytes_read == before + messages * size; }, 3600s));
  };
  send(count / 2);
  const std::uint64_t allocations_before = allocations;
  const std::uint64_t packets_before = network.packets_sent();
  send(count);
  const Steady steady{allocations - allocations_before, network.packets_sent() - packets_before};
  std::printf("%llu allocations in %llu packets\n", static_cast<unsigned long long>(steady.allocations),
              static_cast<unsigned long long>(steady.packets));
  return steady;
}

TEST(Allocation, TheCounterCountsInsideStackCallsOnly) {
  const std::uint64_t before = allocations;
  void* volatile memory = ::operator new(1);
  ::operator delete(memory);
  EXPECT_EQ(allocations, before);
  ++stack_calls_running;
  memory = ::operator new(1);
  --stack_calls_running;
  ::operator delete(memory);
  EXPECT_EQ(allocations, before + 1);
}

TEST(Allocation, TheSteadyStateAllocatesNothing) {
  const Steady steady = transfer(10'000, 1024, 0);
  EXPECT_GT(steady.packets, 10'000U);
  EXPECT_EQ(steady.allocations, 0U);
}

TEST(Allocation, FragmentedMessagesAllocateNothing) {
  EXPECT_EQ(transfer(500, 20'000, 0).allocations, 0U);
}

TEST(Allocation, LossAllocatesNothing) {
  const Steady steady = transfer(5'000, 1024, 0.02);
  EXPECT_LT(static_cast<double>(steady.allocations), 0.01 * static_cast<double>(steady.packets));
}

// Their state is made once for an association.
void expect_nothing_allocated(core::CongestionControl control) {
  const Steady steady = transfer(10'000, 1024, 0, control);
  EXPECT_GT(steady.packets, 10'000U);
  EXPECT_EQ(steady.allocations, 0U);
  const Steady lossy = transfer(5'000, 1024, 0.02, control);
  EXPECT_LT(static_cast<double>(lossy.allocations), 0.01 * static_cast<double>(lossy.packets));
}

TEST(Allocation, RackAndCubicAllocateNothing) {
  expect_nothing_allocated(core::CongestionControl::kCubic);
}

TEST(Allocation, RackAndBbrAllocateNothing) {
  expect_nothing_allocated(core::CongestionControl::kBbr);
}

}  // namespace
}  // namespace netsctp::sim
