// The classic BPF program by which the kernel wakes a process only for packets to its own SCTP ports.
//
// Ports are merged into ranges, and the ranges searched by halving. If there are more than kMaxRanges, those with the
// fewest foreign ports between them are joined: the filter then lets some packets of other processes through, which the
// engine drops. No packet for one of the ports is ever held back.
#pragma once

#include <linux/filter.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/address.hpp"

namespace netsctp::link {

struct PortRange {
  std::uint16_t first = 0;
  std::uint16_t last = 0;  // inclusive
  friend bool operator==(const PortRange&, const PortRange&) noexcept = default;
};

// At most this many ranges: the program of 64 takes 4 KiB of the socket's option memory, of which net.core.optmem_max
// allows 20 KiB on kernels before 6.1; while it is replaced, old and new count.
inline constexpr std::size_t kMaxRanges = 64;

// `ports` in ascending order.
[[nodiscard]] std::vector<PortRange> ranges_of(std::span<const std::uint16_t> ports,
                                               std::size_t max_ranges = kMaxRanges);

// Accepts SCTP packets whose destination port is in one of the ranges (ascending, apart from each other). With `strays`
// also those to any port whose first chunk is neither DATA, SACK nor another chunk of the data transfer: what begins or
// ends an association, or asks whether it is alive. The program sees what a raw socket of the family sees: with IPv4
// the IP header, of variable length, first.
[[nodiscard]] std::vector<sock_filter> port_filter(Family family, std::span<const PortRange> ranges, bool strays);

}  // namespace netsctp::link
