// Plays scenes with SCTP sockets through plain system calls and prints what each call answers, what poll() says after
// it and every message, notification and name, one line each: `scene: what: answer`. Nothing printed depends on port
// numbers, association ids or timing: ports have names, and each scene waits until nothing moves any more.
//
// linux_calls.txt is its output on Linux 6.1 with the default settings of net.sctp (the test vm.call_probe holds it to
// that); script.call_probe compares netsctp's own stack with it. To make it again:
//
//   test/vm/run -- build/bin/call_probe > test/socket/linux_calls.txt
#define _GNU_SOURCE  // accept4, strerrorname_np
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
  static const char* const kNames[] = {"EMPTY",         "CLOSED",           "COOKIE_WAIT",
                                       "COOKIE_ECHOED", "ESTABLISHED",      "SHUTDOWN_PENDING",
                                       "SHUTDOWN_SENT", "SHUTDOWN_RECEIVED", "SHUTDOWN_ACK_SENT"};
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
               id_text(failed->ssf_info.sinfo_assoc_id), id_text(failed->ssf_assoc_id),
               got - (ssize_t)sizeof *failed);
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
  struct msghdr message = {.msg_name = (void*)(uintptr_t)to,
                           .msg_namelen = to != NULL ? sizeof *to : 0,
                           .msg_iov = &part,
                           .msg_iovlen = 1};
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

// --- scenes

// What a one-to-one socket answers in whatever state it is in; nothing here blocks.
static void ask_everything(const char* who, int fd) {
  char what[64];
#define ASK(text, call) snprintf(what, sizeof what, "%s %s", who, text), call
  ASK("", ready(what, fd));
  names(who, fd);
  state(who, fd);
  pending_error(who, fd);
  ASK("recv", take(what, fd));
  ASK("send", said(what, give(fd, "x")));
  ASK("accept", said(what, accept4(fd, NULL, NULL, 0) >= 0 ? 1 : -1));
  int number = -1;
  ASK("FIONREAD", said(what, ioctl(fd, FIONREAD, &number)));
  ASK("SO_ACCEPTCONN", say(what, "%d", number_option(fd, SOL_SOCKET, SO_ACCEPTCONN)));
#undef ASK
}

static void fresh_one_to_one(void) {
  begin("fresh one-to-one");
  int fd = make(SOCK_STREAM | SOCK_NONBLOCK);
  ask_everything("it", fd);
  struct sockaddr_in name = at("127.0.0.1", 0);
  said("bind 5 bytes", bind(fd, (struct sockaddr*)&name, 5));
  said("bind", bind(fd, (struct sockaddr*)&name, sizeof name));
  said("bind again", bind(fd, (struct sockaddr*)&name, sizeof name));
  names("bound", fd);
  ask_everything("bound", fd);
  close(fd);
  fd = make(SOCK_STREAM);
  said("listen unbound", listen(fd, 5));
  names("listening unbound", fd);
  close(fd);
  fd = socket(AF_INET6, SOCK_STREAM, IPPROTO_SCTP);
  names("fresh IPv6", fd);
  said("listen", listen(fd, 5));
  names("listening IPv6", fd);
  close(fd);
  fd = make(SOCK_STREAM);
  said("blocking recv", recv(fd, &name, 1, 0));
  said("shutdown 3", shutdown(fd, 3));
  said("shutdown WR", shutdown(fd, SHUT_WR));
  said("shutdown RDWR", shutdown(fd, SHUT_RDWR));
  said("shutdown RD", shutdown(fd, SHUT_RD));
  ready("after shutdown", fd);
  take("after shutdown", fd);
  close(fd);
}

static void listening(void) {
  begin("listening");
  const int fd = listener_of(SOCK_STREAM);
  fcntl(fd, F_SETFL, O_NONBLOCK);
  ask_everything("it", fd);
  said("connect", join(fd, port_of(fd)));
  struct sockaddr_in name = at("127.0.0.1", 0);
  said("bind", bind(fd, (struct sockaddr*)&name, sizeof name));
  said("listen again", listen(fd, 3));
  const int second = make(SOCK_STREAM);
  name = at("127.0.0.1", port_of(fd));
  said("bind of another to the same", bind(second, (struct sockaddr*)&name, sizeof name));
  name = at("0.0.0.0", port_of(fd));
  said("bind of another to any", bind(second, (struct sockaddr*)&name, sizeof name));
  close(second);
  said("shutdown WR", shutdown(fd, SHUT_WR));
  said("shutdown RD", shutdown(fd, SHUT_RD));
  ready("after shutdown", fd);
  const int client = make(SOCK_STREAM);
  said("connect after it", join(client, port_of(fd)));
  close(client);
  close(fd);
}

