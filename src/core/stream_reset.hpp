// Stream re-configuration (RFC 6525): what an association remembers of its own request and of the peer's. The rules are
// stream_reset.cpp's, a chapter of Association.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/time.hpp"
#include "core/types.hpp"

namespace netsctp::core {

// What a user allows its peer, and itself, to do (RFC 6525 §6.3.1).
inline constexpr std::uint8_t kAllowStreamReset = 1;
inline constexpr std::uint8_t kAllowAssociationReset = 2;
inline constexpr std::uint8_t kAllowStreamChange = 4;

class Reconfiguration {
 public:
  enum class Result : std::uint32_t {  // RFC 6525 §4.4, table 3
    kNothingToDo = 0,
    kPerformed = 1,
    kDenied = 2,
    kWrongSsn = 3,
    kAlreadyInProgress = 4,
    kBadSequenceNumber = 5,
    kInProgress = 6,
  };

  // Our request: one or two parameters in one chunk (§3.1). Only one is in flight at a time (§5.1.1).
  struct Request {
    enum class Kind : std::uint8_t { kResetOutgoing, kResetIncoming, kResetAll, kAddOutgoing, kAddIncoming };
    struct Part {
      Kind kind{};
      std::uint32_t sequence = 0;
      bool answered = false;
      std::uint16_t count = 0;  // streams to add
    };
    std::vector<Part> parts;
    std::vector<StreamId> streams;               // empty: all
    std::optional<std::uint32_t> response_to{};  // an Outgoing Reset that answers the peer's Incoming Reset (§5.1.2 A4)
    std::uint32_t last_assigned_tsn = 0;         // §5.1.2 A3; set when first sent
    std::uint32_t response_sequence = 0;         // §5.1.2 A4; set when first sent
    bool sent = false;

    [[nodiscard]] bool has(Kind kind) const noexcept {
      for (const Part& part : parts) {
        if (part.kind == kind) return true;
      }
      return false;
    }
    [[nodiscard]] bool awaits(Kind kind) const noexcept {
      for (const Part& part : parts) {
        if (part.kind == kind && !part.answered) return true;
      }
      return false;
    }
    [[nodiscard]] bool answered() const noexcept {
      for (const Part& part : parts) {
        if (!part.answered) return false;
      }
      return true;
    }
  };

  // An answer of ours, kept to be repeated for a repeated request (§5.2.1).
  struct Response {
    std::uint32_t sequence = 0;
    Result result = Result::kNothingToDo;
    bool has_tsns = false;
    std::uint32_t sender_next_tsn = 0;
    std::uint32_t receiver_next_tsn = 0;
  };

  // A request of the peer's that cannot be performed yet.
  struct Deferred {
    bool all = false;  // SSNs and TSNs of both sides, once nothing of ours is outstanding; else
    std::uint32_t sequence = 0;
    Tsn last;  // streams, once all up to here has arrived (§5.2.2 E2)
    std::vector<StreamId> streams;
  };

  static constexpr std::size_t kMaxDue = 8;  // a peer that asks for more at once asks again

  std::optional<Request> request;
  std::optional<Request> buffered;  // what the peer wants of us while another request is in flight (§5.1.1)
  std::optional<Deferred> deferred;
  std::array<std::optional<Response>, 2> last{};   // the latest answers
  std::vector<Response> due;                       // answers to be sent
  std::optional<std::vector<StreamId>> now_reset;  // by our latest Outgoing SSN Reset (§5.2.3)
  std::optional<Time> association_reset_at;        // when the user last asked for one (§5.1.4)
  bool request_due = false;
  bool counts_errors = true;  // not after "In progress" (§5.2.7 H2)
  unsigned back_off = 0;      // how often it was not finished when the timer ran out without counting
};

}  // namespace netsctp::core
