// Claims and mailboxes as abstract Unix datagram sockets.
#include "engine/port_claims.hpp"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <iterator>
#include <string_view>
#include <utility>

#include "base/bytes.hpp"
#include "link/batches.hpp"

namespace netsctp::engine {
namespace {

using link::Descriptor;

constexpr std::size_t kMaxMessage = 60'000;  // bytes of packets in one mailbox message
constexpr std::size_t kMaxPieces = 64;       // packets in one mailbox message
constexpr int kMaxMessages = 16;             // taken from one mailbox in a row
constexpr std::size_t kCommonHeader = 12;    // RFC 9260 §3.1
constexpr int kSendBuffer = 4 << 20;         // messages other processes have not taken yet count against the sender
constexpr int kRoomWait = 1;                 // ms, once per batch

// What precedes the packets in a mailbox message. Both sides run on one machine: native byte order.
struct Envelope {
  static constexpr std::uint32_t kMagic = 0x4E530001;  // the low half is the version
  std::uint32_t magic = kMagic;
  std::uint16_t segment_size = 0;  // each packet's size but the last one's, which may be less
  std::uint16_t from_port = 0;     // UDP port
  std::uint32_t from_scope = 0;
  std::uint32_t to_scope = 0;
  std::uint8_t family = 0;  // 4 or 6, of both addresses
  std::array<std::uint8_t, 3> unused{};
  std::array<std::byte, 16> from{};
  std::array<std::byte, 16> to{};
};
static_assert(sizeof(Envelope) == 52);

std::error_code last_error() noexcept {
  return {errno, std::system_category()};
}

// Abstract names begin with a zero byte and are as long as they say: "netsctp/<UDP port>/<SCTP port>/<what>".
struct Name {
  Name(std::uint16_t udp_port, std::uint16_t port, std::string_view what) noexcept {
    address.sun_family = AF_UNIX;
    char* at = address.sun_path + 1;
    char* const end = std::end(address.sun_path);
    at = std::ranges::copy(std::string_view("netsctp/"), at).out;
    at = std::to_chars(at, end, udp_port).ptr;
    *at++ = '/';
    at = std::to_chars(at, end, port).ptr;
    *at++ = '/';
    at = std::ranges::copy(what.substr(0, static_cast<std::size_t>(end - at)), at).out;
    length = static_cast<socklen_t>(at - reinterpret_cast<char*>(&address));
  }
  [[nodiscard]] const sockaddr* pointer() const noexcept { return reinterpret_cast<const sockaddr*>(&address); }

