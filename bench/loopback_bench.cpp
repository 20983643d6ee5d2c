// Two processes talk SCTP over the loopback interface through the public API: messages a second, time of a round trip,
// associations set up a second, memory of an idle association at a server. This program starts itself anew as server
// and as client for each measurement, reads what they report and prints the median of several runs with the smallest
// and the largest.
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <net/sctp.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace {

using namespace net;
using SteadyClock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

enum class Kind { kThroughput, kPingPong, kSetups, kMemory };
constexpr std::array<const char*, 4> kKindNames{"throughput", "ping-pong", "setups", "memory"};
constexpr std::size_t kIdleAssociations = 1000;

struct Measurement {
  Kind kind;
  std::size_t size = 0;      // of a message, bytes
  bool shared_port = false;  // both processes behind one UDP port
};
constexpr std::array<Measurement, 9> kMeasurements{{
    {Kind::kThroughput, 64},
    {Kind::kThroughput, 1024},
    {Kind::kThroughput, 16384},
    {Kind::kThroughput, 65536},
    {Kind::kThroughput, 1024, true},
    {Kind::kPingPong, 64},
    {Kind::kPingPong, 64, true},
    {Kind::kSetups},
    {Kind::kMemory},
}};

struct Options {
  bool json = false;
  double seconds = 3;
  unsigned repeat = 3;
  std::string only;  // a kind
};

// ---- What the two processes do --------------------------------------------------------------------------------------

// One line to whoever started us.
void report(const std::string& line) {
  std::puts(line.c_str());
  std::fflush(stdout);
}

void answer_all(sctp::Socket& socket, std::vector<std::byte>& buffer) {
  while (const auto piece = socket.receive_some(buffer)) socket.send(std::span(buffer).first(piece->size));
}

// Reports messages, bytes and seconds from the first message to the end of the association.
void count_all(sctp::Socket& socket, std::vector<std::byte>& buffer) {
  std::uint64_t messages = 0;
  std::uint64_t bytes = 0;
  std::optional<SteadyClock::time_point> begin;
  while (const auto piece = socket.receive_some(buffer)) {
    if (!begin) begin = SteadyClock::now();
    bytes += piece->size;
    messages += piece->end_of_message ? 1 : 0;
  }
  if (!begin) throw std::runtime_error("nothing arrived");
  report(std::to_string(messages) + " " + std::to_string(bytes) + " " +
         std::to_string(Seconds(SteadyClock::now() - *begin).count()));
}

std::size_t resident_bytes() {
  std::size_t size = 0;
  std::size_t resident = 0;
  std::FILE* const file = std::fopen("/proc/self/statm", "r");
  if (file == nullptr || std::fscanf(file, "%zu %zu", &size, &resident) != 2) throw std::runtime_error("statm");
  std::fclose(file);
  return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

// One socket for all: reports by how much it grew for each association.
void hold_all() {
  sctp::Socket server(
      {.local_host = {"127.0.0.1"}, .listen = true, .one_to_many = true, .events = {.association = true}});
  server.start_server();
  report(std::to_string(server.local_name().port()));
  std::size_t before = 0;
  for (std::size_t up = 0; up < kIdleAssociations;) {
    const auto received = server.receive_any();
    const auto* notification = received ? std::get_if<sctp::Notification>(&*received) : nullptr;
    const auto* change = notification == nullptr ? nullptr : std::get_if<sctp::AssociationChange>(notification);
    if (change == nullptr || change->state != sctp::AssociationChange::State::kUp) continue;
    if (up++ == 0) before = resident_bytes();  // with the first, what all share is there
  }
  report(std::to_string(static_cast<double>(resident_bytes() - before) / (kIdleAssociations - 1)));
}

void serve(const Measurement& what) {
  if (what.kind == Kind::kMemory) return hold_all();
  sctp::Socket listener(
      {.local_host = {"127.0.0.1"}, .listen = true, .backlog = 4096, .no_delay = what.kind == Kind::kPingPong});
  listener.start_server();
  report(std::to_string(listener.local_name().port()));
  std::vector<std::byte> buffer(std::size_t{128} * 1024);
  if (what.kind == Kind::kSetups) {
    for (;;) {  // until we are ended
      sctp::Socket accepted = listener.accept();
      std::error_code ignored;  // the client is gone at once: how it went is its business
      accepted.close(ignored);
    }
  }
  sctp::Socket socket = listener.accept();
  if (what.kind == Kind::kPingPong) {
    socket.set(sctp::NoDelay{true});
    answer_all(socket, buffer);
  } else {
    count_all(socket, buffer);
  }
}

sctp::SocketSettings client_settings(std::uint16_t port, std::uint16_t server_udp_port, bool no_delay) {
  sctp::SocketSettings settings;
  settings.peer_host = {"127.0.0.1"};
  settings.peer_port = port;
  settings.no_delay = no_delay;
  if (sctp::backend_info().link == "udp") settings.remote_udp_port = server_udp_port;
  return settings;
}

void send_all(sctp::Socket& socket, std::size_t size, SteadyClock::time_point end) {
  const std::vector<std::byte> message(size, std::byte{0x5a});
  while (SteadyClock::now() < end) socket.send(message);
  socket.shutdown();
  while (socket.receive()) {
  }
  report("done");
}

// Reports round trips a second, and the 50th and 99th percentile of their time in microseconds.
void play(sctp::Socket& socket, std::size_t size, SteadyClock::time_point end) {
  std::vector<std::byte> message(size, std::byte{0x5a});
  std::vector<double> times;
  times.reserve(1'000'000);
  const auto begin = SteadyClock::now();
  auto before = begin;
  while (before < end) {
    socket.send(message);
    if (!socket.receive_some(message)) throw std::runtime_error("the server went away");
    const auto after = SteadyClock::now();
    times.push_back(std::chrono::duration<double, std::micro>(after - before).count());
    before = after;
  }
  const double rate = static_cast<double>(times.size()) / Seconds(before - begin).count();
  const auto percentile = [&](std::size_t percent) {
    const auto at = times.begin() + static_cast<std::ptrdiff_t>(times.size() * percent / 100);
    std::nth_element(times.begin(), at, times.end());
    return *at;
  };
  const double p50 = percentile(50);
  report(std::to_string(rate) + " " + std::to_string(p50) + " " + std::to_string(percentile(99)));
}

// Reports associations a second: socket, connect, close.
void connect_and_close(std::uint16_t port, std::uint16_t server_udp_port, SteadyClock::time_point end) {
  const auto begin = SteadyClock::now();
  std::uint64_t count = 0;
  for (; SteadyClock::now() < end; ++count) {
    sctp::Socket socket(client_settings(port, server_udp_port, false));
    socket.start_client();
    socket.close();
  }
  report(std::to_string(static_cast<double>(count) / Seconds(SteadyClock::now() - begin).count()));
}

// As many sockets as associations, kept until this process is ended.
void connect_and_stay(std::uint16_t port, std::uint16_t server_udp_port) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  std::vector<sctp::Socket> sockets;
  for (std::size_t i = 0; i < kIdleAssociations; ++i) {
    sockets.emplace_back(client_settings(port, server_udp_port, false)).start_client();
  }
  for (;;) pause();
}

void be_client(const Measurement& what, double seconds, std::uint16_t port, std::uint16_t server_udp_port) {
  const auto end = SteadyClock::now() + std::chrono::duration_cast<SteadyClock::duration>(Seconds(seconds));
  if (what.kind == Kind::kSetups) return connect_and_close(port, server_udp_port, end);
  if (what.kind == Kind::kMemory) return connect_and_stay(port, server_udp_port);
  sctp::Socket socket(client_settings(port, server_udp_port, what.kind == Kind::kPingPong));
  socket.start_client();
  what.kind == Kind::kPingPong ? play(socket, what.size, end) : send_all(socket, what.size, end);
}

// ---- What this process does -----------------------------------------------------------------------------------------

// This program started anew, with its standard output to be read here. Ended when it goes out of scope.
class Child {
 public:
  Child(const std::vector<std::string>& arguments, std::uint16_t udp_port) {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("pipe");
    pid_ = fork();
    if (pid_ < 0) throw std::runtime_error("fork");
    if (pid_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      dup2(ends[1], STDOUT_FILENO);
      setenv("NETSCTP_UDP_PORT", std::to_string(udp_port).c_str(), 1);
      setenv("NETSCTP_BACKEND", "stack", 0);
      std::vector<char*> argv;
      for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
      argv.push_back(nullptr);
      execv("/proc/self/exe", argv.data());
      _exit(127);
    }
    close(ends[1]);
    output_ = ends[0];
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    end();
    close(output_);
  }

  // Its next line; throws if it does not come in time.
  std::string line(double seconds) {
    const auto until = SteadyClock::now() + std::chrono::duration_cast<SteadyClock::duration>(Seconds(seconds));
    for (;;) {
      if (const auto newline = unread_.find('\n'); newline != std::string::npos) {
        std::string result = unread_.substr(0, newline);
        unread_.erase(0, newline + 1);
        return result;
      }
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - SteadyClock::now()).count();
      pollfd ready{output_, POLLIN, 0};
      if (left <= 0 || poll(&ready, 1, static_cast<int>(left)) == 0) throw std::runtime_error("no answer in time");
      std::array<char, 256> bytes;
      const ssize_t count = read(output_, bytes.data(), bytes.size());
      if (count <= 0) throw std::runtime_error("a process ended without an answer");
      unread_.append(bytes.data(), static_cast<std::size_t>(count));
    }
  }

  // CPU seconds it took, in user and kernel.
  double end() {
    if (pid_ > 0) {
      kill(pid_, SIGKILL);
      rusage usage{};
      if (wait4(std::exchange(pid_, -1), nullptr, 0, &usage) > 0) {
        const auto seconds = [](const timeval& time) {
          return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
        };
        cpu_ = seconds(usage.ru_utime) + seconds(usage.ru_stime);
      }
    }
    return cpu_;
  }

 private:
  pid_t pid_ = -1;
  int output_ = -1;
  std::string unread_;
  double cpu_ = 0;
};

