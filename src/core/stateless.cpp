// Packets that belong to no association (RFC 9260 §8.4).
#include "core/stack_state.hpp"
#include "wire/control.hpp"

namespace netsctp::core {

bool StackState::may_reply(Time now) noexcept {
  if (now - reply_window_start_ >= std::chrono::seconds(1)) {
    reply_window_start_ = now;
    replies_in_window_ = 0;
  }
  if (replies_in_window_ < config.stateless_replies_per_second) {
    ++replies_in_window_;
    return true;
  }
  ++counters.discarded_replies;
  return false;
}

void StackState::out_of_the_blue(const Incoming& in, Time now) noexcept {
  ++counters.out_of_the_blue;
  bool shutdown_ack = false;
  bool unanswered = false;
  wire::ChunkReader reader = in.packet.reader();
  while (const std::optional<wire::Chunk> chunk = reader.next()) {
    switch (chunk->kind()) {
      case wire::ChunkType::kAbort:  // RFC 9260 §8.4 rule 2, before all others
        return;
      case wire::ChunkType::kShutdownAck:  // rule 5
        shutdown_ack = true;
        break;
      case wire::ChunkType::kShutdownComplete:  // rule 6
      case wire::ChunkType::kCookieAck:         // rule 7
        unanswered = true;
        break;
      case wire::ChunkType::kError:  // rule 7
        unanswered = unanswered || wire::find_cause(*chunk, wire::CauseCode::kStaleCookie);
        break;
      default:
        break;
    }
  }
  if ((unanswered && !shutdown_ack) || !may_reply(now)) return;
  const wire::CommonHeader& header = in.packet.header;
  // RFC 9260 §3.1, §8.4 rules 5 and 8: the tag is the packet's own, and the T bit says so.
  const auto type = shutdown_ack ? wire::ChunkType::kShutdownComplete : wire::ChunkType::kAbort;
  reply(in.datagram.from, in.datagram.to, header.destination_port, header.source_port, header.verification_tag,
        [&](wire::PacketWriter& writer) { writer.chunk(type, wire::kFlagTagReflected); });
}

}  // namespace netsctp::core
