#include "socket/instance.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <mutex>
#include <new>
#include <utility>

#include "socket/after_fork.hpp"
#include "socket/backend.hpp"
#include "socket/descriptor_table.hpp"
#include "socket/stack_socket.hpp"

namespace netsctp::socket {

namespace {

std::mutex creation;
Instance* the_instance = nullptr;  // never destroyed: other threads may be inside while the process exits

}  // namespace

Result<Instance*> Instance::acquire() noexcept {
  const std::lock_guard lock(creation);
  if (the_instance != nullptr) return the_instance;
  std::unique_ptr<Instance> instance(new Instance);
  engine::EngineConfig config;
  if (backend().link == "raw") config.link = engine::LinkKind::kRaw;
  if (backend().udp_port != 0) config.udp_port = backend().udp_port;
  config.gso = config.gro = config.batches = backend().udp_batches;
  auto engine = engine::Engine::create(config, *instance);
  if (!engine) return engine.error();
  instance->engine_ = std::move(*engine);
  instance->stack_ = &instance->engine_->session().stack();
  if (!backend().trace.empty()) {
    if (const auto error = instance->engine_->trace(backend().trace.c_str())) return error;
  }
  instance->process_ = ::getpid();
  the_instance = instance.release();
  std::atexit([] { at_exit(); });
  return the_instance;
}

void Instance::abandon() noexcept {
  new (&creation) std::mutex;
  the_instance = nullptr;
}

void Instance::before_fork() noexcept {
  creation.lock();
  if (the_instance != nullptr) the_instance->engine_->hold();
  hold_descriptors();
}

void Instance::after_fork_in_parent() noexcept {
  release_descriptors();
  if (the_instance != nullptr) the_instance->engine_->let_go();
  creation.unlock();
}

void Instance::after_fork_in_child() noexcept {
  if (the_instance == nullptr) {
    inherit_descriptors();
    new (&creation) std::mutex;
    return;
  }
  int ends[2] = {-1, -1};  // with nobody at the other end: POLLIN, POLLHUP
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0) ::close(ends[1]);
  for (const auto& socket : the_instance->sockets_) socket->abandon(ends[0]);
  if (ends[0] >= 0) ::close(ends[0]);
  the_instance->engine_->close_descriptors();
  the_instance->host_addresses_.close();
  abandon_after_fork();
}

void before_fork() noexcept {
  Instance::before_fork();
}

void after_fork_in_parent() noexcept {
  Instance::after_fork_in_parent();
}

void after_fork_in_child() noexcept {
  Instance::after_fork_in_child();
}

void Instance::at_exit() noexcept {
  if (the_instance != nullptr && the_instance->process_ == ::getpid()) the_instance->close_all();
}

void Instance::close_all() noexcept {
  auto session = engine_->session(engine::Engine::Intake::kAll);
  while (!sockets_.empty()) {
    const auto socket = *sockets_.begin();
    socket->give_up(session.now(), socket->settings.linger && socket->settings.linger_seconds == 0);
  }
  session.flush();
  const auto gone = [this] { return associations_.empty(); };
  if (gone()) return;
  const auto undelivered = [this] {
    return std::any_of(associations_.begin(), associations_.end(),
                       [this](const auto& entry) { return stack_->buffered_bytes(entry.first) != 0; });
  };
  const Time begun = session.now();
  (void)session.wait(gone, begun + kExitHandshake);
  if (!gone() && undelivered()) {
    (void)session.wait([&] { return gone() || !undelivered(); }, begun + kExitFlush);
    (void)session.wait(gone, session.now() + kExitHandshake);
  }
  std::vector<core::AssociationId> left;
  for (const auto& entry : associations_) left.push_back(entry.first);
  for (const auto id : left) (void)stack_->abort(id, {}, session.now());
  session.flush();
}

std::shared_ptr<Endpoint> Instance::shared_endpoint(std::uint16_t port, const EndpointAddresses& addresses,
                                                    const StackSocket& by) noexcept {
  for (const auto& [id, endpoint] : endpoints_) {
    if (endpoint->port() != port || endpoint->addresses() != addresses) continue;
    const StackSocket* const owner = endpoint->owner;
    const bool free = owner == nullptr || owner->shares_listening_with(by) ||
                      (owner->shares_port() && by.shares_port() && owner->stage() != StackSocket::Stage::kListening);
    if (free) return endpoint->shared_from_this();
  }
  return nullptr;
}

