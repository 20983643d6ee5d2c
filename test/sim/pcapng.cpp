// Blocks of a pcapng file (draft-ietf-opsawg-pcapng); see pcapng.hpp.
#include "sim/pcapng.hpp"

#include <algorithm>
#include <fstream>
#include <string_view>

namespace netsctp::sim {

namespace {

constexpr std::uint16_t kLinktypeSctp = 248;

// A block under construction, in the writer's own byte order (the byte-order magic tells which).
class Block {
 public:
  template <typename Int>
  void put(Int value) {
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  void put_padded(std::string_view bytes) {
    bytes_.append(bytes);
    bytes_.append((4 - bytes.size() % 4) % 4, '\0');
  }
  void option(std::uint16_t code, std::string_view value) {
    put(code);
    put(static_cast<std::uint16_t>(value.size()));
    put_padded(value);
  }
  void end_of_options() { put(std::uint32_t{0}); }
  void write(std::ostream& out, std::uint32_t type) const {
    const auto length = static_cast<std::uint32_t>(bytes_.size() + 12);
    const auto raw = [&](std::uint32_t value) { out.write(reinterpret_cast<const char*>(&value), sizeof value); };
    raw(type);
    raw(length);
    out.write(bytes_.data(), static_cast<std::streamsize>(bytes_.size()));
    raw(length);
  }

 private:
  std::string bytes_;
};

std::string comment(const Packet& packet) {
  std::string text = packet.from.text() + " to " + packet.to.text();
  switch (packet.fate) {
    case Fate::kDelivered:
      break;
    case Fate::kLost:
      text += ", lost";
      break;
    case Fate::kMasked:
      text += ", lost by the mask";
      break;
    case Fate::kFiltered:
      text += ", dropped by the test";
      break;
    case Fate::kCut:
      text += ", the path is cut";
      break;
    case Fate::kQueueFull:
      text += ", dropped: queue full";
      break;
    case Fate::kTooBig:
      text += ", dropped: larger than the MTU";
      break;
  }
  if (packet.duplicate) text += ", a duplicate";
  if (packet.corrupted) text += ", corrupted";
  return text;
}

}  // namespace

bool write_pcapng(const std::string& path, const std::deque<std::shared_ptr<const Packet>>& packets) {
  std::ofstream out(path, std::ios::binary);
  Block section;
  section.put(std::uint32_t{0x1A2B3C4D});
  section.put(std::uint16_t{1});
  section.put(std::uint16_t{0});
  section.put(std::int64_t{-1});
  section.write(out, 0x0A0D0D0A);

  std::vector<IpAddress> interfaces;
  for (const auto& packet : packets) {
    auto found = std::ranges::find(interfaces, packet->from.ip);
    if (found == interfaces.end()) {
      Block interface;
      interface.put(kLinktypeSctp);
      interface.put(std::uint16_t{0});
      interface.put(std::uint32_t{0});  // no snap length
      interface.option(2, packet->from.ip.text());
      interface.option(9, "\x09");  // time stamps in nanoseconds
      interface.end_of_options();
      interface.write(out, 1);
      found = interfaces.insert(interfaces.end(), packet->from.ip);
    }
    Block enhanced;
    const auto time = static_cast<std::uint64_t>(packet->sent.time_since_epoch().count());
    enhanced.put(static_cast<std::uint32_t>(found - interfaces.begin()));
    enhanced.put(static_cast<std::uint32_t>(time >> 32));
    enhanced.put(static_cast<std::uint32_t>(time));
    enhanced.put(static_cast<std::uint32_t>(packet->bytes.size()));
    enhanced.put(static_cast<std::uint32_t>(packet->bytes.size()));
    enhanced.put_padded({reinterpret_cast<const char*>(packet->bytes.data()), packet->bytes.size()});
    const std::uint32_t outbound = 2;
    enhanced.option(1, comment(*packet));
    enhanced.option(2, {reinterpret_cast<const char*>(&outbound), sizeof outbound});
    enhanced.end_of_options();
    enhanced.write(out, 6);
  }
  return out.good();
}

}  // namespace netsctp::sim