// Two UDP ports that are free now.
std::array<std::uint16_t, 2> free_udp_ports() {
  std::array<int, 2> sockets{};
  std::array<std::uint16_t, 2> ports{};
  for (std::size_t i = 0; i < sockets.size(); ++i) {
    sockets[i] = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sockaddr_in name{};
    name.sin_family = AF_INET;
    socklen_t length = sizeof name;
    if (bind(sockets[i], reinterpret_cast<sockaddr*>(&name), length) != 0 ||
        getsockname(sockets[i], reinterpret_cast<sockaddr*>(&name), &length) != 0) {
      throw std::runtime_error("no free UDP port");
    }
    ports[i] = ntohs(name.sin_port);
  }
  for (const int descriptor : sockets) close(descriptor);
  return ports;
}

struct Run {
  std::vector<double> figures;  // what Measurement's columns say
  double server_cpu = 0;        // cores, averaged over the run
  double client_cpu = 0;
};

std::vector<double> numbers(const std::string& line) {
  std::vector<double> values;
  const char* at = line.data();
  const char* const end = at + line.size();
  while (at < end) {
    double value = 0;
    const auto [next, error] = std::from_chars(at, end, value);
    if (error != std::errc{}) throw std::runtime_error("unexpected answer: " + line);
    values.push_back(value);
    at = next + 1;
  }
  return values;
}

