// A record of every packet a stack takes in and sends, as a pcapng file that Wireshark opens as SCTP. Packets are
// written as SCTP on IP, also those that travel in UDP (RFC 6951), with an IP header made for the purpose: addresses
// are true, its other fields are not from the wire. Not thread-safe: the engine's lock guards it.
#pragma once

#include <chrono>
#include <memory>
#include <span>
#include <string>

#include "base/datagram.hpp"
#include "base/result.hpp"
#include "link/descriptor.hpp"

namespace netsctp::link {

class Trace {
 public:
  // "%p" in the path stands for the process id. A file that another process is writing as a trace is appended to, so
  // that one file can hold what several processes saw; any other is begun anew. Errors of open(2); EINVAL: no path.
  [[nodiscard]] static Result<std::unique_ptr<Trace>> open(const char* path);

  void received(const Datagram& datagram) noexcept;
  void sent(std::span<const Transmit> runs) noexcept;
  // Writes what was noted since. After an error of write(2), a full disk say, the trace ends there.
  void flush() noexcept;

 private:
  explicit Trace(Descriptor file) noexcept : file_(std::move(file)) {}
  [[nodiscard]] IpAddress source_towards(const Address& to) noexcept;

  Descriptor file_;
  std::string noted_;
  Address last_to_;  // the answer to source_towards() that was asked for last
  IpAddress last_source_;
};

}  // namespace netsctp::link
