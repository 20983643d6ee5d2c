// What the scenes of call_probe.c are made of: printing, ports with names, what a socket says of itself, messages and
// notifications in words. Included by that program only.
#pragma once

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sctp.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

// --- printing

static const char* scene = "";
static int broken_pipes = 0;

static void on_broken_pipe(int number) {
  (void)number;
  ++broken_pipes;
}

static void on_alarm(int number) {
  (void)number;
}

__attribute__((format(printf, 2, 3))) static void say(const char* what, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  printf("%s: %s: ", scene, what);
  vprintf(format, arguments);
  va_end(arguments);
  if (broken_pipes != 0) printf(" +SIGPIPE");
  broken_pipes = 0;
  printf("\n");
}

static const char* name_of_error(int error) {
  return error == 0 ? "ok" : strerrorname_np(error);
}

// The answer of a call: its result, or the name of its error.
static void said(const char* what, ssize_t result) {
  if (result < 0) {
    say(what, "%s", name_of_error(errno));
  } else if (result == 0) {
    say(what, "ok");
  } else {
    say(what, "%zd", result);
  }
}

// --- ports have names

static struct {
  in_port_t port;
  char name[16];
} ports[64];
static int known_ports = 0;

static const char* port_name(in_port_t port) {
  if (port == 0) return "0";
  for (int i = 0; i < known_ports; ++i) {
    if (ports[i].port == port) return ports[i].name;
  }
  if (known_ports == 64) return "?";
  snprintf(ports[known_ports].name, sizeof ports[0].name, "port%d", known_ports + 1);
  ports[known_ports].port = port;
  return ports[known_ports++].name;
}

static const char* address_text(const void* address, socklen_t length) {
  static char text[4][128];
  static int turn = 0;
  char* const out = text[turn = (turn + 1) % 4];
  const struct sockaddr_in* const in = address;
  const struct sockaddr_in6* const in6 = address;
  char ip[INET6_ADDRSTRLEN] = "";
  if (length == 0) return "none";
  if (in->sin_family == AF_INET) {
    inet_ntop(AF_INET, &in->sin_addr, ip, sizeof ip);
    snprintf(out, sizeof text[0], "%s:%s/%u", ip, port_name(in->sin_port), length);
  } else if (in->sin_family == AF_INET6) {
    inet_ntop(AF_INET6, &in6->sin6_addr, ip, sizeof ip);
    snprintf(out, sizeof text[0], "[%s]:%s/%u", ip, port_name(in6->sin6_port), length);
  } else {
    snprintf(out, sizeof text[0], "family %d/%u", in->sin_family, length);
  }
  return out;
}

static struct sockaddr_in at(const char* text, in_port_t port) {
  struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = port};
  inet_pton(AF_INET, text, &in.sin_addr);
  return in;
}

static in_port_t port_of(int fd) {
  struct sockaddr_in6 name = {0};
  socklen_t length = sizeof name;
  getsockname(fd, (struct sockaddr*)&name, &length);
  return name.sin6_port;
}

// --- what a socket says of itself

// Until nothing moves any more: what is on its way has arrived.
static void settle(void) {
  poll(NULL, 0, 60);
}

static void ready(const char* what, int fd) {
  struct pollfd entry = {fd, POLLIN | POLLOUT | POLLRDHUP | POLLPRI, 0};
  settle();
  poll(&entry, 1, 0);
  const int events = entry.revents;
  say(what, "poll%s%s%s%s%s%s%s", events == 0 ? " nothing" : "", events & POLLIN ? " IN" : "",
      events & POLLOUT ? " OUT" : "", events & POLLPRI ? " PRI" : "", events & POLLRDHUP ? " RDHUP" : "",
      events & POLLERR ? " ERR" : "", events & POLLHUP ? " HUP" : "");
}

static void names(const char* what, int fd) {
  struct sockaddr_storage name;
  socklen_t length = sizeof name;
  char text[64];
  snprintf(text, sizeof text, "%s getsockname", what);
  if (getsockname(fd, (struct sockaddr*)&name, &length) != 0) {
    said(text, -1);
  } else {
    say(text, "%s", address_text(&name, length));
  }
  length = sizeof name;
  snprintf(text, sizeof text, "%s getpeername", what);
  if (getpeername(fd, (struct sockaddr*)&name, &length) != 0) {
    said(text, -1);
  } else {
    say(text, "%s", address_text(&name, length));
  }
}

static int number_option(int fd, int level, int option) {
  int value = -1;
  socklen_t length = sizeof value;
  return getsockopt(fd, level, option, &value, &length) == 0 ? value : -errno;
}