static void connection(void) {
  begin("connected");
  struct pair pair = connected(NULL);
  ask_everything("client", pair.client);
  ask_everything("server", pair.server);
  take_all("client", pair.client);
  said("connect again", join(pair.client, port_of(pair.waiting)));
  said("connect elsewhere", join(pair.client, htons(9)));
  said("listen", listen(pair.client, 5));
  said("server listen", listen(pair.server, 5));
  struct sockaddr_in name = at("127.0.0.1", 0);
  said("bind", bind(pair.client, (struct sockaddr*)&name, sizeof name));
  said("server bind", bind(pair.server, (struct sockaddr*)&name, sizeof name));
  said("recv of nothing", recv(pair.client, &name, 0, MSG_DONTWAIT));
  said("send of nothing", give(pair.client, ""));
  said("send MSG_OOB", give_with(pair.client, "x", NULL, 0, NULL, 0, MSG_OOB));
  said("recv MSG_OOB", recv(pair.client, &name, 1, MSG_OOB | MSG_DONTWAIT));
  said("recv MSG_ERRQUEUE", recv(pair.client, &name, 1, MSG_ERRQUEUE | MSG_DONTWAIT));
  name = at("127.0.0.1", htons(9));
  said("send to elsewhere", give_with(pair.client, "y", &name, 0, NULL, 0, 0));
  take_all("server", pair.server);
  name = at("127.0.0.9", port_of(pair.waiting));
  said("send to another address", give_with(pair.client, "z", &name, 0, NULL, 0, 0));
  take_all("server", pair.server);
  part(pair);
}

static void refused(void) {
  begin("refused");
  const int bound = make(SOCK_STREAM);
  struct sockaddr_in name = at("127.0.0.1", 0);
  bind(bound, (struct sockaddr*)&name, sizeof name);
  const in_port_t nobody = port_of(bound);
  port_name(nobody);
  int fd = make(SOCK_STREAM);
  said("connect", join(fd, nobody));
  ask_everything("after", fd);
  said("connect again", join(fd, nobody));
  listen(bound, 5);
  said("connect when there is one", join(fd, nobody));
  ready("then", fd);
  close(fd);
  listen(bound, 0);

  begin("refused nonblocking");
  fd = make(SOCK_STREAM | SOCK_NONBLOCK);
  said("connect", join(fd, nobody));
  ready("after", fd);
  pending_error("first", fd);
  pending_error("second", fd);
  ready("after SO_ERROR", fd);
  ask_everything("after", fd);
  said("connect again", join(fd, nobody));
  ready("after", fd);
  said("connect a third time", join(fd, nobody));
  close(fd);
  fd = make(SOCK_STREAM | SOCK_NONBLOCK);
  join(fd, nobody);
  take("recv takes the error", fd);
  take("recv again", fd);
  ready("then", fd);
  close(fd);
  fd = make(SOCK_STREAM | SOCK_NONBLOCK);
  join(fd, nobody);
  settle();
  said("send takes the error", give(fd, "x"));
  said("send again", give(fd, "x"));
  close(fd);
  close(bound);
}

static void nonblocking_connect(void) {
  begin("connect nonblocking");
  const int waiting = listener_of(SOCK_STREAM);
  const int fd = make(SOCK_STREAM | SOCK_NONBLOCK);
  said("connect", join(fd, port_of(waiting)));
  ready("after", fd);
  ready("listener", waiting);
  said("connect again", join(fd, port_of(waiting)));
  pending_error("it", fd);
  struct sockaddr_in6 from;
  socklen_t length = 6;
  const int server = accept4(waiting, (struct sockaddr*)&from, &length, SOCK_CLOEXEC);
  say("accept", "%s length %u nonblocking %d", server >= 0 ? "ok" : "fails", length,
      (fcntl(server, F_GETFL) & O_NONBLOCK) != 0);
  said("accept4 with flags 1", accept4(waiting, NULL, NULL, 1));
  fcntl(waiting, F_SETFL, O_NONBLOCK);
  said("accept again", accept(waiting, NULL, NULL));
  close(server);
  close(fd);
  close(waiting);
}

static void closed_by_peer(void) {
  begin("closed by peer");
  struct pair pair = connected(NULL);
  give(pair.server, "last");
  close(pair.server);
  settle();
  ready("client", pair.client);
  said("send", give(pair.client, "x"));
  said("send MSG_NOSIGNAL", give_with(pair.client, "x", NULL, 0, NULL, 0, MSG_NOSIGNAL));
  take_all("client", pair.client);
  ask_everything("client", pair.client);
  said("shutdown WR", shutdown(pair.client, SHUT_WR));
  said("shutdown RD", shutdown(pair.client, SHUT_RD));
  said("listen", listen(pair.client, 5));
  said("connect again", join(pair.client, port_of(pair.waiting)));
  ready("then", pair.client);
  close(pair.client);
  close(pair.waiting);
}

