// The caller's buffer that the core fills with packets: one contiguous area, so that runs of equal packets go out in
// one system call.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/datagram.hpp"

namespace netsctp::core {

using netsctp::Datagram;
using netsctp::Transmit;

// How IP carries a packet: see Transmit.
struct PacketMarks {
  bool may_fragment = false;
  std::uint8_t traffic_class = 0;
  std::uint32_t flow_label = 0;

  friend bool operator==(const PacketMarks&, const PacketMarks&) noexcept = default;
};

// Consecutive packets of one size and one pair of addresses become one run.
class TransmitBatch {
 public:
  static constexpr std::size_t kMaxRuns = 32;
  static constexpr std::size_t kMaxSegments = 64;      // of one run: UDP_MAX_SEGMENTS
  static constexpr std::size_t kMaxRunBytes = 65'000;  // of one run: below what an IP datagram can carry

  explicit TransmitBatch(std::span<std::byte> buffer) noexcept : buffer_(buffer) {}

  // Space for one packet of at most `max_size` bytes; empty if the batch is full. Nothing is added until commit().
  [[nodiscard]] std::span<std::byte> prepare(std::size_t max_size) noexcept;
  // The first `size` bytes of the prepared space are a packet, sent as the rest says.
  void commit(std::size_t size, const Address& to, const IpAddress& from, const PacketMarks& marks = {}) noexcept;

  [[nodiscard]] std::span<const Transmit> runs() const noexcept { return {runs_.data(), run_count_}; }
  [[nodiscard]] std::size_t packets() const noexcept { return packets_; }
  [[nodiscard]] bool empty() const noexcept { return run_count_ == 0; }
  void clear() noexcept;

 private:
  [[nodiscard]] bool continues_run(std::size_t size, const Address& to, const IpAddress& from,
                                   const PacketMarks& marks) const noexcept;

  std::span<std::byte> buffer_;
  std::size_t used_ = 0;
  std::size_t packets_ = 0;
  std::size_t run_count_ = 0;
  std::size_t segments_ = 0;  // of the last run
  bool run_closed_ = false;   // its last packet was shorter: nothing may follow it
  std::array<Transmit, kMaxRuns> runs_{};
};

}  // namespace netsctp::core
