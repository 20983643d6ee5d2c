// What an association does for the search of its paths' MTU (RFC 8899; pmtu.hpp decides): when it begins, probes out,
// answers in, and packets of the size that was found.
#include <algorithm>
#include <array>
#include <chrono>

#include "base/bytes.hpp"
#include "core/association.hpp"
#include "core/stack_state.hpp"

namespace netsctp::core {
namespace {

// Heartbeat Information of a probe: its number, its path, zeros. By its length it is told from that of a HEARTBEAT.
constexpr std::size_t kProbeInfoSize = 8;
// Larger packets are worth their probes once a path has carried a window of so many, all used.
constexpr std::size_t kWindowWorthProbes = 16;
// T3-rtx on end that make a path suspect of swallowing large packets: its own, with none of its data acknowledged
// between, or those of all paths, which retransmissions take in turn. HEARTBEATs are small, and answered all the while.
constexpr unsigned kTimeoutsOfBlackHole = 3;

}  // namespace

// RFC 6458 §8.1.12: the user can fix a path's MTU; and can do without probes.
bool Association::may_search(const Path& path) noexcept {
  return path.parameters->probe_interval != 0 && path.parameters->path_mtu == 0;
}

// RFC 8899 §5.3.1: MAX_PLPMTU. What the host's own link takes is learned when it refuses the first probe. Two packets
// must fit the peer's window, or each would wait for a delayed SACK.
std::size_t Association::largest_probe(const Path& path) const noexcept {
  const std::size_t window = peer_rwnd_ + outstanding_.in_flight_payload();
  return std::clamp(window / 2, path.mtu, std::max(stack_.config.largest_mtu, path.mtu));
}

// All paths at once, as chunks are cut for the smallest (RFC 9260 §7.3).
void Association::begin_search(const Path& busy, Time now) noexcept {
  if (busy.search.read().runs() || busy.congestion.window() < kWindowWorthProbes * busy.pmdcs()) return;
  for (Path& path : paths_) {
    if (path.search.read().runs() || !may_search(path) || path.state != Path::State::kActive) continue;
    path.search.use().start(path.mtu, largest_probe(path), path.address.is_v4(), now);
    follow_search(path);
  }
}

void Association::on_search_timer(Time now) noexcept {
  for (Path& path : paths_) {
    if (path.search.read().deadline() <= now) continue_search(path, now);
  }
}

void Association::continue_search(Path& path, Time now) noexcept {
  // RFC 8899 §5.2: disabled when the path is lost, except to find out whether it is only large packets that it loses.
  const bool lost =
      path.state == Path::State::kInactive && path.search.read().state() >= PathMtuSearch::State::kSearching;
  if (may_send_data() && may_search(path) && !lost) {
    path.search.use().expire(now);
  } else {
    path.search.reset();
  }
  follow_search(path);
}

// After each change of a path's search.
void Association::follow_search(Path& path) noexcept {
  if (path.search.read().runs() && path.search.read().size() != path.mtu) {
    path.set_mtu(path.search.read().size(), stack_.config.link_overhead);  // RFC 8899 §3: cwnd stays as it is
  }
  mtu_probes_due_ = false;
  Time next = kNever;
  for (const Path& each : paths_) {
    mtu_probes_due_ = mtu_probes_due_ || each.search.read().probe_due();
    next = std::min(next, each.search.read().deadline());
  }
  timers_.start(Timer::kMtuSearch, next);
}

// RFC 8899 §6.2.1.2, RFC 4820 §3: HEARTBEAT and PAD fill the packet. Nothing of it counts against cwnd, and its loss is
// no sign of congestion (RFC 8899 §3).
void Association::write_mtu_probe(wire::PacketWriter& writer, PathId id, Time now) noexcept {
  Path& path = paths_[id];
  const std::uint32_t nonce = stack_.entropy.u32() | 1;
  std::array<std::byte, kProbeInfoSize> info{};
  store_big(info.data(), nonce);
  info[4] = std::byte{id};
  path.search.use().sent(nonce, now, std::chrono::milliseconds(path.parameters->probe_interval));
  follow_search(path);
  if (!writer.open(wire::ChunkType::kHeartbeat, 0)) return;
  writer.parameter(wire::ParameterType::kHeartbeatInfo, info);
  writer.close();
  writer.pad();
}

bool Association::on_mtu_probe_answer(wire::Bytes info, Time now) noexcept {
  if (info.size() != kProbeInfoSize) return false;
  const auto id = static_cast<PathId>(info[4]);
  if (id < paths_.size() && paths_[id].search.is_used() &&
      paths_[id].search.use().acknowledged(load_big<std::uint32_t>(info.data()), now)) {
    follow_search(paths_[id]);
    path_answered(id);  // RFC 8899 §6.2.1.2: a successful probe updates the path's counters
  }
  return true;
}

// RFC 8899 §4.3: data times out again and again, and no router says why. Packets become small until probes of the base
// size have told more.
void Association::suspect_black_hole(Path& path) noexcept {
  const bool known = path.search.read().runs() && path.search.read().state() < PathMtuSearch::State::kSearching;
  if (known || !may_search(path) || std::max<unsigned>(path.timeouts, timeouts_on_end_) < kTimeoutsOfBlackHole ||
      path.mtu <= PathMtuSearch::least(path.address.is_v4())) {
    return;
  }
  path.search.use().black_hole(path.mtu, largest_probe(path), path.address.is_v4());
  follow_search(path);
}

}  // namespace netsctp::core
