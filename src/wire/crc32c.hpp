// CRC32c over an SCTP packet (RFC 9260 §6.8 and appendix A), by ISA-L.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace netsctp::wire {

// The value to put in the checksum field, as stored: write it with four little-endian bytes.
// `packet` is the whole packet; its checksum field (bytes 8 to 11) is taken as zero whatever it holds.
[[nodiscard]] std::uint32_t crc32c(std::span<const std::byte> packet) noexcept;

// Computes and stores the checksum of a finished packet of at least 12 bytes.
void store_crc32c(std::span<std::byte> packet) noexcept;

// True if the stored checksum is right.
[[nodiscard]] bool verify_crc32c(std::span<const std::byte> packet) noexcept;

}  // namespace netsctp::wire
