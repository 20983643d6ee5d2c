// The protocol parameters of RFC 9260 §16 and the limits of this implementation, with their defaults.
// Values that each association takes when it begins: later changes are made per association.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/time.hpp"

namespace netsctp::core {

using namespace std::chrono_literals;

// What one path (peer address) starts with; RFC 6458 §8.1.12 lets a user change it per address.
struct PathParameters {
  Duration heartbeat_interval = 30s;  // HB.interval
  bool heartbeat_enabled = true;
  std::uint16_t max_retransmissions = 5;  // Path.Max.Retrans
  std::size_t path_mtu = 0;               // bytes, IP header included; 0: what the stack was configured with
  // PotentiallyFailed.Max.Retrans (RFC 7829 §3.2 1). Not below max_retransmissions: paths never are potentially failed.
  std::uint16_t potentially_failed_threshold = kNoThreshold;
  std::uint16_t primary_switch_threshold = kNoThreshold;  // Primary.Switchover.Max.Retrans (RFC 7829 §5)
  static constexpr std::uint16_t kNoThreshold = 65535;
  std::optional<std::uint8_t> dscp;         // RFC 6458 §8.1.12 spp_dscp: in the upper six bits; none: the socket's
  std::optional<std::uint32_t> flow_label;  // spp_ipv6_flowlabel, 20 bits, on IPv6
  std::uint32_t probe_interval = 0;         // PROBE_TIMER of RFC 8899 in ms; 0: no path MTU is searched for

  friend bool operator==(const PathParameters&, const PathParameters&) noexcept = default;
};

// Which stream is served next (RFC 8260 §3.1, §3.2, §3.4): the oldest message's, all in turn, or the one of the lowest
// priority value. The numbers are the Linux ABI's.
enum class Scheduler : std::uint8_t { kFirstCome = 0, kPriority = 1, kRoundRobin = 2 };

// How the congestion window grows and shrinks: by RFC 9260 §7.2, by CUBIC (core/cubic.hpp), or by BBR's model of the
// path, which paces too (core/bbr.hpp).
enum class CongestionControl : std::uint8_t { kRfc9260 = 0, kCubic = 1, kBbr = 2 };
// What shows that a chunk was lost: three missing reports (RFC 9260 §7.2.4), or time (core/rack.hpp). T3-rtx in both.
enum class LossDetection : std::uint8_t { kRfc9260 = 0, kRack = 1 };

struct AssociationParameters {
  Duration rto_initial = 1s;                  // RTO.Initial
  Duration rto_min = 1s;                      // RTO.Min
  Duration rto_max = 60s;                     // RTO.Max
  std::uint16_t max_retransmissions = 10;     // Association.Max.Retrans
  Duration cookie_life = 60s;                 // Valid.Cookie.Life
  std::uint16_t max_init_retransmits = 8;     // Max.Init.Retransmits
  Duration init_timeout_max = 60s;            // RFC 6458 §8.1.3 sinit_max_init_timeo: upper bound of T1-init's RTO
  unsigned max_burst = 4;                     // Max.Burst packets per transmission; 0: no limit
  Duration sack_delay = 200ms;                // SACK.Delay, at most 500 ms (§6.2)
  unsigned sack_frequency = 2;                // a SACK at the latest after so many packets; 1: no delay
  std::uint16_t outbound_streams = 10;        // OS asked for in INIT
  std::uint16_t max_inbound_streams = 65535;  // MIS accepted
  std::size_t receive_buffer = 212992;        // bytes of payload: what a_rwnd starts with (at least 1,500, §3.3.2)
  std::size_t max_fragment = 0;  // RFC 6458 §8.1.16 SCTP_MAXSEG: payload bytes per DATA chunk; 0: only the path MTU
  std::size_t partial_delivery_point = 0;  // begin partial delivery of a message once so many bytes are held; 0: only
                                           // when the receive buffer is exhausted
  bool no_delay = false;                   // SCTP_NODELAY: no Nagle-like wait for a full packet
  Duration autoclose{};                    // RFC 6458 §8.1.8: shut down after so long without data; zero: never
  std::uint32_t adaptation = 0;            // RFC 5061 §4.2.6: Adaptation Indication for INIT and INIT ACK; 0: none
  Scheduler scheduler = Scheduler::kFirstCome;
  CongestionControl congestion_control = CongestionControl::kRfc9260;
  LossDetection loss_detection = LossDetection::kRfc9260;
  bool partial_reliability = true;            // RFC 3758: offered in INIT and INIT ACK
  bool stream_reset = false;                  // RFC 6525: offered in INIT and INIT ACK
  std::uint8_t traffic_class_v4 = 0;          // IP_TOS of ip(7), IPV6_TCLASS of ipv6(7): where a path says nothing
  std::uint8_t traffic_class_v6 = 0;          //
  std::uint8_t allowed_reconfigurations = 0;  // kAllow... of stream_reset.hpp: what peer and user may ask for
  PathParameters path;

  friend bool operator==(const AssociationParameters&, const AssociationParameters&) noexcept = default;
};

struct StackConfig {
  std::size_t link_overhead = 8;     // bytes below SCTP and above IP: 8 for UDP encapsulation, 0 for raw IP
  std::size_t path_mtu = 1500;       // bytes, IP header included, assumed until known better
  std::size_t largest_mtu = 65'535;  // the most that is ever tried; a TransmitBatch must have room for it
  std::size_t max_associations = 1'000'000;
  std::uint16_t default_remote_port =
      9899;  // UDP port assumed of a peer not heard from yet (RFC 6951 §5.1); 0 with raw IP
  Duration cookie_key_life =
      3600s;  // how long one key signs cookies (§5.1.3: "reasonably frequently"); the last one still verifies
  unsigned stateless_replies_per_second = 1000;  // bound on ABORTs and the like to out-of-the-blue packets (§8.4)
};

}  // namespace netsctp::core