static void half_closed(void) {
  begin("shutdown WR");
  struct pair pair = connected(NULL);
  give(pair.client, "last");
  said("client shutdown WR", shutdown(pair.client, SHUT_WR));
  ask_everything("client", pair.client);
  ask_everything("server", pair.server);
  take_all("server", pair.server);
  ask_everything("client at the end", pair.client);
  ask_everything("server at the end", pair.server);
  said("client shutdown WR again", shutdown(pair.client, SHUT_WR));
  said("client connects again", join(pair.client, port_of(pair.waiting)));
  part(pair);

  begin("shutdown WR with unread data");
  pair = connected(NULL);
  give(pair.server, "unread");
  settle();
  said("client shutdown WR", shutdown(pair.client, SHUT_WR));
  ready("client", pair.client);
  take_all("client", pair.client);
  part(pair);

  begin("shutdown RD");
  pair = connected(NULL);
  give(pair.server, "unread");
  settle();
  said("client shutdown RD", shutdown(pair.client, SHUT_RD));
  ready("client", pair.client);
  take_all("client", pair.client);
  said("server send", give(pair.server, "more"));
  take_all("client", pair.client);
  said("client send", give(pair.client, "still"));
  take_all("server", pair.server);
  part(pair);

  begin("shutdown RDWR");
  pair = connected(NULL);
  said("client shutdown RDWR", shutdown(pair.client, SHUT_RDWR));
  ask_everything("client", pair.client);
  ask_everything("server", pair.server);
  part(pair);
}

static void aborted_by_peer(void) {
  begin("aborted by peer");
  struct pair pair = connected(NULL);
  linger(pair.server, 0);
  close(pair.server);
  settle();
  ready("client", pair.client);
  take("client recv", pair.client);
  take("client recv again", pair.client);
  ask_everything("client", pair.client);
  said("connect again", join(pair.client, port_of(pair.waiting)));
  close(pair.client);
  close(pair.waiting);

  begin("aborted by peer, send first");
  pair = connected(NULL);
  linger(pair.server, 0);
  close(pair.server);
  settle();
  said("send", give(pair.client, "x"));
  said("send again", give(pair.client, "x"));
  take_all("client", pair.client);
  close(pair.client);
  close(pair.waiting);

  begin("aborted by peer, data unread");
  pair = connected(NULL);
  give(pair.server, "before");
  settle();
  linger(pair.server, 0);
  close(pair.server);
  settle();
  ready("client", pair.client);
  take("client recv", pair.client);
  take("client recv again", pair.client);
  take("client recv a third time", pair.client);
  close(pair.client);
  close(pair.waiting);

  begin("closed with unread data");
  pair = connected(NULL);
  give(pair.client, "nobody reads this");
  settle();
  close(pair.server);
  settle();
  ready("client", pair.client);
  take("client recv", pair.client);
  close(pair.client);
  close(pair.waiting);
}

static void life_one_to_one(void) {
  begin("one-to-one life");
  struct pair pair = connected(hear_everything);
  take_all("client", pair.client);
  take_all("server", pair.server);
  said("send", give_info(pair.client, "hello", NULL, 3, SCTP_UNORDERED, 0));
  said("send", give_info(pair.client, "again", NULL, 3, 0, 0));
  said("send", give_info(pair.client, "and again", NULL, 3, SCTP_SACK_IMMEDIATELY, 0));
  take_all("server", pair.server);
  said("client shutdown", shutdown(pair.client, SHUT_WR));
  take_all("client", pair.client);
  take_all("server", pair.server);
  part(pair);

  begin("one-to-one abort told");
  pair = connected(hear_everything);
  take_all("client", pair.client);
  take_all("server", pair.server);
  linger(pair.server, 0);
  close(pair.server);
  ready("client", pair.client);
  take_all("client", pair.client);
  take("after", pair.client);
  close(pair.client);
  close(pair.waiting);

  begin("one-to-one refused told");
  const int fd = make(SOCK_STREAM);
  hear_everything(fd);
  const int bound = make(SOCK_STREAM);
  const struct sockaddr_in name = at("127.0.0.1", 0);
  bind(bound, (const struct sockaddr*)&name, sizeof name);
  said("connect", join(fd, port_of(bound)));
  take_all("it", fd);
  close(fd);
  close(bound);
}

