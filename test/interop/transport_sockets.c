/* The scenarios' transport by socket calls and lksctp's library. */
#include "transport.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/sctp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct transport {
  int descriptor;
};

static struct settings wanted;

static struct transport* made(int descriptor, const char* by) {
  if (descriptor < 0) fail("%s: %s", by, strerror(errno));
  struct transport* const at = malloc(sizeof *at);
  at->descriptor = descriptor;
  return at;
}

static void set(int descriptor, int option, const void* value, socklen_t size, const char* name) {
  if (setsockopt(descriptor, IPPROTO_SCTP, option, value, size) != 0) fail("%s: %s", name, strerror(errno));
}

static int open_socket(int family) {
  const int descriptor = socket(family, SOCK_STREAM, IPPROTO_SCTP);
  if (descriptor < 0) fail("socket: %s", strerror(errno));
  const int size = kBufferSize;
  setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
  setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  const int on = 1;
  set(descriptor, SCTP_RECVRCVINFO, &on, sizeof on, "SCTP_RECVRCVINFO");
  static const uint16_t events[] = {SCTP_ASSOC_CHANGE, SCTP_SHUTDOWN_EVENT, SCTP_STREAM_RESET_EVENT};
  for (size_t i = 0; i < sizeof events / sizeof *events; ++i) {
    const struct sctp_event event = {.se_assoc_id = SCTP_FUTURE_ASSOC, .se_type = events[i], .se_on = 1};
    set(descriptor, SCTP_EVENT, &event, sizeof event, "SCTP_EVENT");
  }
  if (wanted.resets) {
    const struct sctp_assoc_value reconfigure = {.assoc_value = 1};
    set(descriptor, SCTP_RECONFIG_SUPPORTED, &reconfigure, sizeof reconfigure, "SCTP_RECONFIG_SUPPORTED");
    const struct sctp_assoc_value resets = {.assoc_value = SCTP_ENABLE_RESET_STREAM_REQ};
    set(descriptor, SCTP_ENABLE_STREAM_RESET, &resets, sizeof resets, "SCTP_ENABLE_STREAM_RESET");
  }
  if (wanted.remote_udp != 0) {
    struct sctp_udpencaps encapsulation = {.sue_port = htons(wanted.remote_udp)};
    encapsulation.sue_address.ss_family = (sa_family_t)family;
    set(descriptor, SCTP_REMOTE_UDP_ENCAPS_PORT, &encapsulation, sizeof encapsulation, "SCTP_REMOTE_UDP_ENCAPS_PORT");
  }
  if (wanted.streams != 0) {
    const struct sctp_initmsg streams = {.sinit_num_ostreams = wanted.streams, .sinit_max_instreams = wanted.streams};
    set(descriptor, SCTP_INITMSG, &streams, sizeof streams, "SCTP_INITMSG");
  }
  if (wanted.quick) {
    const struct sctp_rtoinfo times = {.srto_initial = 200, .srto_min = 100, .srto_max = 400};
    set(descriptor, SCTP_RTOINFO, &times, sizeof times, "SCTP_RTOINFO");
    struct sctp_paddrparams paths = {.spp_pathmaxrxt = 1};
    paths.spp_address.ss_family = (sa_family_t)family;
    set(descriptor, SCTP_PEER_ADDR_PARAMS, &paths, sizeof paths, "SCTP_PEER_ADDR_PARAMS");
  }
  return descriptor;
}

void transport_begin(const struct settings* settings) {
  wanted = *settings;
}

void transport_end(void) {}

static int bound(const struct addresses* own) {
  const int descriptor = open_socket(own->family);
  // The library may change what it is given.
  struct addresses list = *own;
  if (sctp_bindx(descriptor, &list.packed.first, list.count, SCTP_BINDX_ADD_ADDR) != 0) {
    fail("bind: %s", strerror(errno));
  }
  return descriptor;
}

struct transport* transport_listen(const struct addresses* own) {
  const int descriptor = bound(own);
  if (listen(descriptor, 5) != 0) fail("listen: %s", strerror(errno));
  return made(descriptor, "listen");
}

struct transport* transport_accept(struct transport* listener) {
  return made(accept(listener->descriptor, NULL, NULL), "accept");
}

static void no_lingering(int descriptor) {
  const struct linger none = {.l_onoff = 1};
  if (setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &none, sizeof none) != 0) fail("SO_LINGER: %s", strerror(errno));
}

