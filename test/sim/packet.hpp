// One packet on the simulated network, and what became of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/address.hpp"
#include "base/time.hpp"

namespace netsctp::sim {

enum class Fate : std::uint8_t {
  kDelivered,
  kLost,       // by chance
  kMasked,     // by a loss mask
  kFiltered,   // by the test
  kCut,        // one of its addresses is cut off
  kQueueFull,  // the link's queue
  kTooBig,     // the link's MTU
};

struct Packet {
  Time sent{};
  Address from;  // IP and UDP port, as the receiver sees it (after any translation)
  Address to;
  std::vector<std::byte> bytes;  // the SCTP packet
  Fate fate = Fate::kDelivered;
  bool corrupted = false;  // `bytes` holds it as it arrives
  bool duplicate = false;
  bool may_fragment = false;  // by IP, on the way
};

}  // namespace netsctp::sim
