// A local SCTP port with its addresses: claimed on the host and opened in the core. Shared by the socket that bound it
// and by every association that came from it: the port stays taken until the last of them has gone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/address.hpp"
#include "base/result.hpp"
#include "core/stack.hpp"

namespace netsctp::socket {

class Instance;
class StackSocket;

struct EndpointAddresses {
  std::vector<IpAddress> specific;  // none of them a wildcard
  bool any_v4 = false;
  bool any_v6 = false;

  friend bool operator==(const EndpointAddresses&, const EndpointAddresses&) = default;
};

// Everything, the destructor included, under the engine's lock.
class Endpoint : public std::enable_shared_from_this<Endpoint> {
 public:
  // Port 0: any free one. Errors: EADDRINUSE, EADDRNOTAVAIL, ...
  [[nodiscard]] static Result<std::shared_ptr<Endpoint>> open(Instance& instance, std::uint16_t port,
                                                              EndpointAddresses addresses,
                                                              const core::AssociationParameters& parameters);
  ~Endpoint();
  Endpoint(const Endpoint&) = delete;
  Endpoint& operator=(const Endpoint&) = delete;

  [[nodiscard]] core::EndpointId id() const noexcept { return id_; }
  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  [[nodiscard]] const EndpointAddresses& addresses() const noexcept { return addresses_; }
  // The host's addresses behind a wildcard included.
  [[nodiscard]] std::vector<IpAddress> all_addresses() const;

  std::error_code add(const IpAddress& address);     // EADDRINUSE, EINVAL (bound to it, or to the wildcard)
  std::error_code remove(const IpAddress& address);  // EBUSY (the last one), EINVAL (not bound to it)

  // Its port came with an association begun here; nobody asked for it.
  bool is_passing = false;
  // The socket that bound it first, or listens on it, and takes its inbound associations; nullptr after its close.
  StackSocket* owner = nullptr;
  // Those that listen: one, or several that set SO_REUSEPORT. They take the inbound associations in turn.
  std::vector<StackSocket*> listeners;
  [[nodiscard]] StackSocket* next_listener() noexcept {
    return listeners.empty() ? owner : listeners[turn_++ % listeners.size()];
  }

 private:
  Endpoint(Instance& instance, core::EndpointId id, std::uint16_t port, EndpointAddresses addresses);

  Instance& instance_;
  core::EndpointId id_;
  std::uint16_t port_;
  EndpointAddresses addresses_;
  std::size_t turn_ = 0;  // whose of `listeners`
};

}  // namespace netsctp::socket
