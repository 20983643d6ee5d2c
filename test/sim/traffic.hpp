// Messages that tests send: what they are, and their bytes, which follow from a key and a number so that the receiver
// can check them without having seen them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "core/partial.hpp"
#include "core/types.hpp"
#include "sim/random.hpp"

namespace netsctp::sim {

struct Message {
  core::StreamId stream = 0;
  std::size_t size = 1;
  bool unordered = false;
  core::Reliability reliability{};
};

struct Received {
  core::StreamId stream = 0;
  bool unordered = false;
  std::uint32_t number = 0;  // carried as the PPID
  std::vector<std::byte> bytes;
  Time at{};
};

// The bytes of message `number` of the sender with this key.
void fill_message(std::span<std::byte> out, std::uint64_t key, std::uint32_t number) noexcept;

// `count` messages of min_size to max_size bytes over `streams` streams.
struct TrafficShape {
  std::size_t count = 100;
  std::size_t min_size = 1;
  std::size_t max_size = 2000;
  std::uint16_t streams = 1;
  double unordered = 0;  // share of unordered messages
};
[[nodiscard]] std::vector<Message> make_traffic(const TrafficShape& shape, Random& random);

// Every message once, byte for byte, the ordered ones in order within their stream (RFC 9260 §6.6). What is wrong, or
// "". With `all` false messages may be missing at the end of each stream, but nothing else may be wrong.
[[nodiscard]] std::string what_is_wrong(const std::vector<Message>& sent, std::uint64_t key,
                                        const std::vector<Received>& received, bool all = true);

}  // namespace netsctp::sim
