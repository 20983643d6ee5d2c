#include "socket/backend.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <initializer_list>
#include <memory>
#include <string_view>
#include <system_error>

#include "engine/engine.hpp"
#include "link/raw.hpp"
#include "socket/instance.hpp"
#include "socket/kernel_socket.hpp"
#include "socket/socket.hpp"
#include "socket/stack_socket.hpp"

namespace netsctp::socket {

namespace {

std::string_view from_environment(const char* name, std::string_view otherwise) noexcept {
  const char* const value = std::getenv(name);
  return value != nullptr && *value != '\0' ? std::string_view(value) : otherwise;
}

std::string errno_name(int error) {
  switch (error) {
    case EPROTONOSUPPORT:
      return "EPROTONOSUPPORT";
    case ESOCKTNOSUPPORT:
      return "ESOCKTNOSUPPORT";
    case EAFNOSUPPORT:
      return "EAFNOSUPPORT";
    case EPERM:
      return "EPERM";
    case EACCES:
      return "EACCES";
    default:
      return std::generic_category().message(error);
  }
}

std::string quoted(std::string_view text) {
  std::string result = "\"";
  result += text;
  result += '"';
  return result;
}

// Asked without opening a socket: that would load the kernel's SCTP module.
bool kernel_hears_sctp() noexcept {
  return ::access("/proc/net/sctp", F_OK) == 0;
}

// The place of the variable's word among these; the first unless it says otherwise.
std::size_t place_of(const char* name, std::initializer_list<std::string_view> words, Backend& chosen) {
  const std::string_view word = from_environment(name, *words.begin());
  const auto* const found = std::find(words.begin(), words.end(), word);
  if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
  chosen.error = std::string(name) + " is " + quoted(word) + ": it must be";
  for (const std::string_view& one : words) {
    chosen.error += &one == words.begin() ? " " : &one + 1 == words.end() ? " or " : ", ";
    chosen.error += one;
  }
  return 0;
}

// The words in the order of the values.
void choose_recovery(Backend& chosen) {
  chosen.congestion_control =
      core::CongestionControl(place_of("NETSCTP_CONGESTION", {"rfc9260", "cubic", "bbr"}, chosen));
  chosen.loss_detection = core::LossDetection(place_of("NETSCTP_LOSS_DETECTION", {"rfc9260", "rack"}, chosen));
}

void choose_link(Backend& chosen) {
  chosen.kind = Backend::Kind::kStack;
  chosen.trace = from_environment("NETSCTP_TRACE", "");
  choose_recovery(chosen);
  chosen.link = from_environment("NETSCTP_LINK", "udp");
  if (chosen.link == "raw") {
    const int forbidden = link::RawLink::availability();
    if (forbidden == EPERM || forbidden == EACCES) {
      chosen.error =
          "NETSCTP_LINK=raw needs the capability CAP_NET_RAW to open raw sockets, which this process lacks (" +
          errno_name(forbidden) + "): run it as root or give the program cap_net_raw with setcap(8)";
    } else if (forbidden != 0) {
      chosen.error = "NETSCTP_LINK=raw, but there are no raw sockets here (" + errno_name(forbidden) + ")";
    } else if (kernel_hears_sctp()) {
      chosen.reason += "; beware: the kernel's SCTP hears the same packets and aborts our associations";
    }
  } else if (chosen.link != "udp") {
    chosen.error = "NETSCTP_LINK is " + quoted(chosen.link) + ": it must be udp or raw";
  }
  if (chosen.link != "udp") return;
  const std::string_view text = from_environment("NETSCTP_UDP_PORT", "9899");
  unsigned port = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (failure != std::errc{} || end != text.data() + text.size() || port < 1 || port > 65535) {
    chosen.error = "NETSCTP_UDP_PORT is " + quoted(text) + ": it must be a number from 1 to 65535";
  } else {
    chosen.udp_port = static_cast<std::uint16_t>(port);
  }
  const std::string_view batch = from_environment("NETSCTP_UDP_BATCH", "on");
  chosen.udp_batches = batch != "off";
  if (batch != "on" && batch != "off")
    chosen.error = "NETSCTP_UDP_BATCH is " + quoted(batch) + ": it must be on or off";
}

Backend choose() {
  Backend chosen;
  const std::string_view wanted = from_environment("NETSCTP_BACKEND", "auto");
  if (wanted == "stack") {
    chosen.reason = "NETSCTP_BACKEND=stack asks for netsctp's own stack";
    choose_link(chosen);
    return chosen;
  }
  const int missing = KernelSocket::availability();
  if (wanted == "kernel" || (wanted == "auto" && missing == 0)) {
    chosen.kind = Backend::Kind::kKernel;
    chosen.link = "kernel";
    chosen.reason = wanted == "kernel" ? "NETSCTP_BACKEND=kernel asks for the kernel's SCTP" : "the kernel has SCTP";
    if (missing != 0) chosen.error = "NETSCTP_BACKEND=kernel, but the kernel has no SCTP (" + errno_name(missing) + ")";
    return chosen;
  }
  chosen.reason = "the kernel has no SCTP (" + errno_name(missing) + "), so netsctp's own stack serves";
  choose_link(chosen);
  if (wanted != "auto") {
    chosen.error = "NETSCTP_BACKEND is " + quoted(wanted) + ": it must be auto, kernel or stack";
  }
  return chosen;
}

}  // namespace

const Backend& backend() noexcept {
  static const auto* const chosen = new Backend(choose());  // never destroyed: asked for until the very end
  return *chosen;
}

Result<std::shared_ptr<Socket>> open(int domain, int type, DescriptorIs descriptor) noexcept {
  if (domain != AF_INET && domain != AF_INET6) return std::errc::address_family_not_supported;
  constexpr int kFlags = SOCK_NONBLOCK | SOCK_CLOEXEC;
  const int style = type & ~kFlags;
  if (style != SOCK_STREAM && style != SOCK_SEQPACKET) {
    return std::error_code(ESOCKTNOSUPPORT, std::generic_category());
  }
  if (!backend().error.empty()) return std::errc::protocol_not_supported;
  if (backend().kind == Backend::Kind::kKernel) return KernelSocket::create(domain, type);
  auto socket = StackSocket::create(domain, type, descriptor);
  if (!socket) return socket.error();
  return std::shared_ptr<Socket>(std::move(*socket));
}

std::error_code trace(const char* path) noexcept {
  if (!backend().error.empty()) return std::make_error_code(std::errc::protocol_not_supported);
  if (backend().kind == Backend::Kind::kKernel) return std::make_error_code(std::errc::operation_not_supported);
  auto instance = Instance::acquire();
  if (!instance) return instance.error();
  auto session = (*instance)->engine().session();
  return (*instance)->engine().trace(path);
}

}  // namespace netsctp::socket
