#include "link/port_filter.hpp"

#include <algorithm>

namespace netsctp::link {
namespace {

constexpr std::uint32_t kAccept = 0xFFFFFFFF;  // bytes of the packet to keep
constexpr std::uint32_t kDrop = 0;
constexpr std::uint32_t kDestinationPort = 2;  // offset in the common header (RFC 9260 §3.1)
constexpr std::uint32_t kFirstChunk = 12;
// First chunks of the data transfer: DATA, SACK, AUTH (RFC 4895), I-DATA (RFC 8260), FORWARD TSN (RFC 3758), I-FORWARD
// TSN.
constexpr std::uint32_t kDataTransfer[] = {0, 3, 15, 64, 192, 194};

sock_filter statement(unsigned code, std::uint32_t value) noexcept {
  return {static_cast<std::uint16_t>(code), 0, 0, value};
}
// Jumps are relative to the next instruction.
sock_filter branch(unsigned code, std::uint32_t value, std::uint8_t if_true, std::uint8_t if_false) noexcept {
  return {static_cast<std::uint16_t>(BPF_JMP | BPF_K | code), if_true, if_false, value};
}

// Appends the test of the accumulator against the ranges; every way through it ends in a return.
void add_search(std::vector<sock_filter>& program, std::span<const PortRange> ranges) {
  if (ranges.empty()) {
    program.push_back(statement(BPF_RET | BPF_K, kDrop));
    return;
  }
  if (ranges.size() == 1) {
    program.push_back(branch(BPF_JGE, ranges.front().first, 0, 1));
    program.push_back(branch(BPF_JGT, ranges.front().last, 0, 1));
    program.push_back(statement(BPF_RET | BPF_K, kDrop));
    program.push_back(statement(BPF_RET | BPF_K, kAccept));
    return;
  }
  const std::size_t half = ranges.size() / 2;
  std::vector<sock_filter> lower;
  add_search(lower, ranges.first(half));
  program.push_back(branch(BPF_JGE, ranges[half].first, 0, 1));
  // Conditional jumps reach no farther than 255 instructions.
  program.push_back(statement(BPF_JMP | BPF_JA, static_cast<std::uint32_t>(lower.size())));
  program.insert(program.end(), lower.begin(), lower.end());
  add_search(program, ranges.subspan(half));
}

}  // namespace

std::vector<PortRange> ranges_of(std::span<const std::uint16_t> ports, std::size_t max_ranges) {
  std::vector<PortRange> ranges;
  for (const std::uint16_t port : ports) {
    if (!ranges.empty() && port <= ranges.back().last + 1) {
      ranges.back().last = std::max(ranges.back().last, port);
    } else {
      ranges.push_back({port, port});
    }
  }
  if (max_ranges == 0 || ranges.size() <= max_ranges) return ranges;
  // The widest gaps stay; the others close.
  std::vector<std::size_t> gaps;  // index of the range above the gap
  for (std::size_t i = 1; i < ranges.size(); ++i) gaps.push_back(i);
  const auto width = [&](std::size_t i) { return ranges[i].first - ranges[i - 1].last; };
  std::ranges::sort(gaps, [&](std::size_t a, std::size_t b) { return width(a) > width(b); });
  gaps.resize(max_ranges - 1);
  std::ranges::sort(gaps);
  std::vector<PortRange> merged{{ranges.front().first, 0}};
  for (const std::size_t i : gaps) {
    merged.back().last = ranges[i - 1].last;
    merged.push_back({ranges[i].first, 0});
  }
  merged.back().last = ranges.back().last;
  return merged;
}

std::vector<sock_filter> port_filter(Family family, std::span<const PortRange> ranges, bool strays) {
  std::vector<sock_filter> program;
  const bool is_v4 = family == Family::kIpv4;
  const unsigned mode = is_v4 ? BPF_IND : BPF_ABS;
  if (is_v4) program.push_back(statement(BPF_LDX | BPF_B | BPF_MSH, 0));  // X: length of the IP header
  if (strays) {
    // A load from beyond the packet's end drops it, so the own ports are looked for first where no chunk can be.
    program.push_back(statement(BPF_LD | BPF_W | BPF_LEN, 0));
    std::uint8_t skip = static_cast<std::uint8_t>(std::size(kDataTransfer) + 2);
    const auto header = static_cast<std::uint32_t>(is_v4 ? 20 : 0);
    program.push_back(branch(BPF_JGT, header + kFirstChunk, 0, skip));
    program.push_back(statement(BPF_LD | BPF_B | mode, kFirstChunk));
    --skip;
    for (const std::uint32_t type : kDataTransfer) program.push_back(branch(BPF_JEQ, type, --skip, 0));
    program.push_back(statement(BPF_RET | BPF_K, kAccept));
  }
  program.push_back(statement(BPF_LD | BPF_H | mode, kDestinationPort));
  add_search(program, ranges);
  return program;
}

}  // namespace netsctp::link
