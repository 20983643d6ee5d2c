#include "core/peer_parameters.hpp"

#include <algorithm>

#include "base/bytes.hpp"

namespace netsctp::core {
namespace {

void add_address(PeerParameters& peer, const IpAddress& address) noexcept {
  // RFC 9260 §5.1.2 C: only addresses that a packet can be sent to.
  if (!address.is_unicast() || peer.contains(address) || peer.address_count == kMaxPaths) return;
  peer.addresses[peer.address_count++] = address;
}

void read_supported_types(PeerParameters& peer, wire::Bytes types, const IpAddress& source) noexcept {
  peer.supports_v4 = source.is_v4();  // RFC 9260 §5.1.2: the family the packet came by counts as supported
  peer.supports_v6 = source.is_v6();
  for (; types.size() >= 2; types = types.subspan(2)) {
    const auto type = static_cast<wire::ParameterType>(load_big<std::uint16_t>(types.data()));
    if (type == wire::ParameterType::kIpv4Address) peer.supports_v4 = true;
    if (type == wire::ParameterType::kIpv6Address) peer.supports_v6 = true;
  }
}

// False: no further parameters are to be processed (RFC 9260 §3.2.1).
bool note_unrecognized(PeerParameters& peer, const wire::Parameter& parameter) noexcept {
  const wire::UnknownAction action = wire::action_for_unknown_parameter(parameter.type);
  if (action.report && peer.unrecognized_count < PeerParameters::kMaxReported) {
    peer.unrecognized[peer.unrecognized_count++] = parameter;
  }
  return !action.stop;
}

}  // namespace

bool PeerParameters::contains(const IpAddress& address) const noexcept {
  return std::find(addresses.begin(), addresses.begin() + static_cast<std::ptrdiff_t>(address_count), address) !=
         addresses.begin() + static_cast<std::ptrdiff_t>(address_count);
}

PeerParameters read_peer_parameters(const wire::Init& init, const IpAddress& source) noexcept {
  PeerParameters peer;
  peer.init = init;
  add_address(peer, source);
  wire::ParameterReader reader = init.reader();
  bool go_on = true;
  while (go_on) {
    const std::optional<wire::Parameter> parameter = reader.next();
    if (!parameter) break;
    switch (parameter->kind()) {
      case wire::ParameterType::kIpv4Address:
      case wire::ParameterType::kIpv6Address:
        if (const auto address = wire::parse_address(*parameter)) add_address(peer, *address);
        break;
      case wire::ParameterType::kStateCookie:
        if (!peer.cookie) peer.cookie = parameter->value();
        break;
      case wire::ParameterType::kCookiePreservative:
        if (parameter->value().size() == 4)
          peer.cookie_preservative = load_big<std::uint32_t>(parameter->value().data());
        break;
      case wire::ParameterType::kHostNameAddress:
        peer.host_name = *parameter;
        break;
      case wire::ParameterType::kSupportedAddressTypes:
        read_supported_types(peer, parameter->value(), source);
        break;
      case wire::ParameterType::kAdaptationIndication:  // RFC 5061 §4.2.6
        if (parameter->value().size() == 4) peer.adaptation = load_big<std::uint32_t>(parameter->value().data());
        break;
      case wire::ParameterType::kSupportedExtensions:  // RFC 5061 §4.2.7: chunk types
        for (const std::byte type : parameter->value()) {
          if (type == static_cast<std::byte>(wire::ChunkType::kReConfig)) peer.re_config = true;
        }
        break;
      case wire::ParameterType::kForwardTsnSupported:
        peer.forward_tsn_supported = *parameter;
        break;
      case wire::ParameterType::kUnrecognizedParameter:
      case wire::ParameterType::kEcnCapable:  // RFC 9260 table 6: reserved, known and without effect here
        break;
      default:
        go_on = note_unrecognized(peer, *parameter);
    }
  }
  peer.malformed = reader.malformed();
  // RFC 9260 §5.1.2: addresses sent by the other family show that it is supported too.
  for (std::size_t i = 0; i < peer.address_count; ++i) {
    (peer.addresses[i].is_v4() ? peer.supports_v4 : peer.supports_v6) = true;
  }
  return peer;
}

}  // namespace netsctp::core
