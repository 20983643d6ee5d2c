// CRC32c over SCTP packets: ISA-L computes, this file knows the conventions of RFC 9260 appendix A.
#include "wire/crc32c.hpp"

#include <isa-l/crc.h>

#include <array>
#include <cassert>
#include <cstring>

#include "wire/types.hpp"

namespace netsctp::wire {
namespace {

constexpr std::size_t kChecksumOffset = 8;  // RFC 9260 §3.1

std::uint32_t extend(std::uint32_t crc, const std::byte* bytes, std::size_t length) noexcept {
  // ISA-L's parameter lacks a const; it only reads.
  auto* const unsigned_bytes = const_cast<unsigned char*>(reinterpret_cast<const unsigned char*>(bytes));
  return crc32_iscsi(unsigned_bytes, static_cast<int>(length), crc);
}

}  // namespace

std::uint32_t crc32c(std::span<const std::byte> packet) noexcept {
  assert(packet.size() >= kCommonHeaderSize);
  // RFC 9260 §6.8: the register starts as all ones, the checksum field counts as zero, the result is complemented.
  std::array<std::byte, kCommonHeaderSize> header{};
  std::memcpy(header.data(), packet.data(), kChecksumOffset);
  const std::uint32_t crc = extend(0xffffffffU, header.data(), header.size());
  return ~extend(crc, packet.data() + kCommonHeaderSize, packet.size() - kCommonHeaderSize);
}

void store_crc32c(std::span<std::byte> packet) noexcept {
  const std::uint32_t crc = crc32c(packet);
  // RFC 9260 appendix A: the field is sent least significant byte first.
  for (std::size_t i = 0; i < 4; ++i) packet[kChecksumOffset + i] = static_cast<std::byte>(crc >> (8 * i));
}

bool verify_crc32c(std::span<const std::byte> packet) noexcept {
  if (packet.size() < kCommonHeaderSize) return false;
  const std::uint32_t crc = crc32c(packet);
  for (std::size_t i = 0; i < 4; ++i) {
    if (packet[kChecksumOffset + i] != static_cast<std::byte>(crc >> (8 * i))) return false;
  }
  return true;
}

}  // namespace netsctp::wire
