// Lists of addresses: bindx, connectx, and what an association or endpoint consists of (RFC 6458 §9.1, §9.3, §9.5,
// §9.9).
#include <cerrno>
#include <vector>

#include "socket/instance.hpp"
#include "socket/options.hpp"
#include "socket/sockaddr.hpp"
#include "socket/user_memory.hpp"

namespace netsctp::socket {

namespace {

// Ports of zero mean the one the socket is bound to; any other must be that one.
bool ports_fit(std::span<const Address> addresses, std::uint16_t port) noexcept {
  for (const Address& address : addresses) {
    if (address.port != 0 && address.port != port) return false;
  }
  return true;
}

int bindx_add(const OptionCall& call, const void* value, socklen_t length) {
  const auto addresses = from_packed(value, length, call.settings().view);
  if (!addresses) return -addresses.error().value();
  const auto& endpoint = call.socket.endpoint();
  if (endpoint == nullptr) return call.socket.bind_to(call.session, addresses.value());
  if (!ports_fit(addresses.value(), endpoint->port())) return -EINVAL;
  std::vector<IpAddress> added;
  for (const Address& address : addresses.value()) {
    int error = 0;
    if (address.ip.is_any()) {
      error = EINVAL;
    } else if (!address.ip.is_unicast() || !is_local(address.ip)) {
      error = EADDRNOTAVAIL;
    } else {
      error = endpoint->add(address.ip).value();
    }
    if (error == 0) {
      added.push_back(address.ip);
      continue;
    }
    for (const IpAddress& each : added) (void)endpoint->remove(each);  // all or nothing
    return -error;
  }
  return 0;
}

int bindx_remove(const OptionCall& call, const void* value, socklen_t length) {
  const auto addresses = from_packed(value, length, call.settings().view);
  if (!addresses) return -addresses.error().value();
  const auto& endpoint = call.socket.endpoint();
  if (endpoint == nullptr) return -EBUSY;  // as Linux
  if (!ports_fit(addresses.value(), endpoint->port())) return -EINVAL;
  std::vector<IpAddress> removed;
  for (const Address& address : addresses.value()) {
    const auto error = endpoint->remove(address.ip);
    if (!error) {
      removed.push_back(address.ip);
      continue;
    }
    for (const IpAddress& each : removed) (void)endpoint->add(each);
    return -error.value();
  }
  return 0;
}

int connectx(const OptionCall& call, const void* value, socklen_t length, core::AssociationId& id) {
  using Stage = StackSocket::Stage;
  if (length < sizeof(sa_family_t)) return -EINVAL;
  // As Linux, before the addresses are looked at.
  const bool taken = call.socket.stage() == Stage::kConnected || call.socket.stage() == Stage::kListening;
  if (!call.socket.is_one_to_many() && taken) return -EISCONN;
  const auto addresses = from_packed(value, length, call.settings().view);
  if (!addresses) return -addresses.error().value();
  return call.socket.connect_to(call.session, addresses.value(), &id);
}

int set_connectx_old(const OptionCall& call, const void* value, socklen_t length) {
  core::AssociationId id = 0;
  return connectx(call, value, length, id);
}

// The result is the association's id, as libsctp expects.
int set_connectx(const OptionCall& call, const void* value, socklen_t length) {
  core::AssociationId id = 0;
  const int error = connectx(call, value, length, id);
  return error != 0 ? error : id;
}

constexpr int kMaxPackedAddresses = 1 << 16;  // bytes

// The id is stored also if the association is still being set up.
int get_connectx3(const OptionCall& call, void* value, socklen_t& length) {
  sctp_getaddrs_old argument{};
  if (!load(argument, value, length)) return -EINVAL;
  if (argument.addr_num <= 0 || argument.addrs == nullptr) return -EINVAL;
  if (argument.addr_num > kMaxPackedAddresses) return -ENOMEM;
  std::vector<std::byte> addresses(static_cast<std::size_t>(argument.addr_num));
  if (const int error = copy_in(addresses.data(), argument.addrs, addresses.size())) return error;
  core::AssociationId id = 0;
  const int error = connectx(call, addresses.data(), static_cast<socklen_t>(addresses.size()), id);
  if (error == 0 || error == -EINPROGRESS) {
    std::memcpy(value, &id, sizeof id);
    length = sizeof id;
  }
  return error;
}

// struct sctp_getaddrs with the addresses packed behind it; ENOMEM: does not fit (libsctp then tries a larger buffer).
int store_addresses(const OptionCall& call, core::AssociationId id, std::span<const Address> addresses, void* value,
                    socklen_t& length) {
  auto* const begin = static_cast<std::byte*>(value);
  std::size_t used = sizeof(sctp_getaddrs);
  for (const Address& address : addresses) {
    sockaddr_storage storage;
    const std::size_t size = to_sockaddr(address, call.settings().view, storage);
    if (used + size > length) return -ENOMEM;
    std::memcpy(begin + used, &storage, size);
    used += size;
  }
  const auto count = static_cast<std::uint32_t>(addresses.size());
  std::memcpy(begin, &id, sizeof id);
  std::memcpy(begin + sizeof id, &count, sizeof count);
  length = static_cast<socklen_t>(used);
  return 0;
}

int get_peer_addresses(const OptionCall& call, void* value, socklen_t& length) {
  core::AssociationId id = 0;
  if (length < sizeof(sctp_getaddrs)) return -EINVAL;
  std::memcpy(&id, value, sizeof id);
  const auto* const association = call.socket.association(id);
  const auto status = association != nullptr ? call.stack().status(association->id) : std::nullopt;
  if (!status) return -EINVAL;
  std::vector<Address> addresses;
  for (const auto& path : status->paths) addresses.push_back({path.address.ip, status->peer_port});
  return store_addresses(call, status->id, addresses, value, length);
}

int get_local_addresses(const OptionCall& call, void* value, socklen_t& length) {
  core::AssociationId id = 0;
  if (length < sizeof(sctp_getaddrs)) return -EINVAL;
  std::memcpy(&id, value, sizeof id);
  const auto* const association = call.socket.association(id);
  std::vector<Address> addresses;
  if (const auto status = association != nullptr ? call.stack().status(association->id) : std::nullopt) {
    for (const IpAddress& ip : status->local_addresses) addresses.push_back({ip, status->local_port});
  } else if (id != SCTP_FUTURE_ASSOC) {  // of either style, as on Linux
    return -EINVAL;
  } else if (const auto& endpoint = call.socket.endpoint()) {
    for (const IpAddress& ip : endpoint->all_addresses()) addresses.push_back({ip, endpoint->port()});
  }
  const int error = store_addresses(call, id, addresses, value, length);
  if (error == 0) length -= static_cast<socklen_t>(sizeof(sctp_getaddrs));  // as Linux counts: see getsockopt()
  return error;
}

constexpr Option kOptions[]{
    {SCTP_SOCKOPT_BINDX_ADD, nullptr, bindx_add},
    {SCTP_SOCKOPT_BINDX_REM, nullptr, bindx_remove},
    {SCTP_SOCKOPT_CONNECTX_OLD, nullptr, set_connectx_old},
    {SCTP_SOCKOPT_CONNECTX, nullptr, set_connectx},
    {SCTP_SOCKOPT_CONNECTX3, get_connectx3, nullptr, sizeof(sctp_getaddrs_old)},
    {SCTP_GET_PEER_ADDRS, get_peer_addresses, nullptr, sizeof(sctp_getaddrs)},
    {SCTP_GET_LOCAL_ADDRS, get_local_addresses, nullptr, sizeof(sctp_getaddrs)},
};

}  // namespace

std::span<const Option> address_options() noexcept {
  return kOptions;
}

}  // namespace netsctp::socket
