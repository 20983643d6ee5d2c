// The user of a simulated host's stack: opens a port, sends queues of messages against a send buffer, reads at its own
// pace, and keeps what it got and was told. The smallest program one would write over the core.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "core/event.hpp"
#include "core/stack.hpp"
#include "sim/host.hpp"
#include "sim/traffic.hpp"

namespace netsctp::sim {

// How fast a user reads.
struct Reading {
  std::size_t bytes_per_turn = SIZE_MAX;  // SIZE_MAX: at once; 0: not at all
  Duration turn = std::chrono::milliseconds(50);
};

struct Report {  // an event other than DataArrived
  Time at{};
  core::Event event;
};

// One association as its user sees it. Kept after the association is gone.
struct Conversation {
  core::AssociationId id = 0;
  bool up = false;
  bool inbound = false;
  bool ended = false;
  bool peer_shut_down = false;
  std::uint32_t restarts = 0;
  std::size_t inbox_at_restart = 0;             // messages that had arrived before the latest restart
  std::optional<core::AssociationChanged> end;  // why it ended
  Time ended_at{};

  std::vector<Message> outbox;  // all that was ever asked to be sent
  std::size_t handed_over = 0;  // so many of them are the stack's business
  std::vector<Received> inbox;  // whole messages
  std::optional<Received> incomplete;
  std::deque<core::Piece> unread;
  std::size_t unread_bytes = 0;
  std::uint64_t bytes_read = 0;
  bool shutdown_when_sent = false;

  [[nodiscard]] bool all_handed_over() const noexcept { return handed_over == outbox.size(); }
};

class User {
 public:
  // `key` makes the bytes of the messages sent (traffic.hpp).
  User(Host& host, std::uint64_t key);
  ~User();
  User(const User&) = delete;
  User& operator=(const User&) = delete;

  core::AssociationParameters parameters;  // of endpoints to be opened
  std::size_t send_buffer = 212'992;       // bytes a conversation may have in the stack
  Reading reading;
  bool keeps_bytes = true;  // false: the inbox is not filled, bytes are only counted

  // On all addresses of the host; listens.
  void open(std::uint16_t port);
  core::AssociationId connect(const std::vector<IpAddress>& peers, std::uint16_t port);
  core::AssociationId connect(const Host& peer, std::uint16_t port) { return connect(peer.addresses(), port); }
  void send(core::AssociationId association, const Message& message) { send(association, std::vector{message}); }
  void send(core::AssociationId association, const std::vector<Message>& messages);
  void shutdown(core::AssociationId association);  // once all of the outbox is handed over
  void abort(core::AssociationId association);
  void set_reading(const Reading& how);
  void forget();  // after the host crashed: everything but the reports

  [[nodiscard]] Host& host() noexcept { return host_; }
  [[nodiscard]] core::EndpointId endpoint() const noexcept { return endpoint_; }
  [[nodiscard]] std::uint64_t key() const noexcept { return key_; }
  [[nodiscard]] Conversation& conversation(core::AssociationId id) { return conversations_.at(id); }
  [[nodiscard]] std::map<core::AssociationId, Conversation>& conversations() noexcept { return conversations_; }
  // The one that came up or was begun last; nullptr if there is none.
  [[nodiscard]] Conversation* latest() noexcept;
  [[nodiscard]] const std::vector<Report>& reports() const noexcept { return reports_; }

  // The first report of this kind after `since`; nullptr if there is none.
  template <typename Kind>
  [[nodiscard]] const Report* find_report(typename Kind::What what, Time since = {}) const {
    for (const Report& report : reports_) {
      const auto* kind = std::get_if<Kind>(&report.event.what);
      if (kind != nullptr && kind->what == what && report.at >= since) return &report;
    }
    return nullptr;
  }
  [[nodiscard]] bool was_told(core::AssociationChanged::What what) const {
    return find_report<core::AssociationChanged>(what) != nullptr;
  }

 private:
  void on_event(core::Event&& event);
  void on_data(Conversation& conversation, core::Piece&& piece);
  void on_change(Conversation& conversation, const core::AssociationChanged& change);
  void read(Conversation& conversation, std::size_t budget);
  void append(Conversation& conversation, const core::Piece& piece);
  void fill(Conversation& conversation);  // the send buffer
  void begin_turns();

  Host& host_;
  std::uint64_t key_;
  core::EndpointId endpoint_ = 0;
  core::AssociationId latest_ = 0;
  std::map<core::AssociationId, Conversation> conversations_;
  std::vector<Report> reports_;
  bool turns_planned_ = false;
};

}  // namespace netsctp::sim