struct transport* transport_connect(const struct addresses* own, const struct addresses* peer) {
  const int descriptor = bound(own);
  if (wanted.ends_with_process) no_lingering(descriptor);
  struct addresses list = *peer;
  if (sctp_connectx(descriptor, &list.packed.first, list.count, NULL) != 0) fail("connect: %s", strerror(errno));
  return made(descriptor, "connect");
}

void transport_send(struct transport* at, const void* data, size_t size, const struct to_send* how) {
  struct sctp_sendv_spa info = {.sendv_flags = SCTP_SEND_SNDINFO_VALID};
  info.sendv_sndinfo.snd_sid = how->stream;
  info.sendv_sndinfo.snd_ppid = htonl(how->ppid);
  if (how->unordered) info.sendv_sndinfo.snd_flags |= SCTP_UNORDERED;
  if (how->no_retransmission) {
    info.sendv_flags |= SCTP_SEND_PRINFO_VALID;
    info.sendv_prinfo.pr_policy = SCTP_PR_SCTP_RTX;
    info.sendv_prinfo.pr_value = 0;
  }
  const struct iovec piece = {.iov_base = (void*)data, .iov_len = size};
  const int sent = sctp_sendv(at->descriptor, &piece, 1, NULL, 0, &info, sizeof info, SCTP_SENDV_SPA, MSG_NOSIGNAL);
  if (sent != (int)size) fail("send of %zu bytes: %d, %s", size, sent, strerror(errno));
}

static enum happening happening_of(const union sctp_notification* notification) {
  switch (notification->sn_header.sn_type) {
    case SCTP_ASSOC_CHANGE:
      switch (notification->sn_assoc_change.sac_state) {
        case SCTP_COMM_UP:
          return kUp;
        case SCTP_RESTART:
          return kRestarted;
        case SCTP_SHUTDOWN_COMP:
          return kShutdown;
        default:
          return kLost;
      }
    case SCTP_SHUTDOWN_EVENT:
      return kShutdown;
    case SCTP_STREAM_RESET_EVENT:
      return kStreamReset;
    default:
      return kSomethingElse;
  }
}

struct received transport_receive(struct transport* at, void* buffer, size_t size) {
  struct received result = {.what = kEnd};
  struct sctp_rcvinfo info = {0};
  socklen_t info_size = sizeof info;
  unsigned type = SCTP_RECVV_NOINFO;
  int flags = 0;
  const struct iovec piece = {.iov_base = buffer, .iov_len = size};
  const int got = sctp_recvv(at->descriptor, &piece, 1, NULL, NULL, &info, &info_size, &type, &flags);
  if (got <= 0) return result;
  if (flags & MSG_NOTIFICATION) {
    result.what = happening_of(buffer);
    return result;
  }
  if (type != SCTP_RECVV_RCVINFO) fail("received without its sctp_rcvinfo");
  result.what = kMessage;
  result.size = (size_t)got;
  result.complete = (flags & MSG_EOR) != 0;
  result.unordered = (info.rcv_flags & SCTP_UNORDERED) != 0;
  result.stream = info.rcv_sid;
  result.ssn = info.rcv_ssn;
  result.ppid = ntohl(info.rcv_ppid);
  return result;
}

void transport_shutdown(struct transport* at) {
  if (shutdown(at->descriptor, SHUT_WR) != 0) fail("shutdown: %s", strerror(errno));
}

// Linux takes no SCTP_ABORT on one-to-one sockets.
void transport_abort(struct transport* at) {
  no_lingering(at->descriptor);
  transport_close(at);
}

void transport_close(struct transport* at) {
  close(at->descriptor);
  free(at);
}

void transport_heartbeat_every(struct transport* at, unsigned milliseconds) {
  struct sctp_paddrparams parameters = {.spp_hbinterval = milliseconds, .spp_flags = SPP_HB_ENABLE};
  parameters.spp_address.ss_family = AF_INET;
  set(at->descriptor, SCTP_PEER_ADDR_PARAMS, &parameters, sizeof parameters, "SCTP_PEER_ADDR_PARAMS");
}

void transport_reset_outgoing(struct transport* at, uint16_t stream) {
  struct {
    struct sctp_reset_streams head;
    uint16_t list[1];
  } request = {{.srs_flags = SCTP_STREAM_RESET_OUTGOING, .srs_number_streams = 1}, {stream}};
  set(at->descriptor, SCTP_RESET_STREAMS, &request, sizeof request.head + sizeof request.list, "SCTP_RESET_STREAMS");
}
