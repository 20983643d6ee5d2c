// A network between two hosts, for the demo: a UDP relay with a path for each pair of loopback addresses, each of which
// can be cut. The client is told that the server's UDP port is the relay's; the server learns the relay's from what it
// receives.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <thread>

namespace demo {

class Relay {
 public:
  // Between the client's UDP port and the server's, on 127.0.0.1 and 127.0.0.2. Throws std::system_error.
  Relay(std::uint16_t client_port, std::uint16_t server_port);
  ~Relay();
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  // Path 0 is that of 127.0.0.1, path 1 that of 127.0.0.2. A path that is cut loses every packet, silently.
  void cut(std::size_t path, bool is_cut) noexcept { cut_[path] = is_cut; }
  [[nodiscard]] std::uint64_t lost() const noexcept { return lost_; }
  [[nodiscard]] std::uint64_t forwarded() const noexcept { return forwarded_; }

 private:
  void run();
  void forward(std::size_t arrived_at);

  static constexpr std::size_t kPaths = 2;
  std::uint16_t client_port_;
  std::uint16_t server_port_;
  std::uint16_t port_ = 0;
  std::array<int, kPaths> sockets_{-1, -1};
  int stop_ = -1;
  std::array<std::atomic<bool>, kPaths> cut_{};
  std::atomic<std::uint64_t> lost_{0};
  std::atomic<std::uint64_t> forwarded_{0};
  std::thread thread_;
};

}  // namespace demo
