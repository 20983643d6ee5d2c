// Options, in C (RFC 6458 §8).
#include <netsctp.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <iterator>
#include <limits>
#include <optional>

#include "api/c/call.hpp"
#include "socket/user_memory.hpp"

using netsctp::c::on_socket;
using netsctp::socket::copy_in;
using netsctp::socket::copy_out;
using netsctp::socket::Socket;

namespace {

bool is_negative(socklen_t length) noexcept {
  return length > static_cast<socklen_t>(std::numeric_limits<int>::max());
}

// What sctp_opt_info() can read, and where the association's id is in the struct: nearly always in front.
struct Readable {
  int option;
  std::optional<std::size_t> id_at = 0;
};

constexpr Readable kReadable[]{
    {SCTP_RTOINFO},
    {SCTP_ASSOCINFO},
    {SCTP_INITMSG, {}},
    {SCTP_NODELAY, {}},
    {SCTP_AUTOCLOSE, {}},
    {SCTP_PRIMARY_ADDR},
    {SCTP_ADAPTATION_LAYER, {}},
    {SCTP_DISABLE_FRAGMENTS, {}},
    {SCTP_PEER_ADDR_PARAMS},
    {SCTP_DEFAULT_SEND_PARAM, offsetof(sctp_sndrcvinfo, sinfo_assoc_id)},
    {SCTP_EVENTS, {}},
    {SCTP_I_WANT_MAPPED_V4_ADDR, {}},
    {SCTP_MAXSEG},
    {SCTP_STATUS},
    {SCTP_GET_PEER_ADDR_INFO},
    {SCTP_DELAYED_SACK},
    {SCTP_CONTEXT},
    {SCTP_FRAGMENT_INTERLEAVE, {}},
    {SCTP_PARTIAL_DELIVERY_POINT, {}},
    {SCTP_MAX_BURST},
    {SCTP_HMAC_IDENT, {}},
    {SCTP_AUTH_ACTIVE_KEY},
    {SCTP_PEER_AUTH_CHUNKS},
    {SCTP_LOCAL_AUTH_CHUNKS},
    {SCTP_GET_ASSOC_NUMBER, {}},
    {SCTP_GET_ASSOC_ID_LIST, {}},
    {SCTP_AUTO_ASCONF, {}},
    {SCTP_PEER_ADDR_THLDS},
    {SCTP_RECVRCVINFO, {}},
    {SCTP_RECVNXTINFO, {}},
    {SCTP_DEFAULT_SNDINFO, offsetof(sctp_sndinfo, snd_assoc_id)},
    {SCTP_REUSE_PORT, {}},
    {SCTP_PEER_ADDR_THLDS_V2},
    {SCTP_GET_ASSOC_STATS},
    {SCTP_PR_SUPPORTED},
    {SCTP_DEFAULT_PRINFO},
    {SCTP_PR_ASSOC_STATUS},
    {SCTP_PR_STREAM_STATUS},
    {SCTP_RECONFIG_SUPPORTED},
    {SCTP_ENABLE_STREAM_RESET},
    {SCTP_STREAM_SCHEDULER},
    {SCTP_STREAM_SCHEDULER_VALUE},
    {SCTP_INTERLEAVING_SUPPORTED},
    {SCTP_EVENT},
    {SCTP_ASCONF_SUPPORTED},
    {SCTP_AUTH_SUPPORTED},
    {SCTP_ECN_SUPPORTED},
    {SCTP_EXPOSE_POTENTIALLY_FAILED_STATE},
    {SCTP_REMOTE_UDP_ENCAPS_PORT},
    {SCTP_PLPMTUD_PROBE_INTERVAL},
};

}  // namespace

int netsctp_getsockopt(int sd, int level, int option, void* value, socklen_t* length) {
  return on_socket(sd, [=](Socket& socket) { return socket.getsockopt(level, option, value, length); });
}

int netsctp_setsockopt(int sd, int level, int option, const void* value, socklen_t length) {
  return on_socket(sd, [=](Socket& socket) { return socket.setsockopt(level, option, value, length); });
}

int netsctp_ioctl(int sd, unsigned long request, void* argument) {
  return on_socket(sd, [=](Socket& socket) { return socket.ioctl(request, argument); });
}

int netsctp_opt_info(int sd, sctp_assoc_t id, int opt, void* arg, socklen_t* size) {
  return on_socket(sd, [=](Socket& socket) {
    const auto* const readable = std::find_if(std::begin(kReadable), std::end(kReadable),
                                              [opt](const Readable& each) { return each.option == opt; });
    if (readable == std::end(kReadable)) return -EOPNOTSUPP;
    socklen_t room = 0;
    if (arg == nullptr) return -EFAULT;
    if (const int error = copy_in(&room, size, sizeof room)) return error;
    if (is_negative(room)) return -EINVAL;
    if (readable->id_at) {
      if (room < *readable->id_at + sizeof id) return -EINVAL;
      if (const int error = copy_out(static_cast<std::byte*>(arg) + *readable->id_at, &id, sizeof id)) return error;
    }
    return socket.getsockopt(IPPROTO_SCTP, opt, arg, size);
  });
}
