// A table of simulated goodput over loss and receive buffer, compared with the one in goodput.snapshot.txt: a change of
// congestion or flow control shows as a diff of numbers. NETSCTP_UPDATE_SNAPSHOT=1 writes the file anew (RFC 9260 §6,
// §7).
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "sim/simulation.hpp"

namespace netsctp::sim {
namespace {

constexpr std::size_t kBytes = 2 * 1024 * 1024;

// Mbit/s of payload from a to b over 20 Mbit/s and 20 ms each way.
double goodput(double loss, std::size_t receive_buffer) {
  Simulation simulation;
  const auto [network, host_a, host_b, a, b] = simulation.parts();
  network.default_link = {.delay = 20ms, .bandwidth = 20'000'000, .queue = 100'000};
  a.send_buffer = 400'000;
  b.parameters.receive_buffer = receive_buffer;
  b.keeps_bytes = false;
  simulation.open();
  simulation.connect();
  network.link(host_a.addresses()[0], host_b.addresses()[0]).loss = loss;
  network.link(host_b.addresses()[0], host_a.addresses()[0]).loss = loss;
  const Time begin = network.now();
  a.send(a.latest()->id, std::vector<Message>(kBytes / 1024, {.size = 1024}));
  EXPECT_TRUE(network.run_until([&] { return b.latest()->bytes_read == kBytes; }, 3600s));
  const double seconds = static_cast<double>((network.now() - begin).count()) / 1e9;
  return static_cast<double>(kBytes) * 8 / 1e6 / seconds;
}

// Mbit/s in five seconds over 100 Mbit/s, 25 ms each way, a queue of one bandwidth-delay product; mean of ten seeds.
double long_path(double loss, core::LossDetection detection, core::CongestionControl control) {
  constexpr std::uint64_t kSeeds = 10;
  double sum = 0;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    SimulationConfig config;
    config.seed = seed;
    config.a.check_every = config.b.check_every = 0;
    Simulation simulation(std::move(config));
    const auto [network, host_a, host_b, a, b] = simulation.parts();
    network.stop_recording();
    network.default_link = {.delay = 25ms, .bandwidth = 100'000'000, .queue = 625'000};
    a.parameters.loss_detection = detection;
    a.parameters.congestion_control = control;
    a.send_buffer = b.parameters.receive_buffer = kBytes;
    b.keeps_bytes = false;
    simulation.open();
    simulation.connect();
    network.link(host_a.addresses()[0], host_b.addresses()[0]).loss = loss;
    network.link(host_b.addresses()[0], host_a.addresses()[0]).loss = loss;
    a.send(a.latest()->id, std::vector<Message>(50'000, {.size = 1444}));
    network.run_for(5s);
    sum += static_cast<double>(b.latest()->bytes_read) * 8 / 5e6;
    if (loss == 0) return sum;  // nothing is random
  }
  return sum / kSeeds;
}

std::string recovery_table() {
  using core::CongestionControl;
  using core::LossDetection;
  std::ostringstream out;
  char line[128];
  out << "Goodput in Mbit/s over 100 Mbit/s, 25 ms each way, by loss detection and congestion control.\n";
  out << "loss    RFC 9260      RACK     CUBIC  RACK, CUBIC  RACK, BBR\n";
  for (const double loss : {0.0, 0.001, 0.01, 0.03}) {
    const double plain = long_path(loss, LossDetection::kRfc9260, CongestionControl::kRfc9260);
    const double rack = long_path(loss, LossDetection::kRack, CongestionControl::kRfc9260);
    const double cubic = long_path(loss, LossDetection::kRfc9260, CongestionControl::kCubic);
    const double both = long_path(loss, LossDetection::kRack, CongestionControl::kCubic);
    const double bbr = long_path(loss, LossDetection::kRack, CongestionControl::kBbr);
    std::snprintf(line, sizeof line, "%5.1f %% %8.2f  %8.2f  %8.2f  %11.2f  %9.2f\n", loss * 100, plain, rack, cubic,
                  both, bbr);
    out << line;
  }
  return out.str();
}

std::string table() {
  const std::size_t buffers[] = {16'384, 65'536, 212'992, 1'048'576};
  std::ostringstream out;
  char cell[64];
  out << "Goodput in Mbit/s: 2 MiB in messages of 1 KiB over 20 Mbit/s, 20 ms each way, 100 kB of queue.\n";
  out << "loss   ";
  for (const std::size_t buffer : buffers) {
    std::snprintf(cell, sizeof cell, "%9zu", buffer);
    out << cell;
  }
  out << "  bytes of receive buffer\n";
  for (const double loss : {0.0, 0.001, 0.01, 0.03, 0.1}) {
    std::snprintf(cell, sizeof cell, "%5.1f %%", loss * 100);
    out << cell;
    for (const std::size_t buffer : buffers) {
      std::snprintf(cell, sizeof cell, "%9.2f", goodput(loss, buffer));
      out << cell;
    }
    out << '\n';
  }
  return out.str();
}

std::vector<std::string> lines(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> result;
  for (std::string line; std::getline(in, line);) result.push_back(line);
  return result;
}

TEST(Goodput, IsWhatTheSnapshotSays) {
  const std::filesystem::path path = "sim/goodput.snapshot.txt";  // tests run in test/
  const std::string now = table() + recovery_table();
  if (std::getenv("NETSCTP_UPDATE_SNAPSHOT") != nullptr) {
    std::ofstream(path) << now;
    GTEST_SKIP() << "wrote " << path;
  }
  std::ifstream file(path);
  ASSERT_TRUE(file) << path << " is missing";
  std::stringstream before;
  before << file.rdbuf();
  const auto old_lines = lines(before.str());
  const auto new_lines = lines(now);
  std::string difference;
  for (std::size_t i = 0; i < std::max(old_lines.size(), new_lines.size()); ++i) {
    const std::string old_line = i < old_lines.size() ? old_lines[i] : "";
    const std::string new_line = i < new_lines.size() ? new_lines[i] : "";
    if (old_line != new_line) difference += "- " + old_line + "\n+ " + new_line + "\n";
  }
  EXPECT_EQ(difference, "") << "if this is meant: NETSCTP_UPDATE_SNAPSHOT=1\n" << new_lines[1];
}

}  // namespace
}  // namespace netsctp::sim