static void life_one_to_many(void) {
  begin("one-to-many life");
  const int server = listener_of(SOCK_SEQPACKET);
  const int client = make_bound(SOCK_SEQPACKET);
  const struct sockaddr_in there = at("127.0.0.1", port_of(server));
  hear_everything(server);
  hear_everything(client);
  ready("fresh", client);
  names("fresh", client);
  take("fresh recv", client);
  said("send to nobody", give(client, "x"));
  said("accept", accept(server, NULL, NULL));
  said("blocking recv", recv(client, &last_id, 1, 0));
  said("server shutdown WR", shutdown(server, SHUT_WR));
  said("server shutdown RD", shutdown(server, SHUT_RD));
  said("send", give_with(client, "hello", &there, 0, NULL, 0, 0));
  port_name(port_of(client));
  take_all("client", client);
  take_all("server", server);
  const sctp_assoc_t servers = last_id;
  names("client", client);
  ready("client", client);
  said("connect again", join(client, port_of(server)));
  said("send by id", give_info(server, "back", NULL, 1, 0, servers));
  take("client", client);
  said("send by a wrong id", give_info(server, "back", NULL, 1, 0, 12345));
  said("send by id 0", give_info(server, "back", NULL, 1, 0, 0));
  said("send with id and a foreign name", give_info(client, "x", &there, 1, 0, 12345));
  take_all("server", server);
  said("end with data", give_info(server, "bye", NULL, 0, SCTP_EOF, servers));
  said("end", give_info(server, "", NULL, 0, SCTP_EOF, servers));
  take_all("server", server);
  take_all("client", client);
  said("send by id when gone", give_info(server, "x", NULL, 0, 0, servers));
  said("end without association", give_info(client, "", &there, 0, SCTP_EOF, 0));
  said("abort without association", give_info(client, "", &there, 0, SCTP_ABORT, 0));
  said("connect", join(client, port_of(server)));
  take_all("client", client);
  take_all("server", server);
  said("abort with data", give_info(client, "enough", &there, 0, SCTP_ABORT, 0));
  take_all("client", client);
  take_all("server", server);
  ready("client", client);
  pending_error("client", client);
  pending_error("server", server);
  said("connect", join(client, port_of(server)));
  take_all("client", client);
  said("abort by the server", give_info(server, "", NULL, 0, SCTP_ABORT, last_id));
  take_all("client", client);
  take_all("server", server);
  said("shutdown 3", shutdown(client, 3));
  said("shutdown WR", shutdown(client, SHUT_WR));
  said("shutdown RDWR", shutdown(client, SHUT_RDWR));
  said("shutdown RD", shutdown(client, SHUT_RD));
  ready("after shutdown", client);
  close(client);
  close(server);

  begin("one-to-many refused");
  const int bound = make(SOCK_SEQPACKET);
  const struct sockaddr_in name = at("127.0.0.1", 0);
  bind(bound, (const struct sockaddr*)&name, sizeof name);
  const struct sockaddr_in nobody = at("127.0.0.1", port_of(bound));
  const int fd = make(SOCK_SEQPACKET);
  hear_everything(fd);
  said("send", give_with(fd, "into the blue", &nobody, 0, NULL, 0, 0));
  ready("after", fd);
  take_all("it", fd);
  pending_error("it", fd);
  ready("then", fd);
  said("connect", join(fd, nobody.sin_port));
  pending_error("it", fd);
  take_all("it", fd);
  fcntl(fd, F_SETFL, O_NONBLOCK);
  said("connect nonblocking", join(fd, nobody.sin_port));
  ready("after", fd);
  pending_error("it", fd);
  take_all("it", fd);
  close(fd);
  close(bound);
}

