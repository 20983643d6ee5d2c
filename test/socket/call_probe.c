// Plays scenes with SCTP sockets through plain system calls and prints what each call answers, what poll() says after
// it and every message, notification and name, one line each: `scene: what: answer`. Nothing printed depends on port
// numbers, association ids or timing: ports have names, and each scene waits until nothing moves any more.
//
// linux_calls.txt is its output on Linux 6.1 with the default settings of net.sctp (the test vm.call_probe holds it to
// that); script.call_probe compares netsctp's own stack with it. To make it again:
//
//   test/vm/run -- build/bin/call_probe > test/socket/linux_calls.txt
#define _GNU_SOURCE  // accept4, strerrorname_np

#include "call_probe.h"
#include "call_probe_edges.h"
#include "call_probe_many.h"
#include "call_probe_processes.h"

// --- scenes

static const char* of(const char* who, const char* what) {
  static char text[64];
  snprintf(text, sizeof text, "%s %s", who, what);
  return text;
}

// What a one-to-one socket answers in whatever state it is in; nothing here blocks.
static void ask_everything(const char* who, int fd) {
  ready(of(who, ""), fd);
  names(who, fd);
  state(who, fd);
  pending_error(who, fd);
  take(of(who, "recv"), fd);
  said(of(who, "send"), give(fd, "x"));
  said(of(who, "accept"), accept4(fd, NULL, NULL, 0) >= 0 ? 1 : -1);
  int number = -1;
  said(of(who, "FIONREAD"), ioctl(fd, FIONREAD, &number));
  say(of(who, "SO_ACCEPTCONN"), "%d", number_option(fd, SOL_SOCKET, SO_ACCEPTCONN));
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
  any =
      (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = port_of(waiting), .sin6_addr = IN6ADDR_LOOPBACK_INIT};
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

int main(int count, char** arguments) {
  if (count == 4) return executed(arguments[2], atoi(arguments[3]));
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
  timeouts();
  in_bulk();
  duplicated();
  address_lists();
  listening_on_and_off();
  shared_ports();
  odd_ancillary();
  settings();
  branches();
  edges();
  executions();
  forked();
  refused_beginnings();
  return 0;
}
