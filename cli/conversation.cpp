// The loop over standard input, the socket and interruptions, and what begins and ends it.
#include "conversation.hpp"

#include <fmt/core.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>
#include <variant>

#include "failure.hpp"

namespace cli {
namespace {

using namespace net;
using sctp::AssociationId;

constexpr int kMessagesATurn = 64;                       // so that input and interruptions get their turn
constexpr std::chrono::seconds kInterruptedShutdown{2};  // how long an interrupted association may take to end
constexpr int kShellSignalBase = 128;                    // exit status of a shell's child that a signal ended

const sctp::Events kEvents{.association = true, .peer_address = true, .peer_error = true, .shutdown = true};

sctp::SocketSettings socket_settings(const ConversationSettings& settings, bool ipv6) {
  sctp::SocketSettings wanted{.one_to_many = !settings.one_to_one, .ipv6 = ipv6, .events = kEvents};
  constexpr int kDefaultStreams = 10;
  sctp::InitParameters init;
  if (settings.stream >= kDefaultStreams) init.outbound_streams = static_cast<std::uint16_t>(settings.stream + 1);
  wanted.init = init;
  return wanted;
}

std::vector<sctp::Address> look_up(const ConversationSettings& settings) {
  std::vector<sctp::Address> addresses;
  for (const std::string& host : settings.hosts) {
    std::error_code error;
    const auto found = sctp::resolve(host, settings.port, error);
    if (error) throw cannot_look_up(host, error);
    const auto v4 = std::find_if(found.begin(), found.end(), [](const auto& address) { return address.is_v4(); });
    addresses.push_back(v4 == found.end() ? found.front() : *v4);
  }
  return addresses;
}

bool any_v6(const std::vector<sctp::Address>& addresses) {
  return std::any_of(addresses.begin(), addresses.end(), [](const auto& address) { return address.is_v6(); });
}

// The process ends after its socket is closed: closing waits until what was sent is delivered.
void linger(sctp::Socket& socket) {
  socket.set(sctp::Linger{.on = true, .timeout = std::chrono::seconds(5)});
}

sctp::Socket open_socket(const sctp::SocketSettings& settings) {
  std::error_code error;
  sctp::Socket socket(settings, error);
  if (error) throw cannot_open(error);
  linger(socket);
  return socket;
}

// Each address by itself, so that the one that fails can be named.
void bind_all(sctp::Socket& socket, const std::vector<sctp::Address>& addresses, std::uint16_t port) {
  std::error_code error;
  const auto first = addresses.empty() ? sctp::Address("0.0.0.0", port) : addresses.front();
  socket.bind(first, error);
  if (error) throw cannot_bind(first, error);
  for (std::size_t i = 1; i < addresses.size(); ++i) {
    socket.bindx(std::span(&addresses[i], 1), sctp::Bindx::kAdd, error);
    if (error) throw cannot_bind(addresses[i], error);
  }
}

int status_of_end() {
  return interruption_signal() == 0 ? kSuccess : kShellSignalBase + interruption_signal();
}

// Waits for an association to accept; false when interrupted.
bool wait_to_accept(const sctp::Socket& listener) {
  std::array<pollfd, 2> entries{pollfd{listener.descriptor(), POLLIN, 0}, pollfd{interruption_descriptor(), POLLIN, 0}};
  while (::poll(entries.data(), entries.size(), -1) < 0) {
  }
  return entries[1].revents == 0;
}

void serve_one_by_one(sctp::Socket listener, const ConversationSettings& settings, Input& input, const Output& output) {
  while (wait_to_accept(listener)) {
    std::error_code error;
    sctp::Socket accepted = listener.accept(error);
    if (error) throw cannot_receive(error);
    if (!settings.keep_open) listener.close();
    accepted.set_nonblocking(true);
    linger(accepted);
    Conversation conversation(accepted, settings, input, output, true);
    conversation.begin(AssociationId::kNone);
    try {
      conversation.run();
    } catch (const Failure& failure) {
      if (!settings.keep_open) throw;
      output.note(failure.what());
    }
    if (!settings.keep_open) return;
  }
}

}  // namespace

int run_listen(const ConversationSettings& settings) {
  const auto addresses = look_up(settings);
  sctp::Socket socket = open_socket(socket_settings(settings, any_v6(addresses)));
  bind_all(socket, addresses, settings.port);
  socket.listen();
  const Output output(settings.output);
  Input input(settings.lines || isatty(STDIN_FILENO) == 1, settings.message_size,
              settings.receive_only || settings.echo);
  catch_interruptions();
  output.listening(socket.local_addresses());
  if (settings.one_to_one) {
    serve_one_by_one(std::move(socket), settings, input, output);
  } else {
    socket.set_nonblocking(true);
    Conversation(socket, settings, input, output, true).run();
  }
  return status_of_end();
}

int run_connect(const ConversationSettings& settings) {
  const auto peers = look_up(settings);
  auto wanted = socket_settings(settings, any_v6(peers));
  // RFC 9260 §5.1.4: INIT is sent again when T1-init expires; once a second makes the number of attempts the timeout.
  wanted.init->max_timeout = std::chrono::seconds(1);
  wanted.init->max_attempts = static_cast<std::uint16_t>(std::max<std::int64_t>(settings.timeout.count() - 1, 1));
  sctp::Socket socket = open_socket(wanted);
  std::error_code error;
  const AssociationId association = socket.connectx(peers, error);
  if (error) throw cannot_connect(peers, error);
  const Output output(settings.output);
  Input input(settings.lines || isatty(STDIN_FILENO) == 1, settings.message_size,
              settings.receive_only || settings.echo);
  catch_interruptions();
  socket.set_nonblocking(true);
  Conversation conversation(socket, settings, input, output, false);
  conversation.begin(settings.one_to_one ? AssociationId::kNone : association);
  conversation.run();
  return status_of_end();
}

Conversation::Conversation(sctp::Socket& socket, const ConversationSettings& settings, Input& input,
                           const Output& output, bool serves)
    : socket_(socket), settings_(settings), input_(input), output_(output), serves_(serves) {}

void Conversation::begin(AssociationId association) {
  association_ = association;
  is_up_ = true;
}

void Conversation::run() {
  while (!is_over_) {
    finish_if_due();
    if (!is_over_) wait();
  }
}

void Conversation::wait() {
  const bool wants_input = talks() && input_.is_open() && !pending_;
  const bool wants_messages = !(settings_.echo && pending_);
  std::array<pollfd, 3> entries{
      pollfd{socket_.descriptor(), static_cast<short>((wants_messages ? POLLIN : 0) | (pending_ ? POLLOUT : 0)), 0},
      pollfd{wants_input ? STDIN_FILENO : -1, POLLIN, 0},
      pollfd{interruption_signal() == 0 ? interruption_descriptor() : -1, POLLIN, 0}};
  int timeout = -1;
  if (wants_input && input_.has_message()) timeout = 0;
  if (deadline_ && timeout < 0) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*deadline_ - Clock::now());
    timeout = static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 1'000'000'000));
  }
  if (::poll(entries.data(), entries.size(), timeout) < 0) return;
  if ((entries[0].revents & (POLLIN | POLLHUP | POLLERR)) != 0 && wants_messages) receive();
  if (is_over_) return;
  if (pending_) {
    if (entries[0].revents != 0) send_pending();
  } else if (entries[1].revents != 0 || (wants_input && input_.has_message())) {
    read_input();
  }
}

