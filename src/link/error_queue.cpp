#include "link/error_queue.hpp"

#include <linux/errqueue.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "link/message.hpp"

namespace netsctp::link {
namespace {

constexpr int kMaxErrorsRead = 256;  // the kernel makes the next call fail if more are left

// With DF, or without.
void set_discovery(int descriptor, Family family, bool on) noexcept {
  if (family == Family::kIpv4) {
    switch_on(descriptor, IPPROTO_IP, IP_MTU_DISCOVER, on ? IP_PMTUDISC_PROBE : IP_PMTUDISC_DONT);
  } else {
    switch_on(descriptor, IPPROTO_IPV6, IPV6_MTU_DISCOVER, on ? IPV6_PMTUDISC_PROBE : IPV6_PMTUDISC_DONT);
  }
}

}  // namespace

ErrorQueue::ErrorQueue() {
  errors_.reserve(kMaxErrors);
  taken_.reserve(kMaxErrors);
}

bool ErrorQueue::switch_on(int descriptor, Family family) noexcept {
  const bool is_v4 = family == Family::kIpv4;
  if (!(is_v4 ? link::switch_on(descriptor, IPPROTO_IP, IP_RECVERR)
              : link::switch_on(descriptor, IPPROTO_IPV6, IPV6_RECVERR)))
    return false;
  set_discovery(descriptor, family, true);
  return true;
}

void ErrorQueue::allow_fragments(int descriptor, Family family, bool allowed) noexcept {
  bool& may_fragment = family == Family::kIpv4 ? v4_may_fragment_ : v6_may_fragment_;
  // A system call for each batch else.
  if (std::exchange(may_fragment, allowed) != allowed) set_discovery(descriptor, family, !allowed);
}

std::uint32_t ErrorQueue::read(int descriptor) noexcept {
  std::uint32_t own_mtu = 0;
  for (int i = 0; i < kMaxErrorsRead; ++i) {
    IcmpError error;
    SocketAddress name{};
    alignas(cmsghdr) std::array<char, 512> control;
    iovec vector{error.quote.data(), error.quote.size()};
    msghdr header{};
    header.msg_name = &name;
    header.msg_namelen = sizeof name;
    header.msg_iov = &vector;
    header.msg_iovlen = 1;
    header.msg_control = control.data();
    header.msg_controllen = control.size();
    const ssize_t received = ::recvmsg(descriptor, &header, MSG_ERRQUEUE | MSG_DONTWAIT);
    if (received < 0) break;
    error.quoted = static_cast<std::uint8_t>(std::min(static_cast<std::size_t>(received), error.quote.size()));
    const Address to = load(name);  // where the packet went
    error.to = to.ip;
    error.udp_port = to.port;
    for (cmsghdr* one = CMSG_FIRSTHDR(&header); one != nullptr; one = CMSG_NXTHDR(&header, one)) {
      if (!(one->cmsg_level == IPPROTO_IP && one->cmsg_type == IP_RECVERR) &&
          !(one->cmsg_level == IPPROTO_IPV6 && one->cmsg_type == IPV6_RECVERR))
        continue;
      sock_extended_err said{};
      std::memcpy(&said, CMSG_DATA(one), sizeof said);
      if (said.ee_origin == SO_EE_ORIGIN_LOCAL && said.ee_errno == EMSGSIZE) {
        own_mtu = said.ee_info;
      } else if (said.ee_origin == SO_EE_ORIGIN_ICMP || said.ee_origin == SO_EE_ORIGIN_ICMP6) {
        error.type = said.ee_type;
        error.code = said.ee_code;
        error.mtu = said.ee_info;
        ++counters_.icmp_errors;
        report(error);
      }
    }
  }
  return own_mtu;
}

void ErrorQueue::too_large(const Address& to, std::span<const std::byte> packet, std::uint32_t mtu) noexcept {
  ++counters_.send_too_large;
  if (mtu == 0) return;
  IcmpError error;
  error.to = to.ip;
  error.udp_port = to.port;
  error.type = to.ip.is_v4() ? ICMP_DEST_UNREACH : ICMP6_PACKET_TOO_BIG;
  error.code = to.ip.is_v4() ? ICMP_FRAG_NEEDED : 0;
  error.mtu = mtu;
  error.quoted = static_cast<std::uint8_t>(std::min(packet.size(), error.quote.size()));
  std::memcpy(error.quote.data(), packet.data(), error.quoted);
  report(error);
}

void ErrorQueue::report(const IcmpError& error) noexcept {
  if (errors_.size() == kMaxErrors) {
    ++counters_.icmp_discards;
    return;
  }
  errors_.push_back(error);
}

std::span<const IcmpError> ErrorQueue::take() noexcept {
  if (errors_.empty()) return {};
  taken_.clear();
  std::swap(taken_, errors_);
  return taken_;
}

}  // namespace netsctp::link
