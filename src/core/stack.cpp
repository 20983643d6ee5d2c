// The face: finds what a command is about, hands it on, settles.
#include "core/stack.hpp"

#include <algorithm>

#include "core/stack_state.hpp"

namespace netsctp::core {
namespace {

std::error_code error(std::errc code) noexcept {
  return std::make_error_code(code);
}
const std::errc kNoAssociation = std::errc::no_such_process;  // ESRCH

}  // namespace

Stack::Stack(const StackConfig& config, BufferPool& pool, Entropy& entropy, Time now)
    : state_(std::make_unique<StackState>(config, pool, entropy, now)) {}
Stack::~Stack() = default;

void Stack::receive(Datagram&& datagram, Time now) noexcept {
  receive({&datagram, 1}, now);
}
void Stack::receive(std::span<Datagram> datagrams, Time now) noexcept {
  state_->receive(datagrams, now);
}
void Stack::on_icmp(const IcmpError& error, Time now) noexcept {
  state_->on_icmp(error, now);
}
void Stack::expire(Time now) noexcept {
  state_->expire(now);
}
bool Stack::transmit(TransmitBatch& batch, Time now) noexcept {
  return state_->transmit(batch, now);
}
bool Stack::is_settled() const noexcept {
  return state_->is_settled();
}
std::optional<Time> Stack::next_timeout() const noexcept {
  return state_->wheel.next();
}

bool Stack::poll_event(Event& event) noexcept {
  if (state_->events.empty()) return false;
  event = std::move(state_->events.front());
  state_->events.pop_front();
  return true;
}

Result<EndpointId> Stack::open(const EndpointConfig& config) {
  return state_->open(config);
}

std::error_code Stack::close(EndpointId endpoint) noexcept {
  const Endpoint* const one = state_->endpoint(endpoint);
  if (one == nullptr) return error(std::errc::invalid_argument);
  if (one->associations != 0) return error(std::errc::device_or_resource_busy);
  state_->close(endpoint);
  return {};
}

void Stack::listen(EndpointId endpoint, std::size_t backlog) noexcept {
  if (Endpoint* const one = state_->endpoint(endpoint)) {
    one->listening = true;
    one->backlog = backlog;
  }
}

void Stack::stop_listening(EndpointId endpoint) noexcept {
  if (Endpoint* const one = state_->endpoint(endpoint)) one->listening = false;
}

void Stack::accepted(AssociationId id) noexcept {
  Association* const association = state_->find(id);
  if (association == nullptr || !association->is_pending()) return;
  association->accepted();
  if (Endpoint* const one = state_->endpoint(association->endpoint())) --one->pending;
}

std::error_code Stack::add_address(EndpointId endpoint, const IpAddress& address) {
  Endpoint* const one = state_->endpoint(endpoint);
  if (one == nullptr) return error(std::errc::invalid_argument);
  if (state_->port_taken(one->config.port, {&address, 1}, false, false, endpoint))
    return error(std::errc::address_in_use);
  if (std::find(one->config.addresses.begin(), one->config.addresses.end(), address) == one->config.addresses.end()) {
    one->config.addresses.push_back(address);
    state_->forget_recent();
  }
  return {};
}

std::error_code Stack::remove_address(EndpointId endpoint, const IpAddress& address) {
  Endpoint* const one = state_->endpoint(endpoint);
  if (one == nullptr) return error(std::errc::invalid_argument);
  auto& addresses = one->config.addresses;
  const auto found = std::find(addresses.begin(), addresses.end(), address);
  if (found == addresses.end() || addresses.size() == 1) return error(std::errc::invalid_argument);
  addresses.erase(found);
  state_->forget_recent();
  return {};
}

AssociationParameters* Stack::parameters(EndpointId endpoint) noexcept {
  Endpoint* const one = state_->endpoint(endpoint);
  return one == nullptr ? nullptr : &one->config.parameters;
}

const EndpointConfig* Stack::endpoint(EndpointId endpoint) const noexcept {
  const Endpoint* const one = std::as_const(*state_).endpoint(endpoint);
  return one == nullptr ? nullptr : &one->config;
}

Result<AssociationId> Stack::connect(EndpointId endpoint, const ConnectRequest& request, Time now) {
  const Endpoint* const one = state_->endpoint(endpoint);
  if (one == nullptr || request.peers.empty() || request.port == 0 ||
      !std::all_of(request.peers.begin(), request.peers.end(),
                   [](const IpAddress& peer) { return peer.is_unicast(); })) {
    return std::errc::invalid_argument;
  }
  for (const IpAddress& peer : request.peers) {
    if (const Association* const existing = state_->find(endpoint, {peer, request.port})) {
      const bool setting_up = existing->state() == State::kCookieWait || existing->state() == State::kCookieEchoed;
      return setting_up ? std::errc::connection_already_in_progress : std::errc::already_connected;
    }
  }
  const auto reachable = [&](const IpAddress& peer) {
    return std::any_of(one->config.addresses.begin(), one->config.addresses.end(),
                       [&](const IpAddress& local) { return local.family == peer.family; });
  };
  if (!std::any_of(request.peers.begin(), request.peers.end(), reachable)) return std::errc::address_not_available;
  Association* const association =
      state_->create(endpoint, request.port, request.parameters.value_or(one->config.parameters));
  if (association == nullptr) return std::errc::no_buffer_space;
  association->start(request, now);
  const AssociationId id = association->id();
  state_->settle(*association, now);
  return id;
}

Slice Stack::allocate(std::size_t size) noexcept {
  return state_->pool.allocate(size);
}

std::error_code Stack::send(AssociationId id, SendRequest&& request, Time now) noexcept {
  Association* const association = state_->find(id);
  if (association == nullptr) return error(kNoAssociation);
  const std::error_code result = association->send(std::move(request), now);
  state_->settle(*association, now);
  return result;
}

std::error_code Stack::shutdown(AssociationId id, Time now) noexcept {
  Association* const association = state_->find(id);
  if (association == nullptr) return error(kNoAssociation);
  association->shutdown(now);
  state_->settle(*association, now);
  return {};
}

std::error_code Stack::abort(AssociationId id, std::span<const std::byte> reason, Time now) noexcept {
  Association* const association = state_->find(id);
  if (association == nullptr) return error(kNoAssociation);
  association->abort(reason);
  state_->settle(*association, now);
  return {};
}

void Stack::consumed(AssociationId id, std::size_t bytes) noexcept {
  Association* const association = state_->find(id);
  if (association == nullptr) return;
  if (association->consumed(bytes) && !association->ready_hook.is_linked()) state_->ready.push_back(*association);
}

void Stack::want_send_space(AssociationId id) noexcept {
  if (Association* const association = state_->find(id)) association->want_send_space();
}

void Stack::want_sender_dry(AssociationId id) noexcept {
  if (Association* const association = state_->find(id)) association->want_sender_dry();
}

const AssociationCounters* Stack::association_counters(AssociationId id) const noexcept {
  const Association* const association = state_->find(id);
  return association == nullptr ? nullptr : &association->counters();
}

std::error_code Stack::set_scheduler(AssociationId id, Scheduler scheduler) noexcept {
  Association* const association = state_->find(id);
  if (association == nullptr) return error(kNoAssociation);
  AssociationParameters parameters = association->parameters();
  parameters.scheduler = scheduler;
  association->set_parameters(parameters);
  association->send_queue().set_scheduler(scheduler);
  return {};
}

std::error_code Stack::set_stream_value(AssociationId id, StreamId stream, std::uint16_t value) noexcept {
  Association* const association = state_->find(id);
  if (association == nullptr) return error(kNoAssociation);
  if (stream >= association->outbound_streams()) return std::make_error_code(std::errc::invalid_argument);
  association->send_queue().set_priority(stream, value);
  return {};
}

Result<std::uint16_t> Stack::stream_value(AssociationId id, StreamId stream) const noexcept {
  Association* const association = state_->find(id);
  if (association == nullptr) return error(kNoAssociation);
  if (stream >= association->outbound_streams()) return std::errc::invalid_argument;
  return association->send_queue().priority(stream);
}

std::error_code Stack::reset_streams(AssociationId id, bool outgoing, bool incoming, std::vector<StreamId> streams,
                                     Time now) noexcept {
  Association* const association = state_->find(id);
  if (association == nullptr) return error(kNoAssociation);
  const std::error_code result = association->reset_streams(outgoing, incoming, std::move(streams));
  state_->settle(*association, now);
  return result;
}

std::error_code Stack::reset_association(AssociationId id, Time now) noexcept {
  Association* const association = state_->find(id);
  if (association == nullptr) return error(kNoAssociation);
  const std::error_code result = association->reset_association(now);
  state_->settle(*association, now);
  return result;
}

std::error_code Stack::add_streams(AssociationId id, std::uint16_t outgoing, std::uint16_t incoming,
                                   Time now) noexcept {
  Association* const association = state_->find(id);
  if (association == nullptr) return error(kNoAssociation);
  const std::error_code result = association->add_streams(outgoing, incoming);
  state_->settle(*association, now);
  return result;
}

void Stack::make_room(AssociationId id, std::size_t bytes, const Reliability& reliability, Time now) noexcept {
  Association* const association = state_->find(id);
  if (association == nullptr) return;
  association->make_room(bytes, reliability, now);
  state_->settle(*association, now);
}

std::optional<Abandoned> Stack::abandoned(AssociationId id, Reliability::Policy policy,
                                          std::optional<StreamId> stream) const noexcept {
  const Association* const association = state_->find(id);
  if (association == nullptr) return {};
  return stream ? association->abandoned().of_stream(policy, *stream) : association->abandoned().of_association(policy);
}

bool Stack::exists(AssociationId id) const noexcept {
  return state_->find(id) != nullptr;
}

std::size_t Stack::buffered_bytes(AssociationId id) const noexcept {
  const Association* const association = state_->find(id);
  return association == nullptr ? 0 : association->buffered_bytes();
}

std::size_t Stack::in_flight_bytes(AssociationId id) const noexcept {
  const Association* const association = state_->find(id);
  return association == nullptr ? 0 : association->in_flight_bytes();
}

std::optional<AssociationStatus> Stack::status(AssociationId id) const {
  const Association* const association = state_->find(id);
  if (association == nullptr) return {};
  return association->status();
}

AssociationId Stack::find(EndpointId endpoint, const Address& peer) const noexcept {
  const Association* const association = state_->find(endpoint, peer);
  return association == nullptr ? 0 : association->id();
}

std::vector<AssociationId> Stack::associations(EndpointId endpoint) const {
  std::vector<AssociationId> ids;
  state_->for_each_association([&](const Association& association) {
    if (association.endpoint() == endpoint) ids.push_back(association.id());
  });
  std::sort(ids.begin(), ids.end());
  return ids;
}

std::size_t Stack::association_count() const noexcept {
  return state_->association_count();
}

const AssociationParameters* Stack::association_parameters(AssociationId id) const noexcept {
  const Association* const association = state_->find(id);
  return association == nullptr ? nullptr : &association->parameters();
}

void Stack::set_association_parameters(AssociationId id, const AssociationParameters& parameters) noexcept {
  if (Association* const association = state_->find(id)) association->set_parameters(parameters);
}

std::error_code Stack::set_primary(AssociationId id, const IpAddress& address, Time now) noexcept {
  Association* const association = state_->find(id);
  if (association == nullptr) return error(kNoAssociation);
  const std::error_code result = association->set_primary(address);
  state_->settle(*association, now);
  return result;
}

std::error_code Stack::set_path(AssociationId id, const IpAddress& address, const PathParameters& parameters,
                                Time now) noexcept {
  Association* const association = state_->find(id);
  if (association == nullptr) return error(kNoAssociation);
  const std::error_code result = association->set_path(address, parameters, now);
  state_->settle(*association, now);
  return result;
}

std::error_code Stack::request_heartbeat(AssociationId id, const IpAddress& address, Time now) noexcept {
  Association* const association = state_->find(id);
  if (association == nullptr) return error(kNoAssociation);
  const std::error_code result = association->request_heartbeat(address);
  state_->settle(*association, now);
  return result;
}

std::error_code Stack::set_remote_udp_port(AssociationId id, const IpAddress& address, std::uint16_t port) noexcept {
  Association* const association = state_->find(id);
  return association == nullptr ? error(kNoAssociation) : association->set_remote_udp_port(address, port);
}

const Counters& Stack::counters() const noexcept {
  return state_->counters;
}

void Stack::check_consistent() const noexcept {
  state_->for_each_association([](const Association& association) { association.check_consistent(); });
}

}  // namespace netsctp::core
