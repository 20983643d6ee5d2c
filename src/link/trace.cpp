#include "link/trace.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include "base/bytes.hpp"
#include "link/pcapng.hpp"

namespace netsctp::link {
namespace {

constexpr std::byte kSctp{132};
constexpr std::byte kHopLimit{64};

std::string with_process_id(std::string_view path) {
  std::string result(path);
  if (const auto at = result.find("%p"); at != std::string::npos) result.replace(at, 2, std::to_string(::getpid()));
  return result;
}

std::chrono::nanoseconds wall_clock() noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

struct IpHeader {
  std::array<std::byte, 40> bytes{};
  std::size_t size = 0;
  [[nodiscard]] std::span<const std::byte> span() const noexcept { return std::span(bytes).first(size); }
};

IpHeader ipv4_header(const IpAddress& from, const IpAddress& to, std::size_t payload) noexcept {
  IpHeader header{{}, 20};
  std::byte* const at = header.bytes.data();
  at[0] = std::byte{0x45};
  store_big(at + 2, static_cast<std::uint16_t>(std::min<std::size_t>(payload + 20, 65535)));
  at[8] = kHopLimit;
  at[9] = kSctp;
  std::memcpy(at + 12, from.bytes.data(), 4);
  std::memcpy(at + 16, to.bytes.data(), 4);
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < 20; i += 2) sum += load_big<std::uint16_t>(at + i);
  while (sum > 0xFFFF) sum = (sum & 0xFFFF) + (sum >> 16);
  store_big(at + 10, static_cast<std::uint16_t>(~sum));
  return header;
}

IpHeader ipv6_header(const IpAddress& from, const IpAddress& to, std::size_t payload) noexcept {
  IpHeader header{{}, 40};
  std::byte* const at = header.bytes.data();
  at[0] = std::byte{0x60};
  store_big(at + 4, static_cast<std::uint16_t>(std::min<std::size_t>(payload, 65535)));
  at[6] = kSctp;
  at[7] = kHopLimit;
  std::memcpy(at + 8, from.bytes.data(), 16);
  std::memcpy(at + 24, to.bytes.data(), 16);
  return header;
}

void note(std::string& noted, pcapng::Direction direction, const IpAddress& from, const IpAddress& to,
          std::span<const std::byte> packet) {
  const IpHeader header = to.is_v6() ? ipv6_header(from, to, packet.size()) : ipv4_header(from, to, packet.size());
  pcapng::append_packet(noted, {0, wall_clock(), direction, {header.span(), packet}});
}

}  // namespace

Result<std::unique_ptr<Trace>> Trace::open(const char* path) {
  if (path == nullptr || *path == '\0') return std::errc::invalid_argument;
  const std::string name = with_process_id(path);
  Descriptor file(::open(name.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666));
  if (!file) return std::error_code(errno, std::system_category());
  // Writers hold a shared lock: who gets an exclusive one is alone with what was left behind. Whole blocks appended by
  // several writers make a good file since all their sections are alike.
  if (::flock(file.number(), LOCK_EX | LOCK_NB) == 0 && ::ftruncate(file.number(), 0) != 0 && errno != EINVAL) {
    return std::error_code(errno, std::system_category());  // EINVAL: a pipe or a device has nothing to cut off
  }
  ::flock(file.number(), LOCK_SH);
  std::unique_ptr<Trace> trace(new Trace(std::move(file)));
  pcapng::append_section(trace->noted_);
  pcapng::append_interface(trace->noted_, pcapng::LinkType::kRawIp, "netsctp");
  trace->flush();
  return trace;
}

void Trace::received(const Datagram& datagram) noexcept {
  if (file_) note(noted_, pcapng::Direction::kInbound, datagram.from.ip, datagram.to, datagram.bytes.bytes());
}

void Trace::sent(std::span<const Transmit> runs) noexcept {
  if (!file_) return;
  for (const Transmit& run : runs) {
    const IpAddress from = run.from.size() != 0 ? run.from : source_towards(run.to);
    for (auto rest = run.bytes; !rest.empty();) {
      const std::size_t size =
          run.segment_size == 0 ? rest.size() : std::min<std::size_t>(run.segment_size, rest.size());
      note(noted_, pcapng::Direction::kOutbound, from, run.to.ip, rest.first(size));
      rest = rest.subspan(size);
    }
  }
}

void Trace::flush() noexcept {
  std::string_view rest = noted_;
  while (file_ && !rest.empty()) {
    const ssize_t written = ::write(file_.number(), rest.data(), rest.size());
    if (written > 0) {
      rest.remove_prefix(static_cast<std::size_t>(written));
    } else if (written == 0 || errno != EINTR) {
      file_.reset();
    }
  }
  noted_.clear();
}

// The address the kernel chooses for packets to there.
IpAddress Trace::source_towards(const Address& to) noexcept {
  if (to == last_to_) return last_source_;
  last_to_ = to;
  last_source_ = IpAddress::any(to.ip.family);
  const Descriptor probe(::socket(to.ip.is_v6() ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  union {
    sockaddr any;
    sockaddr_in v4;
    sockaddr_in6 v6;
  } address{};
  socklen_t length = 0;
  if (to.ip.is_v6()) {
    address.v6 = {AF_INET6, htons(9), 0, {}, to.ip.scope_id};
    std::memcpy(&address.v6.sin6_addr, to.ip.bytes.data(), 16);
    length = sizeof address.v6;
  } else {
    address.v4.sin_family = AF_INET;
    address.v4.sin_port = htons(9);
    std::memcpy(&address.v4.sin_addr, to.ip.bytes.data(), 4);
    length = sizeof address.v4;
  }
  if (!probe || ::connect(probe.number(), &address.any, length) != 0) return last_source_;
  length = sizeof address;
  if (::getsockname(probe.number(), &address.any, &length) != 0) return last_source_;
  last_source_ = to.ip.is_v6() ? IpAddress::v6(reinterpret_cast<const std::byte*>(&address.v6.sin6_addr))
                               : IpAddress::v4(reinterpret_cast<const std::byte*>(&address.v4.sin_addr));
  return last_source_;
}

}  // namespace netsctp::link
