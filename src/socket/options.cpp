#include "socket/options.hpp"

#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>

#include "socket/instance.hpp"

namespace netsctp::socket {

namespace {

const Option* find_in(std::span<const Option> table, int number) noexcept {
  const auto at =
      std::find_if(table.begin(), table.end(), [number](const Option& each) { return each.number == number; });
  return at != table.end() ? &*at : nullptr;
}

const Option* find_option(int level, int number) noexcept {
  if (level == SOL_SOCKET) return find_in(socket_level_options(), number);
  if (level == IPPROTO_IPV6) return find_in(ipv6_options(), number);
  if (level != IPPROTO_SCTP) return nullptr;
  for (const auto table : {association_options(), path_options(), address_options(), traffic_options(),
                           partial_options(), event_options()}) {
    if (const Option* const option = find_in(table, number)) return option;
  }
  return nullptr;
}

// RFC 6458 §9.2. The descriptor is both the result and in the struct.
int get_peeloff(StackSocket& socket, void* value, socklen_t& length, bool with_flags) noexcept {
  sctp_peeloff_flags_arg_t argument{};
  const std::size_t size = with_flags ? sizeof argument : sizeof argument.p_arg;
  if (length < size) return -EINVAL;
  std::memcpy(&argument, value, size);
  std::shared_ptr<Socket> peeled;
  const int descriptor = socket.peeloff(argument.p_arg.associd, peeled, static_cast<int>(argument.flags));
  if (descriptor < 0) return descriptor;
  argument.p_arg.sd = descriptor;
  std::memcpy(value, &argument, size);
  length = static_cast<socklen_t>(size);
  return descriptor;
}

}  // namespace

int StackSocket::getsockopt(int level, int number, void* value, socklen_t* length) noexcept {
  if (length == nullptr || value == nullptr) return -EFAULT;
  if (level == IPPROTO_SCTP && (number == SCTP_SOCKOPT_PEELOFF || number == SCTP_SOCKOPT_PEELOFF_FLAGS)) {
    return get_peeloff(*this, value, *length, number == SCTP_SOCKOPT_PEELOFF_FLAGS);
  }
  auto session = instance_.engine().session(true);
  if (closed_) return -EBADF;
  const Option* const option = find_option(level, number);
  if (option == nullptr || option->get == nullptr) return -ENOPROTOOPT;
  return option->get({*this, session}, value, *length);
}

int StackSocket::setsockopt(int level, int number, const void* value, socklen_t length) noexcept {
  if (value == nullptr) return -EFAULT;
  auto session = instance_.engine().session(true);
  if (closed_) return -EBADF;
  const Option* const option = find_option(level, number);
  if (option == nullptr || option->set == nullptr) return -ENOPROTOOPT;
  return option->set({*this, session}, value, length);
}

core::AssociationParameters* parameters_of(const OptionCall& call, core::AssociationId id) noexcept {
  if (const auto* const association = call.socket.association(id)) {
    return call.stack().association_parameters(association->id);
  }
  if (call.socket.is_one_to_many() && id != SCTP_FUTURE_ASSOC) return nullptr;
  return &call.settings().association;
}

TrafficSettings* traffic_of(const OptionCall& call, core::AssociationId id) noexcept {
  if (auto* const association = call.socket.association(id)) return &association->traffic;
  if (call.socket.is_one_to_many() && id != SCTP_FUTURE_ASSOC) return nullptr;
  return &call.settings().traffic;
}

int load_flag(bool& to, const void* value, socklen_t length) noexcept {
  int number = 0;
  if (!load(number, value, length)) return -EINVAL;
  to = number != 0;
  return 0;
}

int store_int(int from, void* value, socklen_t& length) noexcept {
  return store(from, value, length);
}

}  // namespace netsctp::socket
