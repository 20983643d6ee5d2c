#include "sim/pcapng.hpp"

#include <algorithm>
#include <fstream>
#include <string_view>

#include "link/pcapng.hpp"

namespace netsctp::sim {

namespace {

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
  using namespace link::pcapng;
  std::string blocks;
  append_section(blocks);
  std::vector<IpAddress> interfaces;
  for (const auto& packet : packets) {
    auto found = std::ranges::find(interfaces, packet->from.ip);
    if (found == interfaces.end()) {
      append_interface(blocks, LinkType::kSctp, packet->from.ip.text());
      found = interfaces.insert(interfaces.end(), packet->from.ip);
    }
    append_packet(blocks, {static_cast<std::uint32_t>(found - interfaces.begin()),
                           packet->sent.time_since_epoch(),
                           Direction::kOutbound,
                           {packet->bytes},
                           comment(*packet)});
  }
  std::ofstream out(path, std::ios::binary);
  out << blocks;
  return out.good();
}

}  // namespace netsctp::sim
