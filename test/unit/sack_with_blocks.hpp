// A parsed SACK made from offsets, for what is tested below the wire (RFC 9260 §3.3.4). Only the gap blocks matter
// there.
#pragma once

#include <cstddef>
#include <vector>

#include "base/bytes.hpp"
#include "wire/sack.hpp"

namespace netsctp::test {

class SackWithBlocks {
 public:
  explicit SackWithBlocks(const std::vector<wire::GapBlock>& blocks) : bytes_(blocks.size() * 4) {
    for (std::size_t i = 0; i < blocks.size(); ++i) {
      store_big(bytes_.data() + i * 4, blocks[i].start);
      store_big(bytes_.data() + i * 4 + 2, blocks[i].end);
    }
    sack_.gap_blocks = static_cast<std::uint16_t>(blocks.size());
    sack_.variable = bytes_;
  }
  SackWithBlocks(const SackWithBlocks&) = delete;
  SackWithBlocks& operator=(const SackWithBlocks&) = delete;

  [[nodiscard]] const wire::Sack& sack() const noexcept { return sack_; }

 private:
  std::vector<std::byte> bytes_;
  wire::Sack sack_;
};

}  // namespace netsctp::test
