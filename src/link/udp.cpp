// The UDP link: opening its two sockets, the way in (recvmmsg, UDP_GRO) and the way out (sendmmsg, UDP_SEGMENT).
#include "link/udp.hpp"

#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "link/batches.hpp"
#include "link/message.hpp"

namespace netsctp::link {
namespace {

constexpr std::size_t kReceiveSlots = 16;  // of 64 KiB each
constexpr std::size_t kLeastSlots = 4;     // the packets of a handshake come in twos, a spare one saves a call
constexpr std::size_t kSendSlots = 64;
constexpr int kRoomWait = 1;      // ms a send may wait for room in the socket buffer
constexpr int kErrorRetries = 4;  // pending socket errors taken off before a call is given up

// What every socket needs before it is bound, which is to our own port (RFC 6951 §5.3); false with errno set if it
// cannot serve. The UDP checksum stays on (RFC 6951 §5.3).
bool prepare(int descriptor, int family) noexcept {
  if (!switch_on(descriptor, SOL_SOCKET, SO_REUSEPORT)) return false;
  if (family == AF_INET) {
    if (!switch_on(descriptor, IPPROTO_IP, IP_PKTINFO)) return false;
  } else {
    if (!switch_on(descriptor, IPPROTO_IPV6, IPV6_V6ONLY) || !switch_on(descriptor, IPPROTO_IPV6, IPV6_RECVPKTINFO))
      return false;
  }
  if (!ErrorQueue::switch_on(descriptor, family == AF_INET ? Family::kIpv4 : Family::kIpv6)) return false;
  enlarge_buffers(descriptor);
  return true;
}

// An open socket on 0.0.0.0 or [::]; errno of the failing call otherwise.
Result<Descriptor> open_socket(int family, std::uint16_t port) {
  Descriptor descriptor(::socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_UDP));
  SocketAddress address{};
  const socklen_t length = store(address, {IpAddress::any(family == AF_INET6 ? Family::kIpv6 : Family::kIpv4), port});
  if (!descriptor || !prepare(descriptor.number(), family) || ::bind(descriptor.number(), &address.any, length) != 0)
    return std::error_code(errno, std::system_category());
  return descriptor;
}

std::uint16_t bound_port(int descriptor) noexcept {
  SocketAddress address{};
  socklen_t length = sizeof address;
  ::getsockname(descriptor, &address.any, &length);
  return load(address).port;
}

// A port nobody has: a socket that shares ports could be given one that others share.
std::uint16_t free_port() noexcept {
  const Descriptor probe(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, IPPROTO_UDP));
  SocketAddress address{};
  const socklen_t length = store(address, {IpAddress::any(Family::kIpv4), 0});
  return ::bind(probe.number(), &address.any, length) == 0 ? bound_port(probe.number()) : std::uint16_t{0};
}

}  // namespace

struct UdpLink::ReceiveSlots {
  std::array<mmsghdr, kReceiveSlots> headers{};
  std::array<iovec, kReceiveSlots> vectors{};
  std::array<SocketAddress, kReceiveSlots> names{};
  std::array<Control, kReceiveSlots> controls{};
  std::array<Slice, kReceiveSlots> buffers;  // those not used by a receive stay for the next
};

struct UdpLink::SendSlots {
  std::array<mmsghdr, kSendSlots> headers{};
  std::array<iovec, kSendSlots> vectors{};
  std::array<SocketAddress, kSendSlots> names{};
  std::array<Control, kSendSlots> controls{};
  std::array<std::size_t, kSendSlots> segment_sizes{};   // 0: a single packet
  std::array<std::size_t, kSendSlots> plain_controls{};  // control bytes without UDP_SEGMENT
  std::size_t count = 0;
  std::array<Address, kSendSlots> destinations{};
  int descriptor = -1;  // all slots are for this socket
  MayFragment may_fragment;
  bool waited = false;  // for room, in this send()
};

