// How fast the protocol core is without a kernel (pair.hpp). Every figure is the work of both ends together, except
// memory, which is the server's alone.
#include <benchmark/benchmark.h>
#include <malloc.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/association.hpp"
#include "core/stack.hpp"
#include "pair.hpp"
#include "run_benchmarks.hpp"

namespace {

using namespace netsctp;
using namespace netsctp::bench;

constexpr std::size_t kSendBuffer = 212'992;  // what a socket has unless told otherwise

// One direction, the send buffer always full. Items are messages.
void Transfer(benchmark::State& state) {
  const std::vector<std::byte> message(static_cast<std::size_t>(state.range(0)), std::byte{0x5a});
  Pair pair;
  std::int64_t messages = 0;
  std::int64_t bytes = 0;
  const std::uint64_t packets_before = pair.client.stack.counters().packets_sent;
  for (auto _ : state) {
    for (std::size_t room = kSendBuffer - pair.client.stack.buffered_bytes(pair.client_association);
         room >= message.size(); room -= message.size()) {
      if (!pair.client.send(pair.client_association, message, pair.now)) state.SkipWithError("send failed");
    }
    carry(pair.client, pair.server, pair.now);
    const Arrived arrived = read(pair.server);
    carry(pair.server, pair.client, pair.now);
    carry(pair.client, pair.server, pair.now);  // what the SACK allows goes at once, as an engine does it
    read(pair.client);
    pair.now += std::chrono::microseconds(10);
    if (pair.client.stack.next_timeout() <= pair.now) pair.client.stack.expire(pair.now);
    if (pair.server.stack.next_timeout() <= pair.now) pair.server.stack.expire(pair.now);
    messages += static_cast<std::int64_t>(arrived.messages);
    bytes += static_cast<std::int64_t>(arrived.bytes);
  }
  const Counters& counters = pair.client.stack.counters();
  if (counters.retransmitted_chunks != 0) state.SkipWithError("retransmitted without loss");
  state.SetItemsProcessed(messages);
  state.SetBytesProcessed(bytes);
  const auto packets = static_cast<double>(counters.packets_sent - packets_before);
  state.counters["data_packets"] = benchmark::Counter(packets, benchmark::Counter::kIsRate);
  state.counters["packets_per_call"] = packets / static_cast<double>(state.iterations());
}

// 64 bytes to the server and back; no waiting, so that it is the work of one round trip.
void PingPong(benchmark::State& state) {
  const std::vector<std::byte> message(64, std::byte{0x5a});
  Pair pair(true);
  for (auto _ : state) {
    pair.client.send(pair.client_association, message, pair.now);
    carry(pair.client, pair.server, pair.now);
    const Arrived request = read(pair.server);
    pair.server.send(pair.server_association, message, pair.now);
    carry(pair.server, pair.client, pair.now);
    const Arrived reply = read(pair.client);
    if (request.messages != 1 || reply.messages != 1) {
      state.SkipWithError("a message did not arrive");
      break;
    }
    pair.now += std::chrono::microseconds(10);
    if (pair.client.stack.next_timeout() <= pair.now) pair.client.stack.expire(pair.now);
    if (pair.server.stack.next_timeout() <= pair.now) pair.server.stack.expire(pair.now);
  }
  state.SetItemsProcessed(state.iterations());
}

// Of this thread: time that other programs take from it does not count.
double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

// INIT to COOKIE ACK, both ends; the shutdown in between is not counted.
void Setup(benchmark::State& state) {
  Pair pair;
  for (auto _ : state) {
    pair.client.stack.shutdown(pair.client_association, pair.now);
    pair.exchange();
    pair.now += std::chrono::milliseconds(1);
    const double begin = cpu_seconds();
    pair.connect();
    state.SetIterationTime(cpu_seconds() - begin);
    if (pair.server_association == 0) {
      state.SkipWithError("the association did not come up");
      break;
    }
  }
  state.SetItemsProcessed(state.iterations());
}

// Set up and shut down.
void SetupAndShutdown(benchmark::State& state) {
  Pair pair;
  for (auto _ : state) {
    pair.client.stack.shutdown(pair.client_association, pair.now);
    pair.exchange();
    pair.connect();
    pair.now += std::chrono::milliseconds(1);
  }
  if (pair.server_association == 0) state.SkipWithError("the association did not come up");
  state.SetItemsProcessed(state.iterations());
}

// A message of 16 KiB to each of many associations in turn, as a server with many clients sends. Time is that of the
// rounds after the first, in which windows open and memory is had that is used again.
void Crowd(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(0));
  const std::size_t at_a_time = std::min<std::size_t>(count, 16);  // have something on its way
  const std::vector<std::byte> message(16'384, std::byte{0x5a});
  Pair pair;
  std::vector<AssociationId> associations{pair.client_association};
  while (associations.size() < count) {
    pair.client_endpoint = pair.client.open(static_cast<std::uint16_t>(5001 + associations.size()));
    pair.connect();
    associations.push_back(pair.client_association);
  }
  std::size_t next = 0;
  const auto send_some = [&] {
    std::size_t arrived = 0;
    for (std::size_t i = 0; i < at_a_time; ++i, next = (next + 1) % count) {
      pair.client.send(associations[next], message, pair.now);
    }
    pair.exchange([&](const Arrived&, const Arrived& at_server) { arrived += at_server.messages; });
    pair.now += std::chrono::milliseconds(1);
    pair.server.stack.expire(pair.now);
    pair.client.stack.expire(pair.now);
    if (arrived != at_a_time) state.SkipWithError("a message did not arrive");
  };
  for (std::size_t warm = 0; warm < std::max<std::size_t>(2 * count, 4096); warm += at_a_time) send_some();
  for (auto _ : state) {
    const double begin = cpu_seconds();
    for (std::size_t done = 0; done < 4096; done += at_a_time) send_some();
    state.SetIterationTime(cpu_seconds() - begin);
  }
  state.SetItemsProcessed(state.iterations() * 4096);
  state.SetBytesProcessed(state.iterations() * 4096 * 16'384);
}

std::size_t resident_bytes() {
  std::size_t size = 0;
  std::size_t resident = 0;
  std::FILE* const file = std::fopen("/proc/self/statm", "r");
  if (file == nullptr) return 0;
  if (std::fscanf(file, "%zu %zu", &size, &resident) != 2) resident = 0;
  std::fclose(file);
  return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

std::size_t heap_bytes() {
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

// Fills a server with associations from clients that vanish without a word, some hundred at a time, so that what is
// left is the server. `used`: one message has gone each way on each association.
void memory(benchmark::State& state, bool used) {
  constexpr std::size_t kClientsAtATime = 500;
  const auto count = static_cast<std::size_t>(state.range(0));
  const std::vector<std::byte> message(64, std::byte{0x5a});
  for (auto _ : state) {
    const Time now{std::chrono::seconds(1)};  // it stands still: nobody misses the clients
    auto server = std::make_unique<Host>(IpAddress::v4(0x0A000002), 2, now);
    server->stack.listen(server->open(kServerPort, true, Duration::zero()), count);
    malloc_trim(0);
    const std::size_t resident_before = resident_bytes();
    const std::size_t heap_before = heap_bytes();
    for (std::size_t done = 0; done < count; done += kClientsAtATime) {
      const auto ip = IpAddress::v4(static_cast<std::uint32_t>(0x0B000001 + done / kClientsAtATime));
      auto client = std::make_unique<Host>(ip, 3 + done, now);
      for (std::size_t i = 0; i < kClientsAtATime; ++i) {
        const EndpointId endpoint = client->open(static_cast<std::uint16_t>(10'000 + i), true, Duration::zero());
        const AssociationId association = client->connect(endpoint, *server, now);
        AssociationId accepted = 0;
        const auto exchange = [&] {
          for (bool busy = true; busy;) {
            busy = carry(*client, *server, now);
            busy = carry(*server, *client, now) || busy;
            read(*client);
            if (const Arrived arrived = read(*server); arrived.up != 0) accepted = arrived.up;
          }
        };
        exchange();
        if (used) {
          client->send(association, message, now);
          server->send(accepted, message, now);
          exchange();
        }
      }
    }
    malloc_trim(0);
    const std::size_t established = server->stack.association_count();
    if (established != count) state.SkipWithError("not all associations came up");
    const auto each = [&](std::size_t after, std::size_t before) {
      return static_cast<double>(after - before) / static_cast<double>(established);
    };
    state.counters["resident_each"] = each(resident_bytes(), resident_before);
    state.counters["heap_each"] = each(heap_bytes(), heap_before);
    state.counters["pool_each"] = each(server->pool.outstanding_bytes(), 0);
  }
}
void MemoryNew(benchmark::State& state) {
  memory(state, false);
}
void MemoryUsed(benchmark::State& state) {
  memory(state, true);
}

template <typename T>
void add_size(const char* name) {
  benchmark::AddCustomContext(std::string("sizeof ") + name, std::to_string(sizeof(T)));
}

}  // namespace

BENCHMARK(Transfer)->Arg(64)->Arg(1024)->Arg(16384)->Arg(65536);
BENCHMARK(PingPong);
BENCHMARK(Setup)->UseManualTime();
BENCHMARK(SetupAndShutdown);
BENCHMARK(Crowd)->Arg(1)->Arg(100)->Arg(10'000)->UseManualTime();
BENCHMARK(MemoryNew)->Arg(1'000)->Arg(10'000)->Arg(100'000)->Iterations(1)->Unit(benchmark::kMillisecond);
BENCHMARK(MemoryUsed)->Arg(1'000)->Arg(10'000)->Arg(100'000)->Iterations(1)->Unit(benchmark::kMillisecond);

int main(int argc, char** argv) {
  add_size<Association>("Association");
  add_size<AssociationParameters>("AssociationParameters");
  add_size<Path>("Path");
  add_size<Outstanding>("Outstanding");
  add_size<Outstanding::Chunk>("Outstanding::Chunk");
  add_size<SendQueue>("SendQueue");
  add_size<Reassembly>("Reassembly");
  add_size<TsnMap>("TsnMap");
  add_size<Piece>("Piece");
  add_size<Event>("Event");
  return run_benchmarks(argc, argv);
}
