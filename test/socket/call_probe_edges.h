// The scenes of call_probe.c at the edges of the calls: timeouts, many messages at once, duplicates, lists of
// addresses, shared ports, malformed ancillary data, what options say before and after.
#pragma once

#include <stddef.h>
#include <sys/time.h>

#include "call_probe.h"

static void timeouts(void) {
  begin("timeouts");
  const struct timeval brief = {0, 30000};
  struct pair pair = connected(NULL);
  char buffer[8];
  setsockopt(pair.client, SOL_SOCKET, SO_RCVTIMEO, &brief, sizeof brief);
  setsockopt(pair.client, SOL_SOCKET, SO_SNDTIMEO, &brief, sizeof brief);
  setsockopt(pair.waiting, SOL_SOCKET, SO_RCVTIMEO, &brief, sizeof brief);
  said("recv", recv(pair.client, buffer, sizeof buffer, 0));
  said("accept", accept(pair.waiting, NULL, NULL));
  said("SO_RCVTIMEO of half a second too many",
       setsockopt(pair.client, SOL_SOCKET, SO_RCVTIMEO, &(struct timeval){0, 1500000}, sizeof(struct timeval)));
  said("SO_RCVTIMEO of 4 bytes", setsockopt(pair.client, SOL_SOCKET, SO_RCVTIMEO, &brief, 4));
  static char large[20001];
  memset(large, 'x', sizeof large - 1);
  set_number(pair.server, SOL_SOCKET, SO_RCVBUF, 3000);
  ssize_t sent = 0;
  for (int i = 0; i < 1000 && sent >= 0; ++i) sent = give(pair.client, large);
  said("send into a full buffer", sent);
  part(pair);
  const int many = listener_of(SOCK_SEQPACKET);
  setsockopt(many, SOL_SOCKET, SO_RCVTIMEO, &brief, sizeof brief);
  said("one-to-many recv", recv(many, buffer, sizeof buffer, 0));
  close(many);

  begin("linger");
  pair = connected(NULL);
  linger(pair.client, 1);
  struct linger value = {0, 0};
  socklen_t length = sizeof value;
  getsockopt(pair.client, SOL_SOCKET, SO_LINGER, &value, &length);
  say("SO_LINGER", "%d %d", value.l_onoff, value.l_linger);
  give(pair.client, "last");
  said("close", close(pair.client));
  take_all("server", pair.server);
  close(pair.server);
  close(pair.waiting);
}

static void in_bulk(void) {
  begin("many messages");
  struct pair pair = connected(NULL);
  set_number(pair.client, IPPROTO_SCTP, SCTP_NODELAY, 1);
  char texts[3][4] = {"one", "two", "six"};
  struct iovec parts[4];
  struct mmsghdr messages[4] = {0};
  for (int i = 0; i < 3; ++i) {
    parts[i] = (struct iovec){texts[i], 3};
    messages[i].msg_hdr.msg_iov = &parts[i];
    messages[i].msg_hdr.msg_iovlen = 1;
  }
  said("sendmmsg", sendmmsg(pair.client, messages, 3, 0));
  say("lengths", "%u %u %u", messages[0].msg_len, messages[1].msg_len, messages[2].msg_len);
  settle();
  char got[4][8] = {0};
  for (int i = 0; i < 4; ++i) {
    parts[i] = (struct iovec){got[i], sizeof got[i]};
    messages[i] = (struct mmsghdr){.msg_hdr = {.msg_iov = &parts[i], .msg_iovlen = 1}};
  }
  said("recvmmsg", recvmmsg(pair.server, messages, 4, MSG_DONTWAIT, NULL));
  say("got", "%u %s %#x, %u %s %#x, %u %s %#x", messages[0].msg_len, got[0], messages[0].msg_hdr.msg_flags,
      messages[1].msg_len, got[1], messages[1].msg_hdr.msg_flags, messages[2].msg_len, got[2],
      messages[2].msg_hdr.msg_flags);
  said("recvmmsg again", recvmmsg(pair.server, messages, 4, MSG_DONTWAIT, NULL));
  give(pair.client, "wait");
  said("recvmmsg WAITFORONE", recvmmsg(pair.server, messages, 4, MSG_WAITFORONE, NULL));
  said("recvmmsg of none", recvmmsg(pair.server, messages, 0, MSG_DONTWAIT, NULL));
  struct timespec over = {0, 0};
  said("recvmmsg in no time", recvmmsg(pair.server, messages, 1, MSG_DONTWAIT, &over));
  messages[1].msg_hdr.msg_iov = NULL;
  messages[1].msg_hdr.msg_iovlen = 0;
  said("sendmmsg, the second empty", sendmmsg(pair.client, messages, 3, 0));
  take_all("server", pair.server);
  part(pair);
}

