// SCTP in three short acts, on real sockets between real processes: a message and its answer; a network that goes
// silent; a path that fails. Exit status 0 only if each act went as told.
#include <arpa/inet.h>
#include <fmt/color.h>
#include <fmt/core.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <net/sctp.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "child.hpp"
#include "relay.hpp"
#include "roles.hpp"

namespace {

using namespace demo;
using namespace std::chrono_literals;

constexpr auto kStep = 8s;  // the longest any single step may take
constexpr std::string_view kBackend = "NETSCTP_BACKEND=stack";

const bool is_terminal = isatty(STDOUT_FILENO) == 1;

void print_styled(const fmt::text_style& style, std::string_view text) {
  if (is_terminal) {
    fmt::print(style, "{}\n", text);
  } else {
    fmt::print("{}\n", text);
  }
  std::fflush(stdout);
}
void title(std::string_view text) {
  fmt::print("\n");
  print_styled(fmt::emphasis::bold, text);
}
void say(std::string_view text) {
  print_styled({}, fmt::format("  {}", text));
}
void good(std::string_view text) {
  print_styled(fg(fmt::terminal_color::green), fmt::format("  {}", text));
}
void bad(std::string_view text) {
  print_styled(fg(fmt::terminal_color::red), fmt::format("  {}", text));
}

struct Failed : std::runtime_error {
  using std::runtime_error::runtime_error;
};

void require(bool condition, const std::string& what) {
  if (!condition) throw Failed(what);
}

double seconds(Clock::duration duration) {
  return std::chrono::duration<double>(duration).count();
}

// A UDP port that is free now.
std::string free_udp_port() {
  const int handle = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  socklen_t length = sizeof address;
  const bool bound = ::bind(handle, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
                     ::getsockname(handle, reinterpret_cast<sockaddr*>(&address), &length) == 0;
  ::close(handle);
  require(bound, "no UDP port is free");
  return std::to_string(ntohs(address.sin_port));
}

// The rest of a line that begins with `word`.
std::optional<std::string> after(const std::string& line, std::string_view word) {
  if (!line.starts_with(word)) return std::nullopt;
  return line.substr(word.size());
}

std::string listening_port(Child& server) {
  const auto line = server.read_line(Clock::now() + kStep);
  const auto port = line ? after(*line, "listening ") : std::nullopt;
  require(port.has_value(), "the server did not start");
  return *port;
}

void act_1() {
  title("Act 1: a message and its answer, between two processes");
  const auto begin = Clock::now();
  Child server({"--answer"}, {});
  const std::string port = listening_port(server);
  say(fmt::format("a one-to-many server listens at 127.0.0.1, SCTP port {}", port));
  Child client({"--ask", port}, {});
  const auto heard = server.read_line(Clock::now() + kStep);
  require(heard.has_value(), "the server heard nothing");
  say(fmt::format("server: {}", *heard));
  const auto answered = client.read_line(Clock::now() + kStep);
  require(answered.has_value(), "the client got no answer");
  say(fmt::format("client: {}", *answered));
  require(client.wait(Clock::now() + kStep) == 0, "the answer is not the one that was sent");
  require(server.wait(Clock::now() + kStep) == 0, "the server failed");
  good(fmt::format("done in {:.2f} s, processes included", seconds(Clock::now() - begin)));
}

// A sender and a receiver with a relay between them, watched from outside.
class Transfer {
 public:
  Transfer(int addresses, int messages) : messages_(messages) {
    const std::string server_udp = free_udp_port();
    const std::string client_udp = free_udp_port();
    relay_ = std::make_unique<Relay>(static_cast<std::uint16_t>(std::stoi(client_udp)),
                                     static_cast<std::uint16_t>(std::stoi(server_udp)));
    receiver_ = std::make_unique<Child>(
        std::vector<std::string>{"--receive", std::to_string(addresses), std::to_string(messages)},
        std::vector<std::string>{std::string(kBackend), "NETSCTP_LINK=udp", "NETSCTP_UDP_PORT=" + server_udp});
    const std::string port = listening_port(*receiver_);
    sender_ = std::make_unique<Child>(
        std::vector<std::string>{"--send", port, std::to_string(addresses), std::to_string(messages),
                                 std::to_string(relay_->port())},
        std::vector<std::string>{std::string(kBackend), "NETSCTP_LINK=udp", "NETSCTP_UDP_PORT=" + client_udp});
    const auto line = sender_->read_line(Clock::now() + kStep);
    const auto primary = line ? after(*line, "primary ") : std::nullopt;
    require(primary.has_value(), "the association was not set up");
    primary_ = *primary;
  }

  // Takes in what both tell until `condition` holds; false after the deadline.
  bool watch(Time deadline, const std::function<bool()>& condition) {
    while (!condition()) {
      if (Clock::now() >= deadline) return false;
      std::array<pollfd, 2> entries{pollfd{receiver_->output(), POLLIN, 0}, pollfd{sender_->output(), POLLIN, 0}};
      ::poll(entries.data(), entries.size(), 20);
      while (const auto line = receiver_->read_line(Clock::now())) on_receiver(*line);
      while (const auto line = sender_->read_line(Clock::now())) on_sender(*line);
      if (receiver_->output() < 0 && sender_->output() < 0) return condition();
    }
    return true;
  }

  void finish(Time deadline) {
    const bool all = watch(deadline, [this] { return arrived() == messages_; });
    require(all, fmt::format("only {} of {} messages arrived{}", arrived(), messages_, complaint_));
    require(sender_->wait(deadline) == 0, "the sender failed" + complaint_);
    require(receiver_->wait(deadline) == 0, "the receiver failed" + complaint_);
  }

  [[nodiscard]] Relay& relay() { return *relay_; }
  [[nodiscard]] int sent() const { return sent_; }
  [[nodiscard]] int arrived() const { return static_cast<int>(arrivals_.size()); }
  [[nodiscard]] const std::string& primary() const { return primary_; }
  [[nodiscard]] std::optional<Time> unreachable_at() const { return unreachable_at_; }
  [[nodiscard]] Time arrival(int number) const { return arrivals_.at(static_cast<std::size_t>(number)); }
  // The longest time without an arrival, of those that begin after `since`.
  [[nodiscard]] Clock::duration longest_pause(Time since) const {
    Clock::duration longest{};
    for (std::size_t i = 1; i < arrivals_.size(); ++i) {
      if (arrivals_[i] >= since) longest = std::max(longest, arrivals_[i] - std::max(arrivals_[i - 1], since));
    }
    return longest;
  }
  [[nodiscard]] std::optional<Time> first_arrival_after(Time since) const {
    const auto found = std::lower_bound(arrivals_.begin(), arrivals_.end(), since);
    return found == arrivals_.end() ? std::nullopt : std::optional(*found);
  }

 private:
  void on_receiver(const std::string& line) {
    if (after(line, "got ")) arrivals_.push_back(Clock::now());
    if (after(line, "wrong: ")) complaint_ = ": " + line;
  }
  void on_sender(const std::string& line) {
    if (after(line, "sent ")) ++sent_;
    if (after(line, "unreachable " + primary_)) unreachable_at_ = Clock::now();
  }

  int messages_;
  std::unique_ptr<Relay> relay_;
  std::unique_ptr<Child> receiver_;
  std::unique_ptr<Child> sender_;
  std::string primary_;
  std::string complaint_;
  std::vector<Time> arrivals_;
  int sent_ = 0;
  std::optional<Time> unreachable_at_;
};

void tell_tuning() {
  say(
      fmt::format("tuned for this: RTO {} ms at first, {} to {} ms; heartbeat every {} ms; a path is given up after {} "
                  "retransmissions in a row",
                  kRtoInitialMs, kRtoMinMs, kRtoMaxMs, kHeartbeatMs, kPathMaxRetransmissions));
}

void act_2() {
  constexpr int kMessages = 220;
  constexpr int kBefore = 40;
  constexpr auto kSilence = 3s;
  title("Act 2: the network goes silent while messages are being sent");
  tell_tuning();
  Transfer transfer(1, kMessages);
  say(fmt::format("{} numbered messages of {} bytes, one every {} ms, through a relay that can lose everything",
                  kMessages, kMessageSize, kMessageIntervalMs));
  require(transfer.watch(Clock::now() + kStep, [&] { return transfer.arrived() >= kBefore; }),
          "the transfer did not start");

  const auto cut_at = Clock::now();
  const int sent_before = transfer.sent();
  transfer.relay().cut(0, true);
  say(fmt::format("{} have arrived. Silence now, for {} s", transfer.arrived(), kSilence.count()));
  transfer.watch(cut_at + kSilence, [] { return false; });
  const int arrived_in_silence = transfer.arrived();
  transfer.relay().cut(0, false);
  const auto back_at = Clock::now();
  say(fmt::format(
      "the network is back: {} packets were lost; the program sent {} messages meanwhile and noticed nothing",
      transfer.relay().lost(), transfer.sent() - sent_before));
  require(transfer.relay().lost() > 0, "no packet was lost, so nothing was shown");

  require(transfer.watch(Clock::now() + kStep, [&] { return transfer.arrived() > arrived_in_silence; }),
          "nothing arrived after the silence");
  say(fmt::format("the first message after the silence arrived {:.2f} s after the network was back",
                  seconds(transfer.arrival(arrived_in_silence) - back_at)));
  transfer.finish(Clock::now() + kStep);
  good(fmt::format("all {} messages arrived, in order, none lost, none twice; the longest pause was {:.2f} s",
                   kMessages, seconds(transfer.longest_pause(cut_at))));
}

void act_3() {
  constexpr int kMessages = 180;
  constexpr int kBefore = 50;
  title("Act 3: an association with two paths loses its primary path");
  tell_tuning();
  Transfer transfer(2, kMessages);
  say(fmt::format("127.0.0.1 and 127.0.0.2 on both sides; the primary path is {}", transfer.primary()));
  require(transfer.watch(Clock::now() + kStep, [&] { return transfer.arrived() >= kBefore; }),
          "the transfer did not start");

  const std::size_t primary = transfer.primary() == "127.0.0.1" ? 0 : 1;
  const std::uint64_t lost_before = transfer.relay().lost();
  transfer.relay().cut(primary, true);
  const auto cut_at = Clock::now();
  say(fmt::format("{} have arrived. The path of {} is cut, and stays cut", transfer.arrived(), transfer.primary()));
  transfer.finish(Clock::now() + kStep);
  require(transfer.relay().lost() > lost_before, "no packet was lost, so nothing was shown");
  require(transfer.unreachable_at().has_value(), "the sender did not notice that the path is gone");
  say(fmt::format("the sender was told after {:.2f} s that {} is unreachable",
                  seconds(*transfer.unreachable_at() - cut_at), transfer.primary()));
  good(fmt::format(
      "all {} messages arrived, in order, over the other path; the transfer stood still for {:.2f} s at most",
      kMessages, seconds(transfer.longest_pause(cut_at))));
}

int run() {
  const auto begin = Clock::now();
  const auto backend = net::sctp::backend_info();
  fmt::print("netsctp {}: {}\n", net::sctp::version(), backend.reason);
  int failed = 0;
  for (const auto act : {act_1, act_2, act_3}) {
    try {
      act();
    } catch (const Failed& failure) {
      bad(fmt::format("FAILED: {}", failure.what()));
      ++failed;
    }
  }
  title(failed == 0 ? fmt::format("All three acts went as told, in {:.1f} s.", seconds(Clock::now() - begin))
                    : fmt::format("{} of 3 acts failed.", failed));
  return failed == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    if (argc > 1) return demo::play({argv + 1, argv + argc});
    return run();
  } catch (const std::exception& error) {
    fmt::print(stderr, "netsctp-demo: {}\n", error.what());
    return 1;
  }
}
