// The pieces of a msghdr that every link on kernel sockets needs: socket addresses, control messages, socket options.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <cstring>

#include "base/address.hpp"
#include "base/datagram.hpp"

namespace netsctp::link {

union SocketAddress {
  sockaddr any;
  sockaddr_in v4;
  sockaddr_in6 v6;
};

struct alignas(cmsghdr) Control {
  std::array<char, 128> bytes;
};

inline constexpr int kFlowInfo = 11;  // IPV6_FLOWINFO, of <linux/in6.h>, which does not go with <netinet/in.h>

// Returns the length.
socklen_t store(SocketAddress& out, const Address& address) noexcept;
// An address without family if it is neither IPv4 nor IPv6.
[[nodiscard]] Address load(const SocketAddress& from) noexcept;

// Appends one control message and returns the length used so far.
template <typename Value>
std::size_t add_control(Control& control, std::size_t used, int level, int type, const Value& value) noexcept {
  auto* const header = reinterpret_cast<cmsghdr*>(control.bytes.data() + used);
  header->cmsg_level = level;
  header->cmsg_type = type;
  header->cmsg_len = CMSG_LEN(sizeof value);
  std::memcpy(CMSG_DATA(header), &value, sizeof value);
  return used + CMSG_SPACE(sizeof value);
}

// The source address of a packet, which a multi-homed endpoint chooses for each. 0: the host's routing table chooses.
std::size_t add_source(Control& control, const Transmit& run) noexcept;

// Appends what the run says of the packets' traffic class and flow label, if anything, and returns the length used.
inline std::size_t add_marks(Control& control, std::size_t used, const Transmit& run) noexcept {
  if (run.traffic_class == 0 && run.flow_label == 0) return used;
  const int traffic_class = run.traffic_class;
  if (run.to.ip.is_v4()) return add_control(control, used, IPPROTO_IP, IP_TOS, traffic_class);
  used = add_control(control, used, IPPROTO_IPV6, IPV6_TCLASS, traffic_class);
  if (run.flow_label == 0) return used;
  return add_control(control, used, IPPROTO_IPV6, kFlowInfo, htonl(run.flow_label));
}

// False with errno set.
bool switch_on(int descriptor, int level, int option, int value = 1) noexcept;
// Asks for large socket buffers; gets what the kernel allows.
void enlarge_buffers(int descriptor) noexcept;

// The host lacks the address family, as opposed to something that is taken or forbidden.
[[nodiscard]] bool is_absent_family(int error) noexcept;

}  // namespace netsctp::link
