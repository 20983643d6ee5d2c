// Links with faults of every kind between the two hosts of a simulation, drawn anew for each seed.
#pragma once

#include <chrono>
#include <cstdint>
#include <utility>

#include "sim/simulation.hpp"

namespace netsctp::sim {

// `loss` is asked in each direction for the probability that a packet is lost.
template <class Loss>
void make_links_faulty(Network& network, Random& random, Loss loss) {
  for (const auto& [from, to] : {std::pair{ip("10.0.0.1"), ip("10.0.1.1")}, {ip("10.0.1.1"), ip("10.0.0.1")}}) {
    LinkConfig& link = network.link(from, to);
    link.delay = std::chrono::microseconds(random.between(0, 50'000));
    link.loss = loss();
    link.duplication = random.fraction() * 0.05;
    link.reordering = random.chance(0.5) ? 0 : random.fraction() * 0.3;
    link.reorder_delay = std::chrono::milliseconds(random.between(1, 50));
    link.bandwidth = random.pick<std::uint64_t>({0, 300'000, 10'000'000});
  }
}

}  // namespace netsctp::sim
