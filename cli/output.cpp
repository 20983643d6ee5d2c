// Printing of messages and events. A message goes out as its bytes; a terminal gets a line a message.
#include "output.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <system_error>
#include <variant>
#include <vector>

#include "failure.hpp"

namespace cli {
namespace {

using namespace net;

void write_all(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(STDOUT_FILENO, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      throw Failure(fmt::format("cannot write to standard output: {}", std::generic_category().message(errno)));
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

// Bytes that are no UTF-8 are replaced by U+FFFD in "text"; "hex" has them as they are.
void print(const nlohmann::json& object) {
  write_all(object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
}

bool is_text(std::string_view bytes) {
  try {
    return !nlohmann::json(std::string(bytes)).dump().empty();
  } catch (const nlohmann::json::exception&) {
    return false;
  }
}

std::string hex(std::string_view bytes) {
  std::string text;
  for (const char byte : bytes) text += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  return text;
}

std::int32_t number(sctp::AssociationId association) {
  return static_cast<std::int32_t>(association);
}

const char* event_name(const sctp::Notification& notification) {
  if (const auto* change = std::get_if<sctp::AssociationChange>(&notification)) {
    using State = sctp::AssociationChange::State;
    switch (change->state) {
      case State::kUp:
        return "association_up";
      case State::kLost:
        return "association_lost";
      case State::kRestarted:
        return "association_restarted";
      case State::kShutdownComplete:
        return "association_shut_down";
      case State::kCannotStart:
        return "association_failed";
    }
  }
  if (std::holds_alternative<sctp::PeerAddressChange>(notification)) return "path";
  if (std::holds_alternative<sctp::ShutdownEvent>(notification)) return "peer_shuts_down";
  if (std::holds_alternative<sctp::RemoteError>(notification)) return "remote_error";
  if (std::holds_alternative<sctp::SendFailed>(notification)) return "send_failed";
  return "notification";
}

}  // namespace

Output::Output(const OutputSettings& settings) : settings_(settings), terminal_(isatty(STDOUT_FILENO) == 1) {}

void Output::listening(const std::vector<sctp::Address>& addresses) const {
  std::vector<std::string> texts;
  for (const auto& address : addresses) texts.emplace_back(address.text());
  if (settings_.json) print({{"event", "listening"}, {"addresses", texts}});
  note(fmt::format("listening at {}", fmt::join(texts, ", ")));
}

void Output::message(const sctp::Message& message) const {
  if (settings_.json) {
    nlohmann::json object = {{"event", "message"},
                             {"association", number(message.association())},
                             {"peer", message.peer().text()},
                             {"stream", message.stream()},
                             {"ppid", message.ppid()},
                             {"unordered", message.unordered()},
                             {"size", message.size()}};
    if (is_text(message.text())) {
      object["text"] = message.text();
    } else {
      object["hex"] = hex(message.text());
    }
    print(object);
    return;
  }
  if (settings_.verbose) {
    note(fmt::format("{} bytes from {}, stream {}, ppid {}", message.size(), message.peer(), message.stream(),
                     message.ppid()));
  }
  if (!settings_.messages) return;
  write_all(message.text());
  if (terminal_ && !message.text().ends_with('\n')) write_all("\n");
}

void Output::event(const sctp::Notification& notification) const {
  if (settings_.json) {
    nlohmann::json object = {{"event", event_name(notification)}, {"text", sctp::describe(notification)}};
    std::visit(
        [&](const auto& kind) {
          if constexpr (requires { kind.association; }) object["association"] = number(kind.association);
        },
        notification);
    print(object);
  }
  if (settings_.verbose) note(sctp::describe(notification));
}

void Output::note(std::string_view text) const {
  if (settings_.verbose) fmt::print(stderr, "netsctp: {}\n", text);
}

}  // namespace cli
