// One named counter for each reason to discard, and the usual statistics. Shown by `netsctp info` and asserted by
// tests.
#pragma once

#include <cstdint>

#include "base/rare.hpp"

namespace netsctp::core {

// Of one association: what SCTP_GET_ASSOC_STATS shows of it.
struct AssociationCounters {
  struct Seldom {  // of losses and of unordered messages
    std::uint64_t retransmitted_chunks = 0;
    std::uint64_t out_of_order_tsns = 0;
    std::uint64_t duplicate_chunks = 0;
    std::uint64_t gap_acks_received = 0;
    std::uint64_t unordered_chunks_sent = 0;
    std::uint64_t unordered_chunks_received = 0;
  };
  std::uint64_t sacks_received = 0;
  std::uint64_t sacks_sent = 0;
  std::uint64_t packets_sent = 0;
  std::uint64_t packets_received = 0;
  std::uint64_t ordered_chunks_sent = 0;
  std::uint64_t ordered_chunks_received = 0;
  std::uint64_t control_chunks_sent = 0;
  std::uint64_t control_chunks_received = 0;
  Rare<Seldom> seldom;
};

struct Counters {
  // Packets.
  std::uint64_t packets_received = 0;
  std::uint64_t packets_sent = 0;
  std::uint64_t discarded_too_short = 0;         // no common header
  std::uint64_t discarded_bad_checksum = 0;      // §6.8
  std::uint64_t discarded_not_unicast = 0;       // §8.4 rule 1
  std::uint64_t discarded_bad_tag = 0;           // §8.5
  std::uint64_t discarded_bad_bundling = 0;      // INIT, INIT ACK, SHUTDOWN COMPLETE with others (§6.10)
  std::uint64_t discarded_malformed_chunk = 0;   // lengths that contradict each other (§6.10)
  std::uint64_t discarded_bad_cookie = 0;        // §5.1.5 steps 1 to 3
  std::uint64_t discarded_unexpected_chunk = 0;  // a chunk the state has no use for
  std::uint64_t discarded_replies = 0;           // stateless replies not sent: rate limit or full queue
  std::uint64_t out_of_the_blue = 0;             // §8.4
  std::uint64_t icmp_received = 0;               // §10: found its association
  std::uint64_t discarded_icmp = 0;              // §10 ICMP1 to ICMP6
  std::uint64_t stale_cookies = 0;               // §5.1.5 step 4
  std::uint64_t unknown_chunks = 0;              // §3.2
  // DATA.
  std::uint64_t duplicate_tsns = 0;
  std::uint64_t discarded_window_full = 0;  // §6.2
  std::uint64_t discarded_tsn_too_far = 0;
  std::uint64_t retransmitted_chunks = 0;
  std::uint64_t fast_retransmits = 0;
  std::uint64_t t3_expirations = 0;
  std::uint64_t tail_loss_probes = 0;  // RFC 8985 §7
  std::uint64_t data_chunks_sent = 0;
  std::uint64_t data_chunks_received = 0;
  std::uint64_t forward_tsns_sent = 0;  // RFC 3758
  std::uint64_t forward_tsns_received = 0;
  // Associations.
  std::uint64_t associations_established = 0;
  std::uint64_t associations_aborted = 0;
  std::uint64_t associations_shut_down = 0;
  std::uint64_t restarts = 0;
};

}  // namespace netsctp::core
