// The processes of the demo's acts: programs on net::sctp that tell what they see, a line at a time, on standard
// output.
#pragma once

#include <string>
#include <vector>

namespace demo {

// What acts 2 and 3 tune, so that seconds suffice where the defaults of RFC 9260 take minutes to give a path up.
inline constexpr int kRtoInitialMs = 300;
inline constexpr int kRtoMinMs = 200;
inline constexpr int kRtoMaxMs = 500;
inline constexpr int kHeartbeatMs = 500;
inline constexpr int kPathMaxRetransmissions = 2;
inline constexpr int kAssociationMaxRetransmissions = 40;
inline constexpr int kMessageIntervalMs = 25;
inline constexpr int kMessageSize = 1000;

// The role named by the first argument; its exit status. Throws std::exception.
int play(const std::vector<std::string>& arguments);

}  // namespace demo