static void pending_error(const char* what, int fd) {
  const int error = number_option(fd, SOL_SOCKET, SO_ERROR);
  char text[64];
  snprintf(text, sizeof text, "%s SO_ERROR", what);
  say(text, "%s", error < 0 ? "fails" : name_of_error(error));
}

static void state(const char* what, int fd) {
  static const char* const kNames[] = {"EMPTY",
                                       "CLOSED",
                                       "COOKIE_WAIT",
                                       "COOKIE_ECHOED",
                                       "ESTABLISHED",
                                       "SHUTDOWN_PENDING",
                                       "SHUTDOWN_SENT",
                                       "SHUTDOWN_RECEIVED",
                                       "SHUTDOWN_ACK_SENT"};
  struct sctp_status status = {0};
  socklen_t length = sizeof status;
  char text[64];
  snprintf(text, sizeof text, "%s SCTP_STATUS", what);
  if (getsockopt(fd, IPPROTO_SCTP, SCTP_STATUS, &status, &length) != 0) {
    said(text, -1);
  } else {
    say(text, "%s in %u out %u unacked %u pending %u", kNames[status.sstat_state], status.sstat_instrms,
        status.sstat_outstrms, status.sstat_unackdata, status.sstat_penddata);
  }
}

// --- messages

static int is_id(sctp_assoc_t id) {
  return id > SCTP_ALL_ASSOC;
}

static const char* id_text(sctp_assoc_t id) {
  return is_id(id) ? "id" : id == 0 ? "0" : "odd";
}

static void notification(char* out, size_t size, const union sctp_notification* told, ssize_t got) {
  static const char* const kChange[] = {"COMM_UP", "COMM_LOST", "RESTART", "SHUTDOWN_COMP", "CANT_STR_ASSOC"};
  static const char* const kPath[] = {"AVAILABLE", "UNREACHABLE", "REMOVED", "ADDED", "MADE_PRIM", "CONFIRMED", "PF"};
  const int whole = (ssize_t)told->sn_header.sn_length == got;
  int used = snprintf(out, size, "flags %#x %s ", told->sn_header.sn_flags, whole ? "whole" : "of another length");
  out += used;
  size -= (size_t)used;
  switch (told->sn_header.sn_type) {
    case SCTP_ASSOC_CHANGE: {
      const struct sctp_assoc_change* const change = &told->sn_assoc_change;
      snprintf(out, size, "ASSOC_CHANGE %s error %#x in %u out %u %s info %zd", kChange[change->sac_state % 5],
               change->sac_error, change->sac_inbound_streams, change->sac_outbound_streams,
               id_text(change->sac_assoc_id), got - (ssize_t)sizeof *change);
      break;
    }
    case SCTP_PEER_ADDR_CHANGE:
      snprintf(out, size, "PEER_ADDR_CHANGE %s %s error %d %s",
               address_text(&told->sn_paddr_change.spc_aaddr, sizeof(struct sockaddr_in)),
               kPath[told->sn_paddr_change.spc_state % 7], told->sn_paddr_change.spc_error,
               id_text(told->sn_paddr_change.spc_assoc_id));
      break;
    case SCTP_SEND_FAILED: {
      const struct sctp_send_failed* const failed = &told->sn_send_failed;
      snprintf(out, size, "SEND_FAILED error %u stream %u flags %#x ppid %u context %u info id %s %s data %zd",
               failed->ssf_error, failed->ssf_info.sinfo_stream, failed->ssf_info.sinfo_flags,
               ntohl(failed->ssf_info.sinfo_ppid), failed->ssf_info.sinfo_context,
               id_text(failed->ssf_info.sinfo_assoc_id), id_text(failed->ssf_assoc_id), got - (ssize_t)sizeof *failed);
      break;
    }
    case SCTP_SEND_FAILED_EVENT: {
      const struct sctp_send_failed_event* const failed = &told->sn_send_failed_event;
      snprintf(out, size, "SEND_FAILED_EVENT error %u stream %u flags %#x ppid %u context %u info id %s %s data %zd",
               failed->ssf_error, failed->ssfe_info.snd_sid, failed->ssfe_info.snd_flags,
               ntohl(failed->ssfe_info.snd_ppid), failed->ssfe_info.snd_context,
               id_text(failed->ssfe_info.snd_assoc_id), id_text(failed->ssf_assoc_id), got - (ssize_t)sizeof *failed);
      break;
    }
    case SCTP_REMOTE_ERROR:
      snprintf(out, size, "REMOTE_ERROR error %#x %s data %zd", ntohs(told->sn_remote_error.sre_error),
               id_text(told->sn_remote_error.sre_assoc_id), got - (ssize_t)sizeof told->sn_remote_error);
      break;
    case SCTP_SHUTDOWN_EVENT:
      snprintf(out, size, "SHUTDOWN_EVENT %s", id_text(told->sn_shutdown_event.sse_assoc_id));
      break;
    case SCTP_ADAPTATION_INDICATION:
      snprintf(out, size, "ADAPTATION %u %s", told->sn_adaptation_event.sai_adaptation_ind,
               id_text(told->sn_adaptation_event.sai_assoc_id));
      break;
    case SCTP_AUTHENTICATION_EVENT:
      snprintf(out, size, "AUTHENTICATION indication %u", told->sn_authkey_event.auth_indication);
      break;
    case SCTP_SENDER_DRY_EVENT:
      snprintf(out, size, "SENDER_DRY %s", id_text(told->sn_sender_dry_event.sender_dry_assoc_id));
      break;
    default:
      snprintf(out, size, "type %#x", told->sn_header.sn_type);
  }
}

