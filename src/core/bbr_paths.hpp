// BBR for all paths of an association, made only if it is chosen: a model for each (bbr.hpp), and what is remembered of
// the chunks on their way (delivery_rate.hpp). How the association uses it is pacing.cpp's.
#pragma once

#include <cstddef>
#include <vector>

#include "base/time.hpp"
#include "core/bbr.hpp"
#include "core/delivery_rate.hpp"
#include "core/types.hpp"

namespace netsctp::core {

struct BbrPaths {
  std::vector<Bbr> models;  // by path
  SentChunks chunks;
  Time now{};             // of the call from outside: what may be sent depends on it
  Time send_at = kNever;  // data waits for nothing but this, as far as was asked since

  void begin(Time when) noexcept {
    now = when;
    send_at = kNever;
  }

  void sent(PathId path, Tsn tsn, std::size_t bytes, const Bbr::Moment& moment) noexcept {
    models[path].sent(chunks.at(tsn), bytes, moment);
  }
  void acknowledged(PathId path, Tsn tsn, Time sent_at, std::size_t bytes, bool retransmitted) noexcept {
    SentChunk* const chunk = chunks.find(tsn);
    if (chunk != nullptr) models[path].acknowledged(*chunk, tsn, sent_at, bytes, retransmitted, now);
  }
  void lost(PathId path, Tsn tsn, std::size_t bytes) noexcept {
    if (const SentChunk* const chunk = chunks.find(tsn)) models[path].lost(*chunk, tsn, bytes, now);
  }
};

}  // namespace netsctp::core