Run run(std::size_t index, double seconds) {
  const Measurement& what = kMeasurements[index];
  const double patience = seconds + 10;
  const auto ports = free_udp_ports();
  const std::uint16_t client_port = what.shared_port ? ports[0] : ports[1];
  Child server({"loopback_bench", "serve", std::to_string(index)}, ports[0]);
  const std::string sctp_port = server.line(patience);
  const auto begin = SteadyClock::now();
  Child client(
      {"loopback_bench", "client", std::to_string(index), std::to_string(seconds), sctp_port, std::to_string(ports[0])},
      client_port);
  Run result;
  if (what.kind == Kind::kThroughput) {
    client.line(patience);
    const auto counted = numbers(server.line(patience));  // messages, bytes, seconds
    result.figures = {counted.at(0) / counted.at(2), counted.at(1) / counted.at(2) / 1e6};
  } else if (what.kind == Kind::kMemory) {
    result.figures = numbers(server.line(patience));
  } else {
    result.figures = numbers(client.line(patience));
  }
  const double elapsed = Seconds(SteadyClock::now() - begin).count();
  result.client_cpu = client.end() / elapsed;
  result.server_cpu = server.end() / elapsed;
  return result;
}

struct Spread {
  double median = 0;
  double min = 0;
  double max = 0;
};

template <typename Figure>
Spread spread(const std::vector<Run>& runs, Figure&& figure) {
  std::vector<double> values;
  for (const Run& one : runs) values.push_back(figure(one));
  std::sort(values.begin(), values.end());
  return {values[values.size() / 2], values.front(), values.back()};
}