static void duplicated(void) {
  begin("duplicates");
  struct pair pair = connected(NULL);
  const int other = dup(pair.client);
  said("dup2", dup2(pair.client, other) == other ? 0 : -1);
  said("dup2 onto itself", dup2(pair.client, pair.client) == pair.client ? 0 : -1);
  close(pair.client);
  said("send", give(other, "by the other"));
  take_all("server", pair.server);
  const int third = dup2(pair.server, other);
  said("dup2 over the last", third == other ? 0 : -1);
  take_all("server", pair.server);
  ready("server", pair.server);
  close(third);
  close(pair.server);
  close(pair.waiting);
}

static struct sockaddr_in listed[3];

static int list(int fd, int option, int count) {
  return setsockopt(fd, IPPROTO_SCTP, option, listed, (socklen_t)((size_t)count * sizeof listed[0]));
}

static void address_lists(void) {
  begin("bindx");
  int fd = make(SOCK_STREAM);
  listed[0] = at("127.0.0.1", 0);
  listed[1] = at("127.0.0.2", 0);
  listed[2] = at("127.0.0.3", 0);
  said("remove unbound", list(fd, SCTP_SOCKOPT_BINDX_REM, 1));
  said("add two unbound, port 0", list(fd, SCTP_SOCKOPT_BINDX_ADD, 2));
  const in_port_t port = port_of(fd);
  port_name(port);
  names("bound", fd);
  said("add again", list(fd, SCTP_SOCKOPT_BINDX_ADD, 1));
  listed[0] = at("127.0.0.3", htons(9));
  said("add with another port", list(fd, SCTP_SOCKOPT_BINDX_ADD, 1));
  listed[0] = at("127.0.0.3", port);
  said("add with the port", list(fd, SCTP_SOCKOPT_BINDX_ADD, 1));
  listed[0] = at("127.0.0.4", port);
  said("remove what is not there", list(fd, SCTP_SOCKOPT_BINDX_REM, 1));
  listed[0] = at("192.0.2.1", port);
  said("add what is not ours", list(fd, SCTP_SOCKOPT_BINDX_ADD, 1));
  listed[0] = at("0.0.0.0", port);
  said("add any", list(fd, SCTP_SOCKOPT_BINDX_ADD, 1));
  said("bind", bind(fd, (struct sockaddr*)&listed[1], sizeof listed[1]));
  listed[0] = at("127.0.0.1", port);
  listed[1] = at("127.0.0.2", port);
  said("remove two", list(fd, SCTP_SOCKOPT_BINDX_REM, 2));
  names("then", fd);
  listed[0] = at("127.0.0.3", port);
  said("remove the last", list(fd, SCTP_SOCKOPT_BINDX_REM, 1));
  said("listen", listen(fd, 5));
  listed[0] = at("127.0.0.1", port);
  said("add while listening", list(fd, SCTP_SOCKOPT_BINDX_ADD, 1));
  listed[0].sin_family = 77;
  said("add another family", list(fd, SCTP_SOCKOPT_BINDX_ADD, 1));
  said("add nothing", setsockopt(fd, IPPROTO_SCTP, SCTP_SOCKOPT_BINDX_ADD, listed, 0));
  said("add 15 bytes", setsockopt(fd, IPPROTO_SCTP, SCTP_SOCKOPT_BINDX_ADD, listed, 15));
  close(fd);
  struct pair pair = connected(NULL);
  listed[0] = at("127.0.0.2", 0);
  said("add to a connected", list(pair.client, SCTP_SOCKOPT_BINDX_ADD, 1));
  said("add to an accepted", list(pair.server, SCTP_SOCKOPT_BINDX_ADD, 1));
  part(pair);
}

