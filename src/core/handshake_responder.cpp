// Setting up an association as the one who is asked, without keeping anything for an INIT (RFC 9260 §5.1, §5.1.3 to
// §5.1.5), and setup chunks that arrive for an association that exists (§5.2.1, §5.2.2, §5.2.4).
#include <algorithm>

#include "base/bytes.hpp"
#include "core/stack_state.hpp"
#include "wire/control.hpp"

namespace netsctp::core {
namespace {

constexpr std::uint32_t kSmallestWindow = 1500;  // RFC 9260 §3.3.2
constexpr std::uint32_t kMaxPreservative =
    60'000;  // milliseconds a peer can add to a cookie's life (§3.3.2.1.3: our choice)

// RFC 9260 §5.1.2: addresses of ours that the peer can use. Loopback and link-local addresses mean nothing to a peer
// elsewhere.
bool in_scope(const IpAddress& local, const IpAddress& peer, const PeerParameters& parameters) noexcept {
  if (local.is_v4() ? !parameters.supports_v4 : !parameters.supports_v6) return false;
  if (local.is_loopback()) return peer.is_loopback();
  if (local.is_link_local()) return peer.is_link_local() || peer.is_loopback();
  return true;
}

}  // namespace

void StackState::refuse_init(const Incoming& in, std::uint32_t tag, wire::CauseCode cause, wire::Bytes value,
                             bool has_cause) noexcept {
  // RFC 9260 §8.4 rule 3: the ABORT carries the Initiate Tag, T bit clear.
  reply(in.datagram.from, in.datagram.to, in.packet.header.destination_port, in.packet.header.source_port, tag,
        [&](wire::PacketWriter& writer) {
          writer.open(wire::ChunkType::kAbort, 0);
          if (has_cause && !writer.cause(cause, value)) writer.cause(cause);
          writer.close();
        });
}

void StackState::on_init(const Incoming& in, Time now) noexcept {
  const wire::CommonHeader& header = in.packet.header;
  wire::ChunkReader reader = in.packet.reader();
  (void)reader.next();
  if (header.verification_tag != 0 || reader.next()) {  // RFC 9260 §8.5.1 A, §12.3, §6.10: silently
    ++counters.discarded_bad_bundling;
    return;
  }
  const std::optional<wire::Init> init = wire::parse_init(in.first);
  if (!init || init->initiate_tag == 0) {  // RFC 9260 §3.3.2: silently
    ++counters.discarded_malformed_chunk;
    return;
  }
  const auto refuse = [&](wire::CauseCode cause, wire::Bytes value = {}) {
    if (may_reply(now)) refuse_init(in, init->initiate_tag, cause, value, true);
  };
  if (init->a_rwnd < kSmallestWindow || init->outbound_streams == 0 || init->inbound_streams == 0) {
    refuse(wire::CauseCode::kInvalidMandatoryParameter);  // RFC 9260 §3.3.2
    return;
  }
  const PeerParameters peer = read_peer_parameters(*init, in.datagram.from.ip);
  if (peer.host_name) {  // RFC 9260 §3.3.2.1.4
    refuse(wire::CauseCode::kUnresolvableAddress, peer.host_name->whole);
    return;
  }
  if (peer.malformed) {
    refuse(wire::CauseCode::kProtocolViolation);
    return;
  }
  EndpointId id = 0;
  Endpoint* const owner = endpoint_for(header.destination_port, in.datagram.to, id);
  if (owner == nullptr) {
    ++counters.out_of_the_blue;
    if (may_reply(now)) refuse_init(in, init->initiate_tag, {}, {}, false);
    return;
  }
  // RFC 9260 §5.1.2 D: any of its addresses can name an association that exists.
  Association* const existing = find_by_addresses(id, header.source_port, {peer.addresses.data(), peer.address_count});
  if (existing == nullptr) {
    if (!owner->listening) {
      if (may_reply(now)) refuse_init(in, init->initiate_tag, {}, {}, false);
      return;
    }
    if (owner->pending >= owner->backlog || association_count() >= config.max_associations) {
      refuse(wire::CauseCode::kOutOfResource);  // RFC 9260 §5.1
      return;
    }
  } else if (existing->state() == State::kShutdownAckSent) {
    existing->resend_shutdown_ack();  // RFC 9260 §9.2: discard the INIT and retransmit SHUTDOWN ACK
    settle(*existing, now);
    return;
  } else if (existing->state() != State::kCookieWait && existing->adds_addresses(peer)) {
    // RFC 9260 §5.2.1, §5.2.2: a restart must not bring new addresses; the ABORT lists them (§3.3.10.11).
    std::array<std::byte, kMaxPaths * 20> list{};
    std::size_t length = 0;
    for (std::size_t i = 0; i < peer.address_count; ++i) {
      const IpAddress& address = peer.addresses[i];
      if (!existing->is_new_address(address)) continue;
      const auto type = address.is_v4() ? wire::ParameterType::kIpv4Address : wire::ParameterType::kIpv6Address;
      store_big(&list[length], static_cast<std::uint16_t>(type));
      store_big(&list[length + 2], static_cast<std::uint16_t>(4 + address.size()));
      std::copy_n(address.bytes.begin(), address.size(), list.begin() + static_cast<std::ptrdiff_t>(length) + 4);
      length += 4 + address.size();
    }
    refuse(wire::CauseCode::kRestartWithNewAddresses, wire::Bytes(list).first(length));
    return;
  }
  answer_init(in, peer, id, existing, now);
}

// INIT ACK with everything about the association to be in its cookie (§5.1 B, §5.1.3).
void StackState::answer_init(const Incoming& in, const PeerParameters& peer, EndpointId id, Association* existing,
                             Time now) noexcept {
  const Endpoint& owner = *endpoint(id);
  // RFC 9260 §5.2.1, §5.2.2: an association that exists speaks for itself.
  const AssociationParameters& ours = existing != nullptr ? existing->parameters() : owner.config.parameters;
  Cookie cookie;
  cookie.created = now;
  cookie.lifespan = ours.cookie_life;
  if (peer.cookie_preservative) {  // RFC 9260 §3.3.2.1.3
    cookie.lifespan += std::chrono::milliseconds(std::min(*peer.cookie_preservative, kMaxPreservative));
  }
  cookie.local_port = in.packet.header.destination_port;
  cookie.peer_port = in.packet.header.source_port;
  cookie.local_tag = random_tag();
  cookie.peer_tag = peer.init.initiate_tag;
  cookie.local_initial_tsn = entropy.u32();
  cookie.peer_initial_tsn = peer.init.initial_tsn;
  cookie.peer_rwnd = peer.init.a_rwnd;
  // RFC 9260 §5.1.1.
  cookie.outbound_streams = std::min(ours.outbound_streams, peer.init.inbound_streams);
  cookie.inbound_streams = std::min(ours.max_inbound_streams, peer.init.outbound_streams);
  cookie.remote_udp_port = in.datagram.from.port;
  cookie.peer_adaptation = peer.adaptation;
  cookie.local = in.datagram.to;
  cookie.peer_addresses = peer.addresses;
  cookie.peer_address_count = peer.address_count;
  // RFC 3758 §3.3.2.
  cookie.partial_reliability = ours.partial_reliability && peer.forward_tsn_supported.has_value();
  cookie.stream_reset = ours.stream_reset && peer.re_config;
  Address target = in.datagram.from;  // RFC 9260 §5.1 B
  if (existing != nullptr) {
    existing->describe(cookie);
    if (existing->state() == State::kCookieWait && existing->find_path(target.ip) == kNoPath) {
      // RFC 9260 §5.2.1 rules 1, 2: only to an address that both our user and the INIT have named.
      for (std::size_t i = 0; i < peer.address_count; ++i) {
        const PathId path = existing->find_path(peer.addresses[i]);
        if (path == kNoPath) continue;
        target = {peer.addresses[i], existing->paths()[path].remote_udp_port};
        std::swap(cookie.peer_addresses[0], cookie.peer_addresses[i]);  // §5.4 rule 2: where the INIT ACK goes
        break;
      }
    }
  }

  std::array<std::byte, CookieJar::kMaxSize> sealed;
  const std::size_t sealed_size = cookies.seal(cookie, sealed, now);
  const IpAddress& to = in.datagram.from.ip;
  reply(target, in.datagram.to, cookie.local_port, cookie.peer_port, cookie.peer_tag, [&](wire::PacketWriter& writer) {
    // RFC 9260 §3.3.3: what OS we announce must not exceed the peer's MIS.
    writer.open_init(wire::ChunkType::kInitAck, cookie.local_tag,
                     static_cast<std::uint32_t>(std::min<std::size_t>(ours.receive_buffer, 0xFFFFFFFFu)),
                     cookie.outbound_streams, ours.max_inbound_streams, cookie.local_initial_tsn);
    writer.parameter(wire::ParameterType::kStateCookie, wire::Bytes(sealed).first(sealed_size));
    if (ours.adaptation != 0) {  // RFC 5061 §4.2.6
      std::array<std::byte, 4> indication;
      store_big(indication.data(), ours.adaptation);
      writer.parameter(wire::ParameterType::kAdaptationIndication, indication);
    }
    std::size_t usable = 0;
    for (const IpAddress& local : owner.config.addresses) usable += in_scope(local, to, peer) ? 1 : 0;
    // A single address needs no parameter: the source address says it, and a NAT may change it
    // (RFC 9260 §3.3.2.1.2).
    for (const IpAddress& local : owner.config.addresses) {
      if (usable > 1 && in_scope(local, to, peer)) writer.address(local);
    }
    if (cookie.stream_reset) {  // RFC 6525 §5.1.1
      const std::array<std::byte, 2> chunks{static_cast<std::byte>(wire::ChunkType::kReConfig),
                                            static_cast<std::byte>(wire::ChunkType::kForwardTsn)};
      writer.parameter(wire::ParameterType::kSupportedExtensions,
                       wire::Bytes(chunks).first(cookie.partial_reliability ? 2 : 1));
    }
    if (cookie.partial_reliability) writer.parameter(wire::ParameterType::kForwardTsnSupported);
    if (peer.forward_tsn_supported && !ours.partial_reliability) {  // RFC 3758 §3.3.2: unknown then
      writer.parameter(wire::ParameterType::kUnrecognizedParameter, peer.forward_tsn_supported->whole);
    }
    for (std::size_t i = 0; i < peer.unrecognized_count; ++i) {  // RFC 9260 §3.2.2
      writer.parameter(wire::ParameterType::kUnrecognizedParameter, peer.unrecognized[i].whole);
    }
    writer.close();
  });
}

void StackState::report_stale_cookie(const Incoming& in, const Cookie& cookie, Duration age) noexcept {
  ++counters.stale_cookies;
  // RFC 9260 §5.1.5 step 4, §3.3.10.3: how stale, rounded up to microseconds.
  const auto staleness = std::chrono::ceil<std::chrono::microseconds>(age - cookie.lifespan).count();
  std::array<std::byte, 4> value;
  store_big(value.data(), static_cast<std::uint32_t>(std::clamp<std::int64_t>(staleness, 0, 0xFFFFFFFF)));
  reply(in.datagram.from, in.datagram.to, cookie.local_port, cookie.peer_port, cookie.peer_tag,
        [&](wire::PacketWriter& writer) {
          writer.open(wire::ChunkType::kError, 0);
          writer.cause(wire::CauseCode::kStaleCookie, value);
          writer.close();
        });
}

void StackState::on_cookie_echo(const Incoming& in, wire::ChunkReader& rest, Time now) noexcept {
  const wire::CommonHeader& header = in.packet.header;
  const std::optional<Cookie> cookie = cookies.open(in.first.value());
  // RFC 9260 §5.1.5 steps 1 to 3: what we did not sign, or for other ports or another tag, is silently discarded.
  if (!cookie || cookie->local_port != header.destination_port || cookie->peer_port != header.source_port ||
      cookie->local_tag != header.verification_tag) {
    ++counters.discarded_bad_cookie;
    return;
  }
  EndpointId id = 0;
  Endpoint* const owner = endpoint_for(header.destination_port, in.datagram.to, id);
  if (owner == nullptr) {
    ++counters.out_of_the_blue;
    return;
  }
  Association* association = find(id, {in.datagram.from.ip, header.source_port});
  if (association == nullptr) association = find_by_addresses(id, header.source_port, cookie->peers());
  const Duration age = now - cookie->created;
  if (age > cookie->lifespan && (association == nullptr || !association->tags_match(*cookie))) {
    report_stale_cookie(in, *cookie, age);  // RFC 9260 §5.1.5 step 4, §5.2.4 step 3
    return;
  }
  if (association == nullptr) {
    if (wire::contains_chunk(in.packet, wire::ChunkType::kAbort)) return;  // RFC 9260 §8.4 rule 2
    if (!owner->listening || owner->pending >= owner->backlog || association_count() >= config.max_associations) {
      if (may_reply(now))
        refuse_init(in, cookie->peer_tag, wire::CauseCode::kOutOfResource, {}, true);  // RFC 9260 §5.1
      return;
    }
    association = accept_cookie(*cookie, id, now);
    if (association == nullptr) return;
    association->answer_on(association->find_path(in.datagram.from.ip));
  } else if (!association->on_cookie_echo(*cookie, association->find_path(in.datagram.from.ip), now)) {
    settle(*association, now);
    return;
  }
  const PathId from = association->find_path(in.datagram.from.ip);
  // RFC 6951 §5.4: the cookie, which only we can sign, carried the tags; a peer that restarted may have another port.
  association->follow_udp_port(from, in.datagram.from.port);
  // What is bundled behind the COOKIE ECHO is processed at once (§5.1.5 step 7).
  association->receive_chunks(rest, in.datagram, from, now);
  settle(*association, now);
}

Association* StackState::accept_cookie(const Cookie& cookie, EndpointId id, Time now) noexcept {
  Endpoint& owner = *endpoint(id);
  Association* const association = create(id, cookie.peer_port, owner.config.parameters);
  if (association == nullptr) return nullptr;
  ++owner.pending;
  association->set_pending();
  if (!association->start_from_cookie(cookie, now)) {
    destroy(*association);
    return nullptr;
  }
  return association;
}

bool Association::tags_match(const Cookie& cookie) const noexcept {
  return cookie.local_tag == local_tag_ && cookie.peer_tag == peer_tag_;
}

bool Association::adds_addresses(const PeerParameters& peer) const noexcept {
  return std::any_of(peer.addresses.begin(), peer.addresses.begin() + static_cast<std::ptrdiff_t>(peer.address_count),
                     [&](const IpAddress& address) { return is_new_address(address); });
}

// RFC 9260 §5.1.2: addresses of a family that this endpoint does not have were ignored from the beginning.
bool Association::is_new_address(const IpAddress& address) const noexcept {
  return find_path(address) == kNoPath && speaks(address.family);
}

void Association::describe(Cookie& cookie) noexcept {
  if (state_ == State::kCookieWait || state_ == State::kCookieEchoed) {
    // RFC 9260 §5.2.1: the parameters of our own INIT, its tag unchanged.
    cookie.local_tag = local_tag_;
    cookie.local_initial_tsn = local_initial_tsn_;
    cookie.outbound_streams = std::min(parameters_->outbound_streams, cookie.outbound_streams);
  }
  if (state_ != State::kCookieWait) {
    // RFC 9260 §5.2.2: Tie-Tags are random, not the tags themselves, and stay with the association.
    if (local_tie_tag_ == 0) {
      local_tie_tag_ = stack_.random_tag();
      peer_tie_tag_ = stack_.random_tag();
    }
    cookie.local_tie_tag = local_tie_tag_;
    cookie.peer_tie_tag = peer_tie_tag_;
  }
}

void Association::apply_cookie(const Cookie& cookie) noexcept {
  local_tag_ = cookie.local_tag;
  peer_tag_ = cookie.peer_tag;
  peer_rwnd_ = cookie.peer_rwnd;
  outbound_streams_ = cookie.outbound_streams;
  inbound_streams_ = cookie.inbound_streams;
  partial_reliability_ = cookie.partial_reliability;
  stream_reset_ = cookie.stream_reset;
  begin_reconfiguration(cookie.peer_initial_tsn);
  reassembly_.set_partial_reliability(partial_reliability_);
  fail_messages_beyond_streams();
  received_ = TsnMap(Tsn::initial(cookie.peer_initial_tsn));
  for (const IpAddress& address : cookie.peers()) {
    if (find_path(address) == kNoPath) add_path(address, cookie.remote_udp_port);
  }
}

bool Association::start_from_cookie(const Cookie& cookie, Time now) noexcept {
  local_initial_tsn_ = cookie.local_initial_tsn;
  outstanding_.restart(Tsn::initial(local_initial_tsn_));
  apply_cookie(cookie);
  const PathId source = find_path(cookie.peer_addresses[0]);
  if (source == kNoPath) return false;
  choose_local_addresses(cookie.peer_addresses[0]);
  paths_[source].local = cookie.local;
  primary_ = reply_path_ = setup_path_ = source;
  // RFC 9260 §5.4 rule 2: only where the INIT ACK went is confirmed.
  paths_[source].confirmed = true;
  paths_[source].state = Path::State::kActive;
  cookie_ack_due_ = true;  // RFC 9260 §5.1 D
  come_up(true, cookie.peer_adaptation, now);
  return true;
}

// RFC 9260 §5.2.4, Table 12: M matches, X does not, 0 unknown.
bool Association::on_cookie_echo(const Cookie& cookie, PathId from, Time now) noexcept {
  const bool local_matches = cookie.local_tag == local_tag_;
  const bool peer_matches = cookie.peer_tag == peer_tag_;
  const bool tie_tags_match =
      cookie.local_tie_tag != 0 && cookie.local_tie_tag == local_tie_tag_ && cookie.peer_tie_tag == peer_tie_tag_;
  if (from != kNoPath) reply_path_ = from;

  if (!local_matches && !peer_matches && tie_tags_match) {  // A: the peer restarted
    if (state_ == State::kShutdownAckSent) {
      resend_shutdown_ack();
      queue_error(wire::CauseCode::kCookieReceivedWhileShuttingDown, {});
      return false;
    }
    restart(cookie, from, now);
    return true;
  }
  if (local_matches && !peer_matches) {  // B: both began at once, and the peer took another tag
    const bool was_up = state_ != State::kCookieWait && state_ != State::kCookieEchoed;
    if (!was_up) {
      apply_cookie(cookie);
      // RFC 9260 §5.4 rule 2.
      if (const PathId source = find_path(cookie.peer_addresses[0]); source != kNoPath) confirm(source, now);
      for (PathId i = 0; i < paths_.size(); ++i) outstanding_.mark_all_lost(i);  // sent to a tag that is gone
      come_up(false, cookie.peer_adaptation, now);
    } else {
      peer_tag_ = cookie.peer_tag;
    }
    cookie_ack_due_ = true;
    return true;
  }
  if (local_matches && peer_matches) {  // D: our COOKIE ACK was lost, or both echoed cookies at once
    if (state_ == State::kCookieEchoed) {
      come_up(false, setup_.read().peer_adaptation, now);
      guard_early_data(now);
    }
    cookie_ack_due_ = true;
    return true;
  }
  // C (our late cookie) and every case that Table 12 does not show.
  ++stack_.counters.discarded_bad_cookie;
  return false;
}

// After a restart: nothing refers to a path any more. What the peer no longer lists is dropped (§5.1.2 C).
void Association::keep_only(std::span<const IpAddress> addresses) noexcept {
  const auto is_listed = [&](const Path& path) {
    return std::find(addresses.begin(), addresses.end(), path.address) != addresses.end();
  };
  if (std::none_of(paths_.begin(), paths_.end(), is_listed)) return;
  for (const Path& path : paths_) {
    if (!is_listed(path)) stack_.unregister_address(*this, path.address);
  }
  std::erase_if(paths_, [&](const Path& path) { return !is_listed(path); });
  primary_ = setup_path_ = reply_path_ = error_path_ = shutdown_path_ = 0;
}

// RFC 9260 §5.2.4 action A: everything begins anew but the association's identity, its addresses and its settings.
void Association::restart(const Cookie& cookie, PathId from, Time now) noexcept {
  ++stack_.counters.restarts;
  fail_request();
  fail_messages(0);
  timers_.stop_all();
  setup_.reset();
  send_queue_.reset_sequence_numbers();
  local_initial_tsn_ = cookie.local_initial_tsn;
  outstanding_.restart(Tsn::initial(local_initial_tsn_));
  reassembly_.reset();
  const IpAddress source = from == kNoPath ? cookie.peer_addresses[0] : paths_[from].address;
  // RFC 6951 §5.1: a new stack may have another UDP port; its other addresses had the old one's.
  if (from != kNoPath) {
    const std::uint16_t before = paths_[from].remote_udp_port;
    for (Path& path : paths_)
      if (path.remote_udp_port == before) path.remote_udp_port = cookie.remote_udp_port;
  }
  keep_only(cookie.peers());
  apply_cookie(cookie);
  from = find_path(source);
  answer_on(from);
  for (Path& path : paths_) {
    path.timeout = RetransmissionTimeout(*parameters_);
    path.congestion.initialize(path.pmdcs(), path.address.is_v4());
    path.error_count = 0;
    path.t3_deadline = kNever;
    path.one_packet = path.heartbeat_unanswered = false;
  }
  error_count_ = 0;
  fast_recovery_exit_.reset();
  rack_.reset();
  bbr_.reset();
  forward_tsn_due_ = false;
  forwarded_.reset();
  fast_retransmit_packet_ = probe_due_ = probing_ = false;
  packets_unacked_ = 0;
  first_data_ = true;
  reneged_ = false;
  sack_now_ = shutdown_due_ = shutdown_ack_due_ = false;
  last_data_path_ = kNoPath;
  heartbeat_replies_.reset();
  errors_.reset();
  local_tie_tag_ = peer_tie_tag_ = 0;
  enter(State::kEstablished);
  if (from != kNoPath) {
    confirm(from, now);
    path_answered(from);
    primary_ = from;
  }
  cookie_ack_due_ = true;
  advertised_left_ = window_room();
  AssociationChanged changed;
  changed.what = AssociationChanged::What::kRestarted;
  changed.inbound = inbound_;
  changed.outbound_streams = outbound_streams_;
  changed.inbound_streams = inbound_streams_;
  stack_.emit(*this, std::move(changed));
  start_heartbeats(now);
  allow_burst();
}

}  // namespace netsctp::core
