// Socket options as tables: number -> what reads it, what sets it. One table for each theme; options.cpp finds the
// entry. An option without an entry is ENOPROTOOPT, as is the missing direction of one that has only one.
#pragma once

#include <cerrno>
#include <cstring>
#include <span>
#include <type_traits>

#include "core/stack.hpp"
#include "socket/linux_abi.hpp"
#include "socket/stack_socket.hpp"

namespace netsctp::socket {

// Options of our own, beyond Linux' numbers; <netsctp.h> has them for programs. struct sctp_assoc_value; the values are
// core::CongestionControl's and core::LossDetection's.
inline constexpr int kCongestionControlOption = 10001;
inline constexpr int kLossDetectionOption = 10002;

// One getsockopt() or setsockopt(), under the engine's lock.
struct OptionCall {
  StackSocket& socket;
  StackSocket::Session& session;

  [[nodiscard]] core::Stack& stack() const noexcept { return socket.stack(); }
  [[nodiscard]] SocketSettings& settings() const noexcept { return socket.settings; }
};

// Results: 0 (CONNECTX: an association id) or negative errno. `value` is not null; `length` is the caller's, unchecked.
using GetOption = int (*)(const OptionCall& call, void* value, socklen_t& length);
using SetOption = int (*)(const OptionCall& call, const void* value, socklen_t length);

struct Option {
  int number;
  GetOption get;             // nullptr: write only
  SetOption set;             // nullptr: read only
  std::size_t reads = 0;     // bytes of the caller's struct that a get reads: shorter is EINVAL, unreadable EFAULT
  int no_get = ENOPROTOOPT;  // what a get of a write only option answers
};

[[nodiscard]] std::span<const Option> socket_level_options() noexcept;  // SOL_SOCKET
[[nodiscard]] std::span<const Option> ip_options() noexcept;            // IPPROTO_IP
[[nodiscard]] std::span<const Option> ipv6_options() noexcept;          // IPPROTO_IPV6
[[nodiscard]] std::span<const Option> association_options() noexcept;   // how associations are set up and what they are
[[nodiscard]] std::span<const Option> path_options() noexcept;          // peer addresses
[[nodiscard]] std::span<const Option> address_options() noexcept;       // bindx, connectx, address lists
[[nodiscard]] std::span<const Option> traffic_options() noexcept;       // sending and receiving
[[nodiscard]] std::span<const Option> partial_options() noexcept;       // RFC 7496
[[nodiscard]] std::span<const Option> reset_options() noexcept;         // RFC 6525
[[nodiscard]] std::span<const Option> event_options() noexcept;         // notifications and ancillary data
[[nodiscard]] std::span<const Option> feature_options() noexcept;       // extensions of the protocol, thresholds
[[nodiscard]] std::span<const Option> key_options() noexcept;           // AUTH (RFC 4895), not built

// Reads a struct; false: too short. Longer is fine, as on Linux for most options.
template <class Value>
[[nodiscard]] bool load(Value& to, const void* value, socklen_t length) noexcept {
  static_assert(std::is_trivially_copyable_v<Value>);
  if (length < sizeof to) return false;
  std::memcpy(&to, value, sizeof to);
  return true;
}

// The same where Linux wants the exact length: most options, when set.
template <class Value>
[[nodiscard]] bool load_exactly(Value& to, const void* value, socklen_t length) noexcept {
  return length == sizeof to && load(to, value, length);
}

// Writes a struct; EINVAL: too short.
template <class Value>
[[nodiscard]] int store(const Value& from, void* value, socklen_t& length) noexcept {
  static_assert(std::is_trivially_copyable_v<Value>);
  if (length < sizeof from) return -EINVAL;
  std::memcpy(value, &from, sizeof from);
  length = sizeof from;
  return 0;
}

// The parameters an option that names `id` reads: of the association, or of those to come; nullptr: EINVAL.
[[nodiscard]] const core::AssociationParameters* parameters_of(const OptionCall& call, core::AssociationId id) noexcept;
// The same for defaults of sending and receiving.
[[nodiscard]] TrafficSettings* traffic_of(const OptionCall& call, core::AssociationId id) noexcept;

// An extension of the protocol as an sctp_assoc_value: whether the association has it (`agreed`), or those to come will
// offer it (`offered`). It is set for associations to come, whichever one is named, as on Linux.
[[nodiscard]] int get_extension(const OptionCall& call, void* value, socklen_t& length,
                                bool core::AssociationParameters::*offered, bool core::AssociationStatus::*agreed);
[[nodiscard]] int set_extension(const OptionCall& call, const void* value, socklen_t length,
                                bool core::AssociationParameters::*offered);

// RFC 6458 §8: SCTP_FUTURE_ASSOC, SCTP_CURRENT_ASSOC, SCTP_ALL_ASSOC or one association; a one-to-one socket's `id` is
// ignored. Calls `change` for all that `id` names: 0 or -EINVAL. As on Linux, a negative id names nothing and is no
// error.
template <class Change>
[[nodiscard]] int change_parameters(const OptionCall& call, core::AssociationId id, Change change);
template <class Change>
[[nodiscard]] int change_traffic(const OptionCall& call, core::AssociationId id, Change change);

template <class Change>
void change_association(const OptionCall& call, core::AssociationId id, Change change) {
  const auto* const before = call.stack().association_parameters(id);
  if (before == nullptr) return;
  core::AssociationParameters parameters = *before;
  change(parameters);
  call.stack().set_association_parameters(id, parameters);
}

// What parameters_of() reads, which is there.
template <class Change>
void change_of(const OptionCall& call, core::AssociationId id, Change change) {
  if (const auto* const association = call.socket.association(id)) {
    change_association(call, association->id, change);
  } else {
    change(call.settings().association);
  }
  call.socket.apply_defaults();
}

// Both the defaults and every association: options without an association id (RFC 6458 §8).
template <class Change>
void change_all_parameters(const OptionCall& call, Change change) {
  change(call.settings().association);
  call.socket.apply_defaults();
  for (const auto id : call.socket.associations()) change_association(call, id, change);
}

template <class Change>
void change_all_traffic(const OptionCall& call, Change change) {
  change(call.settings().traffic);
  for (const auto id : call.socket.associations()) {
    if (auto* const association = call.socket.association(id)) change(association->traffic);
  }
}

// Options that on Linux take one association or SCTP_FUTURE_ASSOC only. 0 or -EINVAL.
[[nodiscard]] inline int check_one(const OptionCall& call, core::AssociationId id) noexcept {
  return parameters_of(call, id) == nullptr ? -EINVAL : 0;
}

template <class Change>
int change_parameters(const OptionCall& call, core::AssociationId id, Change change) {
  if (call.socket.is_one_to_many() && id < 0) return 0;
  if (call.socket.is_one_to_many() && (id == SCTP_CURRENT_ASSOC || id == SCTP_ALL_ASSOC)) {
    if (id == SCTP_ALL_ASSOC) {
      change_all_parameters(call, change);
      return 0;
    }
    for (const auto each : call.socket.associations()) change_association(call, each, change);
    return 0;
  }
  if (parameters_of(call, id) == nullptr) return -EINVAL;
  change_of(call, id, change);
  return 0;
}

template <class Change>
int change_traffic(const OptionCall& call, core::AssociationId id, Change change) {
  if (!call.socket.is_one_to_many() || id == SCTP_ALL_ASSOC) {
    change_all_traffic(call, change);
    return 0;
  }
  if (id < 0) return 0;
  if (id == SCTP_CURRENT_ASSOC) {
    for (const auto each : call.socket.associations()) {
      if (auto* const association = call.socket.association(each)) change(association->traffic);
    }
    return 0;
  }
  auto* const traffic = traffic_of(call, id);
  if (traffic == nullptr) return -EINVAL;
  change(*traffic);
  return 0;
}

// Options that are an int used as a boolean.
[[nodiscard]] int load_flag(bool& to, const void* value, socklen_t length) noexcept;
[[nodiscard]] int store_int(int from, void* value, socklen_t& length) noexcept;

}  // namespace netsctp::socket
