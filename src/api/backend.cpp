// What the seam chose, in public words; and names of states.
#include <net/sctp/backend.hpp>
#include <net/sctp/error.hpp>
#include <net/sctp/types.hpp>

#include "socket/backend.hpp"
#include "socket/socket.hpp"

namespace net::sctp {

BackendInfo backend_info() {
  using Kind = ::netsctp::socket::Backend::Kind;
  const ::netsctp::socket::Backend& chosen = ::netsctp::socket::backend();
  BackendInfo info;
  info.kind = chosen.kind == Kind::kKernel ? BackendInfo::Kind::kKernel : BackendInfo::Kind::kStack;
  info.reason = chosen.reason;
  info.link = chosen.link;
  info.udp_port = chosen.link == "udp" ? chosen.udp_port : std::uint16_t{0};
  info.error = chosen.error;
  return info;
}

void trace(const std::string& path, std::error_code& error) noexcept {
  error = ::netsctp::socket::trace(path.empty() ? nullptr : path.c_str());
}

void trace(const std::string& path) {
  std::error_code error;
  trace(path, error);
  throw_if(error, "trace " + path);
}

const char* name(AssociationState state) noexcept {
  switch (state) {
    case AssociationState::kEmpty:
      return "EMPTY";
    case AssociationState::kClosed:
      return "CLOSED";
    case AssociationState::kCookieWait:
      return "COOKIE-WAIT";
    case AssociationState::kCookieEchoed:
      return "COOKIE-ECHOED";
    case AssociationState::kEstablished:
      return "ESTABLISHED";
    case AssociationState::kShutdownPending:
      return "SHUTDOWN-PENDING";
    case AssociationState::kShutdownSent:
      return "SHUTDOWN-SENT";
    case AssociationState::kShutdownReceived:
      return "SHUTDOWN-RECEIVED";
    case AssociationState::kShutdownAckSent:
      return "SHUTDOWN-ACK-SENT";
  }
  return "UNKNOWN";
}

const char* name(PathState state) noexcept {
  switch (state) {
    case PathState::kInactive:
      return "INACTIVE";
    case PathState::kPotentiallyFailed:
      return "POTENTIALLY-FAILED";
    case PathState::kActive:
      return "ACTIVE";
    case PathState::kUnconfirmed:
      return "UNCONFIRMED";
    case PathState::kUnknown:
      break;
  }
  return "UNKNOWN";
}

}  // namespace net::sctp
