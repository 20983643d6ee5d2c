// Socket addresses, control messages and options.
#include "link/message.hpp"

#include <cerrno>

namespace netsctp::link {
namespace {

constexpr int kSocketBuffer = 4 << 20;  // bytes wanted; the kernel may give less

void enlarge(int descriptor, int forced_option, int option) noexcept {
  if (!switch_on(descriptor, SOL_SOCKET, forced_option, kSocketBuffer))
    switch_on(descriptor, SOL_SOCKET, option, kSocketBuffer);
}

}  // namespace

socklen_t store(SocketAddress& out, const Address& address) noexcept {
  std::memset(&out, 0, sizeof out);
  if (address.ip.is_v6()) {
    out.v6.sin6_family = AF_INET6;
    out.v6.sin6_port = htons(address.port);
    std::memcpy(&out.v6.sin6_addr, address.ip.bytes.data(), 16);
    out.v6.sin6_scope_id = address.ip.scope_id;
    return sizeof out.v6;
  }
  out.v4.sin_family = AF_INET;
  out.v4.sin_port = htons(address.port);
  std::memcpy(&out.v4.sin_addr, address.ip.bytes.data(), 4);
  return sizeof out.v4;
}

Address load(const SocketAddress& from) noexcept {
  if (from.any.sa_family == AF_INET)
    return {IpAddress::v4(reinterpret_cast<const std::byte*>(&from.v4.sin_addr)), ntohs(from.v4.sin_port)};
  if (from.any.sa_family == AF_INET6) {
    return {IpAddress::v6(reinterpret_cast<const std::byte*>(&from.v6.sin6_addr), from.v6.sin6_scope_id),
            ntohs(from.v6.sin6_port)};
  }
  return {};
}

std::size_t add_source(Control& control, const Transmit& run) noexcept {
  if (run.from.family != run.to.ip.family || run.from.is_any()) return 0;
  if (run.from.is_v4()) {
    in_pktinfo info{};
    std::memcpy(&info.ipi_spec_dst, run.from.bytes.data(), 4);
    return add_control(control, 0, IPPROTO_IP, IP_PKTINFO, info);
  }
  in6_pktinfo info{};
  std::memcpy(&info.ipi6_addr, run.from.bytes.data(), 16);
  info.ipi6_ifindex = run.from.scope_id;
  return add_control(control, 0, IPPROTO_IPV6, IPV6_PKTINFO, info);
}

bool switch_on(int descriptor, int level, int option, int value) noexcept {
  return ::setsockopt(descriptor, level, option, &value, sizeof value) == 0;
}

void enlarge_buffers(int descriptor) noexcept {
  enlarge(descriptor, SO_RCVBUFFORCE, SO_RCVBUF);
  enlarge(descriptor, SO_SNDBUFFORCE, SO_SNDBUF);
}

bool is_absent_family(int error) noexcept {
  return error == EAFNOSUPPORT || error == EADDRNOTAVAIL || error == EPROTONOSUPPORT;
}

}  // namespace netsctp::link
