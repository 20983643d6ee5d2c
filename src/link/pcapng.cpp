#include "link/pcapng.hpp"

#include <cstring>

namespace netsctp::link::pcapng {
namespace {

constexpr std::uint32_t kSectionHeader = 0x0A0D0D0A;
constexpr std::uint32_t kInterfaceDescription = 1;
constexpr std::uint32_t kEnhancedPacket = 6;

// A block under construction at the end of a file, in the writer's own byte order (the byte-order magic tells which).
class Block {
 public:
  Block(std::string& out, std::uint32_t type) : out_(out), begin_(out.size()) {
    put(type);
    put(std::uint32_t{0});  // its length, once it is known
  }
  ~Block() {
    const auto length = static_cast<std::uint32_t>(out_.size() - begin_ + 4);
    std::memcpy(&out_[begin_ + 4], &length, sizeof length);
    put(length);
  }
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;

  template <typename Int>
  void put(Int value) {
    out_.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  void put(std::span<const std::byte> bytes) { out_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size()); }
  void pad() { out_.append((4 - (out_.size() - begin_) % 4) % 4, '\0'); }
  void option(std::uint16_t code, std::string_view value) {
    value = value.substr(0, 65535);
    put(code);
    put(static_cast<std::uint16_t>(value.size()));
    out_.append(value);
    pad();
  }
  void end_of_options() { put(std::uint32_t{0}); }

 private:
  std::string& out_;
  std::size_t begin_;
};

}  // namespace

void append_section(std::string& out) {
  Block block(out, kSectionHeader);
  block.put(std::uint32_t{0x1A2B3C4D});
  block.put(std::uint16_t{1});
  block.put(std::uint16_t{0});
  block.put(std::int64_t{-1});  // of unknown length
}

void append_interface(std::string& out, LinkType type, std::string_view name) {
  Block block(out, kInterfaceDescription);
  block.put(static_cast<std::uint16_t>(type));
  block.put(std::uint16_t{0});
  block.put(std::uint32_t{0});  // no snap length
  block.option(2, name);
  block.option(9, "\x09");  // time stamps in nanoseconds
  block.end_of_options();
}

void append_packet(std::string& out, const PacketRecord& packet) {
  std::size_t size = 0;
  for (const auto part : packet.parts) size += part.size();
  const auto time = static_cast<std::uint64_t>(packet.time.count());
  Block block(out, kEnhancedPacket);
  block.put(packet.interface);
  block.put(static_cast<std::uint32_t>(time >> 32));
  block.put(static_cast<std::uint32_t>(time));
  block.put(static_cast<std::uint32_t>(size));  // captured
  block.put(static_cast<std::uint32_t>(size));
  for (const auto part : packet.parts) block.put(part);
  block.pad();
  if (!packet.comment.empty()) block.option(1, packet.comment);
  const auto direction = static_cast<std::uint32_t>(packet.direction);
  block.option(2, {reinterpret_cast<const char*>(&direction), sizeof direction});
  block.end_of_options();
}

}  // namespace netsctp::link::pcapng
