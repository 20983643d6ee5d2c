#include "socket/options.hpp"

#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <vector>

#include "socket/instance.hpp"
#include "socket/user_memory.hpp"

namespace netsctp::socket {

namespace {

const Option* find_in(std::span<const Option> table, int number) noexcept {
  const auto at =
      std::find_if(table.begin(), table.end(), [number](const Option& each) { return each.number == number; });
  return at != table.end() ? &*at : nullptr;
}

const Option* find_option(int level, int number) noexcept {
  if (level == SOL_SOCKET) return find_in(socket_level_options(), number);
  if (level == IPPROTO_IP) return find_in(ip_options(), number);
  if (level == IPPROTO_IPV6) return find_in(ipv6_options(), number);
  if (level != IPPROTO_SCTP) return nullptr;
  for (const auto table : {association_options(), path_options(), address_options(), traffic_options(),
                           partial_options(), reset_options(), event_options(), feature_options(), key_options()}) {
    if (const Option* const option = find_in(table, number)) return option;
  }
  return nullptr;
}

constexpr std::size_t kLongestCut = 64;      // bytes; no option below SCTP's level has more
constexpr std::size_t kMaxValue = 1U << 20;  // bytes of one option; no use of any has more

// RFC 6458 §9.2. The descriptor is both the result and in the struct.
int get_peeloff(StackSocket& socket, void* value, socklen_t& length, bool with_flags) noexcept {
  sctp_peeloff_flags_arg_t argument{};
  const std::size_t size = with_flags ? sizeof argument : sizeof argument.p_arg;
  if (length < size) return -EINVAL;
  if (const int error = copy_in(&argument, value, size)) return error;
  std::shared_ptr<Socket> peeled;
  const int descriptor = socket.peeloff(argument.p_arg.associd, peeled, static_cast<int>(argument.flags));
  if (descriptor < 0) return descriptor;
  argument.p_arg.sd = descriptor;
  length = static_cast<socklen_t>(size);
  if (const int error = copy_out(value, &argument, size)) {
    (void)peeled->close();
    return error;
  }
  return descriptor;
}

}  // namespace

// Values go through a buffer of ours, so that a pointer to nowhere is EFAULT, as from a kernel.
int StackSocket::getsockopt(int level, int number, void* value, socklen_t* length) noexcept {
  socklen_t given = 0;
  if (const int error = copy_in(&given, length, sizeof given)) return error;
  if (static_cast<int>(given) < 0) return -EINVAL;
  if (level == IPPROTO_SCTP && (number == SCTP_SOCKOPT_PEELOFF || number == SCTP_SOCKOPT_PEELOFF_FLAGS)) {
    const int result = get_peeloff(*this, value, given, number == SCTP_SOCKOPT_PEELOFF_FLAGS);
    if (result < 0) return result;
    const int error = write_user(length, &given, sizeof given);
    return error != 0 ? error : result;
  }
  auto session = instance_.engine().session();
  learn_news(session);
  if (closed_) return -EBADF;
  const Option* const option = find_option(level, number);
  if (option == nullptr && level == IPPROTO_TCP) return -EOPNOTSUPP;  // as Linux: another protocol's
  if (option == nullptr || option->get == nullptr) return option != nullptr ? -option->no_get : -ENOPROTOOPT;
  if (given < option->reads) return -EINVAL;
  // socket(7), ip(7): options below SCTP's level are cut to the caller's length.
  const bool cut = level != IPPROTO_SCTP;
  std::vector<std::byte> buffer(cut ? kLongestCut : std::min<std::size_t>(given, kMaxValue));
  if (const int error = copy_in(buffer.data(), value, option->reads)) return error;
  socklen_t used = static_cast<socklen_t>(buffer.size());
  buffer.resize(std::max<std::size_t>(buffer.size(), 1));
  const int result = option->get({*this, session}, buffer.data(), used);
  if (cut) used = std::min(used, given);
  // SCTP_SOCKOPT_CONNECTX3 stores an id also while the association is being set up.
  if (result < 0 && !(result == -EINPROGRESS && number == SCTP_SOCKOPT_CONNECTX3)) return result;
  // SCTP_GET_LOCAL_ADDRS tells the bytes of the addresses, its head not counted, as Linux does.
  const bool head_too = level == IPPROTO_SCTP && number == SCTP_GET_LOCAL_ADDRS;
  if (const int error = copy_out(value, buffer.data(), used + (head_too ? sizeof(sctp_getaddrs) : 0))) return error;
  const int error = write_user(length, &used, sizeof used);
  return error != 0 ? error : result;
}

int StackSocket::setsockopt(int level, int number, const void* value, socklen_t length) noexcept {
  if (static_cast<int>(length) < 0) return -EINVAL;
  if (length > kMaxValue) return -ENOMEM;
  std::vector<std::byte> buffer(std::max<std::size_t>(length, 1));
  if (const int error = copy_in(buffer.data(), value, length)) return error;
  auto session = instance_.engine().session();
  learn_news(session);
  if (closed_) return -EBADF;
  const Option* const option = find_option(level, number);
  if (option == nullptr || option->set == nullptr) return -ENOPROTOOPT;
  return option->set({*this, session}, buffer.data(), length);
}

const core::AssociationParameters* parameters_of(const OptionCall& call, core::AssociationId id) noexcept {
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

int get_extension(const OptionCall& call, void* value, socklen_t& length, bool core::AssociationParameters::*offered,
                  bool core::AssociationStatus::*agreed) {
  sctp_assoc_value argument{};
  if (!load(argument, value, length)) return -EINVAL;
  if (const auto* const association = call.socket.association(argument.assoc_id)) {
    const auto status = call.stack().status(association->id);
    if (!status) return -EINVAL;
    argument.assoc_value = *status.*agreed ? 1 : 0;
  } else if (call.socket.is_one_to_many() && argument.assoc_id != SCTP_FUTURE_ASSOC) {
    return -EINVAL;
  } else {
    argument.assoc_value = call.settings().association.*offered ? 1 : 0;
  }
  return store(argument, value, length);
}

int set_extension(const OptionCall& call, const void* value, socklen_t length,
                  bool core::AssociationParameters::*offered) {
  sctp_assoc_value argument{};
  if (!load_exactly(argument, value, length)) return -EINVAL;
  if (call.socket.is_one_to_many() && argument.assoc_id != SCTP_FUTURE_ASSOC &&
      call.socket.association(argument.assoc_id) == nullptr) {
    return -EINVAL;
  }
  call.settings().association.*offered = argument.assoc_value != 0;
  call.socket.apply_defaults();
  return 0;
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
