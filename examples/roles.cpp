// Act 1: answer and ask. Acts 2 and 3: receive and send numbered messages.
#include "roles.hpp"

#include <fmt/core.h>
#include <net/sctp.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <stdexcept>
#include <utility>
#include <variant>

namespace demo {
namespace {

using namespace net;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

template <typename... Arguments>
void tell(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  fmt::print(format, std::forward<Arguments>(arguments)...);
  std::fputc('\n', stdout);
  std::fflush(stdout);
}

std::uint16_t port(const std::string& text) {
  return static_cast<std::uint16_t>(std::stoi(text));
}

std::vector<std::string> hosts(const std::string& count) {
  return count == "2" ? std::vector<std::string>{"127.0.0.1", "127.0.0.2"} : std::vector<std::string>{"127.0.0.1"};
}

// A process that ends takes its associations along: close() waits until the goodbye is said.
constexpr sctp::Linger kLinger{.on = true, .timeout = std::chrono::seconds(2)};

// answer: serves one question.
int answer() {
  sctp::Socket server({.local_host = {"127.0.0.1"}, .listen = true, .one_to_many = true});
  server.start_server();
  server.set(kLinger);
  tell("listening {}", server.local_name().port());
  const auto message = server.receive();
  if (!message) return 1;
  tell("{} sent {} bytes: {}", message->peer(), message->size(), message->text());
  server.send("I am the Server!!", {.association = message->association(), .stream = 1, .ppid = 46});
  return 0;
}

// ask <port>
int ask(const std::string& server_port) {
  sctp::Socket client({.peer_host = {"127.0.0.1"}, .peer_port = port(server_port)});
  client.start_client();
  client.set(kLinger);
  client.send("I am a Client!!", {.stream = 1, .ppid = 46});
  const auto reply = client.receive();
  if (!reply) return 1;
  tell("{} bytes on stream {} with ppid {}: {}", reply->size(), reply->stream(), reply->ppid(), reply->text());
  return reply->text() == "I am the Server!!" && reply->stream() == 1 && reply->ppid() == 46 ? 0 : 1;
}

void tune(sctp::Socket& socket) {
  socket.set(sctp::AssociationParameters{.max_retransmissions = kAssociationMaxRetransmissions});
  socket.set(sctp::PathParameters{.heartbeat_interval = milliseconds(kHeartbeatMs),
                                  .max_retransmissions = kPathMaxRetransmissions});
}

const sctp::Rto kRto{
    .initial = milliseconds(kRtoInitialMs), .min = milliseconds(kRtoMinMs), .max = milliseconds(kRtoMaxMs)};

// receive <addresses> <messages>: each must be the next, whole.
int receive(const std::string& addresses, const std::string& messages) {
  sctp::Socket server({.local_host = hosts(addresses),
                       .listen = true,
                       .one_to_many = true,
                       .rto = kRto,
                       .events = {.association = true}});
  tune(server);
  server.start_server();
  tell("listening {}", server.local_name().port());
  const int wanted = std::stoi(messages);
  for (int next = 0;;) {
    const auto received = server.receive_any();
    if (!received) return 1;
    if (const auto* message = std::get_if<sctp::Message>(&*received)) {
      const bool is_next =
          message->size() == kMessageSize && std::stoi(std::string(message->text().substr(0, 12))) == next;
      if (!is_next) {
        tell("wrong: message {} was expected", next);
        return 1;
      }
      tell("got {}", next++);
    } else if (const auto* change = std::get_if<sctp::AssociationChange>(&std::get<sctp::Notification>(*received))) {
      if (change->state == sctp::AssociationChange::State::kUp) continue;
      return next == wanted && change->state == sctp::AssociationChange::State::kShutdownComplete ? 0 : 1;
    }
  }
}

// Tells what happens to the paths until a time.
void watch_paths(sctp::Socket& socket, Clock::time_point until) {
  for (;;) {
    const auto left = std::chrono::ceil<milliseconds>(until - Clock::now());
    if (!socket.wait_readable(std::max(left, milliseconds(0)))) return;
    const auto received = socket.receive_any();
    if (!received) throw std::runtime_error("the association ended early");
    if (const auto* notification = std::get_if<sctp::Notification>(&*received)) {
      if (const auto* change = std::get_if<sctp::PeerAddressChange>(notification)) {
        if (change->state == sctp::PeerAddressChange::State::kUnreachable) tell("unreachable {}", change->peer.ip());
      }
    }
  }
}

// send <port> <addresses> <messages> <UDP port of the relay>
int send(const std::string& server_port, const std::string& addresses, const std::string& messages,
         const std::string& relay) {
  sctp::Socket client({.local_host = hosts(addresses),
                       .peer_host = hosts(addresses),
                       .peer_port = port(server_port),
                       .rto = kRto,
                       .no_delay = true,
                       .events = {.peer_address = true},
                       .remote_udp_port = port(relay)});
  tune(client);
  client.start_client();
  tell("primary {}", client.option<sctp::PrimaryAddress>().peer.ip());
  auto when = Clock::now();
  for (int number = 0; number < std::stoi(messages); ++number) {
    std::string text = fmt::format("{:012}", number);
    text.resize(kMessageSize, '.');
    client.send(text, {.stream = 1});
    tell("sent {}", number);
    watch_paths(client, when += milliseconds(kMessageIntervalMs));
  }
  client.shutdown();
  while (client.receive_any()) {
  }
  return 0;
}

}  // namespace

int play(const std::vector<std::string>& arguments) {
  const std::string& role = arguments.at(0);
  if (role == "--answer") return answer();
  if (role == "--ask") return ask(arguments.at(1));
  if (role == "--receive") return receive(arguments.at(1), arguments.at(2));
  if (role == "--send") return send(arguments.at(1), arguments.at(2), arguments.at(3), arguments.at(4));
  throw std::invalid_argument("netsctp-demo takes no arguments");
}

}  // namespace demo
