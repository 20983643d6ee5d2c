// Carries datagrams to and from the kernel in batches. Knows no SCTP. Not thread-safe: the engine's lock guards it.
#pragma once

#include <poll.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/address.hpp"
#include "base/datagram.hpp"

namespace netsctp::link {

class Link {
 public:
  virtual ~Link() = default;

  static constexpr std::uint32_t kAllDescriptors = ~std::uint32_t{0};

  // Appends what has arrived, at most about `limit` datagrams, to `out`; never blocks. The count appended. Only those
  // descriptors are asked that `ready` names: bit i is descriptors()[i].
  virtual std::size_t receive(BufferPool& pool, std::vector<Datagram>& out, std::size_t limit,
                              std::uint32_t ready) noexcept = 0;

  // Sends the runs; a datagram the kernel has no room for or refuses is dropped, as a network would (counted).
  virtual void send(std::span<const Transmit> runs) noexcept = 0;

  // What came back by ICMP since the last call, as far as the link listens to it; valid until the next call of the
  // link.
  [[nodiscard]] virtual std::span<const IcmpError> take_errors() noexcept { return {}; }

  // Which SCTP ports this process is there for, in ascending order, and whether for packets to all other ports too that
  // begin an association or end one (RFC 9260 §8.4). A link that can has the kernel drop everything else.
  virtual void serve(std::span<const std::uint16_t> /*ports*/, bool /*strays*/) noexcept {}

  // Descriptors to sleep on for POLLIN.
  [[nodiscard]] virtual std::vector<int> descriptors() const = 0;

  // Bytes below SCTP and above IP: 8 for UDP, 0 for raw IP.
  [[nodiscard]] virtual std::size_t overhead() const noexcept = 0;
  // One line for people: "UDP port 9899, IPv4 and IPv6, GSO, GRO".
  [[nodiscard]] virtual std::string description() const = 0;
};

}  // namespace netsctp::link
