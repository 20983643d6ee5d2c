// What comes back by ICMP and ICMPv6 (RFC 9260 §10): finding the association that it is about, believing it or not, and
// what it means for the path.
#include <algorithm>

#include "base/bytes.hpp"
#include "base/datagram.hpp"
#include "core/association.hpp"
#include "core/stack_state.hpp"
#include "wire/types.hpp"

namespace netsctp::core {
namespace {

enum class Meaning : std::uint8_t { kNone, kTooBig, kNoSctpThere, kUdpRefused, kUnreachable };

// RFC 792, RFC 1191 §4, RFC 4443 §3.
Meaning meaning_of(const IcmpError& error) noexcept {
  // RFC 9260 §10 ICMP3: an SCTP port answers with ABORT, never so. RFC 6951 §5.5: but nobody may be at the UDP port.
  const Meaning port = error.udp_port != 0 ? Meaning::kUdpRefused : Meaning::kNone;
  if (error.to.is_v4()) {
    constexpr std::uint8_t kUnreachable = 3;
    if (error.type != kUnreachable) return Meaning::kNone;  // RFC 9260 §10 ICMP1
    switch (error.code) {
      case 2:  // protocol unreachable
        return Meaning::kNoSctpThere;
      case 3:
        return port;
      case 4:  // fragmentation needed
        return Meaning::kTooBig;
      default:
        return Meaning::kUnreachable;
    }
  }
  constexpr std::uint8_t kUnreachable = 1;
  constexpr std::uint8_t kPacketTooBig = 2;
  constexpr std::uint8_t kParameterProblem = 4;
  switch (error.type) {
    case kUnreachable:
      return error.code == 4 ? port : Meaning::kUnreachable;
    case kPacketTooBig:
      return Meaning::kTooBig;
    case kParameterProblem:  // RFC 9260 §10 ICMP4: 1 is an unrecognized next header
      return error.code == 1 ? Meaning::kNoSctpThere : Meaning::kNone;
    default:  // RFC 9260 §10 ICMP2
      return Meaning::kNone;
  }
}

constexpr std::size_t kInitiateTag = 16;  // offset in a packet that begins with INIT

}  // namespace

void StackState::on_icmp(const IcmpError& error, Time now) noexcept {
  const Meaning meaning = meaning_of(error);
  if (meaning == Meaning::kNone || error.quoted < wire::kCommonHeaderSize) {
    ++counters.discarded_icmp;
    return;
  }
  // RFC 9260 §10 ICMP5: the quoted packet is one of ours, so its source port is here and its destination there.
  const auto source_port = load_big<std::uint16_t>(&error.quote[0]);
  const auto destination_port = load_big<std::uint16_t>(&error.quote[2]);
  for (const EndpointId id : endpoints_of(source_port)) {
    Association* const association = find(id, {error.to, destination_port});
    if (association == nullptr || !association->has_sent(error)) continue;
    ++counters.icmp_received;
    switch (meaning) {
      case Meaning::kTooBig:
        association->on_too_big(error, now);
        break;
      case Meaning::kNoSctpThere:
        association->on_no_sctp_there(error);
        break;
      case Meaning::kUdpRefused:
        association->on_udp_refused(error, now);
        break;
      default:
        association->on_unreachable(error.to, now);
        break;
    }
    settle(*association, now);
    return;
  }
  ++counters.discarded_icmp;
}

// RFC 9260 §10 ICMP6: the tag is the one that the peer gave us. An INIT carries none; there it is our own Initiate Tag
// that nobody else could know.
bool Association::has_sent(const IcmpError& error) const noexcept {
  const auto tag = load_big<std::uint32_t>(&error.quote[4]);
  if (tag != 0) return tag == peer_tag_;
  return error.quoted >= kInitiateTag + 4 && quotes_init(error) &&
         load_big<std::uint32_t>(&error.quote[kInitiateTag]) == local_tag_;
}

bool Association::quotes_init(const IcmpError& error) noexcept {
  return load_big<std::uint32_t>(&error.quote[4]) == 0 && error.quoted > wire::kCommonHeaderSize &&
         error.quote[wire::kCommonHeaderSize] == std::byte{static_cast<std::uint8_t>(wire::ChunkType::kInit)};
}

// RFC 9260 §10 ICMP7, §12.4, §7.3: the path MTU is no larger than the router says. It never grows by ICMP.
void Association::on_too_big(const IcmpError& error, Time now) noexcept {
  const PathId id = find_path(error.to);
  if (id == kNoPath) return;
  Path& path = paths_[id];
  if (path.parameters->path_mtu != 0) return;  // RFC 6458 §8.1.12: the user has fixed it
  constexpr std::uint32_t kMinIpv6Mtu = 1280;
  constexpr std::uint32_t kMtuOfOldRouters = 576;  // RFC 1191 §5: what to assume if the message names none
  // RFC 8201 §4: less than IPv6's minimum is not believed.
  if (path.address.is_v6() && error.mtu < kMinIpv6Mtu) return;
  const std::size_t said = error.mtu != 0 ? error.mtu : kMtuOfOldRouters;
  const std::size_t mtu = std::max(said, Path::kMinMtu);
  const std::size_t before = path.mtu;
  if (path.search.is_used()) path.search.use().too_big(mtu, now);  // RFC 8899 §4.6.2: no use to probe for more
  follow_search(path);
  if (mtu >= before) return;
  path.set_mtu(mtu, stack_.config.link_overhead);
  if (outstanding_.in_flight(id) == 0) return;
  // What is on its way did not fit and is lost, for no reason of congestion: cwnd stays, and no time is lost waiting
  // for T3-rtx. It goes again as it was cut, in IP fragments (§6.9).
  peer_rwnd_ += outstanding_.mark_all_lost(id);  // RFC 9260 §6.2.1 C
  path.t3_deadline = kNever;
  allow_burst();
}

// RFC 9260 §10 ICMP8: as if by an ABORT with the T bit set; while only an INIT has been sent, as if by an ABORT.
void Association::on_no_sctp_there(const IcmpError& error) noexcept {
  if (quotes_init(error) && state_ != State::kCookieWait) return;
  const bool setting_up = state_ == State::kCookieWait || state_ == State::kCookieEchoed;
  ++stack_.counters.associations_aborted;
  finish(setting_up ? AssociationChanged::What::kCannotStart : AssociationChanged::What::kLost,
         AssociationChanged::Reason::kAbortedByPeer);
}

// RFC 6951 §5.5: as if protocol unreachable. While setting up at once. Later it may be a NAT that has lost its mapping,
// or a peer about to restart: then it counts against the path, and ends the association if it is said again about a
// later transmission and nothing at all was heard from the peer in between.
void Association::on_udp_refused(const IcmpError& error, Time now) noexcept {
  const PathId id = find_path(error.to);
  if (id == kNoPath || paths_[id].remote_udp_port != error.udp_port) return;  // the peer has moved since
  const bool setting_up = state_ == State::kCookieWait || state_ == State::kCookieEchoed;
  const bool is_silent = refusal_.is_used() && refusal_.read().heard == counters_.packets_received;
  if (setting_up || (is_silent && now >= refusal_.read().until)) {
    on_no_sctp_there(error);
    return;
  }
  if (!is_silent) {
    refusal_.use() = {now + paths_[id].timeout.rto() / 2, counters_.packets_received};
  }
  on_unreachable(error.to, now);
}

// RFC 9260 §10 ICMP9: counts against the path, at most once per RTO: a router that answers each packet of a burst says
// one thing.
void Association::on_unreachable(const IpAddress& address, Time now) noexcept {
  const PathId id = find_path(address);
  if (id == kNoPath || now < paths_[id].next_unreachable) return;
  paths_[id].next_unreachable = now + paths_[id].timeout.rto();
  path_error(id);
}

}  // namespace netsctp::core
