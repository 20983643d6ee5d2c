// Which SCTP serves this process: the kernel's, or netsctp's own over UDP (RFC 6951) or raw IP, and why. It is decided
// at the first call that needs it, by the environment: NETSCTP_BACKEND=auto|kernel|stack, NETSCTP_LINK=udp|raw,
// NETSCTP_UDP_PORT.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace net::sctp {

struct BackendInfo {
  enum class Kind : std::uint8_t { kKernel, kStack };
  Kind kind = Kind::kStack;
  std::string reason;          // a sentence: why this one
  std::string link;            // "udp", "raw" or "kernel"
  std::uint16_t udp_port = 0;  // the local UDP port of encapsulation with link "udp", else 0
  std::string error;           // not empty: the environment asks for what cannot be had, and no socket can be opened
};

// What was chosen, or would be. Throws only std::bad_alloc. Any thread may call.
[[gnu::visibility("default")]] [[nodiscard]] BackendInfo backend_info();

// "0.1.0", of the library that is loaded.
[[gnu::visibility("default")]] [[nodiscard]] std::string_view version() noexcept;

}  // namespace net::sctp
