// AUTH (RFC 4895) is not built: its options answer as Linux does with net.sctp.auth_enable = 0 (RFC 6458 §8.1.8,
// §8.1.17, §8.1.18, §8.2.3, §8.2.4, §8.3.2 to §8.3.5).
#include <cerrno>

#include "socket/options.hpp"

namespace netsctp::socket {

namespace {

int get_nothing(const OptionCall&, void*, socklen_t&) {
  return -EACCES;
}
int set_nothing(const OptionCall&, const void*, socklen_t) {
  return -EACCES;
}

// As Linux checks the id; SCTP_CURRENT_ASSOC of no association and a negative id name nothing and are no error.
int refuse(const OptionCall& call, core::AssociationId id) noexcept {
  if (!call.socket.is_one_to_many() || call.socket.association(id) != nullptr) return -EACCES;
  if (id < 0) return 0;
  if (id == SCTP_CURRENT_ASSOC) return call.socket.associations().empty() ? 0 : -EACCES;
  return id <= SCTP_ALL_ASSOC ? -EACCES : -EINVAL;
}

int set_key(const OptionCall& call, const void* value, socklen_t length) {
  sctp_authkey argument{};
  if (length <= sizeof argument || !load(argument, value, sizeof argument)) return -EINVAL;
  if (argument.sca_keylength > length - sizeof argument) return -EINVAL;
  return refuse(call, argument.sca_assoc_id);
}

int set_key_id(const OptionCall& call, const void* value, socklen_t length) {
  sctp_authkeyid argument{};
  if (!load_exactly(argument, value, length)) return -EINVAL;
  return refuse(call, argument.scact_assoc_id);
}

int get_key_id(const OptionCall& call, void* value, socklen_t& length) {
  sctp_authkeyid argument{};
  if (!load(argument, value, length) || parameters_of(call, argument.scact_assoc_id) == nullptr) return -EINVAL;
  return -EACCES;
}

int get_peer_chunks(const OptionCall& call, void* value, socklen_t& length) {
  sctp_authchunks argument{};
  if (!load(argument, value, length) || call.socket.association(argument.gauth_assoc_id) == nullptr) return -EINVAL;
  return -EACCES;
}

int get_local_chunks(const OptionCall& call, void* value, socklen_t& length) {
  sctp_authchunks argument{};
  if (!load(argument, value, length) || parameters_of(call, argument.gauth_assoc_id) == nullptr) return -EINVAL;
  return -EACCES;
}

constexpr Option kOptions[]{
    {SCTP_AUTH_CHUNK, nullptr, set_nothing, 0, EOPNOTSUPP},
    {SCTP_HMAC_IDENT, get_nothing, set_nothing},
    {SCTP_AUTH_KEY, nullptr, set_key, 0, EOPNOTSUPP},
    {SCTP_AUTH_ACTIVE_KEY, get_key_id, set_key_id, sizeof(sctp_authkeyid)},
    {SCTP_AUTH_DELETE_KEY, nullptr, set_key_id, 0, EOPNOTSUPP},
    {SCTP_AUTH_DEACTIVATE_KEY, nullptr, set_key_id, 0, EOPNOTSUPP},
    {SCTP_PEER_AUTH_CHUNKS, get_peer_chunks, nullptr, sizeof(sctp_authchunks)},
    {SCTP_LOCAL_AUTH_CHUNKS, get_local_chunks, nullptr, sizeof(sctp_authchunks)},
};

}  // namespace

std::span<const Option> key_options() noexcept {
  return kOptions;
}

}  // namespace netsctp::socket