std::vector<const char*> columns(Kind kind) {
  switch (kind) {
    case Kind::kThroughput:
      return {"messages/s", "MB/s"};
    case Kind::kPingPong:
      return {"round trips/s", "p50 us", "p99 us"};
    case Kind::kSetups:
      return {"associations/s"};
    case Kind::kMemory:
      return {"resident bytes"};
  }
  return {};
}

void print(const Measurement& what, const std::vector<Run>& runs, const Options& options, bool first) {
  const char* const kind = kKindNames[static_cast<std::size_t>(what.kind)];
  const char* const ports = what.shared_port ? "one" : "two";
  const auto names = columns(what.kind);
  for (std::size_t i = 0; i < names.size() + 2; ++i) {
    const char* const name = i < names.size() ? names[i] : i == names.size() ? "server cores" : "client cores";
    const Spread figure = spread(runs, [&](const Run& one) {
      return i < names.size() ? one.figures.at(i) : i == names.size() ? one.server_cpu : one.client_cpu;
    });
    if (options.json) {
      std::printf(
          "%s\n  {\"measurement\": \"%s\", \"message_bytes\": %zu, \"udp_ports\": \"%s\", \"figure\": \"%s\", "
          "\"median\": %.3f, \"min\": %.3f, \"max\": %.3f}",
          first && i == 0 ? "" : ",", kind, what.size, ports, name, figure.median, figure.min, figure.max);
    } else {
      const int digits = figure.median < 1000 ? 2 : 0;
      std::printf("| %-10s | %6zu | %-3s | %-14s | %11.*f | %11.*f | %11.*f |\n", kind, what.size, ports, name, digits,
                  figure.median, digits, figure.min, digits, figure.max);
    }
  }
  std::fflush(stdout);
}

int measure(const Options& options) {
  bool failed = false;
  bool first = true;
  if (options.json) {
    std::printf("[");
  } else {
    std::printf("%u runs of %g s each; UDP ports: one for each process, or one for both\n", options.repeat,
                options.seconds);
    std::printf("| %-10s | %6s | %-3s | %-14s | %11s | %11s | %11s |\n", "", "bytes", "UDP", "", "median", "min",
                "max");
    std::printf("|------------|--------|-----|----------------|-------------|-------------|-------------|\n");
  }
  for (std::size_t i = 0; i < kMeasurements.size(); ++i) {
    const Measurement& what = kMeasurements[i];
    const char* const kind = kKindNames[static_cast<std::size_t>(what.kind)];
    if (!options.only.empty() && options.only != kind) continue;
    std::vector<Run> runs;
    try {
      while (runs.size() < options.repeat) runs.push_back(run(i, options.seconds));
      print(what, runs, options, first);
      first = false;
    } catch (const std::exception& problem) {
      std::fprintf(stderr, "%s, %zu bytes, %s: %s\n", kind, what.size, what.shared_port ? "one port" : "two ports",
                   problem.what());
      failed = true;
    }
  }
  if (options.json) std::printf("\n]\n");
  return failed ? 1 : 0;
}

constexpr const char* kUsage =
    "usage: loopback_bench [--json] [--seconds <each, default 3>] [--repeat <default 3>]\n"
    "                      [--only throughput|ping-pong|setups|memory]\n";

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  try {
    if (arguments.size() == 2 && arguments[0] == "serve") {
      serve(kMeasurements.at(std::stoul(arguments[1])));
      return 0;
    }
    if (arguments.size() == 5 && arguments[0] == "client") {
      be_client(kMeasurements.at(std::stoul(arguments[1])), std::stod(arguments[2]),
                static_cast<std::uint16_t>(std::stoul(arguments[3])),
                static_cast<std::uint16_t>(std::stoul(arguments[4])));
      return 0;
    }
    Options options;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      const std::string& name = arguments[i];
      if (name == "--json") {
        options.json = true;
      } else if (name == "--seconds" && i + 1 < arguments.size()) {
        options.seconds = std::stod(arguments[++i]);
      } else if (name == "--repeat" && i + 1 < arguments.size()) {
        options.repeat = std::max(1u, static_cast<unsigned>(std::stoul(arguments[++i])));
      } else if (name == "--only" && i + 1 < arguments.size()) {
        options.only = arguments[++i];
      } else if (!name.starts_with("--benchmark_")) {  // those are for the others of ./dev bench
        std::fputs(kUsage, name == "--help" ? stdout : stderr);
        return name == "--help" ? 0 : 2;
      }
    }
    return measure(options);
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "loopback_bench %s: %s\n", arguments.empty() ? "" : arguments[0].c_str(), problem.what());
    return 1;
  }
}
