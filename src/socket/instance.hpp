// The protocol stack of this process: one engine, its associations and to which socket each belongs, made at the first
// stack socket. Sorts the core's events to the sockets.
//
// When the process exits normally, what is still open is closed as close(2) would: data already sent is given at most
// kExitFlush to be delivered, then the rest is aborted. The kernel would go on in the background; a library cannot.
// After a fork the child must not use the parent's sockets: only the process that made the instance speaks for it.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <memory>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "core/event.hpp"
#include "core/stack.hpp"
#include "engine/engine.hpp"
#include "socket/endpoint.hpp"
#include "socket/host_addresses.hpp"
#include "socket/socket_association.hpp"

namespace netsctp::socket {

class Instance final : public engine::EventSink {
 public:
  static constexpr auto kExitHandshake = std::chrono::milliseconds(200);  // nothing to deliver: only to say goodbye
  static constexpr auto kExitFlush = std::chrono::seconds(2);

  // The process's instance, made at the first call with backend()'s settings. Errors of Engine::create.
  [[nodiscard]] static Result<Instance*> acquire() noexcept;

  // after_fork.hpp
  static void abandon() noexcept;
  static void before_fork() noexcept;
  static void after_fork_in_parent() noexcept;
  static void after_fork_in_child() noexcept;

  [[nodiscard]] engine::Engine& engine() noexcept { return *engine_; }

  // --- everything below under the engine's lock -----------------------------------------------------------------
  [[nodiscard]] core::Stack& stack() noexcept { return *stack_; }
  [[nodiscard]] HostAddresses& host_addresses() noexcept { return host_addresses_; }

  void enter(Endpoint& endpoint) { endpoints_[endpoint.id()] = &endpoint; }
  void forget(const Endpoint& endpoint) noexcept { endpoints_.erase(endpoint.id()); }
  // An endpoint of exactly these addresses that the socket `by`, which shares its port, may use too: that of one which
  // also does and does not listen, or with which it may listen, or one whose socket has been closed while associations
  // of it live on. nullptr: there is none.
  [[nodiscard]] std::shared_ptr<Endpoint> shared_endpoint(std::uint16_t port, const EndpointAddresses& addresses,
                                                          const StackSocket& by) noexcept;
  // Closes it in the core and gives the port back, at once or as soon as the core lets go of its last association.
  // `is_passing`: Endpoint's.
  void close_endpoint(core::EndpointId id, std::uint16_t port, const EndpointAddresses& addresses,
                      bool is_passing) noexcept;

  // A new association of `socket`.
  std::shared_ptr<SocketAssociation> enter(core::AssociationId id, std::shared_ptr<Endpoint> endpoint,
                                           StackSocket& socket);
  [[nodiscard]] SocketAssociation* find(core::AssociationId id) noexcept;
  [[nodiscard]] std::shared_ptr<SocketAssociation> share(core::AssociationId id) noexcept;
  // Forgets it if the core has (after an abort, or a shutdown before it was up); else its last event does.
  void reap(core::AssociationId id) noexcept;
  // Stores the peer's addresses as they are now.
  void learn_peers(SocketAssociation& association);

  // A program has it. It lives until it is closed, as a descriptor does.
  void enter(std::shared_ptr<StackSocket> socket) { sockets_.insert(std::move(socket)); }
  void forget(const std::shared_ptr<StackSocket>& socket) noexcept { sockets_.erase(socket); }

  void on_event(core::Event&& event) noexcept override;
  void on_events_done() noexcept override;
  // It has something new to read: signalled once all events are delivered.
  void will_signal(std::shared_ptr<StackSocket> socket) { to_signal_.push_back(std::move(socket)); }

 private:
  struct Closing {
    core::EndpointId id;
    std::uint16_t port;
    EndpointAddresses addresses;
    bool is_passing;
  };

  void on_data(SocketAssociation& association, core::DataArrived&& data) noexcept;

  Instance() = default;
  static void at_exit() noexcept;
  void close_all() noexcept;
  [[nodiscard]] std::shared_ptr<SocketAssociation> admit(const core::Event& event);
  void finish_closing() noexcept;

  std::unique_ptr<engine::Engine> engine_;
  core::Stack* stack_ = nullptr;
  pid_t process_ = 0;
  HostAddresses host_addresses_;
  std::unordered_map<core::EndpointId, Endpoint*> endpoints_;
  std::unordered_map<core::AssociationId, std::shared_ptr<SocketAssociation>> associations_;
  std::unordered_set<std::shared_ptr<StackSocket>> sockets_;  // open ones
  std::vector<Closing> closing_;                              // endpoints the core still needs
  std::vector<std::shared_ptr<StackSocket>> to_signal_;
};

}  // namespace netsctp::socket
