// Setting up an association as the one who asks (RFC 9260 §5.1, §5.2.3, §5.2.5, §5.2.6).
#include <algorithm>

#include "base/bytes.hpp"
#include "core/association.hpp"
#include "core/stack_state.hpp"
#include "wire/control.hpp"

namespace netsctp::core {
namespace {

constexpr std::uint32_t kSmallestWindow = 1500;  // RFC 9260 §3.3.3
constexpr std::size_t kHeartbeatSize = 48;       // as write_heartbeat() makes it

}  // namespace

bool Association::start(const ConnectRequest& request, Time now) noexcept {
  const std::uint16_t udp_port =
      request.remote_udp_port != 0 ? request.remote_udp_port : stack_.config.default_remote_port;
  for (const IpAddress& peer : request.peers) {
    const PathId path = add_path(peer, udp_port);
    if (path == kNoPath) continue;
    // RFC 9260 §5.4 rule 1: addresses that the user gave are confirmed.
    paths_[path].confirmed = true;
    paths_[path].state = Path::State::kActive;
  }
  if (paths_.empty()) return false;
  choose_local_addresses(paths_.front().address);
  local_tag_ = stack_.random_tag();  // RFC 9260 §5.3.1
  local_initial_tsn_ = stack_.entropy.u32();
  outstanding_.restart(Tsn::initial(local_initial_tsn_));
  outbound_streams_ = parameters_->outbound_streams;
  Setup& setup = setup_.use();
  setup.rto = parameters_->rto_initial;
  setup_path_ = primary_ = 0;
  setup.init_due = true;
  enter(State::kCookieWait);  // RFC 9260 §5.1 A
  timers_.start(Timer::kT1, now + setup.rto);
  return true;
}

bool Association::on_init_ack(const wire::Chunk& chunk, const Datagram& datagram, Time now) noexcept {
  if (state_ != State::kCookieWait) {  // RFC 9260 §5.2.3
    ++stack_.counters.discarded_unexpected_chunk;
    return false;
  }
  const std::optional<wire::Init> init = wire::parse_init(chunk);
  if (!init) {
    ++stack_.counters.discarded_malformed_chunk;
    return false;
  }
  if (init->initiate_tag == 0) {
    // RFC 9260 §3.3.3: destroy the TCB; the ABORT carries our own tag, reflected.
    const Path& to = paths_[setup_path_];
    stack_.reply({to.address, to.remote_udp_port}, to.local, local_port_, peer_port_, local_tag_,
                 [](wire::PacketWriter& writer) { writer.chunk(wire::ChunkType::kAbort, wire::kFlagTagReflected); });
    finish(AssociationChanged::What::kCannotStart, AssociationChanged::Reason::kProtocolError);
    return false;
  }
  if (init->a_rwnd < kSmallestWindow) {
    // RFC 9260 §3.3.3: discard, answer with an ABORT, leave the association as it is.
    stack_.reply(datagram.from, datagram.to, local_port_, peer_port_, init->initiate_tag,
                 [](wire::PacketWriter& writer) {
                   writer.open(wire::ChunkType::kAbort, 0);
                   writer.cause(wire::CauseCode::kInvalidMandatoryParameter);
                   writer.close();
                 });
    return false;
  }
  const PeerParameters peer = read_peer_parameters(*init, datagram.from.ip);
  peer_tag_ = init->initiate_tag;
  // RFC 9260 §5.1.2 B: an ABORT goes where the INIT ACK came from.
  if (const PathId path = find_path(datagram.from.ip); path != kNoPath) setup_path_ = path;
  if (init->outbound_streams == 0 || init->inbound_streams == 0 || peer.malformed) {
    abort_with(wire::CauseCode::kInvalidMandatoryParameter, {}, AssociationChanged::Reason::kProtocolError);
    return false;
  }
  if (peer.host_name) {  // RFC 9260 §3.3.2.1.4
    abort_with(wire::CauseCode::kUnresolvableAddress, peer.host_name->whole,
               AssociationChanged::Reason::kProtocolError);
    return false;
  }
  if (!peer.cookie || peer.cookie->empty()) {
    // RFC 9260 §3.3.10.2: one missing parameter, the State Cookie.
    std::array<std::byte, 6> missing{};
    store_big(missing.data(), std::uint32_t{1});
    store_big(missing.data() + 4, static_cast<std::uint16_t>(wire::ParameterType::kStateCookie));
    abort_with(wire::CauseCode::kMissingMandatoryParameter, missing, AssociationChanged::Reason::kProtocolError);
    return false;
  }
  Setup& setup = setup_.use();
  if (!setup.resent) {
    if (const PathId path = find_path(datagram.from.ip); path != kNoPath) {
      paths_[path].timeout.measured(now - setup.sent_at, *parameters_);
    }
  }
  adopt_peer(peer, datagram);
  setup.cookie = stack_.pool.copy(*peer.cookie);
  for (std::size_t i = 0; i < peer.unrecognized_count; ++i) {
    queue_error(wire::CauseCode::kUnrecognizedParameters, peer.unrecognized[i].whole);  // RFC 9260 §3.2.2
  }
  // RFC 3758 §3.3.2: with the extension switched off the parameter is unknown.
  if (peer.forward_tsn_supported && !parameters_->partial_reliability) {
    queue_error(wire::CauseCode::kUnrecognizedParameters, peer.forward_tsn_supported->whole);
  }
  // RFC 9260 §5.1 C: echo the cookie to where it came from.
  enter(State::kCookieEchoed);
  setup.init_due = false;
  setup.cookie_echo_due = true;
  setup.resent = false;
  setup.attempts = 0;  // RFC 9260 §4 (3): the COOKIE ECHO is counted on its own
  if (const PathId path = find_path(datagram.from.ip); path != kNoPath) {
    // RFC 9260 §5.4: to an unconfirmed address only with a HEARTBEAT beside it in the packet.
    const std::size_t size = wire::kCommonHeaderSize + wire::padded(wire::kChunkHeaderSize + setup.cookie.size());
    if (paths_[path].confirmed || size + kHeartbeatSize <= paths_[path].max_packet) setup_path_ = path;
  }
  setup.rto = paths_[setup_path_].timeout.rto();
  timers_.start(Timer::kT1, now + setup.rto);
  return false;  // RFC 9260 §6.10: an INIT ACK comes alone
}

// What the INIT ACK says of the peer (§5.1.1, §5.1.2).
void Association::adopt_peer(const PeerParameters& peer, const Datagram& datagram) noexcept {
  peer_rwnd_ = peer.init.a_rwnd;
  setup_.use().peer_adaptation = peer.adaptation;
  received_ = TsnMap(Tsn::initial(peer.init.initial_tsn));
  // RFC 9260 §5.1.1: no more outbound streams than the peer accepts.
  outbound_streams_ = std::min(parameters_->outbound_streams, peer.init.inbound_streams);
  inbound_streams_ = std::min(parameters_->max_inbound_streams, peer.init.outbound_streams);
  partial_reliability_ = parameters_->partial_reliability && peer.forward_tsn_supported.has_value();
  stream_reset_ = parameters_->stream_reset && peer.re_config;
  begin_reconfiguration(peer.init.initial_tsn);
  reassembly_.set_partial_reliability(partial_reliability_);
  fail_messages_beyond_streams();
  for (std::size_t i = 0; i < peer.address_count; ++i) {
    const PathId path = find_path(peer.addresses[i]);
    if (path == kNoPath) add_path(peer.addresses[i], datagram.from.port);
  }
  forget_unlisted(peer, datagram.from.ip);
  if (const PathId path = find_path(datagram.from.ip); path != kNoPath) {
    paths_[path].remote_udp_port = datagram.from.port;
    if (paths_[path].local.family == Family::kNone) paths_[path].local = datagram.to;
  }
}

// RFC 9260 §5.1.2 C: what the user named is not the peer's unless the peer lists it. Not where a message has been given
// one of these paths by its number.
void Association::forget_unlisted(const PeerParameters& peer, const IpAddress& source) noexcept {
  if (has_pinned_messages_ || !outstanding_.empty() || find_path(source) == kNoPath) return;
  const std::span listed(peer.addresses.data(), peer.address_count);
  const IpAddress primary = paths_[primary_].address;
  const IpAddress setup = paths_[setup_path_].address;
  std::erase_if(paths_, [&](const Path& path) {
    if (path.address == source || std::find(listed.begin(), listed.end(), path.address) != listed.end()) return false;
    stack_.unregister_address(*this, path.address);
    return true;
  });
  const auto kept = [this, &source](const IpAddress& address) {
    const PathId path = find_path(address);
    return path != kNoPath ? path : find_path(source);
  };
  primary_ = kept(primary);
  setup_path_ = kept(setup);
  reply_path_ = error_path_ = shutdown_path_ = reconfiguration_path_ = setup_path_;
}

void Association::on_cookie_ack(Time now) noexcept {
  if (state_ != State::kCookieEchoed) {  // RFC 9260 §5.2.5
    ++stack_.counters.discarded_unexpected_chunk;
    return;
  }
  Path& path = paths_[setup_path_];
  const Setup& setup = setup_.read();
  if (!setup.resent) path.timeout.measured(now - setup.sent_at, *parameters_);
  come_up(false, setup.peer_adaptation, now);
  guard_early_data(now);
}

// DATA that went along with the COOKIE ECHO was guarded by T1-cookie; from now on it is by T3-rtx.
void Association::guard_early_data(Time now) noexcept {
  for (PathId i = 0; i < paths_.size(); ++i) {
    if (outstanding_.in_flight(i) > 0) start_t3(i, now, false);
  }
}

// RFC 9260 §5.2.6 alternative 3: a new INIT that asks for a longer cookie life.
void Association::on_stale_cookie(const wire::Parameter& cause, Time now) noexcept {
  if (state_ != State::kCookieEchoed) return;
  if (!wire::parse_staleness(cause)) return;
  Setup& setup = setup_.use();
  if (setup.stale_cookies >= parameters_->max_init_retransmits) {
    finish(AssociationChanged::What::kCannotStart, AssociationChanged::Reason::kUnreachable);
    return;
  }
  ++setup.stale_cookies;
  setup.attempts = 0;
  // RFC 9260 §5.2.6: the RTT of the COOKIE ECHO and ERROR exchange, and no more than a second on top.
  const Duration round_trip = now - setup.sent_at + std::chrono::seconds(1);
  setup.cookie_preservative = static_cast<std::uint32_t>(
      std::min<std::int64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(round_trip).count(), 60'000));
  start_over(now);
}

// Back to COOKIE-WAIT with the same tag and TSN (§5.1.6).
void Association::start_over(Time now) noexcept {
  enter(State::kCookieWait);
  for (PathId i = 0; i < paths_.size(); ++i) {
    outstanding_.mark_all_lost(i);
    paths_[i].t3_deadline = kNever;
  }
  bbr_.reset();
  Setup& setup = setup_.use();
  setup.cookie_echo_due = false;
  setup.cookie.reset();
  if (!paths_[setup_path_].confirmed) setup_path_ = primary_;  // RFC 9260 §5.4
  peer_tag_ = 0;
  setup.init_due = true;
  setup.resent = true;
  timers_.start(Timer::kT1, now + setup.rto);
}

// T1-init or T1-cookie expired (RFC 9260 §4 (2), (3), §5.1.4, §6.3).
void Association::on_t1(Time now) noexcept {
  Setup& setup = setup_.use();
  if (setup.attempts >= parameters_->max_init_retransmits) {
    finish(AssociationChanged::What::kCannotStart, AssociationChanged::Reason::kUnreachable);
    return;
  }
  ++setup.attempts;
  setup.resent = true;
  // RFC 9260 §6.3.3 E2, bounded by what the user set for INITs.
  setup.rto = std::min({setup.rto * 2, parameters_->rto_max, parameters_->init_timeout_max});
  timers_.start(Timer::kT1, now + setup.rto);
  // RFC 9260 §5.1: retransmissions use all addresses of the peer; unconfirmed ones only for COOKIE ECHO would need a
  // HEARTBEAT.
  if (const PathId next = alternate_path(setup_path_); next != kNoPath) setup_path_ = next;
  if (state_ == State::kCookieWait) {
    setup.init_due = true;
  } else {
    setup.cookie_echo_due = true;
    for (PathId i = 0; i < paths_.size(); ++i) peer_rwnd_ += outstanding_.mark_all_lost(i);
  }
}

}  // namespace netsctp::core
