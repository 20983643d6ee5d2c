#include "socket/host_addresses.hpp"

#include <ifaddrs.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <utility>

#include "socket/sockaddr.hpp"

namespace netsctp::socket {

namespace {

int open_changes() noexcept {
  const int descriptor = ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
  sockaddr_nl groups{};
  groups.nl_family = AF_NETLINK;
  groups.nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR;
  if (descriptor < 0 || ::bind(descriptor, reinterpret_cast<const sockaddr*>(&groups), sizeof groups) == 0) {
    return descriptor;
  }
  ::close(descriptor);
  return -1;
}

std::vector<IpAddress> ask_kernel() {
  std::vector<IpAddress> result;
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return result;
  for (const ifaddrs* at = list; at != nullptr; at = at->ifa_next) {
    if (at->ifa_addr == nullptr || (at->ifa_flags & IFF_UP) == 0) continue;
    const int family = at->ifa_addr->sa_family;
    if (family != AF_INET && family != AF_INET6) continue;
    auto address =
        from_sockaddr(at->ifa_addr, family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6), {.domain = family});
    if (!address || !address->ip.is_unicast()) continue;
    if (std::find(result.begin(), result.end(), address->ip) == result.end()) result.push_back(address->ip);
  }
  ::freeifaddrs(list);
  return result;
}

}  // namespace

void HostAddresses::close() noexcept {
  if (const int descriptor = std::exchange(changes_, -1); descriptor >= 0) ::close(descriptor);
}

// Whatever came, an overflow included, means that the list is old.
bool HostAddresses::has_changed() noexcept {
  std::array<std::byte, 8192> message;
  bool changed = false;
  while (::recv(changes_, message.data(), message.size(), MSG_DONTWAIT) >= 0 || errno == ENOBUFS) changed = true;
  return changed;
}

std::vector<IpAddress> HostAddresses::list(bool v4, bool v6) {
  const bool is_new = changes_ < 0;
  if (is_new) changes_ = open_changes();  // before it is asked: no change falls between
  if (is_new || changes_ < 0 || has_changed()) known_ = ask_kernel();
  std::vector<IpAddress> result;
  for (const IpAddress& address : known_) {
    if (address.is_v4() ? v4 : v6) result.push_back(address);
  }
  return result;
}

}  // namespace netsctp::socket
