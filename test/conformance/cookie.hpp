// How tests of COOKIE ECHO begin: the peer's INIT and the INIT ACK with the cookie.
#pragma once

#include "conformance/peer.hpp"

namespace netsctp::conformance {

// The peer sends its INIT; returns the INIT ACK, which it has learnt the stack's tag and TSN from.
inline Reply fetch_cookie(Peer& peer) {
  peer.sends(peer.own_init());
  Reply ack = peer.expect_only(ChunkType::kInitAck);
  peer.learn(ack);
  return ack;
}

}  // namespace netsctp::conformance