static void ends_by_flags(void) {
  begin("flags one-to-one");
  struct pair pair = connected(NULL);
  set_number(pair.client, IPPROTO_SCTP, SCTP_NODELAY, 1);
  const struct sockaddr_in there = at("127.0.0.1", port_of(pair.waiting));
  const struct sockaddr_in other = at("127.0.0.9", port_of(pair.waiting));
  said("ADDR_OVER without a name", give_info(pair.client, "a", NULL, 0, SCTP_ADDR_OVER, 0));
  said("ADDR_OVER", give_info(pair.client, "b", &there, 0, SCTP_ADDR_OVER, 0));
  said("ADDR_OVER to an address it has not", give_info(pair.client, "c", &other, 0, SCTP_ADDR_OVER, 0));
  said("SENDALL", give_info(pair.client, "d", NULL, 0, SCTP_SENDALL, 0));
  said("unknown flag", give_info(pair.client, "e", NULL, 0, 0x1000, 0));
  said("flag 0x400", give_info(pair.client, "e", NULL, 0, 0x400, 0));
  said("flag 0x100", give_info(pair.client, "e", NULL, 0, 0x100, 0));
  said("flag 0x80", give_info(pair.client, "e", NULL, 0, 0x80, 0));
  said("stream too large", give_info(pair.client, "f", NULL, 999, 0, 0));
  said("wrong id", give_info(pair.client, "g", NULL, 0, 0, 12345));
  said("EOF with data", give_info(pair.client, "h", NULL, 0, SCTP_EOF, 0));
  take_all("server", pair.server);
  struct sctp_sndinfo info = {0};
  said("SNDINFO too short", give_with(pair.client, "j", NULL, SCTP_SNDINFO, &info, sizeof info - 1, 0));
  said("SNDINFO too long", give_with(pair.client, "j", NULL, SCTP_SNDINFO, (char[20]){0}, 20, 0));
  said("SNDRCV too short", give_with(pair.client, "k", NULL, SCTP_SNDRCV, (char[32]){0}, 31, 0));
  said("INIT on a connected socket", give_with(pair.client, "l", NULL, SCTP_INIT, (char[8]){0}, 8, 0));
  said("PRINFO without policy", give_with(pair.client, "m", NULL, SCTP_PRINFO, (char[8]){0}, 8, 0));
  said("AUTHINFO", give_with(pair.client, "n", NULL, SCTP_AUTHINFO, (char[2]){0}, 2, 0));
  said("DSTADDRV4", give_with(pair.client, "o", NULL, SCTP_DSTADDRV4, (char[4]){127, 0, 0, 1}, 4, 0));
  said("RCVINFO", give_with(pair.client, "p", NULL, SCTP_RCVINFO, (char[28]){0}, 28, 0));
  said("type 99", give_with(pair.client, "q", NULL, 99, (char[4]){0}, 4, 0));
  take_all("server", pair.server);
  part(pair);

  begin("ends one-to-one");
  pair = connected(NULL);
  said("EOF and ABORT", give_info(pair.client, "", NULL, 0, SCTP_EOF | SCTP_ABORT, 0));
  take_all("server", pair.server);
  part(pair);
  pair = connected(NULL);
  said("ABORT with data", give_info(pair.client, "i", NULL, 0, SCTP_ABORT, 0));
  take_all("server", pair.server);
  part(pair);
  pair = connected(NULL);
  said("EOF", give_info(pair.client, "", NULL, 0, SCTP_EOF, 0));
  take_all("server", pair.server);
  part(pair);

  begin("flags one-to-many");
  const int server = listener_of(SOCK_SEQPACKET);
  const int client = make(SOCK_SEQPACKET);
  const struct sockaddr_in to = at("127.0.0.1", port_of(server));
  said("SENDALL to nobody", give_info(client, "a", NULL, 0, SCTP_SENDALL, 0));
  said("SENDALL with a name", give_info(client, "b", &to, 0, SCTP_SENDALL, 0));
  said("send", give_with(client, "c", &to, 0, NULL, 0, 0));
  said("SENDALL", give_info(client, "d", NULL, 0, SCTP_SENDALL, 0));
  said("send of nothing", give_with(client, "", &to, 0, NULL, 0, 0));
  said("EOF to all", give_info(client, "", NULL, 0, SCTP_SENDALL | SCTP_EOF, 0));
  take_all("server", server);
  ready("server", server);
  names("server", server);
  close(client);
  close(server);
}

