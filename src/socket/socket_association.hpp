// One association as its socket sees it: what the core does not know of it.
#pragma once

#include <algorithm>
#include <memory>
#include <vector>

#include "base/address.hpp"
#include "core/types.hpp"
#include "socket/endpoint.hpp"
#include "socket/settings.hpp"

namespace netsctp::socket {

class StackSocket;

// Under the engine's lock. Held by the Instance while the core has it, and by threads that wait for something of it.
struct SocketAssociation {
  core::AssociationId id = 0;
  std::shared_ptr<Endpoint> endpoint;  // reset when the association ends
  StackSocket* socket = nullptr;       // nullptr: closed; the association ends in the background
  TrafficSettings traffic;
  std::vector<IpAddress> peers;  // by core::PathId; kept because messages outlive the association
  std::uint16_t peer_port = 0;
  bool up = false;
  bool ended = false;
  bool shutting_down = false;  // SHUTDOWN asked for here, or received
  bool wants_space = false;    // a sender found the send buffer full
  int error = 0;               // errno of its end, 0: graceful

  [[nodiscard]] bool has(const Address& address) const noexcept {
    return address.port == peer_port && std::find(peers.begin(), peers.end(), address.ip) != peers.end();
  }
  // Where a piece came from, or the primary address for kNoPath.
  [[nodiscard]] Address peer(core::PathId path = core::kNoPath) const noexcept {
    if (peers.empty()) return {{}, peer_port};
    return {path < peers.size() ? peers[path] : peers.front(), peer_port};
  }
};

}  // namespace netsctp::socket
