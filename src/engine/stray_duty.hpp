// Which process of a host answers packets to SCTP ports that nobody holds (RFC 9260 §8.4), where each has its own raw
// sockets: exactly one. The duty is an abstract Unix stream socket: who has bound it has the duty; all others are
// connected to it, so that they notice at once when that process ends, and one of them takes over. No daemon, nobody
// accepts, nothing is ever sent. Not thread-safe: the engine's lock guards it.
#pragma once

#include "link/descriptor.hpp"

namespace netsctp::engine {

class StrayDuty {
 public:
  // Takes the duty up, or watches who has it. Does nothing if it does either already; else it may have failed (no
  // descriptors left) and can be tried again.
  void seek() noexcept;
  // Gives up the duty or the watch.
  void drop() noexcept;
  [[nodiscard]] bool is_ours() const noexcept { return is_ours_; }

  // Readable (POLLIN) when who had the duty has ended: drop() and seek() again. -1: none. seek() and drop() change it.
  [[nodiscard]] int descriptor() const noexcept { return is_ours_ ? -1 : socket_.number(); }

 private:
  link::Descriptor socket_;
  bool is_ours_ = false;
};

}  // namespace netsctp::engine
