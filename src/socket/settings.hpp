// What a program has set on a socket: the values behind its options (RFC 6458 §8). Read and written under the engine's
// lock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "base/time.hpp"
#include "core/parameters.hpp"
#include "socket/linux_abi.hpp"
#include "socket/sockaddr.hpp"

namespace netsctp::socket {

// Defaults for sending and for what arrives; each association begins with a copy of its socket's.
struct TrafficSettings {
  std::uint16_t stream = 0;  // SCTP_DEFAULT_SEND_PARAM, SCTP_DEFAULT_SNDINFO
  std::uint16_t flags = 0;
  std::uint32_t ppid = 0;  // network order, opaque
  std::uint32_t context = 0;
  std::uint32_t time_to_live = 0;     // value of the PR-SCTP policy in `flags`; without one: ms
  std::uint32_t receive_context = 0;  // SCTP_CONTEXT
  std::uint16_t subscriptions = 0;    // bit n: notification SCTP_SN_TYPE_BASE + n
  std::uint32_t expose_failed = 0;    // SCTP_EXPOSE_POTENTIALLY_FAILED_STATE (RFC 7829 §7.3)

  [[nodiscard]] bool wants(unsigned type) const noexcept {
    return (subscriptions >> (type - SCTP_SN_TYPE_BASE) & 1U) != 0;
  }
};

// As Linux has it with net.sctp.pf_enable 1 and pf_retrans 0: the first timeout makes a path potentially failed. The
// path MTU is searched for, which Linux does only where net.sctp.plpmtud_probe_interval says so: it knows its routes'
// MTU.
inline core::AssociationParameters linux_parameters() noexcept {
  core::AssociationParameters parameters;
  parameters.path.potentially_failed_threshold = 0;
  parameters.path.probe_interval = 20'000;  // RFC 8899 §5.1.1: more than 15 s
  return parameters;
}

struct SocketSettings {
  static constexpr std::size_t kDefaultBuffer = 212992;
  static constexpr std::size_t kMinSendBuffer = 4608;     // as SOCK_MIN_SNDBUF
  static constexpr std::size_t kMinReceiveBuffer = 2304;  // as SOCK_MIN_RCVBUF
  static constexpr std::size_t kMaxBuffer = std::size_t{1} << 30;

  AddressView view;
  core::AssociationParameters association = linux_parameters();  // for associations to come
  TrafficSettings traffic;
  std::size_t send_buffer = kDefaultBuffer;     // bytes; as SO_SNDBUF reports it (twice what was asked for)
  std::size_t receive_buffer = kDefaultBuffer;  // the same for SO_RCVBUF
  Duration send_timeout{};                      // SO_SNDTIMEO; zero: none
  Duration receive_timeout{};                   // SO_RCVTIMEO
  bool linger = false;                          // SO_LINGER
  int linger_seconds = 0;
  bool reuse_address = false;
  bool share_listening = false;  // SO_REUSEPORT
  bool as_tcp = false;           // Socket::act_as_tcp()
  bool receive_info = false;     // SCTP_RECVRCVINFO
  bool next_info = false;        // SCTP_RECVNXTINFO
  bool disable_fragments = false;
  bool fragment_interleave = false;
  bool reuse_port = false;   // SCTP_REUSE_PORT
  bool auto_asconf = false;  // SCTP_AUTO_ASCONF; stored only
  std::map<int, int> kept;   // options of SOL_SOCKET and, from kIpOption on, IPPROTO_IP that are only read back
  static constexpr int kIpOption = 1000;
  std::uint16_t udp_port = 0;  // SCTP_REMOTE_UDP_ENCAPS_PORT for any peer, host order; 0: the engine's default
  std::map<std::string, std::uint16_t> udp_ports;  // the same by peer address (its text)
};

}  // namespace netsctp::socket
