// Making messages and checking what arrived; see traffic.hpp.
#include "sim/traffic.hpp"

#include <algorithm>
#include <cstring>
#include <map>

namespace netsctp::sim {

void fill_message(std::span<std::byte> out, std::uint64_t key, std::uint32_t number) noexcept {
  std::uint64_t counter = mix(key ^ (std::uint64_t{number} << 32));
  while (!out.empty()) {
    const std::uint64_t word = mix(counter++);
    const std::size_t length = std::min(out.size(), sizeof word);
    std::memcpy(out.data(), &word, length);
    out = out.subspan(length);
  }
}

std::vector<Message> make_traffic(const TrafficShape& shape, Random& random) {
  std::vector<Message> messages(shape.count);
  for (Message& message : messages) {
    message.stream = static_cast<core::StreamId>(random.below(shape.streams));
    message.size = random.between(shape.min_size, shape.max_size);
    message.unordered = random.chance(shape.unordered);
  }
  return messages;
}

std::string what_is_wrong(const std::vector<Message>& sent, std::uint64_t key, const std::vector<Received>& received,
                          bool all) {
  std::vector<bool> seen(sent.size());
  std::map<core::StreamId, std::uint32_t> latest;  // of the ordered messages
  std::vector<std::byte> expected;
  for (const Received& message : received) {
    const std::string which = "message " + std::to_string(message.number) + " ";
    if (message.number >= sent.size()) return which + "was never sent";
    if (seen[message.number]) return which + "arrived twice";
    seen[message.number] = true;
    const Message& original = sent[message.number];
    if (message.stream != original.stream) return which + "arrived on another stream";
    if (message.unordered != original.unordered) return which + "lost or gained its U bit";
    if (message.bytes.size() != original.size) {
      return which + "has " + std::to_string(message.bytes.size()) + " bytes, not " + std::to_string(original.size);
    }
    expected.resize(original.size);
    fill_message(expected, key, message.number);
    if (expected != message.bytes) return which + "has other bytes";
    if (message.unordered) continue;
    const auto [entry, first] = latest.try_emplace(message.stream, message.number);
    if (!first && message.number < entry->second) return which + "arrived after a later one of its stream";
    entry->second = message.number;
  }
  if (all && received.size() != sent.size()) {
    const auto missing = std::ranges::find(seen, false) - seen.begin();
    return "message " + std::to_string(missing) + " did not arrive, nor did " +
           std::to_string(sent.size() - received.size() - 1) + " others";
  }
  return {};
}

}  // namespace netsctp::sim
