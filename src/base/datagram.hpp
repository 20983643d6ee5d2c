// Packets on their way between a link and whoever reads them: one received datagram, one run to send.
// A "link address" is an IP address with the UDP port of RFC 6951, or port 0 on raw IP.
#pragma once

#include <cstdint>
#include <span>

#include "base/address.hpp"
#include "base/buffer_pool.hpp"

namespace netsctp {

// One received packet.
struct Datagram {
  Address from;  // link address of the sender
  IpAddress to;  // local address it arrived at
  Slice bytes;   // the payload; GRO'd runs have been cut by the link
};

// A run of packets between one pair of addresses: bytes.size() / segment_size packets, the last one may be shorter.
struct Transmit {
  Address to;      // link address
  IpAddress from;  // local address to send from; family kNone: the link's choice
  std::span<const std::byte> bytes;
  std::uint16_t segment_size = 0;  // what UDP_SEGMENT wants
};

}  // namespace netsctp