static void listening_on_and_off(void) {
  begin("listen on and off");
  int fd = make(SOCK_STREAM);
  said("listen 0 unbound", listen(fd, 0));
  said("listen", listen(fd, 3));
  said("listen 0", listen(fd, 0));
  say("SO_ACCEPTCONN", "%d", number_option(fd, SOL_SOCKET, SO_ACCEPTCONN));
  said("accept", accept4(fd, NULL, NULL, SOCK_NONBLOCK));
  said("listen 0 again", listen(fd, 0));
  const int client = make(SOCK_STREAM);
  said("connect", join(client, port_of(fd)));
  said("listen again", listen(fd, -1));
  said("connect when it listens", join(client, port_of(fd)));
  close(client);
  close(fd);
  fd = make(SOCK_SEQPACKET);
  said("one-to-many listen 0 unbound", listen(fd, 0));
  said("one-to-many listen", listen(fd, 3));
  say("SO_ACCEPTCONN", "%d", number_option(fd, SOL_SOCKET, SO_ACCEPTCONN));
  said("one-to-many listen 0", listen(fd, 0));
  say("SO_ACCEPTCONN", "%d", number_option(fd, SOL_SOCKET, SO_ACCEPTCONN));
  const int many = make(SOCK_SEQPACKET);
  said("one-to-many connect", join(many, port_of(fd)));
  close(many);
  close(fd);
}

static int bound_with(int option, int level, int type, in_port_t* port) {
  const int fd = make(type);
  if (option != 0) set_number(fd, level, option, 1);
  const struct sockaddr_in name = at("127.0.0.1", *port);
  if (bind(fd, (const struct sockaddr*)&name, sizeof name) != 0) {
    close(fd);
    return -1;
  }
  *port = port_of(fd);
  return fd;
}

static void shared_ports(void) {
  static const struct {
    const char* name;
    int option, level, type;
  } kWays[] = {{"plain", 0, 0, SOCK_STREAM},
               {"SO_REUSEADDR", SO_REUSEADDR, SOL_SOCKET, SOCK_STREAM},
               {"SO_REUSEPORT", SO_REUSEPORT, SOL_SOCKET, SOCK_STREAM},
               {"SCTP_REUSE_PORT", SCTP_REUSE_PORT, IPPROTO_SCTP, SOCK_STREAM},
               {"SO_REUSEADDR to many", SO_REUSEADDR, SOL_SOCKET, SOCK_SEQPACKET}};
  begin("shared ports");
  for (size_t i = 0; i < sizeof kWays / sizeof kWays[0]; ++i) {
    for (size_t j = 0; j < sizeof kWays / sizeof kWays[0]; ++j) {
      in_port_t port = 0;
      const int one = bound_with(kWays[i].option, kWays[i].level, kWays[i].type, &port);
      const int two = bound_with(kWays[j].option, kWays[j].level, kWays[j].type, &port);
      char what[64];
      snprintf(what, sizeof what, "%s, %s", kWays[i].name, kWays[j].name);
      if (two < 0) {
        said(what, -1);
      } else {
        const int first = listen(one, 5) == 0 ? 0 : errno;
        say(what, "bound, listen %s and %s", name_of_error(first), name_of_error(listen(two, 5) == 0 ? 0 : errno));
        close(two);
        in_port_t again = port;
        const int third = bound_with(kWays[j].option, kWays[j].level, kWays[j].type, &again);
        if (first == 0) say(what, "beside a listener %s", third >= 0 ? "bound" : name_of_error(errno));
        close(third);
      }
      close(one);
    }
  }
  begin("SCTP_REUSE_PORT");
  in_port_t port = 0;
  const int one = bound_with(SCTP_REUSE_PORT, IPPROTO_SCTP, SOCK_STREAM, &port);
  const int two = bound_with(SCTP_REUSE_PORT, IPPROTO_SCTP, SOCK_STREAM, &port);
  listen(one, 20);
  listen(two, 20);
  fcntl(one, F_SETFL, O_NONBLOCK);
  fcntl(two, F_SETFL, O_NONBLOCK);
  int clients[40];
  int in = 0;
  for (int i = 0; i < 40; ++i) {
    clients[i] = make(SOCK_STREAM);
    if (join(clients[i], port) == 0) ++in;
  }
  settle();
  int taken[2] = {0, 0};
  for (int i = 0; i < 2; ++i) {
    for (int got = accept(i == 0 ? one : two, NULL, NULL); got >= 0; got = accept(i == 0 ? one : two, NULL, NULL)) {
      ++taken[i];
      close(got);
    }
  }
  say("of 40", "%s connected, %s, %s", in == 40 ? "all" : "not all", taken[0] > 0 ? "some here" : "none here",
      taken[1] > 0 ? "some there" : "none there");
  close(one);
  int last = make(SOCK_STREAM);
  said("connect when one has gone", join(last, port));
  close(last);
  close(two);
  for (int i = 0; i < 40; ++i) close(clients[i]);
}

