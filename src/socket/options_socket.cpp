// SOL_SOCKET and IPPROTO_IPV6 (RFC 6458 §8.1.4, §8.1.6, §8.1.7; socket(7)).
#include <netinet/in.h>
#include <sys/time.h>

#include <algorithm>
#include <cerrno>
#include <chrono>

#include "socket/options.hpp"

namespace netsctp::socket {

namespace {

// --- buffers: as socket(7), what is asked for is doubled, and the double is what is reported
// -----------------------------

std::size_t doubled(int wanted, std::size_t least) noexcept {
  const std::size_t twice = wanted < 0 ? SocketSettings::kMaxBuffer : static_cast<std::size_t>(wanted) * 2;
  return std::clamp(twice, least, SocketSettings::kMaxBuffer);
}

int set_send_buffer(const OptionCall& call, const void* value, socklen_t length) {
  int wanted = 0;
  if (!load(wanted, value, length)) return -EINVAL;
  call.settings().send_buffer = doubled(wanted, SocketSettings::kMinSendBuffer);
  return 0;
}

int get_send_buffer(const OptionCall& call, void* value, socklen_t& length) {
  return store_int(static_cast<int>(call.settings().send_buffer), value, length);
}

int set_receive_buffer(const OptionCall& call, const void* value, socklen_t length) {
  int wanted = 0;
  if (!load(wanted, value, length)) return -EINVAL;
  call.settings().receive_buffer = doubled(wanted, SocketSettings::kMinReceiveBuffer);
  // The half is for payload, as on Linux; RFC 9260 §3.3.2: a_rwnd is at least 1,500.
  const std::size_t payload = std::max<std::size_t>(call.settings().receive_buffer / 2, 1500);
  change_all_parameters(call, [payload](core::AssociationParameters& each) { each.receive_buffer = payload; });
  return 0;
}

int get_receive_buffer(const OptionCall& call, void* value, socklen_t& length) {
  return store_int(static_cast<int>(call.settings().receive_buffer), value, length);
}

// --- waiting
// ----------------------------------------------------------------------------------------------------------

int set_linger(const OptionCall& call, const void* value, socklen_t length) {
  linger wanted{};
  if (!load(wanted, value, length)) return -EINVAL;
  call.settings().linger = wanted.l_onoff != 0;
  call.settings().linger_seconds = std::max(wanted.l_linger, 0);
  return 0;
}

int get_linger(const OptionCall& call, void* value, socklen_t& length) {
  const linger current{call.settings().linger ? 1 : 0, call.settings().linger_seconds};
  return store(current, value, length);
}

int load_timeout(Duration& to, const void* value, socklen_t length) noexcept {
  timeval wanted{};
  if (!load(wanted, value, length)) return -EINVAL;
  if (wanted.tv_usec < 0 || wanted.tv_usec >= 1'000'000) return -EDOM;
  if (wanted.tv_sec < 0 || wanted.tv_sec > 1'000'000'000) {
    to = wanted.tv_sec < 0 ? Duration(1) : Duration{};
    return 0;
  }
  to = std::chrono::seconds(wanted.tv_sec) + std::chrono::microseconds(wanted.tv_usec);
  return 0;
}

int store_timeout(Duration timeout, void* value, socklen_t& length) noexcept {
  const auto microseconds = std::chrono::duration_cast<std::chrono::microseconds>(timeout).count();
  const timeval current{microseconds / 1'000'000, microseconds % 1'000'000};
  return store(current, value, length);
}

int set_send_timeout(const OptionCall& call, const void* value, socklen_t length) {
  return load_timeout(call.settings().send_timeout, value, length);
}
int get_send_timeout(const OptionCall& call, void* value, socklen_t& length) {
  return store_timeout(call.settings().send_timeout, value, length);
}
int set_receive_timeout(const OptionCall& call, const void* value, socklen_t length) {
  return load_timeout(call.settings().receive_timeout, value, length);
}
int get_receive_timeout(const OptionCall& call, void* value, socklen_t& length) {
  return store_timeout(call.settings().receive_timeout, value, length);
}

// --- what it is
// -------------------------------------------------------------------------------------------------------

int get_error(const OptionCall& call, void* value, socklen_t& length) {
  return store_int(call.socket.take_error(), value, length);
}
int get_type(const OptionCall& call, void* value, socklen_t& length) {
  return store_int(call.socket.is_one_to_many() ? SOCK_SEQPACKET : SOCK_STREAM, value, length);
}
int get_protocol(const OptionCall&, void* value, socklen_t& length) {
  return store_int(IPPROTO_SCTP, value, length);
}
int get_domain(const OptionCall& call, void* value, socklen_t& length) {
  return store_int(call.settings().view.domain, value, length);
}
int get_accepting(const OptionCall& call, void* value, socklen_t& length) {
  return store_int(call.socket.stage() == StackSocket::Stage::kListening ? 1 : 0, value, length);
}

int set_reuse_address(const OptionCall& call, const void* value, socklen_t length) {
  return load_flag(call.settings().reuse_address, value, length);
}
int get_reuse_address(const OptionCall& call, void* value, socklen_t& length) {
  return store_int(call.settings().reuse_address ? 1 : 0, value, length);
}

int set_share_listening(const OptionCall& call, const void* value, socklen_t length) {
  return load_flag(call.settings().share_listening, value, length);
}
int get_share_listening(const OptionCall& call, void* value, socklen_t& length) {
  return store_int(call.settings().share_listening ? 1 : 0, value, length);
}

// What has no effect here is kept and read back: programs that ask are not told off (SCTP, for one, has heartbeats of
// its own). Numbers at first are those a kernel's socket begins with.
template <int number, int first, bool is_flag>
int get_kept(const OptionCall& call, void* value, socklen_t& length) {
  const auto at = call.settings().kept.find(number);
  return store_int(at != call.settings().kept.end() ? at->second : first, value, length);
}
template <int number, int first, bool is_flag>
int set_kept(const OptionCall& call, const void* value, socklen_t length) {
  int wanted = 0;
  if (!load(wanted, value, length)) return -EINVAL;
  call.settings().kept[number] = is_flag ? (wanted != 0 ? 1 : 0) : wanted;
  return 0;
}
template <int number, int first = 0, bool is_flag = true>
constexpr Option kept() {
  return {number % SocketSettings::kIpOption, get_kept<number, first, is_flag>, set_kept<number, first, is_flag>};
}

constexpr Option kSocketLevel[]{
    {SO_SNDBUF, get_send_buffer, set_send_buffer},
    {SO_SNDBUFFORCE, nullptr, set_send_buffer},
    {SO_RCVBUF, get_receive_buffer, set_receive_buffer},
    {SO_RCVBUFFORCE, nullptr, set_receive_buffer},
    {SO_LINGER, get_linger, set_linger},
    {SO_SNDTIMEO, get_send_timeout, set_send_timeout},
    {SO_RCVTIMEO, get_receive_timeout, set_receive_timeout},
    {SO_ERROR, get_error, nullptr},
    {SO_TYPE, get_type, nullptr},
    {SO_PROTOCOL, get_protocol, nullptr},
    {SO_DOMAIN, get_domain, nullptr},
    {SO_ACCEPTCONN, get_accepting, nullptr},
    {SO_REUSEADDR, get_reuse_address, set_reuse_address},
    kept<SO_KEEPALIVE>(),
    kept<SO_DEBUG>(),
    kept<SO_DONTROUTE>(),
    kept<SO_BROADCAST>(),
    kept<SO_OOBINLINE>(),
    {SO_REUSEPORT, get_share_listening, set_share_listening},
    kept<SO_TIMESTAMP>(),
    kept<SO_PASSCRED>(),
    kept<SO_PRIORITY, 0, false>(),
    kept<SO_MARK, 0, false>(),
    kept<SO_RCVLOWAT, 1, false>(),
    {SO_SNDLOWAT, get_kept<SO_SNDLOWAT, 1, false>, nullptr},
};

// --- IPPROTO_IPV6
// -----------------------------------------------------------------------------------------------------

int set_v6_only(const OptionCall& call, const void* value, socklen_t length) {
  if (call.settings().view.domain != AF_INET6) return -ENOPROTOOPT;
  if (call.socket.endpoint() != nullptr) return -EINVAL;  // ipv6(7): before bind()
  return load_flag(call.settings().view.v6_only, value, length);
}
int get_v6_only(const OptionCall& call, void* value, socklen_t& length) {
  if (call.settings().view.domain != AF_INET6) return -ENOPROTOOPT;
  return store_int(call.settings().view.v6_only ? 1 : 0, value, length);
}

// --- the octet of DSCP and ECN: ip(7), ipv6(7) ---------------------------------------------------------------------

constexpr int kEcn = 3;  // RFC 3168 §5: the transport's own, which a user of a stream does not set

int set_traffic_class(const OptionCall& call, std::uint8_t core::AssociationParameters::*which, int wanted) {
  const std::uint8_t before = call.settings().association.*which;
  if (!call.socket.is_one_to_many()) wanted = (wanted & ~kEcn) | (before & kEcn);
  change_all_parameters(
      call, [which, wanted](core::AssociationParameters& to) { to.*which = static_cast<std::uint8_t>(wanted); });
  return 0;
}

int set_tos(const OptionCall& call, const void* value, socklen_t length) {
  int wanted = 0;
  if (length == 0) return -EINVAL;
  if (!load(wanted, value, length)) wanted = static_cast<int>(*static_cast<const std::uint8_t*>(value));
  return set_traffic_class(call, &core::AssociationParameters::traffic_class_v4, wanted);
}
int get_tos(const OptionCall& call, void* value, socklen_t& length) {
  return store_int(call.settings().association.traffic_class_v4, value, length);
}

int set_ipv6_class(const OptionCall& call, const void* value, socklen_t length) {
  if (call.settings().view.domain != AF_INET6) return -ENOPROTOOPT;
  int wanted = 0;
  if (!load(wanted, value, length) || wanted < -1 || wanted > 255) return -EINVAL;
  return set_traffic_class(call, &core::AssociationParameters::traffic_class_v6, std::max(wanted, 0));
}
int get_ipv6_class(const OptionCall& call, void* value, socklen_t& length) {
  if (call.settings().view.domain != AF_INET6) return -ENOPROTOOPT;
  return store_int(call.settings().association.traffic_class_v6, value, length);
}

constexpr Option kIp[]{{IP_TOS, get_tos, set_tos}, kept<SocketSettings::kIpOption + IP_TTL, 64, false>()};

constexpr Option kIpv6[]{{IPV6_V6ONLY, get_v6_only, set_v6_only}, {IPV6_TCLASS, get_ipv6_class, set_ipv6_class}};

}  // namespace

std::span<const Option> socket_level_options() noexcept {
  return kSocketLevel;
}
std::span<const Option> ip_options() noexcept {
  return kIp;
}
std::span<const Option> ipv6_options() noexcept {
  return kIpv6;
}

}  // namespace netsctp::socket
