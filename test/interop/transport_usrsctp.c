/* The scenarios' transport by usrsctp, in UDP or over raw IP. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <usrsctp.h>

#include "transport.h"

struct transport {
  struct socket* socket;
};

static struct settings wanted;

static struct transport* made(struct socket* socket, const char* by) {
  if (socket == NULL) fail("%s: %s", by, strerror(errno));
  struct transport* const at = malloc(sizeof *at);
  at->socket = socket;
  return at;
}

static void set(struct socket* socket, int option, const void* value, socklen_t size, const char* name) {
  if (usrsctp_setsockopt(socket, IPPROTO_SCTP, option, value, size) != 0) fail("%s: %s", name, strerror(errno));
}

static struct socket* open_socket(int family) {
  struct socket* const socket = usrsctp_socket(family, SOCK_STREAM, IPPROTO_SCTP, NULL, NULL, 0, NULL);
  if (socket == NULL) fail("usrsctp_socket: %s", strerror(errno));
  const int size = kBufferSize;
  usrsctp_setsockopt(socket, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
  usrsctp_setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  const int on = 1;
  set(socket, SCTP_RECVRCVINFO, &on, sizeof on, "SCTP_RECVRCVINFO");
  static const uint16_t events[] = {SCTP_ASSOC_CHANGE, SCTP_SHUTDOWN_EVENT, SCTP_STREAM_RESET_EVENT};
  for (size_t i = 0; i < sizeof events / sizeof *events; ++i) {
    const struct sctp_event event = {.se_assoc_id = SCTP_FUTURE_ASSOC, .se_type = events[i], .se_on = 1};
    set(socket, SCTP_EVENT, &event, sizeof event, "SCTP_EVENT");
  }
  if (wanted.resets) {
    const struct sctp_assoc_value resets = {.assoc_value = SCTP_ENABLE_RESET_STREAM_REQ};
    set(socket, SCTP_ENABLE_STREAM_RESET, &resets, sizeof resets, "SCTP_ENABLE_STREAM_RESET");
  }
  if (wanted.remote_udp != 0) {
    struct sctp_udpencaps encapsulation = {.sue_port = htons(wanted.remote_udp)};
    encapsulation.sue_address.ss_family = (sa_family_t)family;
    set(socket, SCTP_REMOTE_UDP_ENCAPS_PORT, &encapsulation, sizeof encapsulation, "SCTP_REMOTE_UDP_ENCAPS_PORT");
  }
  if (wanted.streams != 0) {
    const struct sctp_initmsg streams = {.sinit_num_ostreams = wanted.streams, .sinit_max_instreams = wanted.streams};
    set(socket, SCTP_INITMSG, &streams, sizeof streams, "SCTP_INITMSG");
  }
  if (wanted.quick) {
    const struct sctp_rtoinfo times = {.srto_initial = 200, .srto_min = 100, .srto_max = 400};
    set(socket, SCTP_RTOINFO, &times, sizeof times, "SCTP_RTOINFO");
    struct sctp_paddrparams paths = {.spp_pathmaxrxt = 1};
    paths.spp_address.ss_family = (sa_family_t)family;
    set(socket, SCTP_PEER_ADDR_PARAMS, &paths, sizeof paths, "SCTP_PEER_ADDR_PARAMS");
  }
  return socket;
}

void transport_begin(const struct settings* settings) {
  wanted = *settings;
  usrsctp_init(wanted.local_udp, NULL, NULL);
  usrsctp_sysctl_set_sctp_ecn_enable(0);
  usrsctp_sysctl_set_sctp_asconf_enable(0);
  usrsctp_sysctl_set_sctp_auth_enable(0);
}

void transport_end(void) {
  // It refuses as long as an association has something to say; ten seconds are enough for that.
  for (int i = 0; i < 1000 && usrsctp_finish() != 0; ++i) nanosleep(&(struct timespec){0, 10000000}, NULL);
}

static struct socket* bound(const struct addresses* own) {
  struct socket* const socket = open_socket(own->family);
  struct addresses list = *own;
  if (usrsctp_bindx(socket, &list.packed.first, list.count, SCTP_BINDX_ADD_ADDR) != 0) {
    fail("bind: %s", strerror(errno));
  }
  return socket;
}

struct transport* transport_listen(const struct addresses* own) {
  struct socket* const socket = bound(own);
  if (usrsctp_listen(socket, 5) != 0) fail("listen: %s", strerror(errno));
  return made(socket, "listen");
}

struct transport* transport_accept(struct transport* listener) {
  return made(usrsctp_accept(listener->socket, NULL, NULL), "accept");
}

struct transport* transport_connect(const struct addresses* own, const struct addresses* peer) {
  struct socket* const socket = bound(own);
  struct addresses list = *peer;
  if (usrsctp_connectx(socket, &list.packed.first, list.count, NULL) != 0) fail("connect: %s", strerror(errno));
  return made(socket, "connect");
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
  const ssize_t sent = usrsctp_sendv(at->socket, data, size, NULL, 0, &info, sizeof info, SCTP_SENDV_SPA, 0);
  if (sent != (ssize_t)size) fail("send of %zu bytes: %zd, %s", size, sent, strerror(errno));
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
  struct sockaddr_in6 from;
  socklen_t from_size = sizeof from;
  unsigned type = SCTP_RECVV_NOINFO;
  int flags = 0;
  const ssize_t got =
      usrsctp_recvv(at->socket, buffer, size, (struct sockaddr*)&from, &from_size, &info, &info_size, &type, &flags);
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
  if (usrsctp_shutdown(at->socket, SHUT_WR) != 0) fail("shutdown: %s", strerror(errno));
}

void transport_abort(struct transport* at) {
  struct sctp_sndinfo info = {.snd_flags = SCTP_ABORT};
  usrsctp_sendv(at->socket, "enough", 6, NULL, 0, &info, sizeof info, SCTP_SENDV_SNDINFO, 0);
  transport_close(at);
}

void transport_close(struct transport* at) {
  usrsctp_close(at->socket);
  free(at);
}

void transport_heartbeat_every(struct transport* at, unsigned milliseconds) {
  struct sctp_paddrparams parameters = {.spp_hbinterval = milliseconds, .spp_flags = SPP_HB_ENABLE};
  parameters.spp_address.ss_family = AF_INET;
  set(at->socket, SCTP_PEER_ADDR_PARAMS, &parameters, sizeof parameters, "SCTP_PEER_ADDR_PARAMS");
}

void transport_reset_outgoing(struct transport* at, uint16_t stream) {
  struct {
    struct sctp_reset_streams head;
    uint16_t list[1];
  } request = {{.srs_flags = SCTP_STREAM_RESET_OUTGOING, .srs_number_streams = 1}, {stream}};
  set(at->socket, SCTP_RESET_STREAMS, &request, sizeof request.head + sizeof request.list, "SCTP_RESET_STREAMS");
}
