// A transfer between two endpoints with several addresses each, for test/scripts/raw_multihoming.sh:
//   multihomed receive <port> <megabytes> <own address>...     prints "listening", "half", then "done <bytes>"
//   multihomed send <port> <megabytes> <own addresses, comma> <peer address>...   prints "unreachable <address>"
// Messages are numbered; the receiver wants each, once, in order. RTO and limits are short, so that a path that is cut
// is given up within a second.
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <exception>
#include <net/sctp.hpp>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace {

using namespace net;
using namespace std::chrono_literals;

constexpr std::size_t kMessage = 8192;

void tell(const std::string& line) {
  std::puts(line.c_str());
  std::fflush(stdout);
}

void tune(sctp::Socket& socket) {
  socket.set(sctp::PathParameters{.heartbeat_interval = 200ms, .max_retransmissions = 1});
}

const sctp::Rto kRto{.initial = 200ms, .min = 100ms, .max = 400ms};

int receive(std::uint16_t port, std::uint64_t messages, const std::vector<std::string>& own) {
  sctp::Socket server({.local_host = own,
                       .local_port = port,
                       .listen = true,
                       .one_to_many = true,
                       .rto = kRto,
                       .events = {.association = true}});
  tune(server);
  server.start_server();
  tell("listening");
  for (std::uint64_t next = 0; next < messages; ++next) {
    const auto message = server.receive();
    std::uint64_t number = ~next;
    if (message && message->size() == kMessage) std::memcpy(&number, message->text().data(), sizeof number);
    if (number != next) throw std::runtime_error("another message than number " + std::to_string(next));
    if (next == messages / 2) tell("half");
  }
  tell("done " + std::to_string(messages * kMessage));
  for (;;) {
    const auto received = server.receive_any();
    if (!received) return 1;
    const auto* const notification = std::get_if<sctp::Notification>(&*received);
    const auto* const change = notification != nullptr ? std::get_if<sctp::AssociationChange>(notification) : nullptr;
    if (change != nullptr && change->state != sctp::AssociationChange::State::kUp)
      return change->state == sctp::AssociationChange::State::kShutdownComplete ? 0 : 1;
  }
}

int send(std::uint16_t port, std::uint64_t messages, const std::vector<std::string>& own,
         const std::vector<std::string>& peer) {
  sctp::Socket client({.local_host = own,
                       .peer_host = peer,
                       .peer_port = port,
                       .rto = kRto,
                       .events = {.association = true, .peer_address = true}});
  tune(client);
  client.start_client();
  std::string text(kMessage, 'x');
  for (std::uint64_t number = 0; number < messages; ++number) {
    std::memcpy(text.data(), &number, sizeof number);
    client.send(text);
  }
  bool ends = peer.size() == 1;  // with more, one path is cut, and it goes on until that is noticed
  if (ends) client.shutdown();
  for (;;) {
    const auto received = client.receive_any();
    if (!received) return 1;
    const auto* const notification = std::get_if<sctp::Notification>(&*received);
    if (notification == nullptr) continue;
    if (const auto* path = std::get_if<sctp::PeerAddressChange>(notification)) {
      if (path->state != sctp::PeerAddressChange::State::kUnreachable) continue;
      tell("unreachable " + std::string(path->peer.ip()));
      if (!std::exchange(ends, true)) client.shutdown();
    } else if (const auto* change = std::get_if<sctp::AssociationChange>(notification)) {
      if (change->state == sctp::AssociationChange::State::kShutdownComplete) return 0;
      if (change->state != sctp::AssociationChange::State::kUp) return 1;
    }
  }
}

std::uint32_t number(const char* text) {
  std::uint32_t value = 0;
  if (std::from_chars(text, text + std::strlen(text), value).ec != std::errc{}) throw std::invalid_argument(text);
  return value;
}

}  // namespace

int main(int count, char** arguments) {
  try {
    if (count < 5) throw std::invalid_argument("role, port, megabytes, addresses");
    const std::string role = arguments[1];
    const auto port = static_cast<std::uint16_t>(number(arguments[2]));
    const std::uint64_t messages = number(arguments[3]) * std::uint64_t{1'000'000} / kMessage;
    std::vector<std::string> addresses(arguments + 4, arguments + count);
    if (role == "receive") return receive(port, messages, addresses);
    std::vector<std::string> own;
    for (std::string left = addresses.front() + ','; !left.empty(); left.erase(0, left.find(',') + 1))
      own.push_back(left.substr(0, left.find(',')));
    addresses.erase(addresses.begin());
    return send(port, messages, own, addresses);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "multihomed: %s\n", error.what());
    return 1;
  }
}