static void ancillary(char* out, size_t size, struct msghdr* message) {
  for (struct cmsghdr* item = CMSG_FIRSTHDR(message); item != NULL; item = CMSG_NXTHDR(message, item)) {
    int used = 0;
    if (item->cmsg_level != IPPROTO_SCTP) {
      used = snprintf(out, size, " cmsg level %d", item->cmsg_level);
    } else if (item->cmsg_type == SCTP_SNDRCV) {
      struct sctp_sndrcvinfo info;
      memcpy(&info, CMSG_DATA(item), sizeof info);
      used = snprintf(out, size, " SNDRCV(stream %u ssn %u flags %#x ppid %u context %u ttl %u %s)", info.sinfo_stream,
                      info.sinfo_ssn, info.sinfo_flags, ntohl(info.sinfo_ppid), info.sinfo_context,
                      info.sinfo_timetolive, id_text(info.sinfo_assoc_id));
    } else if (item->cmsg_type == SCTP_RCVINFO) {
      struct sctp_rcvinfo info;
      memcpy(&info, CMSG_DATA(item), sizeof info);
      used = snprintf(out, size, " RCVINFO(stream %u ssn %u flags %#x ppid %u context %u %s)", info.rcv_sid,
                      info.rcv_ssn, info.rcv_flags, ntohl(info.rcv_ppid), info.rcv_context, id_text(info.rcv_assoc_id));
    } else if (item->cmsg_type == SCTP_NXTINFO) {
      struct sctp_nxtinfo info;
      memcpy(&info, CMSG_DATA(item), sizeof info);
      used = snprintf(out, size, " NXTINFO(stream %u flags %#x ppid %u length %u %s)", info.nxt_sid, info.nxt_flags,
                      ntohl(info.nxt_ppid), info.nxt_length, id_text(info.nxt_assoc_id));
    }
    out += used;
    size -= (size_t)used;
  }
}

static sctp_assoc_t last_id = 0;  // of the last notification or message that carried one

static int take_with(const char* what, int fd, int flags, size_t size, size_t control_size, socklen_t name_size) {
  static union {
    char bytes[70000];
    union sctp_notification told;
  } buffer;
  _Alignas(struct cmsghdr) char control[512] = {0};
  struct sockaddr_storage from = {0};
  struct iovec part = {&buffer, size};
  struct msghdr message = {.msg_name = name_size != 0 ? &from : NULL,
                           .msg_namelen = name_size,
                           .msg_iov = &part,
                           .msg_iovlen = 1,
                           .msg_control = control_size != 0 ? control : NULL,
                           .msg_controllen = control_size};
  const ssize_t got = recvmsg(fd, &message, MSG_DONTWAIT | flags);
  if (got < 0) {
    said(what, got);
    return -1;
  }
  char body[512] = "";
  const int is_notification = (message.msg_flags & MSG_NOTIFICATION) != 0;
  if (is_notification && got >= 12) {
    notification(body, sizeof body, &buffer.told, got);
    if (buffer.told.sn_header.sn_type == SCTP_ASSOC_CHANGE) last_id = buffer.told.sn_assoc_change.sac_assoc_id;
  } else if (!is_notification) {
    snprintf(body, sizeof body, "'%.*s'", (int)(got > 20 ? 20 : got), buffer.bytes);
  }
  char extra[512] = "";
  ancillary(extra, sizeof extra, &message);
  say(what, "%zd %s%s%s%s%s%s from %s", got, body, message.msg_flags & MSG_EOR ? " EOR" : "",
      message.msg_flags & MSG_TRUNC ? " TRUNC" : "", message.msg_flags & MSG_CTRUNC ? " CTRUNC" : "",
      is_notification ? " NOTIFICATION" : "", extra, address_text(&from, message.msg_namelen));
  return (int)got;
}

