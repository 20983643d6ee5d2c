// One Stack under test in virtual time, and this class as the peer it talks to: hand-made packets in, packets of the
// stack out, so that a test reads as an exchange of chunks. A test that meets something else than it expects throws,
// which fails it at once with the reason.
//
//   Peer peer;
//   peer.sends(init());
//   const Reply ack = peer.expect(ChunkType::kInitAck);
//   peer.sends(cookie_echo(ack.cookie()));
//   peer.expect(ChunkType::kCookieAck);
//
// or, from a state:
//
//   Peer peer;
//   peer.bring_to(State::kShutdownSent);
//   peer.sends(shutdown_ack());
//   peer.expect(ChunkType::kShutdownComplete);
//   peer.expect_silence();
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <deque>
#include <initializer_list>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/buffer_pool.hpp"
#include "conformance/chunks.hpp"
#include "core/stack.hpp"
#include "sim/random.hpp"
#include "wire/init.hpp"
#include "wire/packet.hpp"
#include "wire/parameter.hpp"

namespace netsctp::conformance {

using core::State;
using wire::CauseCode;
using wire::ChunkType;
using wire::ParameterType;
using namespace std::chrono_literals;

[[nodiscard]] IpAddress ip(const char* text);

// A packet that the stack sent, its checksum verified.
struct Reply {
  Address to;  // link address: IP and UDP port
  IpAddress from;
  wire::CommonHeader header;
  ByteString bytes;                 // the whole packet
  std::vector<wire::Chunk> chunks;  // in order; views into `bytes`

  Reply() = default;
  Reply(Reply&&) = default;
  Reply& operator=(Reply&&) = default;
  Reply(const Reply&) = delete;
  Reply& operator=(const Reply&) = delete;

  [[nodiscard]] bool has(ChunkType type) const noexcept;
  // The first chunk of the type. Throws if there is none.
  [[nodiscard]] const wire::Chunk& chunk(ChunkType type) const;
  [[nodiscard]] std::size_t count(ChunkType type) const noexcept;

  [[nodiscard]] wire::Init init() const;  // of its INIT or INIT ACK
  // The value of the first such parameter of its INIT or INIT ACK; nothing if absent.
  [[nodiscard]] std::optional<ByteString> parameter(ParameterType type) const;
  [[nodiscard]] std::vector<IpAddress> addresses() const;  // address parameters of its INIT or INIT ACK
  [[nodiscard]] ByteString cookie() const;  // State Cookie of its INIT ACK, or what its COOKIE ECHO echoes
  // The value of the first such cause in its ABORT or ERROR; nothing if absent.
  [[nodiscard]] std::optional<ByteString> cause(CauseCode code) const;
  [[nodiscard]] std::string text() const;  // "COOKIE_ECHO DATA DATA", for messages
};

// How a packet of the peer is dressed; what is not given is right for the association.
struct Dress {
  std::optional<std::uint32_t> tag{};  // else 0 if the first chunk is INIT, else the stack's tag
  std::optional<IpAddress> from{};     // else the first of the peer's addresses
  std::optional<IpAddress> to{};       // else the first of the stack's addresses
  std::optional<std::uint16_t> source_port{};
  std::optional<std::uint16_t> destination_port{};
  std::uint16_t udp_port = 9899;  // UDP port it comes from
  bool bad_checksum = false;
  bool pad_last = true;  // else the last chunk comes without its padding bytes
};

struct PeerConfig {
  core::StackConfig stack{};
  core::AssociationParameters parameters{};
  std::vector<IpAddress> stack_addresses{ip("10.0.0.1")};
  std::vector<IpAddress> peer_addresses{ip("10.0.1.1")};  // the first is the source of all that is sent
  bool announce_addresses = true;  // the peer lists all its addresses in INIT and INIT ACK if it has several
  InitFields peer{};               // the peer's tag, window, streams and initial TSN
  bool listening = true;
  std::size_t backlog = 16;
  std::uint64_t seed = 1;
};

enum class Role { kInitiator, kResponder };  // of the stack

class Peer {
 public:
  static constexpr std::uint16_t kStackPort = 5000;
  static constexpr std::uint16_t kPeerPort = 6000;

  explicit Peer(PeerConfig config = {});
  ~Peer();
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  // --- the wire ----------------------------------------------------------------------------------------------------
  void sends(const ByteString& one, const Dress& dress = {}) { sends({one}, dress); }
  void sends(std::initializer_list<ByteString> chunks, const Dress& dress = {}) {
    sends(std::vector<ByteString>(chunks), dress);
  }
  void sends(const std::vector<ByteString>& chunks, const Dress& dress = {});
  // Packets that the stack takes in by one call.
  void sends_together(std::initializer_list<std::vector<ByteString>> packets);
  void sends_raw(ByteString packet, const Dress& dress = {});  // as it is; only addresses are taken from `dress`
  // The next packet of the stack; nothing if it has sent no more.
  [[nodiscard]] std::optional<Reply> next();
  // The next packet of the stack, which must begin with this chunk.
  Reply expect(ChunkType first);
  // The same, and the chunk must be the only one.
  Reply expect_only(ChunkType type);
  void expect_silence();                   // nothing was sent that has not been looked at
  void expect_silence_for(Duration time);  // and nothing will be, for that long
  void ignore_packets();                   // whatever was sent so far

