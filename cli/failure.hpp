// What went wrong, as a sentence for people and an exit status.
#pragma once

#include <net/sctp.hpp>

#include <cstddef>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

namespace cli {

inline constexpr int kSuccess = 0;
inline constexpr int kFailed = 1;  // the network, the peer, the machine
inline constexpr int kUsage = 2;   // the command line

struct Failure : std::runtime_error {
  explicit Failure(const std::string& sentence, int status = kFailed)
      : std::runtime_error(sentence), exit_status(status) {}
  int exit_status;
};

[[nodiscard]] Failure cannot_open(const std::error_code& error);
[[nodiscard]] Failure cannot_trace(const std::string& path, const std::error_code& error);
[[nodiscard]] Failure cannot_bind(const net::sctp::Address& address, const std::error_code& error);
[[nodiscard]] Failure cannot_connect(const std::vector<net::sctp::Address>& peers, const std::error_code& error);
[[nodiscard]] Failure cannot_look_up(const std::string& host, const std::error_code& error);
[[nodiscard]] Failure cannot_send(std::size_t size, std::size_t send_buffer, const std::error_code& error);
[[nodiscard]] Failure cannot_receive(const std::error_code& error);

}  // namespace cli
