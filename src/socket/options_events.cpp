// Which notifications and ancillary data a program wants (RFC 6458 §6.2, §8.1.29, §8.1.30).
#include <algorithm>
#include <array>
#include <cerrno>

#include "socket/options.hpp"

namespace netsctp::socket {

namespace {

constexpr unsigned kKinds = SCTP_SN_TYPE_MAX - SCTP_SN_TYPE_BASE + 1;
static_assert(kKinds == sizeof(sctp_event_subscribe));  // byte n is for SCTP_SN_TYPE_BASE + n

constexpr std::uint16_t bit_of(unsigned type) noexcept {
  return static_cast<std::uint16_t>(1U << (type - SCTP_SN_TYPE_BASE));
}

void set_bit(std::uint16_t& bits, unsigned type, bool on) noexcept {
  bits = static_cast<std::uint16_t>(on ? bits | bit_of(type) : bits & ~bit_of(type));
}

// RFC 6458 §6.1.9: who subscribes while nothing is outstanding is told so at once.
void tell_if_dry(const OptionCall& call) {
  for (const auto id : call.socket.associations()) {
    const auto* const association = call.socket.association(id);
    if (association != nullptr && association->traffic.wants(SCTP_SENDER_DRY_EVENT)) call.stack().want_sender_dry(id);
  }
}

// --- §6.2.1 SCTP_EVENTS: a byte for each kind; old programs know fewer
// -----------------------------------------------------

int get_events(const OptionCall& call, void* value, socklen_t& length) {
  if (length == 0) return -EINVAL;
  std::array<std::uint8_t, kKinds> bytes{};
  for (unsigned i = 0; i < kKinds; ++i) bytes[i] = call.settings().traffic.wants(SCTP_SN_TYPE_BASE + i) ? 1 : 0;
  length = std::min<socklen_t>(length, kKinds);
  std::memcpy(value, bytes.data(), length);
  return 0;
}

int set_events(const OptionCall& call, const void* value, socklen_t length) {
  if (length > kKinds) return -EINVAL;
  const auto* const bytes = static_cast<const std::uint8_t*>(value);
  change_all_traffic(call, [&](TrafficSettings& to) {
    for (unsigned i = 0; i < length; ++i) set_bit(to.subscriptions, SCTP_SN_TYPE_BASE + i, bytes[i] != 0);
  });
  tell_if_dry(call);
  return 0;
}

// --- §6.2.2 SCTP_EVENT: one kind
// ------------------------------------------------------------------------------------------

int get_event(const OptionCall& call, void* value, socklen_t& length) {
  sctp_event event{};
  if (!load(event, value, length)) return -EINVAL;
  if (event.se_type < SCTP_SN_TYPE_BASE || event.se_type > SCTP_SN_TYPE_MAX) return -EINVAL;
  const auto* const traffic = traffic_of(call, event.se_assoc_id);
  if (traffic == nullptr) return -EINVAL;
  event.se_on = traffic->wants(event.se_type) ? 1 : 0;
  return store(event, value, length);
}

int set_event(const OptionCall& call, const void* value, socklen_t length) {
  sctp_event event{};
  if (!load_exactly(event, value, length)) return -EINVAL;
  if (event.se_type < SCTP_SN_TYPE_BASE || event.se_type > SCTP_SN_TYPE_MAX) return -EINVAL;
  const int error = change_traffic(call, event.se_assoc_id, [&event](TrafficSettings& to) {
    set_bit(to.subscriptions, event.se_type, event.se_on != 0);
  });
  if (error == 0 && event.se_type == SCTP_SENDER_DRY_EVENT && event.se_on != 0) tell_if_dry(call);
  return error;
}

// --- §8.1.29, §8.1.30
// -----------------------------------------------------------------------------------------------------

int get_receive_info(const OptionCall& call, void* value, socklen_t& length) {
  return store_int(call.settings().receive_info ? 1 : 0, value, length);
}
int set_receive_info(const OptionCall& call, const void* value, socklen_t length) {
  return load_flag(call.settings().receive_info, value, length);
}
int get_next_info(const OptionCall& call, void* value, socklen_t& length) {
  return store_int(call.settings().next_info ? 1 : 0, value, length);
}
int set_next_info(const OptionCall& call, const void* value, socklen_t length) {
  return load_flag(call.settings().next_info, value, length);
}

constexpr Option kOptions[]{
    {SCTP_EVENTS, get_events, set_events},
    {SCTP_EVENT, get_event, set_event, sizeof(sctp_event)},
    {SCTP_RECVRCVINFO, get_receive_info, set_receive_info},
    {SCTP_RECVNXTINFO, get_next_info, set_next_info},
};

}  // namespace

std::span<const Option> event_options() noexcept {
  return kOptions;
}

}  // namespace netsctp::socket
