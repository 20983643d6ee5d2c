// Packets on their way between a link and whoever reads them: one received datagram, one run to send.
// A "link address" is an IP address with the UDP port of RFC 6951, or port 0 on raw IP.
#pragma once

#include <array>
#include <cstddef>
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
  // IP may fragment them, here and on the way (IPv4: DF clear). Else one that is too large is lost, and the link tells.
  bool may_fragment = false;
  // What the IP header says beside the addresses: the octet of DSCP and ECN (RFC 2474 §3, IPv4's TOS, IPv6's traffic
  // class), and the flow label of IPv6 (RFC 8200 §3). 0: nothing in particular.
  std::uint8_t traffic_class = 0;
  std::uint32_t flow_label = 0;
};

// What came back by ICMP or ICMPv6 about a packet that was sent; or what the host itself says of one that is too large
// for its route.
struct IcmpError {
  static constexpr std::size_t kQuote = 20;  // common header, the head of the first chunk, an INIT's Initiate Tag

  IpAddress to;                           // where the packet was sent; its family says whether this is ICMP or ICMPv6
  std::uint16_t udp_port = 0;             // the UDP port that it was sent to; 0: not encapsulated
  std::uint8_t type = 0;                  // as on the wire (RFC 792, RFC 4443)
  std::uint8_t code = 0;                  //
  std::uint32_t mtu = 0;                  // of the next hop, IP header included, where the message says it; else 0
  std::uint8_t quoted = 0;                // bytes of `quote` that the message had
  std::array<std::byte, kQuote> quote{};  // the beginning of the packet, from the SCTP common header on
};

}  // namespace netsctp