UdpLink::UdpLink() : received_(std::make_unique<ReceiveSlots>()), queued_(std::make_unique<SendSlots>()) {
  for (std::size_t i = 0; i < kReceiveSlots; ++i) {
    msghdr& header = received_->headers[i].msg_hdr;
    header.msg_iov = &received_->vectors[i];
    header.msg_iovlen = 1;
    header.msg_name = &received_->names[i];
    header.msg_control = received_->controls[i].bytes.data();
  }
  for (std::size_t i = 0; i < kSendSlots; ++i) {
    msghdr& header = queued_->headers[i].msg_hdr;
    header.msg_iov = &queued_->vectors[i];
    header.msg_iovlen = 1;
    header.msg_name = &queued_->names[i];
  }
}

UdpLink::~UdpLink() = default;

Result<std::unique_ptr<UdpLink>> UdpLink::open(const UdpConfig& config) {
  std::unique_ptr<UdpLink> link(new UdpLink);
  link->port_ = config.port != 0 ? config.port : free_port();
  Result<Descriptor> v4 = open_socket(AF_INET, link->port_);
  if (!v4 && !is_absent_family(v4.error().value())) return v4.error();
  if (v4) link->v4_.descriptor = std::move(*v4);

  Result<Descriptor> v6 = open_socket(AF_INET6, link->port_);
  if (!v6 && (!is_absent_family(v6.error().value()) || !v4)) return v6.error();
  if (v6) link->v6_.descriptor = std::move(*v6);
  if (link->port_ == 0) link->port_ = bound_port(link->v6_.descriptor.number());

  link->gso_ = config.gso;
  link->gro_ = config.gro;
  link->most_slots_ = config.batches ? kSendSlots : 1;
  for (const int descriptor : link->descriptors()) {
    // Setting the default segment size to none changes nothing and tells whether the kernel knows UDP_SEGMENT.
    if (link->gso_) link->gso_ = switch_on(descriptor, IPPROTO_UDP, UDP_SEGMENT, 0);
    if (link->gro_) link->gro_ = switch_on(descriptor, IPPROTO_UDP, UDP_GRO);
  }
  return link;
}

std::vector<int> UdpLink::descriptors() const {
  std::vector<int> numbers;
  for (const Socket* socket : {&v4_, &v6_})
    if (socket->descriptor) numbers.push_back(socket->descriptor.number());
  return numbers;
}

std::string UdpLink::description() const {
  std::string text = "UDP port " + std::to_string(port_);
  text += !v6_.descriptor ? ", IPv4" : !v4_.descriptor ? ", IPv6" : ", IPv4 and IPv6";
  if (gso_) text += ", GSO";
  if (gro_) text += ", GRO";
  return text;
}

// --- in -------------------------------------------------------------------------------------------------------------

std::size_t UdpLink::receive(BufferPool& pool, std::vector<Datagram>& out, std::size_t limit,
                             std::uint32_t ready) noexcept {
  const std::size_t before = out.size();
  v6_first_ = !v6_first_;
  const std::uint32_t v6_bit = v4_.descriptor ? 2 : 1;
  for (const bool is_v6 : {v6_first_, !v6_first_})
    if ((ready & (is_v6 ? v6_bit : 1U)) != 0) receive_from(is_v6 ? v6_ : v4_, pool, out, before + limit);
  return out.size() - before;
}

void UdpLink::receive_from(Socket& socket, BufferPool& pool, std::vector<Datagram>& out, std::size_t limit) noexcept {
  if (!socket.descriptor) return;
  ReceiveSlots& slots = *received_;
  int retries = kErrorRetries;
  while (out.size() < limit) {
    std::size_t offered = 0;
    const std::size_t wanted = std::min({socket.receive_slots, most_slots_, limit - out.size()});
    for (; offered < wanted; ++offered) {
      Slice& buffer = slots.buffers[offered];
      if (!buffer) buffer = pool.allocate(kReceiveBufferSize);
      if (!buffer) break;
      slots.vectors[offered] = {buffer.writable(), kReceiveBufferSize};
      msghdr& header = slots.headers[offered].msg_hdr;
      header.msg_namelen = sizeof(SocketAddress);
      header.msg_controllen = sizeof(Control);
    }
    if (offered == 0) return;  // no memory: the packets wait in the kernel or are lost there

    const int count = ::recvmmsg(socket.descriptor.number(), slots.headers.data(), static_cast<unsigned>(offered),
                                 MSG_DONTWAIT, nullptr);
    if (count < 0) {
      if (errno == EAGAIN || retries-- == 0) return;
      errors_.read(socket.descriptor.number());
      continue;
    }
    const std::size_t taken = static_cast<std::size_t>(count);
    for (std::size_t i = 0; i < taken; ++i) accept(i, slots.headers[i].msg_len, pool, out);
    if (taken < offered) {
      // One slot more than needed saves the call that would find nothing.
      socket.receive_slots = std::max({taken + 1, socket.receive_slots / 2, kLeastSlots});
      return;
    }
    socket.receive_slots = std::min(socket.receive_slots * 2, kReceiveSlots);
  }
}

