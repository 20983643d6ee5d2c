#include "socket/endpoint.hpp"

#include <algorithm>
#include <utility>

#include "engine/engine.hpp"
#include "socket/instance.hpp"

namespace netsctp::socket {

Result<std::shared_ptr<Endpoint>> Endpoint::open(Instance& instance, std::uint16_t port, EndpointAddresses addresses,
                                                 const core::AssociationParameters& parameters) {
  engine::Engine& engine = instance.engine();
  auto claimed = engine.claim_port(port, addresses.specific, addresses.any_v4, addresses.any_v6);
  if (!claimed) return claimed.error();
  core::EndpointConfig config;
  config.port = *claimed;
  config.any_v4 = addresses.any_v4;
  config.any_v6 = addresses.any_v6;
  config.addresses = addresses.specific;
  const auto host = instance.host_addresses().list(addresses.any_v4, addresses.any_v6);
  config.addresses.insert(config.addresses.end(), host.begin(), host.end());
  config.parameters = parameters;
  auto id = instance.stack().open(config);
  if (!id) {
    engine.release_port(*claimed, addresses.specific, addresses.any_v4, addresses.any_v6);
    return id.error();
  }
  std::shared_ptr<Endpoint> endpoint(new Endpoint(instance, *id, *claimed, std::move(addresses)));
  instance.enter(*endpoint);
  return endpoint;
}

Endpoint::Endpoint(Instance& instance, core::EndpointId id, std::uint16_t port, EndpointAddresses addresses)
    : instance_(instance), id_(id), port_(port), addresses_(std::move(addresses)) {}

Endpoint::~Endpoint() {
  instance_.forget(*this);
  instance_.close_endpoint(id_, port_, addresses_, is_passing);
}

std::vector<IpAddress> Endpoint::all_addresses() const {
  const core::EndpointConfig* const config = instance_.stack().endpoint(id_);
  return config != nullptr ? config->addresses : addresses_.specific;
}

std::error_code Endpoint::add(const IpAddress& address) {
  if (address.is_v4() ? addresses_.any_v4 : addresses_.any_v6) return std::make_error_code(std::errc::invalid_argument);
  auto& held = addresses_.specific;
  if (std::find(held.begin(), held.end(), address) != held.end()) {
    return std::make_error_code(std::errc::invalid_argument);  // as Linux
  }
  if (const auto error = instance_.engine().extend_claim(port_, address)) return error;
  if (const auto error = instance_.stack().add_address(id_, address)) return error;
  held.push_back(address);
  return {};
}

std::error_code Endpoint::remove(const IpAddress& address) {
  auto& held = addresses_.specific;
  const auto at = std::find(held.begin(), held.end(), address);
  // As Linux: at least one must stay, and that is looked at first.
  if (held.size() <= 1) return std::make_error_code(std::errc::device_or_resource_busy);
  if (at == held.end()) return std::make_error_code(std::errc::invalid_argument);
  if (const auto error = instance_.stack().remove_address(id_, address)) return error;
  held.erase(at);
  const IpAddress removed[]{address};
  instance_.engine().release_port(port_, removed, false, false);
  return {};
}

}  // namespace netsctp::socket
