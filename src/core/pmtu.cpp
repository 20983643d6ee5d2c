// The states of RFC 8899 §5.2, and which sizes are tried (RFC 8899 §5.3.2).
#include "core/pmtu.hpp"

#include <algorithm>
#include <array>

namespace netsctp::core {
namespace {

constexpr std::size_t kLargest = 65'535;
// Tried before a binary search is: jumbo frames, Ethernet, PPPoE, the least that IPv6 has.
constexpr std::array<std::uint16_t, 4> kCommonSizes{9000, 1500, 1492, 1280};

std::uint16_t narrow(std::size_t size) noexcept {
  return static_cast<std::uint16_t>(std::min(size, kLargest));
}

}  // namespace

// RFC 8899 §5.1.4: connectivity and a size are confirmed already, by data that was acknowledged.
void PathMtuSearch::start(std::size_t current, std::size_t most, bool ipv4, Time now) noexcept {
  *this = {};
  ipv4_ = ipv4;
  size_ = narrow(current);
  most_ = ceiling_ = std::max(narrow(most), size_);
  state_ = State::kSearching;
  search(now);
}

void PathMtuSearch::black_hole(std::size_t current, std::size_t most, bool ipv4) noexcept {
  const std::size_t most_before = runs() ? most_ : std::max(most, current);
  *this = {};
  ipv4_ = ipv4;
  most_ = narrow(most_before);
  // Perhaps the path was only interrupted: what it carried before is the first to be tried again.
  ceiling_ = narrow(current);
  size_ = narrow(std::min(current, base()));
  state_ = State::kBase;
  probe(size_);
}

void PathMtuSearch::probe(std::size_t size) noexcept {
  probed_ = narrow(size);
  attempts_ = 0;
  nonce_ = 0;
  deadline_ = kNever;
  due_ = true;
}

void PathMtuSearch::sent(std::uint32_t nonce, Time now, Duration interval) noexcept {
  due_ = false;
  nonce_ = nonce;
  deadline_ = now + interval;  // RFC 8899 §5.1.1: PROBE_TIMER
}

void PathMtuSearch::expire(Time now) noexcept {
  deadline_ = kNever;
  if (state_ == State::kComplete) {  // RFC 8899 §5.2: the path may carry more by now
    state_ = State::kSearching;
    ceiling_ = most_;
    tried_ceiling_ = false;
    search(now);
    return;
  }
  nonce_ = 0;
  due_ = true;
  if (++attempts_ < kMaxProbes) return;
  if (state_ == State::kSearching) {
    ceiling_ = static_cast<std::uint16_t>(probed_ - 1);
    search(now);
    return;
  }
  // RFC 8899 §5.4: not even the base size arrives. It is tried until it does.
  state_ = State::kError;
  size_ = narrow(std::min<std::size_t>(size_, least(ipv4_)));
  probe(probed_);
}

// Sizes the next probe, or ends the search.
void PathMtuSearch::search(Time now) noexcept {
  if (ceiling_ < size_ + (tried_ceiling_ ? kStep : 1)) {
    state_ = State::kComplete;  // RFC 8899 §6.2.1.3: nothing is sent to confirm it
    nonce_ = 0;
    due_ = false;
    deadline_ = now + kRaise;
    return;
  }
  if (!tried_ceiling_) {
    tried_ceiling_ = true;  // most paths carry what the host's own link does
    probe(ceiling_);
    return;
  }
  const auto common = std::find_if(kCommonSizes.begin(), kCommonSizes.end(),
                                   [this](std::uint16_t size) { return size > size_ && size <= ceiling_; });
  probe(common != kCommonSizes.end() ? *common : (std::size_t{size_} + ceiling_) / 2 & ~std::size_t{3});
}

bool PathMtuSearch::acknowledged(std::uint32_t nonce, Time now) noexcept {
  if (nonce == 0 || nonce != nonce_) return false;
  nonce_ = 0;
  attempts_ = 0;
  size_ = probed_;
  ceiling_ = std::max(ceiling_, size_);
  state_ = State::kSearching;
  search(now);
  return true;
}

void PathMtuSearch::too_big(std::size_t size, Time now) noexcept {
  // RFC 8899 §4.6.2: of no use, or not to be believed.
  if (!runs() || size < least(ipv4_) || size >= std::max(probed_, size_)) return;
  ceiling_ = narrow(size);
  size_ = std::min(size_, ceiling_);
  tried_ceiling_ = false;
  if (state_ == State::kSearching) {
    search(now);
  } else if (state_ != State::kComplete && size < probed_) {
    probe(size);
  }
}

}  // namespace netsctp::core