static void odd_ancillary(void) {
  begin("odd ancillary data");
  struct pair pair = connected(NULL);
  _Alignas(struct cmsghdr) char control[256];
  struct iovec part_of = {"x", 1};
  static const struct {
    const char* name;
    size_t length, space;
    int level;
  } kOdd[] = {{"length 0", 0, 32, IPPROTO_SCTP},
              {"length less than a head", 8, 32, IPPROTO_SCTP},
              {"only a head", 16, 32, IPPROTO_SCTP},
              {"longer than there is", 40, 32, IPPROTO_SCTP},
              {"huge length", (size_t)-1, 32, IPPROTO_SCTP},
              {"less than a head of space", 32, 8, IPPROTO_SCTP},
              {"another level", 32, 32, SOL_SOCKET + 100},
              {"SOL_SOCKET", 32, 32, SOL_SOCKET},
              {"space behind it", 32, 40, IPPROTO_SCTP},
              {"an empty head behind it", 32, 48, IPPROTO_SCTP}};
  for (size_t i = 0; i < sizeof kOdd / sizeof kOdd[0]; ++i) {
    memset(control, 0, sizeof control);
    struct cmsghdr* const head = (struct cmsghdr*)control;
    *head = (struct cmsghdr){kOdd[i].length, kOdd[i].level, SCTP_SNDINFO};
    const struct msghdr message = {
        .msg_iov = &part_of, .msg_iovlen = 1, .msg_control = control, .msg_controllen = kOdd[i].space};
    said(kOdd[i].name, sendmsg(pair.client, &message, 0));
  }
  struct cmsghdr* const head = (struct cmsghdr*)control;
  for (int i = 0; i < 2; ++i) {
    memset(control, 0, sizeof control);
    head[0] = (struct cmsghdr){32, IPPROTO_SCTP, SCTP_SNDINFO};
    head[2] = (struct cmsghdr){i == 0 ? 32 : 24, IPPROTO_SCTP, i == 0 ? SCTP_SNDINFO : SCTP_PRINFO};
    const struct msghdr message = {
        .msg_iov = &part_of, .msg_iovlen = 1, .msg_control = control, .msg_controllen = i == 0 ? 64 : 56};
    said(i == 0 ? "SNDINFO twice" : "SNDINFO and PRINFO", sendmsg(pair.client, &message, 0));
  }
  const struct msghdr nowhere = {.msg_iov = &part_of, .msg_iovlen = 1, .msg_control = NULL, .msg_controllen = 32};
  said("no data of 32 bytes", sendmsg(pair.client, &nowhere, 0));
  const struct msghdr long_vector = {.msg_iov = &part_of, .msg_iovlen = 2000};
  said("2000 pieces", sendmsg(pair.client, &long_vector, 0));
  struct iovec negative = {control, (size_t)-5};
  const struct msghdr too_long = {.msg_iov = &negative, .msg_iovlen = 1};
  said("a negative length", sendmsg(pair.client, &too_long, 0));
  struct msghdr named = {.msg_name = control, .msg_namelen = 500, .msg_iov = &part_of, .msg_iovlen = 1};
  memset(control, 0, sizeof control);
  said("a long name of family 0", sendmsg(pair.client, &named, 0));
  named.msg_namelen = 0;
  said("a name of no length", sendmsg(pair.client, &named, 0));
  named.msg_namelen = 1;
  said("a name of a byte", sendmsg(pair.client, &named, 0));
  said("write of nothing", write(pair.client, control, 0));
  said("send of nothing", send(pair.client, control, 0, 0));
  said("send MSG_EOR", send(pair.client, "y", 1, MSG_EOR));
  said("send MSG_MORE", send(pair.client, "y", 1, MSG_MORE));
  said("recv MSG_NOTIFICATION", recv(pair.client, control, 1, MSG_NOTIFICATION | MSG_DONTWAIT));
  part(pair);
}

