// Stream re-configuration: RFC 6525 §6.3, and SCTP_RECONFIG_SUPPORTED of Linux.
#include <cerrno>
#include <utility>
#include <vector>

#include "core/stream_reset.hpp"
#include "socket/options.hpp"

namespace netsctp::socket {

namespace {

static_assert(SCTP_ENABLE_RESET_STREAM_REQ == core::kAllowStreamReset &&
              SCTP_ENABLE_RESET_ASSOC_REQ == core::kAllowAssociationReset &&
              SCTP_ENABLE_CHANGE_ASSOC_REQ == core::kAllowStreamChange);

int get_supported(const OptionCall& call, void* value, socklen_t& length) {
  return get_extension(call, value, length, &core::AssociationParameters::stream_reset,
                       &core::AssociationStatus::stream_reset);
}

int set_supported(const OptionCall& call, const void* value, socklen_t length) {
  return set_extension(call, value, length, &core::AssociationParameters::stream_reset);
}

// --- §6.3.1: what the peer, and the program itself, may ask for ------------------------------------------------------

int get_enabled(const OptionCall& call, void* value, socklen_t& length) {
  sctp_assoc_value argument{};
  if (!load(argument, value, length)) return -EINVAL;
  const auto* const parameters = parameters_of(call, argument.assoc_id);
  if (parameters == nullptr) return -EINVAL;
  argument.assoc_value = parameters->allowed_reconfigurations;
  return store(argument, value, length);
}

int set_enabled(const OptionCall& call, const void* value, socklen_t length) {
  sctp_assoc_value argument{};
  if (!load_exactly(argument, value, length)) return -EINVAL;
  if ((argument.assoc_value & ~std::uint32_t{SCTP_ENABLE_STRRESET_MASK}) != 0) return -EINVAL;
  return change_parameters(call, argument.assoc_id, [&argument](core::AssociationParameters& to) {
    to.allowed_reconfigurations = static_cast<std::uint8_t>(argument.assoc_value);
  });
}

// --- §6.3.2 to §6.3.4: requests --------------------------------------------------------------------------------------

int reset_streams(const OptionCall& call, const void* value, socklen_t length) {
  sctp_reset_streams argument{};
  if (!load(argument, value, length)) return -EINVAL;
  std::vector<core::StreamId> streams(argument.srs_number_streams);
  const std::size_t listed = streams.size() * sizeof(core::StreamId);
  if (length - sizeof argument < listed) return -EINVAL;
  if (listed != 0) std::memcpy(streams.data(), static_cast<const std::byte*>(value) + sizeof argument, listed);
  const auto* const association = call.socket.association(argument.srs_assoc_id);
  if (association == nullptr) return -EINVAL;
  const bool outgoing = (argument.srs_flags & SCTP_STREAM_RESET_OUTGOING) != 0;
  const bool incoming = (argument.srs_flags & SCTP_STREAM_RESET_INCOMING) != 0;
  return -call.stack()
              .reset_streams(association->id, outgoing, incoming, std::move(streams), call.session.now())
              .value();
}

int reset_association(const OptionCall& call, const void* value, socklen_t length) {
  sctp_assoc_t id = 0;
  if (!load_exactly(id, value, length)) return -EINVAL;
  const auto* const association = call.socket.association(id);
  if (association == nullptr) return -EINVAL;
  return -call.stack().reset_association(association->id, call.session.now()).value();
}

int add_streams(const OptionCall& call, const void* value, socklen_t length) {
  sctp_add_streams argument{};
  if (!load_exactly(argument, value, length)) return -EINVAL;
  const auto* const association = call.socket.association(argument.sas_assoc_id);
  if (association == nullptr) return -EINVAL;
  return -call.stack()
              .add_streams(association->id, argument.sas_outstrms, argument.sas_instrms, call.session.now())
              .value();
}

constexpr Option kOptions[]{
    {SCTP_RECONFIG_SUPPORTED, get_supported, set_supported, sizeof(sctp_assoc_value)},
    {SCTP_ENABLE_STREAM_RESET, get_enabled, set_enabled, sizeof(sctp_assoc_value)},
    {SCTP_RESET_STREAMS, nullptr, reset_streams},
    {SCTP_RESET_ASSOC, nullptr, reset_association},
    {SCTP_ADD_STREAMS, nullptr, add_streams},
};

}  // namespace

std::span<const Option> reset_options() noexcept {
  return kOptions;
}

}  // namespace netsctp::socket
