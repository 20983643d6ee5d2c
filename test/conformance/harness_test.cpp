#include "conformance/peer.hpp"

namespace netsctp::conformance {
namespace {

TEST(Harness, BringsEveryState) {
  for (const Role role : {Role::kInitiator, Role::kResponder}) {
    for (const State state : {State::kEstablished, State::kShutdownPending, State::kShutdownSent,
                              State::kShutdownReceived, State::kShutdownAckSent}) {
      Peer peer;
      peer.bring_to(state, role);
      EXPECT_EQ(peer.state(), state);
    }
  }
  for (const State state : {State::kCookieWait, State::kCookieEchoed}) {
    Peer peer;
    peer.bring_to(state);
  }
}

}  // namespace
}  // namespace netsctp::conformance
