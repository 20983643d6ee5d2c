// What came back about packets that were sent: ICMP errors, and the host's own word on packets too large for their
// interface, both read from a socket's error queue (IP_RECVERR, IPV6_RECVERR). A link asks only after a call has
// failed: the kernel makes the next call fail when it puts something into the queue, so that an empty one costs
// nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/address.hpp"
#include "base/datagram.hpp"

namespace netsctp::link {

struct ErrorCounters {
  std::uint64_t icmp_errors = 0;     // taken from the kernel
  std::uint64_t icmp_discards = 0;   // more at once than are kept
  std::uint64_t send_too_large = 0;  // packets not sent: larger than the MTU of their interface
};

class ErrorQueue {
 public:
  ErrorQueue();

  // Switches it on, with DF set on all packets whatever the kernel believes of the route: the stack does path MTU
  // discovery, and believes only messages that quote its packets. False with errno set.
  [[nodiscard]] static bool switch_on(int descriptor, Family family) noexcept;
  // Whether IP may fragment what goes out by the family's socket, until it is said otherwise. While it may, the kernel
  // reports no packet as too large: a path that discovers its MTU beside one whose MTU is fixed learns of it a
  // retransmission later.
  void allow_fragments(int descriptor, Family family, bool allowed) noexcept;

  // Empties the queue of a socket, after a call on it has failed. If the host itself said that a packet is too large:
  // the MTU of its interface; else 0.
  std::uint32_t read(int descriptor) noexcept;
  // `packet`, to this link address, was not sent because it is larger than `mtu` (0: not known).
  void too_large(const Address& to, std::span<const std::byte> packet, std::uint32_t mtu) noexcept;
  // What has been read since the last call; valid until the next.
  [[nodiscard]] std::span<const IcmpError> take() noexcept;

  [[nodiscard]] const ErrorCounters& counters() const noexcept { return counters_; }

 private:
  void report(const IcmpError& error) noexcept;

  static constexpr std::size_t kMaxErrors = 256;  // kept until they are taken

  bool v4_may_fragment_ = false;
  bool v6_may_fragment_ = false;

  std::vector<IcmpError> errors_;
  std::vector<IcmpError> taken_;
  ErrorCounters counters_;
};

// Whether the packets that one system call sends may be fragmented. Small ones fit every link and go with either, for
// to change it costs a system call more: an INIT ACK between the packets of an association whose MTU is fixed.
class MayFragment {
 public:
  [[nodiscard]] bool can_join(std::size_t size, bool allowed) const noexcept {
    return size <= kFitsEverywhere || !allowed_ || *allowed_ == allowed;
  }
  void join(std::size_t size, bool allowed) noexcept {
    if (size > kFitsEverywhere) allowed_ = allowed;
  }
  // Nothing: they may go either way.
  [[nodiscard]] std::optional<bool> allowed() const noexcept { return allowed_; }

 private:
  static constexpr std::size_t kFitsEverywhere = 480;  // bytes: what of 512 is left by IPv4, its options and UDP
  std::optional<bool> allowed_;
};

// The errors that one packet's sending may meet: a failing call may tell of an earlier packet, by an ICMP message that
// has come back; asked again, it tells of its own.
class SendAttempts {
 public:
  // Whether to try again after this error.
  [[nodiscard]] bool again(int error) noexcept {
    if (error == last_ || retries_ == 0) return false;
    last_ = error;
    --retries_;
    return true;
  }
  void next_packet() noexcept { *this = {}; }

 private:
  int last_ = 0;
  int retries_ = 4;
};

}  // namespace netsctp::link
