// `netsctp listen` and `netsctp connect`: standard input becomes messages, messages become standard output.
#pragma once

#include <net/sctp.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "input.hpp"
#include "output.hpp"

namespace cli {

struct ConversationSettings {
  std::vector<std::string> hosts;
  std::uint16_t port = 0;
  std::uint16_t stream = 0;
  std::uint32_t ppid = 0;
  bool one_to_one = false;
  bool echo = false;                 // every message goes back
  bool keep_open = false;            // listen: go on after the first association
  bool lines = false;                // a line a message, also when standard input is no terminal
  bool receive_only = false;         // standard input is not read
  std::size_t message_size = 16384;  // bytes of standard input a message
  std::chrono::seconds timeout{10};  // connect: to be up by then
  std::chrono::seconds wait{0};      // connect: goes on receiving so long after standard input ended
  std::string trace;                 // the packets go to this pcapng file; empty: nowhere
  OutputSettings output;
};

// Both return an exit status and throw Failure.
int run_listen(const ConversationSettings& settings);
int run_connect(const ConversationSettings& settings);

// One socket's talk until it is over: one association, or with keep_open every one that comes.
class Conversation {
 public:
  Conversation(net::sctp::Socket& socket, const ConversationSettings& settings, Input& input, const Output& output,
               bool serves);
  // The association that is up already.
  void begin(net::sctp::AssociationId association);
  void run();

 private:
  struct Outgoing {
    std::vector<std::byte> bytes;
    net::sctp::SendInfo info;
    bool from_input = false;
  };
  using Clock = std::chrono::steady_clock;

  void wait();
  void receive();
  void on_message(const net::sctp::Message& message);
  void on_notification(const net::sctp::Notification& notification);
  void on_change(const net::sctp::AssociationChange& change);
  void read_input();
  void send_pending();
  void finish_if_due();
  [[nodiscard]] bool serves_many() const { return serves_ && settings_.keep_open && !settings_.one_to_one; }
  [[nodiscard]] bool talks() const { return is_up_ && !is_shutting_down_; }

  net::sctp::Socket& socket_;
  const ConversationSettings& settings_;
  Input& input_;
  const Output& output_;
  const bool serves_;
  net::sctp::AssociationId association_ = net::sctp::AssociationId::kNone;
  bool is_up_ = false;
  bool is_shutting_down_ = false;
  bool is_over_ = false;
  std::optional<Outgoing> pending_;            // refused for now: the send buffer is full
  std::optional<Clock::time_point> deadline_;  // of what is waited for at the end
};

}  // namespace cli
