// One destination transport address of the peer: its timers, congestion state, MTU and health (RFC 9260 §5.4, §6.3, §7,
// §8.2, §8.3). What happens to the association when it fails is path_management.cpp's.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "base/address.hpp"
#include "base/rare.hpp"
#include "base/shared.hpp"
#include "core/congestion.hpp"
#include "core/parameters.hpp"
#include "core/pmtu.hpp"
#include "core/rto.hpp"
#include "wire/types.hpp"

namespace netsctp::core {

struct Path {
  // §5.4, §8.2; RFC 7829 §3: suspected, used only if nothing better is there.
  enum class State : std::uint8_t { kUnconfirmed, kActive, kInactive, kPotentiallyFailed };

  Path(const IpAddress& peer_ip, std::uint16_t udp_port, const AssociationParameters& of_association,
       const Shared<PathParameters>& own) noexcept
      : address{peer_ip}, remote_udp_port(udp_port), parameters(own), timeout(of_association) {}

  IpAddress address;
  IpAddress local;                    // where to send from; family kNone: the link's choice
  std::uint16_t remote_udp_port = 0;  // RFC 6951 §5.1, §5.4: learned from the peer's packets
  State state = State::kUnconfirmed;
  bool confirmed = false;      // stays set when the path becomes inactive
  bool one_packet = false;     // §7.2.3: after a timeout only one packet in flight until something is acknowledged
  bool heartbeat_due = false;  // a HEARTBEAT goes out with the next packet
  bool heartbeat_unanswered = false;  // one is on its way
  std::uint8_t timeouts = 0;          // of T3-rtx since data that went only here was acknowledged
  Shared<PathParameters> parameters;
  RetransmissionTimeout timeout;
  Congestion congestion;
  std::size_t mtu = 0;               // bytes, IP header included
  std::size_t max_packet = 0;        // of SCTP: mtu less IP and link headers, a multiple of four
  Rare<PathMtuSearch> search;        // RFC 8899
  std::uint32_t error_count = 0;     // §8.2
  Time t3_deadline = kNever;         // T3-rtx (§6.3.2)
  Time heartbeat_deadline = kNever;  // next HEARTBEAT, or the end of the wait for its answer
  Time heartbeat_sent_at{};
  std::uint64_t heartbeat_nonce = 0;
  Time next_rtt_sample{};    // §6.3.1 C4: no more than one measurement per round trip
  Time last_data_at{};       // last transmission of DATA, for §7.2.1's decay
  Time window_full_at{};     // when a SACK last found the congestion window fully used
  Time next_unreachable{};   // §10 ICMP9: messages before do not count
  Time last_rtt_chunk_at{};  // last chunk that could measure the RTT: the path is not idle (§8.3)

  // The largest DATA chunk that fits one packet (PMDCS).
  [[nodiscard]] std::size_t pmdcs() const noexcept { return max_packet - wire::kCommonHeaderSize; }

  // RFC 6951 §5.6: `link_overhead` is the UDP header.
  void set_mtu(std::size_t bytes, std::size_t link_overhead) noexcept {
    mtu = std::clamp(bytes, kMinMtu, kMaxMtu);
    max_packet = packet_in(mtu, link_overhead);
  }
  // The largest SCTP packet in an IP packet of so many bytes.
  [[nodiscard]] std::size_t packet_in(std::size_t bytes, std::size_t link_overhead) const noexcept {
    return (bytes - (address.is_v4() ? 20 : 40) - link_overhead) & ~std::size_t{3};
  }

  static constexpr std::size_t kMinMtu = 512;
  static constexpr std::size_t kMaxMtu = 65535;
};

}  // namespace netsctp::core
