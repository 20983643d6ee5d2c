// Which implementation serves this process, and why.
#pragma once

#include <cstdint>
#include <string>

#include "core/parameters.hpp"

namespace netsctp::engine {
class Engine;
}

namespace netsctp::socket {

struct Backend {
  enum class Kind : std::uint8_t { kKernel, kStack };
  Kind kind = Kind::kStack;
  std::string reason;          // a sentence: "the kernel has no SCTP (EPROTONOSUPPORT), so netsctp's own stack serves"
  std::string link;            // "udp", "raw" or "kernel"
  std::uint16_t udp_port = 0;  // with link udp
  bool udp_batches = true;     // with link udp: UDP_SEGMENT, UDP_GRO and several packets a system call
  // Of sockets to come, unless they say otherwise.
  core::CongestionControl congestion_control = core::CongestionControl::kRfc9260;
  core::LossDetection loss_detection = core::LossDetection::kRfc9260;
  std::string trace;  // the stack's record of packets (link/trace.hpp); empty: none
  std::string error;  // not empty: the environment asks for what cannot be had; open() fails with EPROTONOSUPPORT
};

// What was chosen, or would be: reads NETSCTP_BACKEND (auto, kernel, stack), NETSCTP_LINK (udp, raw), NETSCTP_UDP_PORT
// (1-65535), NETSCTP_UDP_BATCH (on, off), NETSCTP_CONGESTION (rfc9260, cubic, bbr), NETSCTP_LOSS_DETECTION
// (rfc9260, rack), NETSCTP_TRACE (a path).
[[nodiscard]] const Backend& backend() noexcept;

}  // namespace netsctp::socket
