// The raw IP link: opening its two sockets, the filter, the way in, the way out, and what comes back by ICMP.
#include "link/raw.hpp"

#include <linux/filter.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "link/batches.hpp"
#include "link/ip_header.hpp"
#include "link/message.hpp"
#include "link/port_filter.hpp"

namespace netsctp::link {
namespace {

constexpr std::size_t kReceiveSlots = 32;  // of 64 KiB each, one packet each
constexpr std::size_t kSendSlots = 64;
constexpr int kRoomWait = 1;      // ms a send may wait for room in the socket buffer
constexpr int kErrorRetries = 8;  // errors of earlier packets taken off before a call is given up

// What every socket needs before it is used; false with errno set if it cannot serve.
bool prepare(int descriptor, Family family) noexcept {
  if (family == Family::kIpv6 && !switch_on(descriptor, IPPROTO_IPV6, IPV6_RECVPKTINFO)) return false;
  if (!ErrorQueue::switch_on(descriptor, family)) return false;
  enlarge_buffers(descriptor);
  return true;
}

bool attach(int descriptor, std::vector<sock_filter> program) noexcept {
  const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
  return ::setsockopt(descriptor, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) == 0;
}

Result<Descriptor> open_socket(Family family) {
  const int domain = family == Family::kIpv4 ? AF_INET : AF_INET6;
  Descriptor descriptor(::socket(domain, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_SCTP));
  if (!descriptor || !attach(descriptor.number(), port_filter(family, {}, false)) ||
      !prepare(descriptor.number(), family))
    return std::error_code(errno, std::system_category());
  return descriptor;
}

bool is_full(int error) noexcept {
  return error == EAGAIN || error == ENOBUFS || error == ENOMEM;
}

}  // namespace

struct RawLink::ReceiveSlots {
  std::array<mmsghdr, kReceiveSlots> headers{};
  std::array<iovec, kReceiveSlots> vectors{};
  std::array<SocketAddress, kReceiveSlots> names{};
  std::array<Control, kReceiveSlots> controls{};
  std::array<Slice, kReceiveSlots> buffers;  // those not used by a receive stay for the next
};

struct RawLink::SendSlots {
  std::array<mmsghdr, kSendSlots> headers{};
  std::array<iovec, kSendSlots> vectors{};
  std::array<SocketAddress, kSendSlots> names{};
  std::array<Control, kSendSlots> controls{};
  std::array<Address, kSendSlots> destinations{};
  MayFragment may_fragment;
  std::size_t count = 0;
  const Socket* socket = nullptr;  // all slots are for this one
  bool waited = false;             // for room, in this send()
};

RawLink::RawLink() : received_(std::make_unique<ReceiveSlots>()), queued_(std::make_unique<SendSlots>()) {
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

RawLink::~RawLink() = default;

Result<std::unique_ptr<RawLink>> RawLink::open() {
  std::unique_ptr<RawLink> link(new RawLink);
  link->v4_.family = Family::kIpv4;
  link->v6_.family = Family::kIpv6;
  Result<Descriptor> v4 = open_socket(Family::kIpv4);
  if (!v4 && !is_absent_family(v4.error().value())) return v4.error();
  Result<Descriptor> v6 = open_socket(Family::kIpv6);
  if (!v6 && (!is_absent_family(v6.error().value()) || !v4)) return v6.error();
  if (v4) link->v4_.descriptor = std::move(*v4);
  if (v6) link->v6_.descriptor = std::move(*v6);
  return link;
}

int RawLink::availability() noexcept {
  for (const int domain : {AF_INET, AF_INET6}) {
    const Descriptor probe(::socket(domain, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_SCTP));
    if (probe) return 0;
    if (!is_absent_family(errno)) return errno;
  }
  return EAFNOSUPPORT;
}

std::vector<int> RawLink::descriptors() const {
  std::vector<int> numbers;
  for (const Socket* socket : {&v4_, &v6_})
    if (socket->descriptor) numbers.push_back(socket->descriptor.number());
  return numbers;
}

std::string RawLink::description() const {
  return std::string("IP protocol 132") + (!v6_.descriptor ? ", IPv4" : !v4_.descriptor ? ", IPv6" : ", IPv4 and IPv6");
}

void RawLink::serve(std::span<const std::uint16_t> ports, bool strays) noexcept {
  const std::vector<PortRange> ranges = ranges_of(ports);
  const std::vector<PortRange> coarse = ranges_of(ports, 1);
  for (const Socket* socket : {&v4_, &v6_}) {
    if (!socket->descriptor) continue;
    const int number = socket->descriptor.number();
    if (attach(number, port_filter(socket->family, ranges, strays)) ||
        attach(number, port_filter(socket->family, coarse, strays)))
      continue;
    switch_on(number, SOL_SOCKET, SO_DETACH_FILTER);
  }
}

// --- in -------------------------------------------------------------------------------------------------------------

std::size_t RawLink::receive(BufferPool& pool, std::vector<Datagram>& out, std::size_t limit,
                             std::uint32_t ready) noexcept {
  const std::size_t before = out.size();
  v6_first_ = !v6_first_;
  const std::uint32_t v6_bit = v4_.descriptor ? 2 : 1;
  for (const bool is_v6 : {v6_first_, !v6_first_})
    if ((ready & (is_v6 ? v6_bit : 1U)) != 0) receive_from(is_v6 ? v6_ : v4_, pool, out, before + limit);
  return out.size() - before;
}

void RawLink::receive_from(Socket& socket, BufferPool& pool, std::vector<Datagram>& out, std::size_t limit) noexcept {
  if (!socket.descriptor) return;
  ReceiveSlots& slots = *received_;
  int retries = kErrorRetries;
  while (out.size() < limit) {
    std::size_t offered = 0;
    const std::size_t wanted = std::min(socket.receive_slots, limit - out.size());
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
    const auto taken = static_cast<std::size_t>(count);
    for (std::size_t i = 0; i < taken; ++i) accept(socket.family, i, slots.headers[i].msg_len, pool, out);
    if (taken < offered) {
      // One slot more than needed saves the call that would find nothing.
      socket.receive_slots = std::max(taken + 1, socket.receive_slots / 2);
      return;
    }
    socket.receive_slots = std::min(socket.receive_slots * 2, kReceiveSlots);
  }
}

void RawLink::accept(Family family, std::size_t slot, std::size_t length, BufferPool& pool,
                     std::vector<Datagram>& out) noexcept {
  msghdr& header = received_->headers[slot].msg_hdr;
  Slice& buffer = received_->buffers[slot];
  StrippedPacket packet;
  bool is_whole = (header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0;
  if (family == Family::kIpv4) {
    const auto stripped = strip_ipv4(buffer.bytes().first(std::min(length, buffer.size())));
    is_whole = is_whole && stripped;
    if (is_whole) packet = *stripped;
  } else {
    packet.from = load(received_->names[slot]).ip;
    packet.length = length;
    for (cmsghdr* control = CMSG_FIRSTHDR(&header); control != nullptr; control = CMSG_NXTHDR(&header, control)) {
      if (control->cmsg_level != IPPROTO_IPV6 || control->cmsg_type != IPV6_PKTINFO) continue;
      in6_pktinfo info{};
      std::memcpy(&info, CMSG_DATA(control), sizeof info);
      packet.to = IpAddress::v6(reinterpret_cast<const std::byte*>(&info.ipi6_addr), info.ipi6_ifindex);
    }
    is_whole = is_whole && packet.from.is_v6() && packet.to.is_v6();
  }
  if (!is_whole) {
    ++counters_.receive_discards;
    return;
  }
  cut(pool, buffer, packet.offset, packet.length, 0, {packet.from, 0}, packet.to, out);
}

// --- out ------------------------------------------------------------------------------------------------------------

void RawLink::send(std::span<const Transmit> runs) noexcept {
  queued_->waited = false;
  for (const Transmit& run : runs) {
    const std::size_t size = run.segment_size != 0 ? run.segment_size : run.bytes.size();
    for (std::size_t at = 0; at < run.bytes.size(); at += size)
      queue(run, run.bytes.subspan(at, std::min(size, run.bytes.size() - at)));
  }
  flush();
}

void RawLink::queue(const Transmit& run, std::span<const std::byte> bytes) noexcept {
  SendSlots& slots = *queued_;
  const Socket& socket = run.to.ip.is_v6() ? v6_ : v4_;
  if (run.to.ip.size() == 0 || !socket.descriptor) {
    ++counters_.send_refused;
    return;
  }
  const bool continues = slots.socket == &socket && slots.may_fragment.can_join(bytes.size(), run.may_fragment);
  if (slots.count == kSendSlots || (slots.count != 0 && !continues)) flush();

  const std::size_t i = slots.count++;
  slots.socket = &socket;
  slots.may_fragment.join(bytes.size(), run.may_fragment);
  slots.destinations[i] = {run.to.ip, 0};
  slots.vectors[i] = {const_cast<std::byte*>(bytes.data()), bytes.size()};
  msghdr& header = slots.headers[i].msg_hdr;
  header.msg_namelen = store(slots.names[i], slots.destinations[i]);  // IPv6 raw sockets refuse any port
  const std::size_t used = add_marks(slots.controls[i], add_source(slots.controls[i], run), run);
  header.msg_control = used != 0 ? slots.controls[i].bytes.data() : nullptr;
  header.msg_controllen = used;
}

void RawLink::flush() noexcept {
  SendSlots& slots = *queued_;
  const std::size_t count = std::exchange(slots.count, 0);
  if (count == 0) return;
  const int descriptor = slots.socket->descriptor.number();
  if (const auto allowed = std::exchange(slots.may_fragment, {}).allowed()) {
    errors_.allow_fragments(descriptor, slots.socket->family, *allowed);
  }
  SendAttempts attempts;
  for (std::size_t next = 0; next < count;) {
    const int sent = ::sendmmsg(descriptor, &slots.headers[next], static_cast<unsigned>(count - next), MSG_DONTWAIT);
    if (sent > 0) {
      next += static_cast<std::size_t>(sent);
      attempts.next_packet();
      continue;
    }
    const int error = errno;
    if (error == EINTR) continue;
    if (is_full(error)) {
      if (wait_for_room()) continue;
      counters_.send_full += count - next;
      break;
    }
    const std::uint32_t mtu = errors_.read(descriptor);
    // The host's word is lost if the receive buffer, on whose account it goes, is full.
    if (!(error == EMSGSIZE && mtu != 0) && attempts.again(error)) continue;
    if (error == EMSGSIZE) {
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

// Once per send(): the caller holds the engine's lock.
bool RawLink::wait_for_room() noexcept {
  if (std::exchange(queued_->waited, true)) return false;
  pollfd entry{queued_->socket->descriptor.number(), POLLOUT, 0};
  return ::poll(&entry, 1, kRoomWait) > 0;
}

}  // namespace netsctp::link