void Conversation::receive() {
  for (int i = 0; i < kMessagesATurn && !is_over_ && !(settings_.echo && pending_); ++i) {
    std::error_code error;
    const auto received = socket_.receive_any(error);
    if (error) {
      if (sctp::would_block(error) || error == std::errc::interrupted) return;
      throw cannot_receive(error);
    }
    if (!received) {  // a one-to-one association has ended
      is_over_ = true;
    } else if (const auto* message = std::get_if<sctp::Message>(&*received)) {
      on_message(*message);
    } else {
      on_notification(std::get<sctp::Notification>(*received));
    }
  }
}

void Conversation::on_message(const sctp::Message& message) {
  if (!settings_.one_to_one && !serves_many() && message.association() != association_) return;
  output_.message(message);
  if (serves_many()) association_ = message.association();  // standard input answers who spoke last
  if (!settings_.echo) return;
  pending_ = Outgoing{{message.bytes().begin(), message.bytes().end()},
                      {.association = message.association(),
                       .stream = message.stream(),
                       .ppid = message.ppid(),
                       .unordered = message.unordered()}};
  send_pending();
}

void Conversation::on_notification(const sctp::Notification& notification) {
  const auto* change = std::get_if<sctp::AssociationChange>(&notification);
  const bool ours =
      settings_.one_to_one || serves_many() || !is_up_ || change == nullptr || change->association == association_;
  if (ours) output_.event(notification);
  if (change != nullptr) on_change(*change);
}