static void peeled(void) {
  begin("peeloff");
  const int server = listener_of(SOCK_SEQPACKET);
  const int client = make_bound(SOCK_SEQPACKET);
  const struct sockaddr_in there = at("127.0.0.1", port_of(server));
  hear_everything(server);
  said("send", give_with(client, "before", &there, 0, NULL, 0, 0));
  port_name(port_of(client));
  take("server", server);
  const sctp_assoc_t id = last_id;
  sctp_peeloff_arg_t order = {.associd = 12345};
  socklen_t length = sizeof order;
  said("of an unknown id", getsockopt(server, IPPROTO_SCTP, SCTP_SOCKOPT_PEELOFF, &order, &length));
  order.associd = 0;
  said("of id 0", getsockopt(server, IPPROTO_SCTP, SCTP_SOCKOPT_PEELOFF, &order, &length));
  sctp_peeloff_flags_arg_t flagged = {{id, -1}, 1};
  (void)flagged;
  order.associd = id;
  const int result = getsockopt(server, IPPROTO_SCTP, SCTP_SOCKOPT_PEELOFF, &order, &length);
  const int branch = order.sd;
  say("peel", "%s", result >= 0 && result == branch ? "the new descriptor" : name_of_error(errno));
  names("branch", branch);
  ready("branch", branch);
  state("branch", branch);
  take_all("branch", branch);
  take("server", server);
  say("type", "%d", number_option(branch, SOL_SOCKET, SO_TYPE) == SOCK_STREAM);
  struct sctp_event_subscribe events = {0};
  length = sizeof events;
  getsockopt(branch, IPPROTO_SCTP, SCTP_EVENTS, &events, &length);
  say("events inherited", "%d", events.sctp_association_event);
  said("peel again", getsockopt(server, IPPROTO_SCTP, SCTP_SOCKOPT_PEELOFF, &order, &length));
  length = sizeof order;
  said("peel the branch", getsockopt(branch, IPPROTO_SCTP, SCTP_SOCKOPT_PEELOFF, &order, &length));
  said("send by id from the old socket", give_info(server, "x", NULL, 0, 0, id));
  const struct sockaddr_in back = at("127.0.0.1", port_of(client));
  said("send by name from the old socket", give_with(server, "x", &back, 0, NULL, 0, 0));
  said("connect the old socket", join(server, port_of(client)));
  said("connect the branch", join(branch, port_of(client)));
  said("listen on the branch", listen(branch, 5));
  said("accept on the branch", accept(branch, NULL, NULL));
  said("send from the branch", give(branch, "out"));
  take_all("client", client);
  said("send from the client", give_with(client, "in", &there, 0, NULL, 0, 0));
  take_all("branch", branch);
  said("EOF on the branch", give_info(branch, "", NULL, 0, SCTP_EOF, 0));
  close(client);
  take_all("branch", branch);
  ready("branch", branch);
  close(branch);
  take("server", server);
  close(server);
}

static void pieces(void) {
  begin("pieces");
  struct pair pair = connected(NULL);
  hear_everything(pair.server);
  said("send", give_info(pair.client, "abcdef", NULL, 1, 0, 0));
  said("send", give_info(pair.client, "next", NULL, 2, 0, 0));
  settle();
  const socklen_t whole = sizeof(struct sockaddr_storage);
  set_number(pair.server, IPPROTO_SCTP, SCTP_RECVNXTINFO, 1);
  int waiting = -1;
  ioctl(pair.server, FIONREAD, &waiting);
  say("FIONREAD", "%d", waiting);
  take_with("peek", pair.server, MSG_PEEK, 70000, 512, whole);
  take_with("peek 2 bytes", pair.server, MSG_PEEK, 2, 512, whole);
  take_with("peek 2 bytes MSG_TRUNC", pair.server, MSG_PEEK | MSG_TRUNC, 2, 512, whole);
  take_with("2 bytes", pair.server, 0, 2, 512, whole);
  ioctl(pair.server, FIONREAD, &waiting);
  say("FIONREAD", "%d", waiting);
  take_with("peek the rest", pair.server, MSG_PEEK, 70000, 512, whole);
  take_with("1 byte MSG_TRUNC", pair.server, MSG_TRUNC, 1, 512, whole);
  take_with("0 bytes", pair.server, 0, 0, 512, whole);
  take_with("no room for ancillary data", pair.server, 0, 70000, 20, whole);
  take_with("short name", pair.server, 0, 2, 512, 4);
  take_with("no name", pair.server, 0, 70000, 512, 0);
  take("nothing", pair.server);
  give(pair.client, "waitall");
  settle();
  char buffer[64];
  said("MSG_WAITALL", recv(pair.server, buffer, sizeof buffer, MSG_WAITALL));
  give(pair.client, "read");
  settle();
  said("read of nothing", read(pair.server, buffer, 0));
  said("read", read(pair.server, buffer, sizeof buffer));
  shutdown(pair.client, SHUT_WR);
  settle();
  poll(NULL, 0, 500);  // the SACK of what was sent last may be delayed
  take_with("notification in 6 bytes", pair.server, 0, 6, 512, whole);
  take_with("its rest", pair.server, 0, 70000, 512, whole);
  take_all("server", pair.server);
  part(pair);
}

