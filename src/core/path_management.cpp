// The peer's addresses: verification, heartbeats, failure and choice (RFC 9260 §5.4, §6.4, §8.2, §8.3).
#include <algorithm>
#include <bit>

#include "base/bytes.hpp"
#include "core/association.hpp"
#include "core/stack_state.hpp"
#include "wire/control.hpp"

namespace netsctp::core {
namespace {

std::size_t common_prefix_bits(const IpAddress& a, const IpAddress& b) noexcept {
  for (std::size_t i = 0; i < a.size(); ++i) {
    const auto differing = static_cast<std::uint8_t>(a.bytes[i] ^ b.bytes[i]);
    if (differing != 0) return i * 8 + static_cast<std::size_t>(std::countl_zero(differing));
  }
  return a.size() * 8;
}

}  // namespace

PathId Association::find_path(const IpAddress& address) const noexcept {
  for (PathId i = 0; i < paths_.size(); ++i) {
    if (paths_[i].address == address) return i;
  }
  return kNoPath;
}

bool Association::speaks(Family family) const noexcept {
  const Endpoint* const owner = stack_.endpoint(endpoint_);
  return owner != nullptr && std::any_of(owner->config.addresses.begin(), owner->config.addresses.end(),
                                         [&](const IpAddress& ours) { return ours.family == family; });
}

PathId Association::add_path(const IpAddress& address, std::uint16_t udp_port) noexcept {
  // RFC 9260 §5.1.2: addresses of a family that this endpoint does not have are ignored.
  if (!speaks(address.family) || paths_.size() == kMaxPaths || find_path(address) != kNoPath ||
      !stack_.register_address(*this, address)) {
    return kNoPath;
  }
  const auto id = static_cast<PathId>(paths_.size());
  Path& path = paths_.emplace_back(address, udp_port, *parameters_, stack_.path_parameter_sets.of(parameters_->path));
  const std::size_t mtu = parameters_->path.path_mtu != 0 ? parameters_->path.path_mtu : stack_.config.path_mtu;
  path.set_mtu(mtu, stack_.config.link_overhead);
  path.congestion.initialize(path.pmdcs(), address.is_v4());
  path.local = choose_local(address, id);
  return id;
}

// Which of our addresses are announced to a peer: those that mean something where it is (§5.1.2).
void Association::choose_local_addresses(const IpAddress& announced_to) noexcept {
  const Endpoint* const owner = stack_.endpoint(endpoint_);
  if (owner == nullptr) return;
  std::vector<IpAddress> announced;
  for (const IpAddress& local : owner->config.addresses) {
    if (local.is_loopback() && !announced_to.is_loopback()) continue;
    if (local.is_link_local() && !announced_to.is_link_local() && !announced_to.is_loopback()) continue;
    announced.push_back(local);
  }
  local_addresses_ = stack_.address_lists.of(announced.empty() ? owner->config.addresses : announced);
  for (PathId i = 0; i < paths_.size(); ++i) {
    if (paths_[i].local.family == Family::kNone) paths_[i].local = choose_local(paths_[i].address, i);
  }
}

// RFC 9260 §6.4.1: pairs of addresses that share as little as possible: the local address nearest to the peer's, and
// among equals another one for each path. A wildcard endpoint leaves it to the host's routing table.
IpAddress Association::choose_local(const IpAddress& peer, PathId index) const noexcept {
  const Endpoint* const owner = stack_.endpoint(endpoint_);
  if (owner != nullptr && (peer.is_v4() ? owner->config.any_v4 : owner->config.any_v6)) return {};
  std::size_t best_bits = 0;
  std::vector<const IpAddress*> best;
  for (const IpAddress& local : *local_addresses_) {
    if (local.family != peer.family) continue;
    const std::size_t bits = common_prefix_bits(local, peer);
    if (bits > best_bits || best.empty()) {
      best_bits = bits;
      best.clear();
    }
    if (bits == best_bits) best.push_back(&local);
  }
  return best.empty() ? IpAddress{} : *best[index % best.size()];
}

void Association::emit_path(PathId id, PathChanged::What what) noexcept {
  stack_.emit(*this, PathChanged{what, {paths_[id].address, peer_port_}});
}

void Association::confirm(PathId id, Time now) noexcept {
  Path& path = paths_[id];
  if (path.confirmed) return;
  path.confirmed = true;
  path.state = Path::State::kActive;
  emit_path(id, PathChanged::What::kConfirmed);  // RFC 9260 §5.4
  schedule_heartbeat(id, now);
}

void Association::path_error(PathId id) noexcept {
  Path& path = paths_[id];
  if (path.state == Path::State::kInactive) return;  // RFC 9260 §8.3: the counter stops
  if (++path.error_count > path.parameters->max_retransmissions) {
    path.state = Path::State::kInactive;  // RFC 7829 §3.2 8: from potentially failed too
    emit_path(id, PathChanged::What::kUnreachable);
  } else if (path.state == Path::State::kActive && path.error_count > path.parameters->potentially_failed_threshold) {
    path.state = Path::State::kPotentiallyFailed;  // RFC 7829 §3.2 2
    emit_path(id, PathChanged::What::kPotentiallyFailed);
    // RFC 7829 §3.2 6: a HEARTBEAT goes out at once; the only path finds out by its data.
    if (paths_.size() > 1 && !path.heartbeat_unanswered) probe_potentially_failed(path);
  }
  if (id == primary_ && path.error_count > path.parameters->primary_switch_threshold) switch_primary();
}

// RFC 7829 §3.2 5: where heartbeats are enabled, and HB.interval does not count.
void Association::probe_potentially_failed(Path& path) noexcept {
  path.heartbeat_due = path.parameters->heartbeat_enabled && may_send_data();
}

// RFC 7829 §5 3: the new primary path is the one that is used now.
void Association::switch_primary() noexcept {
  const PathId used = data_path();
  if (used == primary_ || paths_[used].state != Path::State::kActive) return;
  primary_ = used;
  emit_path(used, PathChanged::What::kMadePrimary);
}

void Association::path_answered(PathId id) noexcept {
  Path& path = paths_[id];
  path.error_count = 0;
  const bool recovered = path.state == Path::State::kPotentiallyFailed;
  if (!recovered && path.state != Path::State::kInactive) return;
  path.state = path.confirmed ? Path::State::kActive : Path::State::kUnconfirmed;
  // RFC 7829 §3.2 7, 10.
  emit_path(id, recovered ? PathChanged::What::kRecovered : PathChanged::What::kAvailable);
}

// RFC 9260 §6.4, §8.2: the primary path while it is active, else one other that is.
PathId Association::data_path() const noexcept {
  const Path& primary = paths_[primary_];
  if (primary.state == Path::State::kActive) return primary_;
  const PathId other = alternate_path(primary_);
  if (other == kNoPath) return primary_;
  // RFC 7829 §3.2 4: with none active, of those potentially failed the one with the fewest errors.
  const bool both_suspected = primary.state == Path::State::kPotentiallyFailed && paths_[other].state == primary.state;
  return both_suspected && primary.error_count <= paths_[other].error_count ? primary_ : other;
}

namespace {

// Active before potentially failed (RFC 7829 §3.2 3, 4) before any other that is confirmed and so worth a try.
// RFC 7829 §4.1: with all inactive one is used all the same.
int rank(const Path& path) noexcept {
  if (path.state == Path::State::kActive) return 3;
  if (path.state == Path::State::kPotentiallyFailed) return 2;
  return path.confirmed ? 1 : 0;
}

}  // namespace

// The best path after `avoid`; kNoPath if there is none as good. Nothing about the path changes by its being chosen.
PathId Association::alternate_path(PathId avoid) const noexcept {
  PathId best = kNoPath;
  for (std::size_t step = 1; step < paths_.size(); ++step) {
    const auto id = static_cast<PathId>((avoid + step) % paths_.size());
    const int mine = rank(paths_[id]);
    if (mine == 0 || mine < rank(paths_[avoid])) continue;
    const bool better = best == kNoPath || mine > rank(paths_[best]) ||
                        (mine == 2 && mine == rank(paths_[best]) && paths_[id].error_count < paths_[best].error_count);
    if (better) best = id;
  }
  return best;
}

PathId Association::retransmit_path(const Outstanding::Chunk& chunk) const noexcept {
  const Path& last = paths_[chunk.path];
  // RFC 9260 §6.4: fast retransmissions go where the data went; what timed out goes elsewhere if there is an elsewhere.
  if (last.state == Path::State::kActive && (!chunk.timed_out || last.error_count == 0)) return chunk.path;
  const PathId other = alternate_path(chunk.path);
  return other == kNoPath ? chunk.path : other;
}

bool Association::on_heartbeat(const wire::Chunk& chunk, PathId from, const Datagram& datagram) noexcept {
  // RFC 9260 §8.3: answered from COOKIE-ECHOED (ESTABLISHED for a responder) until SHUTDOWN-SENT or SHUTDOWN-ACK-SENT.
  if (state_ == State::kCookieWait) {
    ++stack_.counters.discarded_unexpected_chunk;
    return true;
  }
  if (from == kNoPath || heartbeat_replies_.read().size() >= kMaxHeartbeatReplies) return true;
  const auto offset = static_cast<std::size_t>(chunk.value().data() - datagram.bytes.data());
  // An echo larger than the path's packets is not sent.
  if (wire::padded(chunk.whole.size()) + wire::kCommonHeaderSize > paths_[from].max_packet) return true;
  heartbeat_replies_.use().push_back({from, datagram.bytes.subslice(offset, chunk.value().size())});
  return true;
}

void Association::on_heartbeat_ack(const wire::Chunk& chunk, Time now) noexcept {
  const auto info = wire::parse_heartbeat_info(chunk);
  if (!info || on_mtu_probe_answer(info->value(), now) || info->value().size() != 40) return;
  const auto id = static_cast<PathId>(info->value()[16]);
  if (id >= paths_.size()) return;
  Path& path = paths_[id];
  // RFC 9260 §5.4: the nonce shows that who has the address answers; it is checked before anything else happens.
  if (path.heartbeat_nonce == 0 || load_big<std::uint64_t>(&info->value()[8]) != path.heartbeat_nonce) return;
  path.heartbeat_nonce = 0;  // the answer counts once; it may well be late
  path.heartbeat_unanswered = false;
  path.timeout.measured(now - path.heartbeat_sent_at, *parameters_);  // RFC 9260 §8.3
  confirm(id, now);
  path_answered(id);
  if (outstanding_.empty() || id == data_path()) error_count_ = 0;  // RFC 9260 §8.1
  schedule_heartbeat(id, now);
}

void Association::on_heartbeat_timer(PathId id, Time now) noexcept {
  Path& path = paths_[id];
  path.heartbeat_deadline = kNever;
  // RFC 9260 §8.3: none once SHUTDOWN or SHUTDOWN ACK has been sent.
  if (state_ != State::kEstablished && state_ != State::kShutdownPending && state_ != State::kShutdownReceived) return;
  if (path.heartbeat_unanswered) {
    // RFC 9260 §8.3: not acknowledged within one RTO.
    path.heartbeat_unanswered = false;
    const bool carries_data = id == data_path();
    path.timeout.back_off(parameters_->rto_max);
    path_error(id);
    // RFC 9260 §8.1, §5.4: only on the path in use, and never for the verification of an address.
    if (carries_data && path.confirmed) count_association_error();
    if (state_ == State::kClosed) return;
    if (path.state == Path::State::kPotentiallyFailed && path.parameters->heartbeat_enabled) {
      probe_potentially_failed(path);  // RFC 7829 §3.2 6: the next one at once
    } else {
      schedule_heartbeat(id, path.heartbeat_sent_at);
    }
    return;
  }
  const bool idle = path.last_rtt_chunk_at + path.parameters->heartbeat_interval <= now;
  if (path.confirmed && !idle && path.state == Path::State::kActive) {
    schedule_heartbeat(id, now);  // RFC 9260 §8.3: only idle addresses
    return;
  }
  path.heartbeat_due = true;
}

// RFC 9260 §8.3: HB.interval plus the RTO with a jitter of half of it either way. §5.4: an unconfirmed address once per
// RTO.
void Association::schedule_heartbeat(PathId id, Time from) noexcept {
  Path& path = paths_[id];
  const Duration rto = path.timeout.rto();
  if (!path.confirmed && path.state != Path::State::kInactive) {
    path.heartbeat_deadline = from + rto / 2;
    return;
  }
  if (!path.parameters->heartbeat_enabled) {
    path.heartbeat_deadline = kNever;
    return;
  }
  const auto jitter = Duration(static_cast<std::int64_t>(stack_.entropy.u32() % 1024) * rto.count() / 1024);
  path.heartbeat_deadline = from + path.parameters->heartbeat_interval + rto / 2 + jitter;
}

void Association::start_heartbeats(Time now) noexcept {
  std::int64_t unconfirmed = 0;
  for (PathId i = 0; i < paths_.size(); ++i) {
    Path& path = paths_[i];
    if (path.confirmed) {
      schedule_heartbeat(i, now);
    } else {
      // RFC 9260 §5.4: HB.Max.Burst (1) HEARTBEAT per RTO while addresses are being verified.
      path.heartbeat_deadline = now + path.timeout.rto() * unconfirmed++;
    }
  }
}

std::error_code Association::set_primary(const IpAddress& address) noexcept {
  const PathId path = find_path(address);
  if (path == kNoPath) return std::make_error_code(std::errc::invalid_argument);
  if (path != primary_) {
    primary_ = path;
    emit_path(path, PathChanged::What::kMadePrimary);
  }
  return {};
}

std::error_code Association::set_path(const IpAddress& address, const PathParameters& parameters, Time now) noexcept {
  const PathId id = find_path(address);
  if (id == kNoPath) return std::make_error_code(std::errc::invalid_argument);
  Path& path = paths_[id];
  const bool rescheduled = path.parameters->heartbeat_interval != parameters.heartbeat_interval ||
                           path.parameters->heartbeat_enabled != parameters.heartbeat_enabled;
  if (parameters.path_mtu != 0 && parameters.path_mtu != path.mtu) {
    path.set_mtu(parameters.path_mtu, stack_.config.link_overhead);
  }
  path.parameters = stack_.path_parameter_sets.of(parameters);
  if (!may_search(path)) path.search.reset();
  follow_search(path);
  if (rescheduled && !path.heartbeat_unanswered && may_send_data()) schedule_heartbeat(id, now);
  return {};
}

std::error_code Association::request_heartbeat(const IpAddress& address) noexcept {
  const PathId path = find_path(address);
  if (path == kNoPath || !may_send_data()) return std::make_error_code(std::errc::invalid_argument);
  paths_[path].heartbeat_due = true;
  return {};
}

std::error_code Association::set_remote_udp_port(const IpAddress& address, std::uint16_t port) noexcept {
  const PathId path = find_path(address);
  if (path == kNoPath) return std::make_error_code(std::errc::invalid_argument);
  // RFC 6951 §6.1: 0 is for a stack that can also send without encapsulation; here it is the port that the link
  // assumes.
  paths_[path].remote_udp_port = port != 0 ? port : stack_.config.default_remote_port;
  return {};
}

}  // namespace netsctp::core