static void maxseg(const char* what, int fd) {
  struct sctp_assoc_value value = {0, 0};
  socklen_t length = sizeof value;
  int number = -1;
  socklen_t short_length = sizeof number;
  const int long_form = getsockopt(fd, IPPROTO_SCTP, SCTP_MAXSEG, &value, &length);
  const int short_form = getsockopt(fd, IPPROTO_SCTP, SCTP_MAXSEG, &number, &short_length);
  char text[64];
  snprintf(text, sizeof text, "%s SCTP_MAXSEG", what);
  struct sctp_status status = {0};
  length = sizeof status;
  const int known = getsockopt(fd, IPPROTO_SCTP, SCTP_STATUS, &status, &length);
  // What the path can carry depends on the loopback's MTU.
  const unsigned point = known == 0 ? status.sstat_fragmentation_point : 0;
  say(text, "%s %s",
      long_form != 0                             ? "fails"
      : point != 0 && value.assoc_value == point ? "the fragmentation point"
      : value.assoc_value == 0                   ? "0"
      : value.assoc_value == 1000                ? "1000"
      : value.assoc_value == 988                 ? "988"
                                                 : "another",
      short_form != 0                      ? "fails"
      : (__u32)number == value.assoc_value ? "the same"
                                           : "not the same");
}

static void flow(const char* what, int fd) {
  struct sctp_paddrparams value = {0};
  socklen_t length = sizeof value;
  char text[64];
  snprintf(text, sizeof text, "%s SCTP_PEER_ADDR_PARAMS", what);
  if (getsockopt(fd, IPPROTO_SCTP, SCTP_PEER_ADDR_PARAMS, &value, &length) != 0) {
    said(text, -1);
  } else {
    say(text, "flags %#x label %#x dscp %#x", value.spp_flags, value.spp_ipv6_flowlabel, value.spp_dscp);
  }
}

static void set_flow(const char* what, int fd, unsigned flags, unsigned label, unsigned dscp) {
  const struct sctp_paddrparams value = {.spp_flags = flags, .spp_ipv6_flowlabel = label, .spp_dscp = (__u8)dscp};
  said(what, setsockopt(fd, IPPROTO_SCTP, SCTP_PEER_ADDR_PARAMS, &value, sizeof value));
  flow(what, fd);
}

static void thresholds(const char* what, int fd) {
  struct sctp_paddrthlds_v2 value = {0};
  socklen_t length = sizeof value;
  char text[64];
  snprintf(text, sizeof text, "%s SCTP_PEER_ADDR_THLDS_V2", what);
  if (getsockopt(fd, IPPROTO_SCTP, SCTP_PEER_ADDR_THLDS_V2, &value, &length) != 0) {
    said(text, -1);
  } else {
    say(text, "%u %u %u", value.spt_pathmaxrxt, value.spt_pathpfthld, value.spt_pathcpthld);
  }
}

