// Blocks of a pcapng file (draft-ietf-opsawg-pcapng), as bytes: what a record of packets is made of. Readable by
// Wireshark and tshark. Who writes them where is the caller's.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

namespace netsctp::link::pcapng {

enum class LinkType : std::uint16_t {
  kRawIp = 101,  // each packet begins with its IPv4 or IPv6 header
  kSctp = 248,   // with its SCTP common header
};
enum class Direction : std::uint32_t { kInbound = 1, kOutbound = 2 };

// Each appends whole blocks to `out`. A file begins with a section and the interfaces its packets name, by their order;
// a section may follow at any place, and interfaces are counted anew from there.
void append_section(std::string& out);
void append_interface(std::string& out, LinkType type, std::string_view name);

struct PacketRecord {
  std::uint32_t interface = 0;
  std::chrono::nanoseconds time{};  // since 1970, or the beginning of a simulation
  Direction direction = Direction::kInbound;
  std::initializer_list<std::span<const std::byte>> parts;  // the packet
  std::string_view comment = {};                            // none if empty
};
void append_packet(std::string& out, const PacketRecord& packet);

}  // namespace netsctp::link::pcapng
