// What a user does on events, in reading turns and with its send buffer; see user.hpp.
#include "sim/user.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>

#include "sim/network.hpp"

namespace netsctp::sim {

namespace {

void demand(bool holds, const char* what) {
  if (!holds) throw std::runtime_error(std::string("simulation: ") + what);
}

}  // namespace

User::User(Host& host, std::uint64_t key) : host_(host), key_(key) {
  host_.on_event = [this](core::Event&& event) { on_event(std::move(event)); };
}

User::~User() {
  host_.on_event = nullptr;
}

void User::open(std::uint16_t port) {
  core::EndpointConfig config;
  config.port = port;
  config.addresses = host_.addresses();
  config.parameters = parameters;
  auto opened = host_.call([&](core::Stack& stack) { return stack.open(config); });
  demand(opened.ok(), "open() failed");
  endpoint_ = *opened;
  host_.call([&](core::Stack& stack) { stack.listen(endpoint_, 1000); });
}

core::AssociationId User::connect(const std::vector<IpAddress>& peers, std::uint16_t port) {
  core::ConnectRequest request;
  request.peers = peers;
  request.port = port;
  auto connected =
      host_.call([&](core::Stack& stack) { return stack.connect(endpoint_, request, host_.network().now()); });
  if (!connected.ok()) throw std::runtime_error("simulation: connect(): " + connected.error().message());
  latest_ = *connected;
  conversations_[latest_].id = latest_;
  return latest_;
}

Conversation* User::latest() noexcept {
  const auto found = conversations_.find(latest_);
  return found != conversations_.end() ? &found->second : nullptr;
}

void User::send(core::AssociationId association, const std::vector<Message>& messages) {
  Conversation& to = conversation(association);
  to.outbox.insert(to.outbox.end(), messages.begin(), messages.end());
  fill(to);
}

void User::fill(Conversation& conversation) {
  while (!conversation.all_handed_over() && !conversation.ended &&
         !conversation.peer_shut_down) {  // §9.2: no sending any more
    const Message& message = conversation.outbox[conversation.handed_over];
    const std::size_t buffered = host_.stack().buffered_bytes(conversation.id);
    if (buffered != 0 && buffered + message.size > send_buffer) {
      host_.call([&](core::Stack& stack) { stack.want_send_space(conversation.id); });
      return;
    }
    const std::error_code error = host_.call([&](core::Stack& stack) {
      core::SendRequest request;
      request.payload = stack.allocate(message.size);
      const auto number = static_cast<std::uint32_t>(conversation.handed_over);
      fill_message({request.payload.writable(), message.size}, key_, number);
      request.stream = message.stream;
      request.ppid = number;
      request.context = number;
      request.unordered = message.unordered;
      request.reliability = message.reliability;
      return stack.send(conversation.id, std::move(request), host_.network().now());
    });
    if (error) throw std::runtime_error("simulation: send(): " + error.message());
    ++conversation.handed_over;
  }
  if (conversation.shutdown_when_sent && !conversation.ended) {
    conversation.shutdown_when_sent = false;
    const std::error_code error =
        host_.call([&](core::Stack& stack) { return stack.shutdown(conversation.id, host_.network().now()); });
    if (error) throw std::runtime_error("simulation: shutdown(): " + error.message());
  }
}

void User::shutdown(core::AssociationId association) {
  Conversation& which = conversation(association);
  which.shutdown_when_sent = true;
  if (which.all_handed_over()) fill(which);
}

void User::abort(core::AssociationId association) {
  host_.call([&](core::Stack& stack) { stack.abort(association, {}, host_.network().now()); });
}

void User::set_reading(const Reading& how) {
  reading = how;
  for (auto& [id, conversation] : conversations_) {
    if (reading.bytes_per_turn == SIZE_MAX) read(conversation, SIZE_MAX);
  }
  begin_turns();
}

void User::forget() {
  conversations_.clear();
  endpoint_ = 0;
  latest_ = 0;
}

void User::on_event(core::Event&& event) {
  Conversation& conversation = conversations_[event.association];
  conversation.id = event.association;
  if (auto* data = std::get_if<core::DataArrived>(&event.what)) {
    on_data(conversation, std::move(data->piece));
    return;
  }
  if (const auto* change = std::get_if<core::AssociationChanged>(&event.what)) on_change(conversation, *change);
  if (std::get_if<core::PartialDeliveryAborted>(&event.what) != nullptr) {
    read(conversation, SIZE_MAX);
    demand(conversation.incomplete.has_value(), "there was no message to abort");
    conversation.incomplete.reset();
  }
  if (std::get_if<core::PeerShutdown>(&event.what) != nullptr) {
    conversation.peer_shut_down = true;
  }
  if (std::get_if<core::SendSpace>(&event.what) != nullptr) fill(conversation);
  reports_.push_back({host_.network().now(), std::move(event)});
}

void User::on_change(Conversation& conversation, const core::AssociationChanged& change) {
  using What = core::AssociationChanged::What;
  switch (change.what) {
    case What::kUp:
      demand(!conversation.up, "an association came up twice");
      conversation.up = true;
      conversation.inbound = change.inbound;
      if (change.inbound) {
        latest_ = conversation.id;
        host_.call([&](core::Stack& stack) { stack.accepted(conversation.id); });
      }
      break;
    case What::kRestarted:
      ++conversation.restarts;
      conversation.inbox_at_restart = conversation.inbox.size();
      conversation.incomplete.reset();
      break;
    case What::kLost:
    case What::kCannotStart:
    case What::kShutdownComplete:
      demand(!conversation.ended, "an association ended twice");
      conversation.ended = true;
      conversation.end = change;
      conversation.ended_at = host_.network().now();
      break;
  }
}

void User::on_data(Conversation& conversation, core::Piece&& piece) {
  demand(!piece.payload.empty(), "an empty piece was delivered");
  conversation.unread_bytes += piece.payload.size();
  conversation.unread.push_back(std::move(piece));
  if (reading.bytes_per_turn == SIZE_MAX) {
    read(conversation, SIZE_MAX);
  } else {
    begin_turns();
  }
}

void User::begin_turns() {
  if (turns_planned_ || reading.bytes_per_turn == 0 || reading.bytes_per_turn == SIZE_MAX) return;
  const bool unread =
      std::ranges::any_of(conversations_, [](const auto& entry) { return !entry.second.unread.empty(); });
  if (!unread) return;
  turns_planned_ = true;
  host_.network().at(host_.network().now() + reading.turn, [this] {
    turns_planned_ = false;
    for (auto& [id, conversation] : conversations_) read(conversation, reading.bytes_per_turn);
    begin_turns();
  });
}

void User::read(Conversation& conversation, std::size_t budget) {
  std::size_t taken = 0;
  while (!conversation.unread.empty() && taken < budget) {
    core::Piece& piece = conversation.unread.front();
    const std::size_t size = std::min(piece.payload.size(), budget - taken);
    taken += size;
    core::Piece part = piece;
    if (size == piece.payload.size()) {
      conversation.unread.pop_front();
    } else {
      part.payload = piece.payload.first(size);
      part.last = false;
      piece.payload = piece.payload.subslice(size, piece.payload.size() - size);
      piece.first = false;
    }
    append(conversation, part);
  }
  if (taken == 0) return;
  conversation.unread_bytes -= taken;
  conversation.bytes_read += taken;
  if (!host_.running()) return;
  host_.call([&](core::Stack& stack) { stack.consumed(conversation.id, taken); });
}

void User::append(Conversation& conversation, const core::Piece& piece) {
  if (!keeps_bytes) return;
  std::optional<Received>& message = conversation.incomplete;
  if (piece.first) {
    demand(!message, "a message began inside another");
    message.emplace(Received{piece.stream, piece.unordered, piece.ppid, {}, {}});
  } else {
    demand(message.has_value(), "a piece without a beginning was delivered");
    demand(message->stream == piece.stream && message->unordered == piece.unordered, "two messages were mixed");
    demand(message->number == piece.ppid, "the PPID changed inside a message");
  }
  const auto bytes = piece.payload.bytes();
  message->bytes.insert(message->bytes.end(), bytes.begin(), bytes.end());
  if (!piece.last) return;
  message->at = host_.network().now();
  conversation.inbox.push_back(std::move(*message));
  message.reset();
}

}  // namespace netsctp::sim