static void buffers(void) {
  begin("buffers");
  static const int kSizes[] = {0, 1, 1000, 2304, 2305, 4608, 20000, 65536, 106496, 212992, 1 << 20, 1 << 30, -1};
  for (size_t i = 0; i < sizeof kSizes / sizeof kSizes[0]; ++i) {
    const int fd = make(SOCK_STREAM);
    set_number(fd, SOL_SOCKET, SO_SNDBUF, kSizes[i]);
    set_number(fd, SOL_SOCKET, SO_RCVBUF, kSizes[i]);
    char what[32];
    snprintf(what, sizeof what, "%d", kSizes[i]);
    say(what, "send %d receive %d", number_option(fd, SOL_SOCKET, SO_SNDBUF), number_option(fd, SOL_SOCKET, SO_RCVBUF));
    close(fd);
  }
  struct pair pair = connected(NULL);
  set_number(pair.client, SOL_SOCKET, SO_SNDBUF, 5000);
  static char large[20001];
  memset(large, 'x', sizeof large - 1);
  large[10001] = '\0';
  said("send of more than SO_SNDBUF", give(pair.client, large));
  large[10000] = '\0';
  said("send of as much", give(pair.client, large));
  part(pair);
  pair = connected(NULL);
  set_number(pair.client, IPPROTO_SCTP, SCTP_NODELAY, 1);
  const int size = number_option(pair.client, SOL_SOCKET, SO_SNDBUF);
  say("SO_SNDBUF", "%d", size);
  say("SO_RCVBUF", "%d", number_option(pair.client, SOL_SOCKET, SO_RCVBUF));
  say("SO_RCVLOWAT", "%d", number_option(pair.client, SOL_SOCKET, SO_RCVLOWAT));
  say("SO_SNDLOWAT", "%d", number_option(pair.client, SOL_SOCKET, SO_SNDLOWAT));
  part(pair);
}

static void before_accept(void) {
  begin("aborted before accept");
  int waiting = listener_of(SOCK_STREAM);
  int client = make(SOCK_STREAM);
  fcntl(waiting, F_SETFL, O_NONBLOCK);
  join(client, port_of(waiting));
  linger(client, 0);
  close(client);
  settle();
  ready("listener", waiting);
  int server = accept(waiting, NULL, NULL);
  said("accept", server < 0 ? -1 : 0);
  if (server >= 0) ask_everything("server", server);
  close(server);
  close(waiting);

  begin("closed before accept");
  waiting = listener_of(SOCK_STREAM);
  client = make(SOCK_STREAM);
  join(client, port_of(waiting));
  give(client, "early");
  close(client);
  settle();
  ready("listener", waiting);
  struct sockaddr_in6 from;
  socklen_t length = sizeof from;
  server = accept(waiting, (struct sockaddr*)&from, &length);
  say("accept", "family %d length %u", from.sin6_family, length);
  take_all("server", server);
  ask_everything("server", server);
  close(server);
  close(waiting);

  begin("listener closed before accept");
  waiting = listener_of(SOCK_STREAM);
  client = make(SOCK_STREAM);
  join(client, port_of(waiting));
  close(waiting);
  settle();
  ready("client", client);
  take("client recv", client);
  take("client recv again", client);
  close(client);

  begin("backlog");
  for (int backlog = 0; backlog < 3; ++backlog) {
    waiting = make(SOCK_STREAM);
    const struct sockaddr_in name = at("127.0.0.1", 0);
    bind(waiting, (const struct sockaddr*)&name, sizeof name);
    listen(waiting, 5);
    listen(waiting, backlog);
    int in = 0;
    int clients[6];
    for (int i = 0; i < 6; ++i) {
      clients[i] = make(SOCK_STREAM);
      if (join(clients[i], port_of(waiting)) == 0) ++in;
    }
    char what[16];
    snprintf(what, sizeof what, "%d", backlog);
    say(what, "%d of 6", in);
    for (int i = 0; i < 6; ++i) close(clients[i]);
    close(waiting);
  }
}