static int take(const char* what, int fd) {
  settle();
  return take_with(what, fd, 0, 70000, 512, sizeof(struct sockaddr_storage));
}

// Everything there is to read, until an error or the end of input.
static void take_all(const char* what, int fd) {
  for (int i = 0; i < 12 && take(what, fd) > 0; ++i) {
  }
}

static ssize_t give_with(int fd, const char* text, const struct sockaddr_in* to, int type, const void* info,
                         size_t info_size, int flags) {
  _Alignas(struct cmsghdr) char control[128] = {0};
  struct iovec part = {(void*)(uintptr_t)text, strlen(text)};
  struct msghdr message = {
      .msg_name = (void*)(uintptr_t)to, .msg_namelen = to != NULL ? sizeof *to : 0, .msg_iov = &part, .msg_iovlen = 1};
  if (info != NULL) {
    message.msg_control = control;
    message.msg_controllen = CMSG_SPACE(info_size);
    struct cmsghdr* const item = CMSG_FIRSTHDR(&message);
    item->cmsg_level = IPPROTO_SCTP;
    item->cmsg_type = type;
    item->cmsg_len = CMSG_LEN(info_size);
    memcpy(CMSG_DATA(item), info, info_size);
  }
  return sendmsg(fd, &message, flags);
}

static ssize_t give(int fd, const char* text) {
  return give_with(fd, text, NULL, 0, NULL, 0, 0);
}

// With stream, flags, ppid, context and association id, as SCTP_SNDINFO.
static ssize_t give_info(int fd, const char* text, const struct sockaddr_in* to, unsigned stream, unsigned flags,
                         sctp_assoc_t id) {
  const struct sctp_sndinfo info = {(__u16)stream, (__u16)flags, htonl(77), 88, id};
  return give_with(fd, text, to, SCTP_SNDINFO, &info, sizeof info, 0);
}

// --- setting up

static int make(int type) {
  return socket(AF_INET, type, IPPROTO_SCTP);
}

// At one address, so that no notification depends on the machine's others.
static int make_bound(int type) {
  const int fd = make(type);
  const struct sockaddr_in name = at("127.0.0.1", 0);
  bind(fd, (const struct sockaddr*)&name, sizeof name);
  return fd;
}

static int listener_of(int type) {
  const int fd = make(type);
  const struct sockaddr_in name = at("127.0.0.1", 0);
  bind(fd, (const struct sockaddr*)&name, sizeof name);
  listen(fd, 5);
  port_name(port_of(fd));
  return fd;
}

static int join(int fd, in_port_t port) {
  const struct sockaddr_in to = at("127.0.0.1", port);
  return connect(fd, (const struct sockaddr*)&to, sizeof to);
}

static void set_number(int fd, int level, int option, int value) {
  setsockopt(fd, level, option, &value, sizeof value);
}

// All notifications, SNDRCV and RCVINFO.
static void hear_everything(int fd) {
  set_number(fd, IPPROTO_SCTP, SCTP_NODELAY, 1);
  struct sctp_event_subscribe all;
  memset(&all, 1, sizeof all);
  all.sctp_sender_dry_event = 0;  // comes when it likes
  setsockopt(fd, IPPROTO_SCTP, SCTP_EVENTS, &all, sizeof all);
  set_number(fd, IPPROTO_SCTP, SCTP_RECVRCVINFO, 1);
}

struct pair {
  int waiting, client, server;
};

static struct pair connected(void (*prepare)(int)) {
  struct pair pair = {.waiting = listener_of(SOCK_STREAM)};
  pair.client = prepare != NULL ? make_bound(SOCK_STREAM) : make(SOCK_STREAM);
  if (prepare != NULL) {
    prepare(pair.waiting);
    prepare(pair.client);
  }
  join(pair.client, port_of(pair.waiting));
  pair.server = accept(pair.waiting, NULL, NULL);
  port_name(port_of(pair.client));
  settle();
  return pair;
}

static void part(struct pair pair) {
  close(pair.client);
  close(pair.server);
  close(pair.waiting);
}

static void begin(const char* name) {
  scene = name;
  alarm(8);  // a call that blocks for good answers EINTR
  known_ports = 0;
  last_id = 0;
  settle();
}

static void linger(int fd, int seconds) {
  const struct linger value = {1, seconds};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &value, sizeof value);
}
