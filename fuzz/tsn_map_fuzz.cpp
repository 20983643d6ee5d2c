// TsnMap against a set of numbers: bytes decode to operations, everything observable is compared after each.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <set>
#include <vector>

#include "core/tsn_map.hpp"

namespace {

using netsctp::core::Tsn;
using netsctp::core::TsnMap;
using netsctp::wire::GapBlock;
using Arrival = TsnMap::Arrival;

void require(bool holds) {
  if (!holds) std::abort();
}

class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}
  [[nodiscard]] bool empty() const { return size_ == 0; }
  std::uint8_t byte() {
    if (size_ == 0) return 0;
    --size_;
    return *data_++;
  }
  std::uint16_t word() { return static_cast<std::uint16_t>(byte() << 8 | byte()); }

 private:
  const std::uint8_t* data_;
  std::size_t size_;
};

struct Model {
  std::uint64_t cumulative;
  std::set<std::uint64_t> above;
  std::vector<std::uint32_t> duplicates;

  [[nodiscard]] std::vector<GapBlock> blocks() const {
    std::vector<GapBlock> out;
    for (const std::uint64_t tsn : above) {
      const auto offset = static_cast<std::uint16_t>(tsn - cumulative);
      if (!out.empty() && out.back().end + 1 == offset) {
        out.back().end = offset;
      } else {
        out.push_back({offset, offset});
      }
    }
    return out;
  }

  [[nodiscard]] Arrival classify(std::uint64_t tsn, std::size_t runs) const {
    if (tsn <= cumulative || above.contains(tsn)) return Arrival::kDuplicate;
    if (tsn - cumulative > TsnMap::kMaxOffset) return Arrival::kTooFar;
    const bool touches = tsn == cumulative + 1 || above.contains(tsn - 1) || above.contains(tsn + 1);
    return !touches && runs >= TsnMap::kMaxRuns ? Arrival::kTooFar : Arrival::kNew;
  }

  void advance_to(std::uint64_t tsn) {
    cumulative = std::max(cumulative, tsn);
    above.erase(above.begin(), above.upper_bound(cumulative));
    while (above.erase(cumulative + 1) != 0) ++cumulative;
  }

  void add(std::uint64_t tsn) {
    above.insert(tsn);
    advance_to(cumulative);
  }
};

void compare(const TsnMap& map, const Model& model) {
  require(map.cumulative().value == model.cumulative);
  require(map.highest().value == (model.above.empty() ? model.cumulative : *model.above.rbegin()));
  require(map.has_gaps() == !model.above.empty());
  const std::vector<GapBlock> wanted = model.blocks();
  require(map.runs() == wanted.size());
  std::vector<GapBlock> blocks(wanted.size() + 1);
  blocks.resize(map.gap_blocks(blocks));
  require(blocks == wanted);
  std::vector<GapBlock> some(wanted.size() / 2);
  require(map.gap_blocks(some) == some.size() && std::equal(some.begin(), some.end(), wanted.begin()));
  require(std::ranges::equal(map.duplicates(), model.duplicates));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input in(data, size);
  const Tsn start = Tsn::initial(static_cast<std::uint32_t>(in.word()) << 16 | in.word());
  TsnMap map(start);
  Model model{start.value - 1, {}, {}};

  const auto add = [&](Tsn tsn) {
    const Arrival wanted = model.classify(tsn.value, map.runs());
    require(map.classify(tsn) == wanted);
    require(map.add(tsn) == wanted);
    if (wanted == Arrival::kNew) model.add(tsn.value);
  };
  const auto forget = [&](Tsn tsn) {
    map.forget(tsn);
    model.above.erase(tsn.value);
  };

  while (!in.empty()) {
    const std::uint8_t operation = in.byte();
    switch (operation % 10) {
      case 0:
        add(map.cumulative() + 1);
        break;
      case 1:
        add(map.cumulative() + in.byte());
        break;
      case 2:
        add(map.cumulative() + in.word() + (operation & 0x80));
        break;
      case 3:
        add(map.highest() + operation / 10U);
        break;
      case 4:
        add(map.cumulative() - operation / 10U);
        break;
      case 5:
        forget(map.highest());
        break;
      case 6:
        forget(map.cumulative() + in.byte());
        break;
      case 7: {
        const Tsn to = map.cumulative() + in.byte();
        map.advance_to(to);
        model.advance_to(to.value);
        break;
      }
      case 8:
        if (operation >= 200) {
          map.clear_duplicates();
          model.duplicates.clear();
        } else {
          map.note_duplicate(map.cumulative());
          if (model.duplicates.size() < TsnMap::kMaxDuplicates) {
            model.duplicates.push_back(static_cast<std::uint32_t>(model.cumulative));
          }
        }
        break;
      default: {  // a comb of runs, to come to their bound
        const unsigned teeth = in.byte();
        const unsigned distance = 2 + operation / 64U;
        const Tsn from = map.highest();
        for (unsigned i = 1; i <= teeth; ++i) add(from + static_cast<std::uint64_t>(i) * distance);
        break;
      }
    }
    compare(map, model);
  }
  return 0;
}