  // The peer's own INIT or INIT ACK parameters, with its addresses if it has several.
  [[nodiscard]] InitFields own() const;
  [[nodiscard]] ByteString own_init() const { return init(own()); }
  [[nodiscard]] ByteString own_init_ack(const ByteString& cookie = bytes_of("the peer's cookie")) const;

  // --- time --------------------------------------------------------------------------------------------------------
  [[nodiscard]] Time now() const noexcept { return now_; }
  void advance(Duration time);  // every timer that expires on the way does so at its moment
  Duration
  advance_to_timeout();  // to the next deadline, which expires; returns how far it was. Throws if there is none
  // Advances until the stack sends something, at most so long; the packet is left for expect(). Returns the time taken.
  Duration advance_to_packet(Duration limit);

  // --- bringing it up ------------------------------------------------------------------------------------------------
  // Brings the stack to a state, from nothing, by the shortest way; packets and events of the way are consumed.
  // SHUTDOWN-PENDING and SHUTDOWN-RECEIVED: one DATA chunk of the stack, "unacknowledged", with stack_tsn(), is
  // outstanding.
  void bring_to(State state, Role role = Role::kInitiator);
  Reply connect();  // the stack's INIT, with which it asked for the association (to all the peer's addresses)
  // Numbers of the association brought up.
  [[nodiscard]] std::uint32_t stack_tag() const noexcept { return stack_tag_; }
  [[nodiscard]] std::uint32_t stack_tsn() const noexcept { return stack_tsn_; }  // its initial TSN
  [[nodiscard]] std::uint32_t peer_tag() const noexcept { return config_.peer.tag; }
  [[nodiscard]] std::uint32_t peer_tsn() const noexcept { return config_.peer.initial_tsn; }  // the first it will use
  void set_stack_tag(std::uint32_t tag) noexcept { stack_tag_ = tag; }  // for exchanges that a test makes itself
  void set_stack_tsn(std::uint32_t tsn) noexcept { stack_tsn_ = tsn; }
  void learn(const Reply& init_or_init_ack);  // both of them from it
  // State of the only association; kClosed if there is none. `association()` is its identifier, 0: none.
  [[nodiscard]] State state() const;
  [[nodiscard]] core::AssociationId association() const;
  [[nodiscard]] core::AssociationStatus status() const;  // throws if there is none
  [[nodiscard]] core::PathStatus path(const IpAddress& address) const;

  // --- the stack's user ----------------------------------------------------------------------------------------------
  [[nodiscard]] core::Stack& stack() noexcept { return stack_; }
  [[nodiscard]] core::EndpointId endpoint() const noexcept { return endpoint_; }
  std::error_code user_sends(std::string_view payload, core::SendRequest request = {});
  std::error_code user_shuts_down();
  std::error_code user_aborts(std::string_view reason = {});
  void user_consumes(std::size_t bytes);
  void settle();  // after a direct call into stack(): what it made due is sent

  // The next event of this kind; events of other kinds before it are dropped. Throws if there is none.
  template <typename Kind>
  Kind expect_event() {
    if (auto found = find_event<Kind>()) return std::move(*found);
    throw std::runtime_error("the user was not told");
  }
  // The same, nothing if there is none (all events are dropped then).
  template <typename Kind>
  std::optional<Kind> find_event() {
    core::Event event;
    while (stack_.poll_event(event)) {
      if (Kind* const kind = std::get_if<Kind>(&event.what)) return std::move(*kind);
    }
    return std::nullopt;
  }
  void ignore_events();
  // Payload of the next message, put together; nothing if none arrived. Other events before it are dropped.
  [[nodiscard]] std::optional<std::string> receives();

 private:
  [[nodiscard]] ByteString packet_of(const std::vector<ByteString>& chunks, const Dress& dress) const;
  [[nodiscard]] core::Datagram datagram_of(const ByteString& packet, const Dress& dress);
  void drain();

  PeerConfig config_;
  BufferPool pool_;
  sim::SeededEntropy entropy_;
  Time now_{std::chrono::hours(1)};
  core::Stack stack_;
  core::EndpointId endpoint_ = 0;
  std::uint32_t stack_tag_ = 0;
  std::uint32_t stack_tsn_ = 0;
  std::deque<Reply> sent_;
};

}  // namespace netsctp::conformance