static void implicit(void) {
  begin("implicit setup");
  const int waiting = listener_of(SOCK_STREAM);
  int fd = make(SOCK_STREAM);
  const struct sockaddr_in there = at("127.0.0.1", port_of(waiting));
  said("sendto one-to-one", give_with(fd, "first", &there, 0, NULL, 0, 0));
  ready("then", fd);
  port_name(port_of(fd));
  names("then", fd);
  fcntl(waiting, F_SETFL, O_NONBLOCK);
  const int server = accept(waiting, NULL, NULL);
  said("accept", server < 0 ? -1 : 0);
  take_all("server", server);
  close(server);
  take_all("client", fd);
  said("sendto after the end", give_with(fd, "x", &there, 0, NULL, 0, 0));
  close(fd);
  fd = make(SOCK_STREAM);
  const struct sockaddr_in nobody = at("127.0.0.1", htons(9));
  said("sendto nobody", give_with(fd, "x", &nobody, 0, NULL, 0, 0));
  settle();
  said("sendto nobody again", give_with(fd, "x", &nobody, 0, NULL, 0, 0));
  settle();
  pending_error("it", fd);
  close(fd);
  fd = make_bound(SOCK_SEQPACKET);
  const int many = listener_of(SOCK_SEQPACKET);
  hear_everything(many);
  const struct sockaddr_in to = at("127.0.0.1", port_of(many));
  const struct sctp_initmsg init = {3, 4, 0, 0};
  said("with SCTP_INIT", give_with(fd, "x", &to, SCTP_INIT, &init, sizeof init, 0));
  take_all("server", many);
  said("without data", give_with(many, "", &there, 0, NULL, 0, 0));
  const struct sockaddr_in short_name = to;
  said("short name", sendto(fd, "x", 1, 0, (const struct sockaddr*)&short_name, 8));
  const struct sockaddr_in any = at("0.0.0.0", port_of(many));
  said("to any", give_with(fd, "any", &any, 0, NULL, 0, 0));
  const struct sockaddr_in broadcast = at("255.255.255.255", port_of(many));
  said("to broadcast", give_with(fd, "x", &broadcast, 0, NULL, 0, 0));
  const struct sockaddr_in multicast = at("224.0.0.1", port_of(many));
  said("to multicast", give_with(fd, "x", &multicast, 0, NULL, 0, 0));
  said("connect to broadcast", connect(fd, (const struct sockaddr*)&broadcast, sizeof broadcast));
  const struct sockaddr_in port_zero = at("127.0.0.1", 0);
  said("to port 0", give_with(fd, "x", &port_zero, 0, NULL, 0, 0));
  close(fd);
  close(many);
  close(waiting);
}

static void idle_end(void) {
  begin("autoclose");
  const int server = listener_of(SOCK_SEQPACKET);
  hear_everything(server);
  set_number(server, IPPROTO_SCTP, SCTP_AUTOCLOSE, 1);
  const int client = make_bound(SOCK_SEQPACKET);
  hear_everything(client);
  const struct sockaddr_in there = at("127.0.0.1", port_of(server));
  give_with(client, "x", &there, 0, NULL, 0, 0);
  port_name(port_of(client));
  take_all("server", server);
  take_all("client", client);
  poll(NULL, 0, 1500);
  take_all("server", server);
  take_all("client", client);
  close(client);
  close(server);
}

static void both_families(void) {
  begin("both families");
  const int waiting = socket(AF_INET6, SOCK_STREAM, IPPROTO_SCTP);
  struct sockaddr_in6 any = {.sin6_family = AF_INET6};
  bind(waiting, (struct sockaddr*)&any, sizeof any);
  listen(waiting, 5);
  port_name(port_of(waiting));
  int fd = socket(AF_INET6, SOCK_STREAM, IPPROTO_SCTP);
  said("connect IPv4", join(fd, port_of(waiting)));
  port_name(port_of(fd));
  names("client", fd);
  int server = accept(waiting, NULL, NULL);
  names("server", server);
  give(fd, "x");
  take("server", server);
  set_number(server, IPPROTO_SCTP, SCTP_I_WANT_MAPPED_V4_ADDR, 0);
  names("server unmapped", server);
  give(fd, "x");
  take("server unmapped", server);
  close(fd);
  close(server);
  fd = make(SOCK_STREAM);
  any = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = port_of(waiting), .sin6_addr = IN6ADDR_LOOPBACK_INIT};
  said("connect IPv6 from IPv4", connect(fd, (struct sockaddr*)&any, sizeof any));
  said("bind IPv6 on IPv4", bind(fd, (struct sockaddr*)&any, sizeof any));
  close(fd);
  fd = socket(AF_INET6, SOCK_STREAM, IPPROTO_SCTP);
  said("connect IPv6", connect(fd, (struct sockaddr*)&any, sizeof any));
  port_name(port_of(fd));
  names("client", fd);
  server = accept(waiting, NULL, NULL);
  names("server", server);
  close(fd);
  close(server);
  close(waiting);
}

int main(void) {
  signal(SIGPIPE, on_broken_pipe);
  const struct sigaction interrupt = {.sa_handler = on_alarm};
  sigaction(SIGALRM, &interrupt, NULL);
  setvbuf(stdout, NULL, _IOLBF, 0);
  fresh_one_to_one();
  listening();
  connection();
  refused();
  nonblocking_connect();
  closed_by_peer();
  half_closed();
  aborted_by_peer();
  life_one_to_one();
  life_one_to_many();
  ends_by_flags();
  peeled();
  pieces();
  buffers();
  before_accept();
  implicit();
  idle_end();
  both_families();
  return 0;
}
