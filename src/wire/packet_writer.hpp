// Builds one packet in the caller's buffer: header, chunks in the order of the calls, CRC32c at the end.
// It refuses (false, nothing written) what does not fit, so that a caller fills a packet by trying. No allocation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/address.hpp"
#include "wire/extension.hpp"
#include "wire/packet.hpp"
#include "wire/sack.hpp"

namespace netsctp::wire {

class PacketWriter {
 public:
  // `buffer` bounds the packet (path MTU less lower headers) and must hold at least 12 bytes; its size is rounded down
  // to a multiple of four.
  PacketWriter(std::span<std::byte> buffer, const CommonHeader& header) noexcept;

  [[nodiscard]] std::size_t size() const noexcept { return size_; }                   // bytes used so far
  [[nodiscard]] std::size_t room() const noexcept { return buffer_.size() - size_; }  // bytes left
  [[nodiscard]] bool empty() const noexcept { return size_ == kCommonHeaderSize; }    // no chunk yet
  [[nodiscard]] unsigned control_chunks() const noexcept { return control_chunks_; }  // complete ones, not DATA

  // A chunk of `value` in one go (INIT's parameters are built with open()/parameter()/close()).
  bool chunk(ChunkType type, std::uint8_t flags, Bytes value = {}) noexcept;

  bool data(std::uint32_t tsn, std::uint16_t stream, std::uint16_t ssn, std::uint32_t ppid, std::uint8_t flags,
            Bytes payload) noexcept;  // ppid as in wire::Data
  // Writes as many of the gap blocks as fit, then as many of the duplicates as fit (§6.7: lowest first).
  bool sack(std::uint32_t cumulative_tsn_ack, std::uint32_t a_rwnd, std::span<const GapBlock> gaps,
            std::span<const std::uint32_t> duplicates) noexcept;
  bool shutdown(std::uint32_t cumulative_tsn_ack) noexcept;
  bool forward_tsn(std::uint32_t new_cumulative_tsn, std::span<const StreamSkip> skips) noexcept;  // all or nothing

  void pad() noexcept;  // RFC 4820 §3: fills what room is left with a PAD chunk of zeros

  // A chunk with parameters or causes: open, any number of additions, close. An addition that does not fit returns
  // false and leaves the chunk as it was. cancel() takes the open chunk back.
  bool open(ChunkType type, std::uint8_t flags) noexcept;
  bool open_init(ChunkType type, std::uint32_t initiate_tag, std::uint32_t a_rwnd, std::uint16_t outbound_streams,
                 std::uint16_t inbound_streams, std::uint32_t initial_tsn) noexcept;  // kInit or kInitAck
  bool parameter(std::uint16_t type, Bytes value) noexcept;
  bool parameter(ParameterType type, Bytes value = {}) noexcept {
    return parameter(static_cast<std::uint16_t>(type), value);
  }
  bool address(const IpAddress& address) noexcept;  // IPv4 Address or IPv6 Address parameter
  bool cause(CauseCode code, Bytes value = {}) noexcept { return parameter(static_cast<std::uint16_t>(code), value); }
  void close() noexcept;  // sets Chunk Length (padding of the last parameter excluded, §3.2) and pads
  void cancel() noexcept;

  // Stores the checksum; the result is the finished packet.
  std::span<std::byte> finish() noexcept;

 private:
  std::byte* grow(std::size_t length) noexcept;  // padded; nullptr if it does not fit; the padding is zeroed

  std::span<std::byte> buffer_;
  std::size_t size_ = 0;
  unsigned control_chunks_ = 0;
  std::size_t open_at_ = 0;      // offset of the open chunk, 0: none
  std::size_t open_length_ = 0;  // its Chunk Length so far
};

}  // namespace netsctp::wire