static void settings(void) {
  begin("settings");
  int fd = make(SOCK_STREAM);
  maxseg("fresh", fd);
  set_number(fd, IPPROTO_SCTP, SCTP_MAXSEG, 1000);
  maxseg("fresh 1000", fd);
  close(fd);
  struct pair pair = connected(NULL);
  maxseg("connected", pair.client);
  set_number(pair.client, IPPROTO_SCTP, SCTP_MAXSEG, 1000);
  maxseg("connected 1000", pair.client);
  set_number(pair.client, IPPROTO_SCTP, SCTP_MAXSEG, 0);
  maxseg("connected 0", pair.client);
  flow("connected", pair.client);
  set_flow("dscp", pair.client, SPP_DSCP, 0, 0xb9);
  set_flow("label", pair.client, SPP_IPV6_FLOWLABEL, 0x123456, 0);
  thresholds("connected", pair.client);
  part(pair);
  fd = make(SOCK_STREAM);
  flow("fresh", fd);
  set_flow("fresh dscp", fd, SPP_DSCP, 0, 0xff);
  set_flow("fresh dscp 0", fd, SPP_DSCP, 0, 0);
  set_flow("fresh label", fd, SPP_IPV6_FLOWLABEL, 0xfffffff, 0);
  thresholds("fresh", fd);
  close(fd);
  fd = socket(AF_INET6, SOCK_STREAM, IPPROTO_SCTP);
  flow("IPv6", fd);
  set_flow("IPv6 both", fd, SPP_IPV6_FLOWLABEL | SPP_DSCP, 0xabcdef, 0x5c);
  set_flow("IPv6 label 0", fd, SPP_IPV6_FLOWLABEL, 0, 0x20);
  set_flow("IPv6 neither", fd, 0, 0x777, 0x20);
  close(fd);
  fd = make(SOCK_STREAM);
  say("SCTP_AUTO_ASCONF", "%d", number_option(fd, IPPROTO_SCTP, SCTP_AUTO_ASCONF));
  const int on = 1;
  said("SCTP_AUTO_ASCONF unbound", setsockopt(fd, IPPROTO_SCTP, SCTP_AUTO_ASCONF, &on, sizeof on));
  struct sockaddr_in any = at("0.0.0.0", 0);
  bind(fd, (struct sockaddr*)&any, sizeof any);
  said("SCTP_AUTO_ASCONF on any", setsockopt(fd, IPPROTO_SCTP, SCTP_AUTO_ASCONF, &on, sizeof on));
  say("SCTP_AUTO_ASCONF", "%d", number_option(fd, IPPROTO_SCTP, SCTP_AUTO_ASCONF));
  said("SCTP_REUSE_PORT bound", setsockopt(fd, IPPROTO_SCTP, SCTP_REUSE_PORT, &on, sizeof on));
  close(fd);
  static const struct {
    const char* name;
    int option, level;
  } kAsked[] = {{"SCTP_STATUS", SCTP_STATUS, IPPROTO_SCTP},
                {"SCTP_NODELAY", SCTP_NODELAY, IPPROTO_SCTP},
                {"SCTP_EVENTS", SCTP_EVENTS, IPPROTO_SCTP},
                {"SCTP_RTOINFO", SCTP_RTOINFO, IPPROTO_SCTP},
                {"SCTP_GET_PEER_ADDRS", SCTP_GET_PEER_ADDRS, IPPROTO_SCTP},
                {"SO_ERROR", SO_ERROR, SOL_SOCKET},
                {"SO_TYPE", SO_TYPE, SOL_SOCKET},
                {"SO_PROTOCOL", SO_PROTOCOL, SOL_SOCKET},
                {"SO_DOMAIN", SO_DOMAIN, SOL_SOCKET},
                {"SO_LINGER", SO_LINGER, SOL_SOCKET}};
  static char room[1 << 20];
  static const socklen_t kLengths[] = {0, 3, 4, 1 << 20, 0x7fffffff, (socklen_t)-1};
  pair = connected(NULL);
  for (size_t i = 0; i < sizeof kAsked / sizeof kAsked[0]; ++i) {
    char text[256];
    int used = 0;
    for (size_t j = 0; j < sizeof kLengths / sizeof kLengths[0]; ++j) {
      socklen_t length = kLengths[j];
      memset(room, 0, 64);
      const int result = getsockopt(pair.client, kAsked[i].level, kAsked[i].option, room, &length);
      used += snprintf(text + used, sizeof text - (size_t)used, " %s", result == 0 ? "" : name_of_error(errno));
      if (result == 0) used += snprintf(text + used, sizeof text - (size_t)used, "%u", length);
    }
    say(kAsked[i].name, "%s", text + 1);
  }
  part(pair);
}

static void branches(void) {
  begin("peeloff flags");
  const int server = listener_of(SOCK_SEQPACKET);
  hear_everything(server);
  static const unsigned kFlags[] = {0, SOCK_NONBLOCK, SOCK_CLOEXEC, SOCK_NONBLOCK | SOCK_CLOEXEC, 1};
  for (size_t i = 0; i < sizeof kFlags / sizeof kFlags[0]; ++i) {
    const int client = make_bound(SOCK_SEQPACKET);
    const struct sockaddr_in there = at("127.0.0.1", port_of(server));
    give_with(client, "x", &there, 0, NULL, 0, 0);
    settle();
    static char buffer[512];
    sctp_assoc_t id = 0;
    while (recv(server, buffer, sizeof buffer, MSG_DONTWAIT) > 0) {
      const union sctp_notification* const told = (const void*)buffer;
      if (told->sn_header.sn_type == SCTP_ASSOC_CHANGE) id = told->sn_assoc_change.sac_assoc_id;
    }
    sctp_peeloff_flags_arg_t order = {{id, -1}, kFlags[i]};
    socklen_t length = sizeof order;
    const int branch = getsockopt(server, IPPROTO_SCTP, SCTP_SOCKOPT_PEELOFF_FLAGS, &order, &length);
    char what[32];
    snprintf(what, sizeof what, "%#x", kFlags[i]);
    if (branch < 0) {
      said(what, -1);
    } else {
      say(what, "nonblocking %d cloexec %d length %u", (fcntl(branch, F_GETFL) & O_NONBLOCK) != 0,
          (fcntl(branch, F_GETFD) & FD_CLOEXEC) != 0, length);
      close(branch);
    }
    close(client);
  }
  close(server);
}