void UdpLink::accept(std::size_t slot, std::size_t length, BufferPool& pool, std::vector<Datagram>& out) noexcept {
  msghdr& header = received_->headers[slot].msg_hdr;
  const Address from = load(received_->names[slot]);
  IpAddress to;
  std::size_t segment_size = 0;
  for (cmsghdr* control = CMSG_FIRSTHDR(&header); control != nullptr; control = CMSG_NXTHDR(&header, control)) {
    if (control->cmsg_level == IPPROTO_IP && control->cmsg_type == IP_PKTINFO) {
      in_pktinfo info{};
      std::memcpy(&info, CMSG_DATA(control), sizeof info);
      to = IpAddress::v4(reinterpret_cast<const std::byte*>(&info.ipi_addr));
    } else if (control->cmsg_level == IPPROTO_IPV6 && control->cmsg_type == IPV6_PKTINFO) {
      in6_pktinfo info{};
      std::memcpy(&info, CMSG_DATA(control), sizeof info);
      to = IpAddress::v6(reinterpret_cast<const std::byte*>(&info.ipi6_addr), info.ipi6_ifindex);
    } else if (control->cmsg_level == IPPROTO_UDP && control->cmsg_type == UDP_GRO) {
      int size = 0;
      std::memcpy(&size, CMSG_DATA(control), sizeof size);
      if (size > 0) segment_size = static_cast<std::size_t>(size);
    }
  }
  if ((header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0 || from.ip.size() == 0 || from.port == 0 || to.size() == 0) {
    ++counters_.receive_discards;
    return;
  }
  cut(pool, received_->buffers[slot], 0, length, segment_size, from, to, out);
}

// --- out ------------------------------------------------------------------------------------------------------------

void UdpLink::send(std::span<const Transmit> runs) noexcept {
  queued_->waited = false;
  for (const Transmit& run : runs) {
    const bool is_run = run.segment_size != 0 && run.bytes.size() > run.segment_size;
    if (!is_run || gso_) {
      queue(run, run.bytes);
      continue;
    }
    for (std::size_t at = 0; at < run.bytes.size(); at += run.segment_size)
      queue(run, run.bytes.subspan(at, std::min<std::size_t>(run.segment_size, run.bytes.size() - at)));
  }
  flush();
}

void UdpLink::queue(const Transmit& run, std::span<const std::byte> bytes) noexcept {
  SendSlots& slots = *queued_;
  const Descriptor& descriptor = run.to.ip.is_v6() ? v6_.descriptor : v4_.descriptor;
  if (run.to.ip.size() == 0 || !descriptor) {
    ++counters_.send_refused;
    return;
  }
  const bool continues =
      slots.descriptor == descriptor.number() && slots.may_fragment.can_join(bytes.size(), run.may_fragment);
  if (slots.count == most_slots_ || (slots.count != 0 && !continues)) flush();

  const std::size_t i = slots.count++;
  slots.descriptor = descriptor.number();
  slots.may_fragment.join(bytes.size(), run.may_fragment);
  slots.destinations[i] = run.to;
  slots.vectors[i] = {const_cast<std::byte*>(bytes.data()), bytes.size()};
  msghdr& header = slots.headers[i].msg_hdr;
  header.msg_namelen = store(slots.names[i], run.to);
  // RFC 6951 leaves the source address to us.
  std::size_t used = add_marks(slots.controls[i], add_source(slots.controls[i], run), run);
  slots.plain_controls[i] = used;
  slots.segment_sizes[i] = 0;
  if (run.segment_size != 0 && bytes.size() > run.segment_size) {
    slots.segment_sizes[i] = run.segment_size;
    used = add_control(slots.controls[i], used, IPPROTO_UDP, UDP_SEGMENT, run.segment_size);
  }
  header.msg_control = used != 0 ? slots.controls[i].bytes.data() : nullptr;
  header.msg_controllen = used;
}

void UdpLink::flush() noexcept {
  SendSlots& slots = *queued_;
  const std::size_t count = std::exchange(slots.count, 0);
  if (count == 0) return;
  const Family family = slots.destinations[0].ip.family;
  if (const auto allowed = std::exchange(slots.may_fragment, {}).allowed()) {
    errors_.allow_fragments(slots.descriptor, family, *allowed);
  }
  const auto packets = [&slots](std::size_t i) {
    const std::size_t size = slots.segment_sizes[i];
    return size == 0 ? std::size_t{1} : (slots.vectors[i].iov_len + size - 1) / size;
  };
  SendAttempts attempts;
  for (std::size_t next = 0; next < count;) {
    const int sent =
        ::sendmmsg(slots.descriptor, &slots.headers[next], static_cast<unsigned>(count - next), MSG_DONTWAIT);
    if (sent > 0) {
      next += static_cast<std::size_t>(sent);
      attempts.next_packet();
      continue;
    }
    const int error = errno;
    if (error == EINTR) continue;
    if (error == EAGAIN || error == ENOBUFS) {
      if (wait_for_room()) continue;
      for (; next < count; ++next) counters_.send_full += packets(next);
      break;
    }
    const std::uint32_t mtu = errors_.read(slots.descriptor);
    if (!(error == EMSGSIZE && mtu != 0) && attempts.again(error)) continue;
    if (slots.segment_sizes[next] != 0) {
      // EIO: a device on the way cannot do it. EINVAL, EMSGSIZE: this run's packets do not fit the interface. The
      // former will not change.
      if (error == EIO || error == EOPNOTSUPP) gso_ = false;
      ++counters_.gso_refused;
      send_split(next);
    } else if (error == EMSGSIZE) {
      const iovec& packet = slots.vectors[next];
      errors_.too_large(slots.destinations[next], {static_cast<const std::byte*>(packet.iov_base), packet.iov_len},
                        mtu);
    } else {
      ++counters_.send_refused;
    }
    ++next;
    attempts.next_packet();
  }
}

void UdpLink::send_split(std::size_t slot) noexcept {
  SendSlots& slots = *queued_;
  msghdr header = slots.headers[slot].msg_hdr;
  header.msg_controllen = slots.plain_controls[slot];
  if (header.msg_controllen == 0) header.msg_control = nullptr;
  iovec vector{};
  header.msg_iov = &vector;
  auto* const bytes = static_cast<std::byte*>(slots.vectors[slot].iov_base);
  const std::size_t length = slots.vectors[slot].iov_len;
  for (std::size_t at = 0; at < length; at += slots.segment_sizes[slot]) {
    vector = {bytes + at, std::min(slots.segment_sizes[slot], length - at)};
    send_one(header, slots.destinations[slot]);
  }
}

void UdpLink::send_one(const msghdr& header, const Address& to) noexcept {
  SendAttempts attempts;
  for (;;) {
    if (::sendmsg(queued_->descriptor, &header, MSG_DONTWAIT) >= 0) return;
    const int error = errno;
    if (error == EINTR) continue;
    const bool full = error == EAGAIN || error == ENOBUFS;
    if (full && wait_for_room()) continue;
    const std::uint32_t mtu = full ? 0 : errors_.read(queued_->descriptor);
    if (!full && !(error == EMSGSIZE && mtu != 0) && attempts.again(error)) continue;
    const iovec& packet = *header.msg_iov;
    if (error == EMSGSIZE) {
      errors_.too_large(to, {static_cast<const std::byte*>(packet.iov_base), packet.iov_len}, mtu);
    } else {
      ++(full ? counters_.send_full : counters_.send_refused);
    }
    return;
  }
}

// Once per send(): the caller holds the engine's lock.
bool UdpLink::wait_for_room() noexcept {
  if (std::exchange(queued_->waited, true)) return false;
  pollfd entry{queued_->descriptor, POLLOUT, 0};
  return ::poll(&entry, 1, kRoomWait) > 0;
}

}  // namespace netsctp::link
