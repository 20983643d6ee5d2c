// Fixed work of the protocol core, the same to the last instruction each time, for instructions.py to count:
//
//   core_work WORK     prints how many operations measured() does
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "pair.hpp"

namespace {

using namespace netsctp;
using namespace netsctp::bench;

constexpr std::size_t kSendBuffer = 212'992;

struct Work {
  const char* name;
  std::size_t operations;
  void (*run)(Pair& pair, const Work& work);
  std::size_t size = 0;        // of a message
  std::size_t lose_every = 0;  // n-th packet of the client; 0: none
};

[[noreturn]] void fail(const char* why) {
  std::fprintf(stderr, "core_work: %s\n", why);
  std::exit(1);
}

void pass_time(Pair& pair) {
  pair.now += std::chrono::microseconds(10);
  for (Host* const host : {&pair.client, &pair.server}) {
    if (host->stack.next_timeout() <= pair.now) host->stack.expire(pair.now);
  }
}

void transfer(Pair& pair, const Work& work) {
  const std::vector<std::byte> message(work.size, std::byte{0x5a});
  std::size_t packets = 0;
  const auto is_lost = [&] { return work.lose_every != 0 && ++packets % work.lose_every == 0; };
  std::size_t sent = 0;
  for (std::size_t arrived = 0; arrived < work.operations;) {
    while (sent < work.operations &&
           pair.client.stack.buffered_bytes(pair.client_association) + work.size <= kSendBuffer) {
      if (!pair.client.send(pair.client_association, message, pair.now)) fail("a send failed");
      ++sent;
    }
    carry(pair.client, pair.server, pair.now, is_lost);
    arrived += read(pair.server).messages;
    carry(pair.server, pair.client, pair.now);
    read(pair.client);
    pass_time(pair);
  }
}

void ping_pong(Pair& pair, const Work& work) {
  const std::vector<std::byte> message(work.size, std::byte{0x5a});
  for (std::size_t i = 0; i < work.operations; ++i) {
    pair.client.send(pair.client_association, message, pair.now);
    carry(pair.client, pair.server, pair.now);
    if (read(pair.server).messages != 1) fail("a message did not arrive");
    pair.server.send(pair.server_association, message, pair.now);
    carry(pair.server, pair.client, pair.now);
    if (read(pair.client).messages != 1) fail("an answer did not arrive");
    pass_time(pair);
  }
}

void set_up(Pair& pair, const Work& work) {
  for (std::size_t i = 0; i < work.operations; ++i) {
    pair.client.stack.shutdown(pair.client_association, pair.now);
    pair.exchange();
    pair.connect();
    if (pair.server_association == 0) fail("an association did not come up");
    pair.now += std::chrono::milliseconds(1);
  }
}

constexpr Work kWorks[] = {
    {"transfer-64", 50'000, transfer, 64},    {"transfer-1024", 20'000, transfer, 1024},
    {"transfer-65536", 400, transfer, 65536}, {"transfer-1024-loss", 10'000, transfer, 1024, 50},
    {"ping-pong-64", 10'000, ping_pong, 64},  {"setups", 2'000, set_up},
};

}  // namespace

// What is counted: instructions.py knows the name.
extern "C" [[gnu::noinline]] void measured(void* pair, const void* work) {
  const Work& one = *static_cast<const Work*>(work);
  one.run(*static_cast<Pair*>(pair), one);
}

int main(int argc, char** argv) {
  for (const Work& work : kWorks) {
    if (argc != 2 || std::string_view(argv[1]) != work.name) continue;
    Pair pair(work.run == ping_pong);
    Work warm_up = work;  // what is allocated once is there
    warm_up.operations /= 10;
    warm_up.run(pair, warm_up);
    measured(&pair, &work);
    std::printf("%zu\n", work.operations);
    return 0;
  }
  std::fputs("usage: core_work WORK, one of:", stderr);
  for (const Work& work : kWorks) std::fprintf(stderr, " %s", work.name);
  std::fputc('\n', stderr);
  return 2;
}