void Conversation::on_change(const sctp::AssociationChange& change) {
  using State = sctp::AssociationChange::State;
  if (settings_.one_to_one) {
    if (change.state == State::kLost) throw Failure(sctp::describe(change));
    if (change.state == State::kShutdownComplete) is_over_ = true;  // whoever began it is told in no other way
    return;
  }
  if (change.state == State::kUp) {
    if (!is_up_ || serves_many()) {
      begin(change.association);
    } else if (change.association != association_) {
      std::error_code ignored;  // it may have ended meanwhile
      socket_.abort(change.association, "netsctp listen serves one association at a time", ignored);
    }
    return;
  }
  if (change.state == State::kRestarted || change.association != association_) return;
  is_up_ = false;
  pending_.reset();
  if (serves_many()) return;
  is_over_ = true;
  if (change.state != State::kShutdownComplete) throw Failure(sctp::describe(change));
}

void Conversation::read_input() {
  auto bytes = input_.next();
  if (!bytes) return;
  pending_ = Outgoing{
      std::move(*bytes), {.association = association_, .stream = settings_.stream, .ppid = settings_.ppid}, true};
  send_pending();
}

void Conversation::send_pending() {
  std::error_code error;
  socket_.send(pending_->bytes, pending_->info, error);
  if (error == std::errc::invalid_argument && !pending_->from_input && pending_->info.stream != 0) {
    pending_->info.stream = 0;  // an echo: this side has fewer streams than the peer
    socket_.send(pending_->bytes, pending_->info, error);
  }
  if (sctp::would_block(error) || error == std::errc::interrupted) return;
  const bool from_input = pending_->from_input;
  const std::size_t size = pending_->bytes.size();
  pending_.reset();
  if (error && from_input) throw cannot_send(size, socket_.option<sctp::SendBuffer>().bytes, error);
}

// The end begins with the end of standard input, or with an interruption.
void Conversation::finish_if_due() {
  const bool interrupted = interruption_signal() != 0;
  if (interrupted && !is_up_) {
    is_over_ = true;
    return;
  }
  if (is_shutting_down_ || !is_up_) {
    if (deadline_ && Clock::now() >= *deadline_) is_over_ = true;
    return;
  }
  const bool input_ended = !input_.is_open() && !input_.has_message() && !settings_.receive_only && !settings_.echo;
  // A server's input that never gave anything, such as /dev/null, says nothing about when to end.
  const bool finished = input_ended && !pending_ && (!serves_ || (input_.has_given() && !serves_many()));
  if (finished && settings_.wait.count() > 0 && !serves_ && !interrupted) {
    if (!deadline_) deadline_ = Clock::now() + settings_.wait;
    if (Clock::now() < *deadline_) return;
  }
  if (!finished && !interrupted) return;
  deadline_.reset();
  if (interrupted) deadline_ = Clock::now() + kInterruptedShutdown;
  std::error_code ended;  // then the end is told by what is received
  socket_.shutdown(association_, ended);
  is_shutting_down_ = true;
}

}  // namespace cli
