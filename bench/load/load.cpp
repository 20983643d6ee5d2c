// The command line of the load programs, and what needs no transport.
#include "load.hpp"

#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <string_view>
#include <system_error>

#include "works.hpp"

namespace load {
namespace {

constexpr const char* kUsage =
    "usage: PROGRAM server|client throughput|ping-pong|setups|crowd|idle|steady [options]\n"
    "  --size BYTES --seconds N --window SECONDS --threads N --associations N --server-sockets N --events\n"
    "  --port N[,N...] --local IP[,IP...] --peer IP[,IP...] --udp-port N --peer-udp-port N --mtu N --buffer BYTES\n"
    "  sockets_load: --protocol tcp|udp|sctp --congestion NAME --no-offload\n";

template <typename Number>
Number number(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) {
    throw std::invalid_argument("not a number: " + std::string(text));
  }
  return value;
}

std::vector<std::string> list(std::string_view text) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    parts.emplace_back(text.substr(0, comma));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return parts;
}

bool set_flag(Settings& settings, std::string_view name) {
  if (name == "--events") {
    settings.events = true;
  } else if (name == "--no-offload") {
    settings.offload = false;
  } else {
    return false;
  }
  return true;
}

void set_option(Settings& settings, std::string_view name, std::string_view value) {
  if (name == "--protocol") {
    settings.protocol = value;
  } else if (name == "--congestion") {
    settings.congestion = value;
  } else if (name == "--mtu") {
    settings.mtu = number<std::uint32_t>(value);
  } else if (name == "--buffer") {
    settings.buffer = number<std::size_t>(value);
  } else if (name == "--udp-port") {
    settings.udp_port = number<std::uint16_t>(value);
  } else if (name == "--peer-udp-port") {
    settings.peer_udp_port = number<std::uint16_t>(value);
  } else if (name == "--local") {
    settings.local = list(value);
  } else if (name == "--peer") {
    settings.peer = list(value);
  } else if (name == "--port") {
    for (const std::string& port : list(value)) settings.ports.push_back(number<std::uint16_t>(port));
  } else if (name == "--size") {
    settings.size = number<std::size_t>(value);
  } else if (name == "--seconds") {
    settings.seconds = number<double>(value);
  } else if (name == "--window") {
    settings.window = number<double>(value);
  } else if (name == "--threads") {
    settings.threads = number<std::size_t>(value);
  } else if (name == "--associations") {
    settings.associations = number<std::size_t>(value);
  } else if (name == "--server-sockets") {
    settings.server_sockets = number<std::size_t>(value);
  } else {
    throw std::invalid_argument("no such option: " + std::string(name));
  }
}

Settings parse(const std::vector<std::string_view>& words) {
  if (words.size() < 2 || (words[0] != "server" && words[0] != "client"))
    throw std::invalid_argument("server or client?");
  Settings settings;
  settings.server = words[0] == "server";
  settings.work = words[1];
  for (std::size_t i = 2; i < words.size(); ++i) {
    if (set_flag(settings, words[i])) continue;
    if (i + 1 == words.size()) throw std::invalid_argument("a value is missing after " + std::string(words[i]));
    set_option(settings, words[i], words[i + 1]);
    ++i;
  }
  return settings;
}

}  // namespace

int run(int argc, char** argv, const std::function<std::unique_ptr<Transport>(const Settings&)>& open) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  std::signal(SIGPIPE, SIG_IGN);
  Settings settings;
  try {
    settings = parse({argv + 1, argv + argc});
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "%s: %s\n%s", argv[0], problem.what(), kUsage);
    return 2;
  }
  try {
    prepare(settings);
    const std::unique_ptr<Transport> transport = open(settings);
    perform(settings, *transport);
    return 0;
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "%s: %s\n", settings.server ? "server" : "client", problem.what());
    return 1;
  }
}

void fail(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

void raise_descriptor_limit() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

void react_by_epoll(int descriptor, std::span<std::byte> buffer,
                    const std::function<Piece(std::span<std::byte>)>& receive_now,
                    const std::function<bool(std::span<std::byte>)>& handler) {
  const int poll = epoll_create1(EPOLL_CLOEXEC);
  epoll_event event{};
  event.events = EPOLLIN;
  if (poll < 0 || epoll_ctl(poll, EPOLL_CTL_ADD, descriptor, &event) != 0) fail("epoll");
  for (bool more = true; more;) {
    if (epoll_wait(poll, &event, 1, -1) < 0 && errno != EINTR) fail("epoll_wait");
    const Piece piece = receive_now(buffer);  // level-triggered: what is left is told again
    if (piece.bytes != 0) more = handler(buffer.first(piece.bytes));
    if (piece.end) more = false;
  }
  close(poll);
}

}  // namespace load
