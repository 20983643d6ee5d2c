// Which SCTP serves this process: the kernel's, or netsctp's own over UDP (RFC 6951) or raw IP, and why. It is decided
// at the first call that needs it, by the environment: NETSCTP_BACKEND=auto|kernel|stack, NETSCTP_LINK=udp|raw,
// NETSCTP_UDP_PORT, NETSCTP_TRACE.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>

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

// Writes every packet that this process's own stack takes in or sends from now on to a pcapng file, which Wireshark
// opens as SCTP; "%p" in the path stands for the process id, an empty path ends the trace. NETSCTP_TRACE=path does the
// same from the first socket on. A file that another process is tracing to is appended to. Errors of open(2);
// EOPNOTSUPP: the kernel's SCTP serves (tcpdump sees its packets). Any thread may call.
[[gnu::visibility("default")]] void trace(const std::string& path, std::error_code& error) noexcept;
[[gnu::visibility("default")]] void trace(const std::string& path);  // throws std::system_error

// "0.1.0", of the library that is loaded.
[[gnu::visibility("default")]] [[nodiscard]] std::string_view version() noexcept;

}  // namespace net::sctp
