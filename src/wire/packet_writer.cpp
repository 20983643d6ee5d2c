// Writing packets (RFC 9260 §3): every length is checked against the buffer and against the 16-bit length fields.
#include "wire/packet_writer.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>

#include "base/bytes.hpp"
#include "wire/crc32c.hpp"

namespace netsctp::wire {
namespace {

constexpr std::size_t kMaxLength = 0xffff;  // of a chunk or parameter

void store_chunk_header(std::byte* at, ChunkType type, std::uint8_t flags, std::size_t length) noexcept {
  at[0] = static_cast<std::byte>(type);
  at[1] = static_cast<std::byte>(flags);
  store_big(at + 2, static_cast<std::uint16_t>(length));
}

void copy(std::byte* to, Bytes from) noexcept {
  if (!from.empty()) std::memcpy(to, from.data(), from.size());
}

}  // namespace

PacketWriter::PacketWriter(std::span<std::byte> buffer, const CommonHeader& header) noexcept
    : buffer_(buffer.first(buffer.size() & ~std::size_t{3})), size_(kCommonHeaderSize) {
  assert(buffer_.size() >= kCommonHeaderSize);
  store_big(buffer_.data(), header.source_port);
  store_big(buffer_.data() + 2, header.destination_port);
  store_big(buffer_.data() + 4, header.verification_tag);
  store_big(buffer_.data() + 8, std::uint32_t{0});
}

std::byte* PacketWriter::grow(std::size_t length) noexcept {
  if (length > kMaxLength || padded(length) > room()) return nullptr;
  std::byte* const at = buffer_.data() + size_;
  size_ += padded(length);
  // RFC 9260 §3.2: padding is at most three bytes, all zero.
  std::memset(at + length, 0, padded(length) - length);
  return at;
}

bool PacketWriter::chunk(ChunkType type, std::uint8_t flags, Bytes value) noexcept {
  assert(open_at_ == 0);
  const std::size_t length = kChunkHeaderSize + value.size();
  std::byte* const at = grow(length);
  if (at == nullptr) return false;
  store_chunk_header(at, type, flags, length);
  copy(at + kChunkHeaderSize, value);
  ++control_chunks_;
  return true;
}

bool PacketWriter::data(std::uint32_t tsn, std::uint16_t stream, std::uint16_t ssn, std::uint32_t ppid,
                        std::uint8_t flags, Bytes payload) noexcept {
  assert(open_at_ == 0);
  const std::size_t length = kDataHeaderSize + payload.size();
  std::byte* const at = grow(length);
  if (at == nullptr) return false;
  store_chunk_header(at, ChunkType::kData, flags, length);
  store_big(at + 4, tsn);
  store_big(at + 8, stream);
  store_big(at + 10, ssn);
  std::memcpy(at + 12, &ppid, sizeof ppid);  // RFC 9260 §3.3.1: its byte order is the upper layer's affair
  copy(at + kDataHeaderSize, payload);
  return true;
}

bool PacketWriter::sack(std::uint32_t cumulative_tsn_ack, std::uint32_t a_rwnd, std::span<const GapBlock> gaps,
                        std::span<const std::uint32_t> duplicates) noexcept {
  assert(open_at_ == 0);
  if (room() < kSackHeaderSize) return false;
  // RFC 9260 §6.7: what does not fit is left out, beginning with the highest TSNs; gap blocks matter more than
  // duplicates.
  std::size_t left = (std::min(room(), kMaxLength) - kSackHeaderSize) / 4;
  gaps = gaps.first(std::min(gaps.size(), left));
  left -= gaps.size();
  duplicates = duplicates.first(std::min(duplicates.size(), left));

  const std::size_t length = kSackHeaderSize + 4 * (gaps.size() + duplicates.size());
  std::byte* at = grow(length);
  store_chunk_header(at, ChunkType::kSack, 0, length);
  store_big(at + 4, cumulative_tsn_ack);
  store_big(at + 8, a_rwnd);
  store_big(at + 12, static_cast<std::uint16_t>(gaps.size()));
  store_big(at + 14, static_cast<std::uint16_t>(duplicates.size()));
  at += kSackHeaderSize;
  for (const GapBlock& gap : gaps) {
    store_big(at, gap.start);
    store_big(at + 2, gap.end);
    at += 4;
  }
  for (const std::uint32_t tsn : duplicates) {
    store_big(at, tsn);
    at += 4;
  }
  ++control_chunks_;
  return true;
}

bool PacketWriter::shutdown(std::uint32_t cumulative_tsn_ack) noexcept {
  assert(open_at_ == 0);
  std::byte* const at = grow(kShutdownSize);
  if (at == nullptr) return false;
  store_chunk_header(at, ChunkType::kShutdown, 0, kShutdownSize);
  store_big(at + kChunkHeaderSize, cumulative_tsn_ack);
  ++control_chunks_;
  return true;
}

bool PacketWriter::forward_tsn(std::uint32_t new_cumulative_tsn, std::span<const StreamSkip> skips) noexcept {
  assert(open_at_ == 0);
  const std::size_t length = kForwardTsnHeaderSize + skips.size() * 4;
  std::byte* at = grow(length);
  if (at == nullptr) return false;
  store_chunk_header(at, ChunkType::kForwardTsn, 0, length);
  store_big(at + kChunkHeaderSize, new_cumulative_tsn);
  at += kForwardTsnHeaderSize;
  for (const StreamSkip& skip : skips) {
    store_big(at, skip.stream);
    store_big(at + 2, skip.ssn);
    at += 4;
  }
  return true;
}

void PacketWriter::pad() noexcept {
  assert(open_at_ == 0);
  const std::size_t length = std::min(room(), kMaxLength & ~std::size_t{3});
  std::byte* const at = length < kChunkHeaderSize ? nullptr : grow(length);
  if (at == nullptr) return;
  std::memset(at, 0, length);
  store_chunk_header(at, ChunkType::kPad, 0, length);
  ++control_chunks_;
}

bool PacketWriter::open(ChunkType type, std::uint8_t flags) noexcept {
  assert(open_at_ == 0);
  const std::size_t offset = size_;
  std::byte* const at = grow(kChunkHeaderSize);
  if (at == nullptr) return false;
  store_chunk_header(at, type, flags, kChunkHeaderSize);
  open_at_ = offset;
  open_length_ = kChunkHeaderSize;
  return true;
}

bool PacketWriter::open_init(ChunkType type, std::uint32_t initiate_tag, std::uint32_t a_rwnd,
                             std::uint16_t outbound_streams, std::uint16_t inbound_streams,
                             std::uint32_t initial_tsn) noexcept {
  assert(type == ChunkType::kInit || type == ChunkType::kInitAck);
  if (room() < kInitHeaderSize || !open(type, 0)) return false;
  std::byte* const at = grow(kInitHeaderSize - kChunkHeaderSize);
  store_big(at, initiate_tag);
  store_big(at + 4, a_rwnd);
  store_big(at + 8, outbound_streams);
  store_big(at + 10, inbound_streams);
  store_big(at + 12, initial_tsn);
  open_length_ = kInitHeaderSize;
  return true;
}

bool PacketWriter::parameter(std::uint16_t type, Bytes value) noexcept {
  assert(open_at_ != 0);
  // RFC 9260 §3.2: Chunk Length counts the padding of all parameters but the last.
  const std::size_t length = kParameterHeaderSize + value.size();
  const std::size_t open_length = size_ - open_at_ + length;
  if (open_length > kMaxLength) return false;
  std::byte* const at = grow(length);
  if (at == nullptr) return false;
  store_big(at, type);
  store_big(at + 2, static_cast<std::uint16_t>(length));
  copy(at + kParameterHeaderSize, value);
  open_length_ = open_length;
  return true;
}

bool PacketWriter::address(const IpAddress& address) noexcept {
  assert(address.size() != 0);
  return parameter(address.is_v4() ? ParameterType::kIpv4Address : ParameterType::kIpv6Address,
                   std::span(address.bytes).first(address.size()));
}

void PacketWriter::close() noexcept {
  ++control_chunks_;
  assert(open_at_ != 0);
  store_big(buffer_.data() + open_at_ + 2, static_cast<std::uint16_t>(open_length_));
  open_at_ = 0;
}

void PacketWriter::cancel() noexcept {
  assert(open_at_ != 0);
  size_ = open_at_;
  open_at_ = 0;
}

std::span<std::byte> PacketWriter::finish() noexcept {
  assert(open_at_ == 0);
  const std::span<std::byte> packet = buffer_.first(size_);
  store_crc32c(packet);
  return packet;
}

}  // namespace netsctp::wire