void Instance::close_endpoint(core::EndpointId id, std::uint16_t port, const EndpointAddresses& addresses,
                              bool is_passing) noexcept {
  closing_.push_back({id, port, addresses, is_passing});
  finish_closing();
}

void Instance::finish_closing() noexcept {
  std::erase_if(closing_, [this](const Closing& each) {
    if (stack_->close(each.id) == std::errc::device_or_resource_busy) return false;
    const EndpointAddresses& addresses = each.addresses;
    if (each.is_passing && addresses.specific.empty()) {
      engine_->retire_port(each.port, addresses.any_v4, addresses.any_v6);
    } else {
      engine_->release_port(each.port, addresses.specific, addresses.any_v4, addresses.any_v6);
    }
    return true;
  });
}

std::shared_ptr<SocketAssociation> Instance::enter(core::AssociationId id, std::shared_ptr<Endpoint> endpoint,
                                                   StackSocket& socket) {
  auto association = std::make_shared<SocketAssociation>();
  association->id = id;
  association->endpoint = std::move(endpoint);
  association->socket = &socket;
  association->traffic = socket.settings.traffic;
  associations_[id] = association;
  return association;
}

SocketAssociation* Instance::find(core::AssociationId id) noexcept {
  const auto at = associations_.find(id);
  return at != associations_.end() ? at->second.get() : nullptr;
}

std::shared_ptr<SocketAssociation> Instance::share(core::AssociationId id) noexcept {
  const auto at = associations_.find(id);
  return at != associations_.end() ? at->second : nullptr;
}

void Instance::learn_peers(SocketAssociation& association) {
  const auto status = stack_->status(association.id);
  if (!status) return;
  association.peers.clear();
  for (const auto& path : status->paths) association.peers.push_back(path.address.ip);
  association.peer_port = status->peer_port;
}

void Instance::reap(core::AssociationId id) noexcept {
  if (stack_->exists(id)) return;
  const auto at = associations_.find(id);
  if (at == associations_.end()) return;
  const auto association = std::move(at->second);
  associations_.erase(at);
  association->ended = true;
  association->endpoint.reset();
  if (!closing_.empty()) finish_closing();
}

std::shared_ptr<SocketAssociation> Instance::admit(const core::Event& event) {
  const auto at = endpoints_.find(event.endpoint);
  StackSocket* const listener = at != endpoints_.end() ? at->second->next_listener() : nullptr;
  if (listener != nullptr && listener->admit(event.association, at->second->shared_from_this())) {
    return share(event.association);
  }
  (void)stack_->abort(event.association, {}, engine::Engine::clock_now());  // its listener has been closed meanwhile
  return nullptr;
}

void Instance::on_events_done() noexcept {
  for (const auto& socket : to_signal_) socket->signal_arrival();
  to_signal_.clear();
}

void Instance::on_data(SocketAssociation& association, core::DataArrived&& data) noexcept {
  if (association.socket != nullptr) {
    association.socket->on_data(association, std::move(data));
  } else {  // nobody will read it: the peer may go on until it has heard of the shutdown
    stack_->consumed(association.id, data.piece.payload.size());
  }
}

void Instance::on_event(core::Event&& event) noexcept {
  const core::AssociationId id = event.association;
  if (auto* const data = std::get_if<core::DataArrived>(&event.what)) {
    if (SocketAssociation* const association = find(id)) on_data(*association, std::move(*data));
    return;
  }
  const auto* const change = std::get_if<core::AssociationChanged>(&event.what);
  auto association = share(id);
  if (association == nullptr && change != nullptr && change->what == core::AssociationChanged::What::kUp) {
    association = admit(event);
  }
  if (association == nullptr) {
    if (change != nullptr && !closing_.empty()) finish_closing();
    return;
  }
  const bool over = change != nullptr && change->what != core::AssociationChanged::What::kUp &&
                    change->what != core::AssociationChanged::What::kRestarted;
  if (association->socket != nullptr) {
    association->socket->on_event(*association, std::move(event));
  }
  if (!over) return;
  associations_.erase(id);
  association->ended = true;
  association->endpoint.reset();
  if (!closing_.empty()) finish_closing();
}

}  // namespace netsctp::socket
