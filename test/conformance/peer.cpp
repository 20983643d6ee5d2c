#include "conformance/peer.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "core/datagram.hpp"
#include "wire/crc32c.hpp"

namespace netsctp::conformance {
namespace {

ByteString copy(std::span<const std::byte> bytes) {
  return {bytes.begin(), bytes.end()};
}

[[noreturn]] void fail(const std::string& what) {
  throw std::runtime_error(what);
}

std::string name_of(std::uint8_t type) {
  static constexpr std::array<const char*, 15> kNames{
      "DATA",          "INIT",       "INIT_ACK", "SACK",         "HEARTBEAT",
      "HEARTBEAT_ACK", "ABORT",      "SHUTDOWN", "SHUTDOWN_ACK", "ERROR",
      "COOKIE_ECHO",   "COOKIE_ACK", "ECNE",     "CWR",          "SHUTDOWN_COMPLETE"};
  if (type == static_cast<std::uint8_t>(ChunkType::kPad)) return "PAD";
  return type < kNames.size() ? kNames[type] : "chunk " + std::to_string(type);
}

}  // namespace

IpAddress ip(const char* text) {
  return IpAddress::parse(text).value();
}

bool Reply::has(ChunkType type) const noexcept {
  return count(type) > 0;
}
std::size_t Reply::count(ChunkType type) const noexcept {
  return static_cast<std::size_t>(
      std::count_if(chunks.begin(), chunks.end(), [&](const wire::Chunk& one) { return one.kind() == type; }));
}
const wire::Chunk& Reply::chunk(ChunkType type) const {
  for (const wire::Chunk& one : chunks) {
    if (one.kind() == type) return one;
  }
  fail("no " + name_of(static_cast<std::uint8_t>(type)) + " in: " + text());
}
wire::Init Reply::init() const {
  return wire::parse_init(chunk(has(ChunkType::kInit) ? ChunkType::kInit : ChunkType::kInitAck)).value();
}
std::optional<ByteString> Reply::parameter(ParameterType type) const {
  const wire::Init fixed = init();
  wire::ParameterReader reader = fixed.reader();
  while (const auto one = reader.next()) {
    if (one->kind() == type) return copy(one->value());
  }
  return std::nullopt;
}
std::vector<IpAddress> Reply::addresses() const {
  std::vector<IpAddress> found;
  const wire::Init fixed = init();
  wire::ParameterReader reader = fixed.reader();
  while (const auto one = reader.next()) {
    if (const auto address = wire::parse_address(*one)) found.push_back(*address);
  }
  return found;
}
ByteString Reply::cookie() const {
  if (has(ChunkType::kCookieEcho)) return copy(chunk(ChunkType::kCookieEcho).value());
  const auto found = parameter(ParameterType::kStateCookie);
  if (!found) fail("no State Cookie");
  return *found;
}
std::optional<ByteString> Reply::cause(CauseCode code) const {
  const wire::Chunk& one = chunk(has(ChunkType::kAbort) ? ChunkType::kAbort : ChunkType::kError);
  wire::ParameterReader reader(one.value());
  while (const auto found = reader.next()) {
    if (found->type == static_cast<std::uint16_t>(code)) return copy(found->value());
  }
  return std::nullopt;
}
std::string Reply::text() const {
  std::string all;
  for (const wire::Chunk& one : chunks) all += (all.empty() ? "" : " ") + name_of(one.type);
  return all;
}

Peer::Peer(PeerConfig config)
    : config_(std::move(config)), entropy_(config_.seed), stack_(config_.stack, pool_, entropy_, now_) {
  core::EndpointConfig local;
  local.port = kStackPort;
  local.addresses = config_.stack_addresses;
  local.parameters = config_.parameters;
  endpoint_ = stack_.open(local).value();
  if (config_.listening) stack_.listen(endpoint_, config_.backlog);
}

Peer::~Peer() = default;

void Peer::sends(const std::vector<ByteString>& chunks, const Dress& dress) {
  sends_raw(packet_of(chunks, dress), dress);
}

void Peer::sends_together(std::initializer_list<std::vector<ByteString>> packets) {
  std::vector<core::Datagram> datagrams;
  for (const auto& chunks : packets) datagrams.push_back(datagram_of(packet_of(chunks, {}), {}));
  stack_.receive(datagrams, now_);
  settle();
}

ByteString Peer::packet_of(const std::vector<ByteString>& chunks, const Dress& dress) const {
  const bool is_init =
      !chunks.empty() && !chunks.front().empty() && chunks.front()[0] == static_cast<std::byte>(ChunkType::kInit);
  ByteString packet = big(dress.source_port.value_or(kPeerPort), dress.destination_port.value_or(kStackPort),
                          dress.tag.value_or(is_init ? 0 : stack_tag_), std::uint32_t{0});
  for (const ByteString& one : chunks) {
    packet.resize(wire::padded(packet.size()));
    packet.insert(packet.end(), one.begin(), one.end());
  }
  if (dress.pad_last) packet.resize(wire::padded(packet.size()));
  wire::store_crc32c(packet);
  if (dress.bad_checksum) packet[8] ^= std::byte{1};
  return packet;
}

core::Datagram Peer::datagram_of(const ByteString& packet, const Dress& dress) {
  core::Datagram datagram;
  datagram.from = {dress.from.value_or(config_.peer_addresses.front()), dress.udp_port};
  datagram.to = dress.to.value_or(config_.stack_addresses.front());
  datagram.bytes = pool_.copy(packet);
  return datagram;
}

void Peer::sends_raw(ByteString packet, const Dress& dress) {
  stack_.receive(datagram_of(packet, dress), now_);
  settle();
}

void Peer::settle() {
  drain();
  stack_.check_consistent();
}

void Peer::drain() {
  std::vector<std::byte> buffer(65'000);
  for (bool more = true; more;) {
    core::TransmitBatch batch(buffer);
    more = stack_.transmit(batch, now_);
    for (const core::Transmit& run : batch.runs()) {
      for (std::size_t at = 0; at < run.bytes.size(); at += run.segment_size) {
        Reply reply;
        reply.to = run.to;
        reply.from = run.from;
        reply.bytes = copy(run.bytes.subspan(at, std::min<std::size_t>(run.segment_size, run.bytes.size() - at)));
        const auto packet = wire::parse_packet(reply.bytes);
        if (!packet) fail("the stack sent a packet that is none");
        reply.header = packet->header;
        wire::ChunkReader reader = packet->reader();
        while (const auto one = reader.next()) reply.chunks.push_back(*one);
        if (reader.malformed() || reply.chunks.empty()) fail("the stack sent a malformed packet: " + reply.text());
        sent_.push_back(std::move(reply));
      }
    }
  }
}

std::optional<Reply> Peer::next() {
  if (sent_.empty()) return std::nullopt;
  Reply reply = std::move(sent_.front());
  sent_.pop_front();
  return reply;
}

Reply Peer::expect(ChunkType first) {
  auto reply = next();
  const std::string wanted = name_of(static_cast<std::uint8_t>(first));
  if (!reply) fail("the stack sent nothing; expected " + wanted);
  if (reply->chunks.front().kind() != first) fail("the stack sent: " + reply->text() + "; expected " + wanted);
  return std::move(*reply);
}

Reply Peer::expect_only(ChunkType type) {
  Reply reply = expect(type);
  if (reply.chunks.size() != 1) fail("more than one chunk: " + reply.text());
  return reply;
}

void Peer::expect_silence() {
  if (!sent_.empty()) fail("silence expected, the stack sent: " + sent_.front().text());
}

void Peer::expect_silence_for(Duration time) {
  expect_silence();
  advance(time);
  expect_silence();
}

void Peer::ignore_packets() {
  sent_.clear();
}

InitFields Peer::own() const {
  InitFields fields = config_.peer;
  if (config_.announce_addresses && config_.peer_addresses.size() > 1) {
    for (const IpAddress& address : config_.peer_addresses) fields.parameters.push_back(address_parameter(address));
  }
  return fields;
}

ByteString Peer::own_init_ack(const ByteString& cookie) const {
  InitFields fields = own();
  fields.parameters.push_back(state_cookie(cookie));
  return init_ack(fields);
}

void Peer::advance(Duration time) {
  const Time end = now_ + time;
  for (auto due = stack_.next_timeout(); due && *due <= end; due = stack_.next_timeout()) {
    now_ = std::max(now_, *due);
    stack_.expire(now_);
    settle();
  }
  now_ = end;
  stack_.expire(now_);
  settle();
}

Duration Peer::advance_to_timeout() {
  const auto due = stack_.next_timeout();
  if (!due) fail("no timer runs");
  const Duration distance = std::max(Duration{}, *due - now_);
  advance(distance);
  return distance;
}

Duration Peer::advance_to_packet(Duration limit) {
  const Time start = now_;
  const Time end = now_ + limit;
  while (sent_.empty()) {
    const auto due = stack_.next_timeout();
    if (!due || *due > end) fail("the stack sent nothing in time");
    advance(std::max(Duration{}, *due - now_));
  }
  return now_ - start;
}

void Peer::learn(const Reply& init_or_init_ack) {
  stack_tag_ = init_or_init_ack.init().initiate_tag;
  stack_tsn_ = init_or_init_ack.init().initial_tsn;
}

Reply Peer::connect() {
  core::ConnectRequest request;
  request.peers = config_.peer_addresses;
  request.port = kPeerPort;
  if (!stack_.connect(endpoint_, request, now_)) fail("connect() failed");
  settle();
  Reply reply = expect_only(ChunkType::kInit);
  learn(reply);
  return reply;
}

void Peer::bring_to(State goal, Role role) {
  const auto reached = [&] {
    if (state() != goal) return false;
    ignore_events();
    return true;
  };
  if (role == Role::kInitiator) {
    connect();
    if (reached()) return;
    sends(own_init_ack());
    expect(ChunkType::kCookieEcho);
    if (reached()) return;
    sends(cookie_ack());
  } else {
    sends(own_init());
    const Reply ack = expect_only(ChunkType::kInitAck);
    learn(ack);
    sends(cookie_echo(ack.cookie()));
    expect(ChunkType::kCookieAck);
  }
  if (reached()) return;
  switch (goal) {
    case State::kShutdownPending:
      user_sends("unacknowledged");
      expect(ChunkType::kData);
      user_shuts_down();
      break;
    case State::kShutdownSent:
      user_shuts_down();
      expect(ChunkType::kShutdown);
      break;
    case State::kShutdownReceived:
      user_sends("unacknowledged");
      expect(ChunkType::kData);
      sends(shutdown(stack_tsn_ - 1));
      break;
    case State::kShutdownAckSent:
      sends(shutdown(stack_tsn_ - 1));
      expect(ChunkType::kShutdownAck);
      break;
    default:
      break;
  }
  if (!reached()) fail("the state was not reached");
  expect_silence();
}

core::AssociationId Peer::association() const {
  const auto all = stack_.associations(endpoint_);
  return all.empty() ? 0 : all.front();
}
State Peer::state() const {
  const auto found = stack_.status(association());
  return found ? found->state : State::kClosed;
}
core::AssociationStatus Peer::status() const {
  auto found = stack_.status(association());
  if (!found) fail("there is no association");
  return *found;
}
core::PathStatus Peer::path(const IpAddress& address) const {
  for (const core::PathStatus& one : status().paths) {
    if (one.address.ip == address) return one;
  }
  fail("no such path: " + address.text());
}

std::error_code Peer::user_sends(std::string_view payload, core::SendRequest request) {
  request.payload = stack_.allocate(payload.size());
  std::memcpy(request.payload.writable(), payload.data(), payload.size());
  const std::error_code result = stack_.send(association(), std::move(request), now_);
  settle();
  return result;
}
std::error_code Peer::user_shuts_down() {
  const std::error_code result = stack_.shutdown(association(), now_);
  settle();
  return result;
}
std::error_code Peer::user_aborts(std::string_view reason) {
  const std::error_code result = stack_.abort(association(), bytes_of(reason), now_);
  settle();
  return result;
}
void Peer::user_consumes(std::size_t bytes) {
  stack_.consumed(association(), bytes);
  settle();
}

void Peer::ignore_events() {
  core::Event event;
  while (stack_.poll_event(event)) {
  }
}

std::optional<std::string> Peer::receives() {
  std::string message;
  while (auto arrived = find_event<core::DataArrived>()) {
    const auto bytes = arrived->piece.payload.bytes();
    message.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    if (arrived->piece.last) return message;
  }
  return std::nullopt;
}

}  // namespace netsctp::conformance