  sockaddr_un address{};
  socklen_t length = 0;
};

Descriptor datagram_socket() noexcept {
  return Descriptor(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

// Whether a socket of that name exists. `probe`: any datagram socket that is not connected; it stays so.
bool is_held(const Name& name, int probe) noexcept {
  if (::connect(probe, name.pointer(), name.length) != 0) return errno != ECONNREFUSED && errno != ENOENT;
  const sockaddr nobody{AF_UNSPEC, {}};
  (void)::connect(probe, &nobody, sizeof nobody.sa_family);
  return true;
}

// Interfaces have no part in whose port it is.
IpAddress unscoped(IpAddress address) noexcept {
  address.scope_id = 0;
  return address;
}

std::string_view wildcard(Family family) noexcept {
  return family == Family::kIpv4 ? "*4" : "*6";
}

std::string specific_mark(Family family, unsigned index) {
  return (family == Family::kIpv4 ? "#4." : "#6.") + std::to_string(index);
}

// The packets at the beginning of `batch` that may share a message: of one size but the last, between the same
// addresses, to the same SCTP port.
std::size_t run_length(std::span<const Datagram> batch) noexcept {
  const Datagram& first = batch.front();
  std::size_t bytes = first.bytes.size();
  std::size_t count = 1;
  while (count < batch.size() && count < kMaxPieces) {
    const Datagram& next = batch[count];
    if (next.bytes.size() > first.bytes.size() || next.bytes.size() < kCommonHeader ||
        bytes + next.bytes.size() > kMaxMessage || next.from != first.from || next.to != first.to ||
        std::memcmp(next.bytes.data() + 2, first.bytes.data() + 2, 2) != 0)
      break;
    bytes += next.bytes.size();
    ++count;
    if (next.bytes.size() < first.bytes.size()) break;
  }
  return count;
}

// RFC 9260 §3.1: the destination port is the second field of the common header.
std::uint16_t destination_port(const Datagram& datagram) noexcept {
  return load_big<std::uint16_t>(datagram.bytes.data() + 2);
}

// Sharing a UDP port takes the same user, so nobody else has reason to pass packets on (but root).
bool is_trusted(msghdr& header) noexcept {
  for (cmsghdr* control = CMSG_FIRSTHDR(&header); control != nullptr; control = CMSG_NXTHDR(&header, control)) {
    if (control->cmsg_level != SOL_SOCKET || control->cmsg_type != SCM_CREDENTIALS) continue;
    ucred credentials{};
    std::memcpy(&credentials, CMSG_DATA(control), sizeof credentials);
    return credentials.uid == 0 || credentials.uid == ::getuid() || credentials.uid == ::geteuid();
  }
  return false;
}

}  // namespace

void PortClaims::close_descriptors() noexcept {
  for (auto& [port, held] : ports_) {
    for (Claim& claim : held.claims) claim.mailbox.reset();
    held.specific_v4.reset();
    held.specific_v6.reset();
  }
  for (Spare& spare : spares_) {
    for (Claim& claim : spare.port.claims) claim.mailbox.reset();
  }
  mailboxes_.reset();
  sender_.reset();
}

Result<PortClaims> PortClaims::open(std::uint16_t udp_port) {
  PortClaims claims(udp_port);
  claims.mailboxes_ = Descriptor(::epoll_create1(EPOLL_CLOEXEC));
  if (!claims.mailboxes_) return last_error();
  claims.sender_ = datagram_socket();
  if (!claims.sender_) return last_error();
  ::setsockopt(claims.sender_.number(), SOL_SOCKET, SO_SNDBUF, &kSendBuffer, sizeof kSendBuffer);
  return claims;
}

// --- claims ---------------------------------------------------------------------------------------------------------

Result<std::uint16_t> PortClaims::claim(std::uint16_t port, std::span<const IpAddress> addresses, bool any_v4,
                                        bool any_v6, Entropy& entropy) {
  if (port == 0 && addresses.empty()) {
    if (const std::uint16_t spare = take_spare(any_v4, any_v6)) return spare;
  }
  std::erase_if(spares_, [port](const Spare& spare) { return spare.number == port; });  // nobody's in this process
  auto claimed = claim_fresh(port, addresses, any_v4, any_v6, entropy);
  if (claimed || spares_.empty()) return claimed;
  spares_.clear();  // they may be the last ports, or descriptors
  return claim_fresh(port, addresses, any_v4, any_v6, entropy);
}

std::uint16_t PortClaims::take_spare(bool any_v4, bool any_v6) noexcept {
  if (spares_.size() <= kMinSpares) return 0;
  const auto found = std::ranges::find_if(
      spares_, [&](const Spare& spare) { return spare.any_v4 == any_v4 && spare.any_v6 == any_v6; });
  if (found == spares_.end()) return 0;
  const std::uint16_t number = found->number;
  ports_.emplace(number, std::move(found->port));
  spares_.erase(found);
  return number;
}

void PortClaims::retire(std::uint16_t port, bool any_v4, bool any_v6, Time now) noexcept {
  const auto found = ports_.find(port);
  const std::size_t names = (any_v4 ? 1 : 0) + (any_v6 ? 1 : 0);
  const auto is_wildcard = [](const Claim& claim) { return claim.address.is_any(); };
  if (udp_port_ == 0 || found == ports_.end() || found->second.claims.size() != names ||
      !std::ranges::all_of(found->second.claims, is_wildcard)) {
    release(port, {}, any_v4, any_v6);
    return;
  }
  if (spares_.size() == kMaxSpares) spares_.erase(spares_.begin());
  spares_.push_back({port, any_v4, any_v6, now + kSpareLife, std::move(found->second)});
  ports_.erase(found);
}

void PortClaims::drop_spares(Time now) noexcept {
  std::erase_if(spares_, [now](const Spare& spare) { return spare.until <= now; });
}

Result<std::uint16_t> PortClaims::claim_fresh(std::uint16_t port, std::span<const IpAddress> addresses, bool any_v4,
                                              bool any_v6, Entropy& entropy) {
  if (port != 0) return claim_all(port, addresses, any_v4, any_v6);
  const auto dynamic = claim_any(kFirstDynamicPort, kLastFreePort, addresses, any_v4, any_v6, entropy);
  if (dynamic || dynamic.error() != std::errc::address_in_use) return dynamic;
  return claim_any(kFirstFreePort, kFirstDynamicPort - 1, addresses, any_v4, any_v6, entropy);
}

Result<std::uint16_t> PortClaims::claim_any(std::uint16_t first, std::uint16_t last,
                                            std::span<const IpAddress> addresses, bool any_v4, bool any_v6,
                                            Entropy& entropy) {
  const std::uint32_t count = last - first + 1U;
  const std::uint32_t start = entropy.u32() % count;
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto candidate = static_cast<std::uint16_t>(first + (start + i) % count);
    if (ports_.contains(candidate)) continue;  // a port of its own, not merely another address of one in use
    Result<std::uint16_t> result = claim_all(candidate, addresses, any_v4, any_v6);
    if (result || result.error() != std::errc::address_in_use) return result;
  }
  return std::errc::address_in_use;
}

Result<std::uint16_t> PortClaims::claim_all(std::uint16_t port, std::span<const IpAddress> addresses, bool any_v4,
                                            bool any_v6) {
  std::vector<IpAddress> wanted;
  if (any_v4) wanted.push_back(IpAddress::any(Family::kIpv4));
  if (any_v6) wanted.push_back(IpAddress::any(Family::kIpv6));
  for (const IpAddress& address : addresses) {
    if (address.is_any() || address.size() == 0 || (address.is_v4() ? any_v4 : any_v6)) continue;
    if (std::ranges::find(wanted, unscoped(address)) == wanted.end()) wanted.push_back(unscoped(address));
  }
  if (wanted.empty()) return std::errc::invalid_argument;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (const std::error_code error = add(port, wanted[i])) {
      while (i-- > 0) remove(port, wanted[i]);
      return error;
    }
  }
  settle_strays();
  return port;
}

std::error_code PortClaims::extend(std::uint16_t port, const IpAddress& address) {
  const auto found = ports_.find(port);
  if (found == ports_.end() || !address.is_unicast()) return std::make_error_code(std::errc::invalid_argument);
  for (const Claim& claim : found->second.claims)
    if (claim.address == IpAddress::any(address.family)) return {};
  return add(port, unscoped(address));
}

void PortClaims::release(std::uint16_t port, std::span<const IpAddress> addresses, bool any_v4, bool any_v6) noexcept {
  if (any_v4) remove(port, IpAddress::any(Family::kIpv4));
  if (any_v6) remove(port, IpAddress::any(Family::kIpv6));
  for (const IpAddress& address : addresses)
    if (!address.is_any()) remove(port, unscoped(address));
  settle_strays();
}

std::vector<std::uint16_t> PortClaims::ports() const {
  std::vector<std::uint16_t> numbers;
  numbers.reserve(ports_.size());
  for (const auto& [port, claims] : ports_) numbers.push_back(port);
  std::ranges::sort(numbers);
  return numbers;
}

// The duty is for those who read packets at all: from the first port held to the last.
void PortClaims::settle_strays() noexcept {
  if (udp_port_ != 0) return;
  if (ports_.empty()) {
    strays_.drop();
    return;
  }
  const int before = strays_.descriptor();
  strays_.seek();
  const int watch = strays_.descriptor();
  if (watch < 0 || watch == before) return;
  epoll_event interest{};
  interest.events = EPOLLIN;
  interest.data.fd = watch;
  ::epoll_ctl(mailboxes_.number(), EPOLL_CTL_ADD, watch, &interest);
}

// First takes its own name, then looks for what else excludes it: of two that try at once, at least one sees the other.
std::error_code PortClaims::add(std::uint16_t port, const IpAddress& address) {
  const bool is_wildcard = address.is_any();
  const Name own(udp_port_, port, is_wildcard ? std::string(wildcard(address.family)) : address.text());
  Claim claim{address, datagram_socket()};
  const int mailbox = claim.mailbox.number();
  const int on = 1;
  if (!claim.mailbox || ::setsockopt(mailbox, SOL_SOCKET, SO_PASSCRED, &on, sizeof on) != 0 ||
      ::bind(mailbox, own.pointer(), own.length) != 0)
    return last_error();

  if (is_wildcard) {
    for (unsigned i = 0; i < max_specific_holders(port); ++i) {
      if (is_held(Name(udp_port_, port, specific_mark(address.family, i)), sender_.number()))
        return std::make_error_code(std::errc::address_in_use);
    }
  } else {
    if (const std::error_code error = mark_specific(port, address.family)) return error;
    if (is_held(Name(udp_port_, port, wildcard(address.family)), sender_.number())) {
      remove(port, address);  // it is not there yet: this drops the mark if it has become idle
      return std::make_error_code(std::errc::address_in_use);
    }
  }

  epoll_event interest{};
  interest.events = EPOLLIN;
  interest.data.fd = mailbox;
  if (::epoll_ctl(mailboxes_.number(), EPOLL_CTL_ADD, mailbox, &interest) != 0) {
    const std::error_code error = last_error();
    if (!is_wildcard) remove(port, address);
    return error;
  }
  ports_[port].claims.push_back(std::move(claim));
  return {};
}

// A wildcard claim has to find out whether anybody holds a specific address, without listing the host's sockets (there
// may be a hundred thousand): every process that does holds one of a few numbered names besides.
std::error_code PortClaims::mark_specific(std::uint16_t port, Family family) {
  Port& entry = ports_[port];
  Descriptor& mark = family == Family::kIpv4 ? entry.specific_v4 : entry.specific_v6;
  if (mark) return {};
  std::error_code error = std::make_error_code(std::errc::address_in_use);
  if (Descriptor socket = datagram_socket()) {
    for (unsigned i = 0; i < max_specific_holders(port); ++i) {
      const Name candidate(udp_port_, port, specific_mark(family, i));
      if (::bind(socket.number(), candidate.pointer(), candidate.length) == 0) {
        mark = std::move(socket);
        return {};
      }
    }
  } else {
    error = last_error();
  }
  if (entry.claims.empty()) ports_.erase(port);
  return error;
}

void PortClaims::remove(std::uint16_t port, const IpAddress& address) noexcept {
  const auto found = ports_.find(port);
  if (found == ports_.end()) return;
  Port& entry = found->second;
  std::erase_if(entry.claims, [&](const Claim& claim) { return claim.address == address; });
  const auto has_specific = [&](Family family) {
    return std::ranges::any_of(entry.claims, [family](const Claim& claim) {
      return claim.address.family == family && !claim.address.is_any();
    });
  };
  if (!has_specific(Family::kIpv4)) entry.specific_v4.reset();
  if (!has_specific(Family::kIpv6)) entry.specific_v6.reset();
  if (entry.claims.empty()) ports_.erase(found);
}

bool PortClaims::holds(std::uint16_t port, const IpAddress& local) const noexcept {
  const auto found = ports_.find(port);
  if (found == ports_.end()) {
    // What still comes for a port that has been given up is out of the blue here, where its name is held.
    return std::ranges::any_of(spares_, [&](const Spare& spare) {
      return spare.number == port && (local.is_v4() ? spare.any_v4 : spare.any_v6);
    });
  }
  for (const Claim& claim : found->second.claims) {
    if (claim.address.family == local.family && (claim.address.bytes == local.bytes || claim.address.is_any()))
      return true;
  }
  return false;
}

// --- passing on -----------------------------------------------------------------------------------------------------

bool PortClaims::is_held_anywhere(std::uint16_t port, const IpAddress& local) const noexcept {
  return is_held(Name(udp_port_, port, unscoped(local).text()), sender_.number()) ||
         is_held(Name(udp_port_, port, wildcard(local.family)), sender_.number());
}

// Raw IP: the process that has the port has a copy of its own.
void PortClaims::keep_own(std::vector<Datagram>& batch) noexcept {
  std::erase_if(batch, [this](const Datagram& datagram) {
    if (datagram.bytes.size() < kCommonHeader) return false;  // counted by the stack
    const std::uint16_t port = destination_port(datagram);
    return !holds(port, datagram.to) && (!takes_strays() || is_held_anywhere(port, datagram.to));
  });
}

void PortClaims::pass_on(std::vector<Datagram>& batch) noexcept {
  if (udp_port_ == 0) {
    keep_own(batch);
    return;
  }
  waited_ = false;
  std::size_t kept = 0;
  const auto keep = [&](std::size_t index) {
    if (kept != index) batch[kept] = std::move(batch[index]);
    ++kept;
  };
  std::uint16_t held_port = 0;  // of the packet before, if it was ours
  const IpAddress* held_address = nullptr;
  for (std::size_t i = 0; i < batch.size();) {
    // What is too short for an SCTP packet is counted by the stack.
    const bool is_packet = batch[i].bytes.size() >= kCommonHeader;
    const std::uint16_t port = is_packet ? destination_port(batch[i]) : std::uint16_t{0};
    const bool as_before = held_address != nullptr && port == held_port && batch[i].to == *held_address;
    if (!is_packet || as_before || holds(port, batch[i].to)) {
      if (is_packet && !as_before) {
        held_port = port;
        held_address = &batch[kept].to;
      }
      keep(i++);
      continue;
    }
    const std::size_t count = run_length(std::span(batch).subspan(i));
    const bool stays = send(std::span(batch).subspan(i, count), port) == Outcome::kNobodyThere;
    for (std::size_t end = i + count; i < end; ++i)
      if (stays) keep(i);
  }
  batch.resize(kept);
}

PortClaims::Outcome PortClaims::send(std::span<const Datagram> run, std::uint16_t port) noexcept {
  const Datagram& first = run.front();
  Envelope envelope;
  envelope.segment_size = static_cast<std::uint16_t>(first.bytes.size());
  envelope.from_port = first.from.port;
  envelope.from_scope = first.from.ip.scope_id;
  envelope.to_scope = first.to.scope_id;
  envelope.family = static_cast<std::uint8_t>(first.to.family);
  envelope.from = first.from.ip.bytes;
  envelope.to = first.to.bytes;

  std::array<iovec, kMaxPieces + 1> vectors;
  vectors[0] = {&envelope, sizeof envelope};
  for (std::size_t i = 0; i < run.size(); ++i)
    vectors[i + 1] = {const_cast<std::byte*>(run[i].bytes.data()), run[i].bytes.size()};

  const std::string exact = unscoped(first.to).text();
  for (const std::string_view what : {std::string_view(exact), wildcard(first.to.family)}) {
    const Name target(udp_port_, port, what);
    msghdr header{};
    header.msg_name = const_cast<sockaddr*>(target.pointer());
    header.msg_namelen = target.length;
    header.msg_iov = vectors.data();
    header.msg_iovlen = run.size() + 1;
    for (;;) {
      if (::sendmsg(sender_.number(), &header, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0) {
        counters_.passed_on += run.size();
        return Outcome::kPassed;
      }
      const int error = errno;
      if (error == EINTR) continue;
      if (error == ECONNREFUSED || error == ENOENT) break;  // nobody has this name
      if (error == EAGAIN && wait_for_room(port, what)) continue;
      counters_.mailbox_full += run.size();  // somebody's all the same: not ours to answer
      return Outcome::kPassed;
    }
  }
  return Outcome::kNobodyThere;
}

// A mailbox holds few messages (net.unix.max_dgram_qlen): give the other process a moment, once per batch.
bool PortClaims::wait_for_room(std::uint16_t port, std::string_view what) noexcept {
  if (std::exchange(waited_, true)) return false;
  const Descriptor probe = datagram_socket();
  const Name target(udp_port_, port, what);
  if (::connect(probe.number(), target.pointer(), target.length) != 0) return true;  // gone: the next try tells
  pollfd entry{probe.number(), POLLOUT, 0};
  return ::poll(&entry, 1, kRoomWait) > 0;
}

std::size_t PortClaims::receive(BufferPool& pool, std::vector<Datagram>& out, std::size_t limit) noexcept {
  const std::size_t before = out.size();
  std::array<epoll_event, 32> ready;
  const int count = ::epoll_wait(mailboxes_.number(), ready.data(), static_cast<int>(ready.size()), 0);
  for (int i = 0; i < count && out.size() < before + limit; ++i) {
    const int mailbox = ready[static_cast<std::size_t>(i)].data.fd;
    if (mailbox == strays_.descriptor()) {
      strays_.drop();
      settle_strays();
    } else {
      receive_from(mailbox, pool, out, before + limit);
    }
  }
  counters_.taken_over += out.size() - before;
  return out.size() - before;
}

void PortClaims::receive_from(int mailbox, BufferPool& pool, std::vector<Datagram>& out, std::size_t limit) noexcept {
  for (int messages = 0; messages < kMaxMessages && out.size() < limit; ++messages) {
    if (!spare_) spare_ = pool.allocate(link::kReceiveBufferSize);
    if (!spare_) return;
    // Room for the credentials and nothing else: descriptors somebody sends along never become ours.
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(ucred))> control;
    iovec vector{spare_.writable(), link::kReceiveBufferSize};
    msghdr header{};
    header.msg_iov = &vector;
    header.msg_iovlen = 1;
    header.msg_control = control.data();
    header.msg_controllen = control.size();
    const ssize_t received = ::recvmsg(mailbox, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (received < 0) {
      if (errno == EINTR) continue;
      return;
    }
    // Any local program can write here: believe nothing that does not fit.
    const auto size = static_cast<std::size_t>(received);
    Envelope envelope;
    envelope.magic = 0;
    if (size >= sizeof envelope) std::memcpy(&envelope, spare_.data(), sizeof envelope);
    const std::size_t bytes = size - std::min(size, sizeof envelope);
    const bool is_v4 = envelope.family == static_cast<std::uint8_t>(Family::kIpv4);
    const bool is_v6 = envelope.family == static_cast<std::uint8_t>(Family::kIpv6);
    if (envelope.magic != Envelope::kMagic || (header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0 ||
        !is_trusted(header) || !(is_v4 || is_v6) || bytes == 0 || envelope.segment_size < kCommonHeader ||
        bytes > envelope.segment_size * kMaxPieces) {
      ++counters_.bad_messages;
      continue;
    }
    const auto address = [is_v4](const std::array<std::byte, 16>& raw, std::uint32_t scope) {
      return is_v4 ? IpAddress::v4(raw.data()) : IpAddress::v6(raw.data(), scope);
    };
    link::cut(pool, spare_, sizeof envelope, bytes, envelope.segment_size,
              {address(envelope.from, envelope.from_scope), envelope.from_port},
              address(envelope.to, envelope.to_scope), out);
  }
}

}  // namespace netsctp::engine
