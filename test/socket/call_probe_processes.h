// Scenes of call_probe.c about processes and epoll: fork, close-on-exec and exec, edges, duplicates. Included by that
// program only.
#pragma once

#include <sys/epoll.h>
#include <sys/wait.h>

#include "call_probe.h"

static void events_of(const char* what, int set) {
  struct epoll_event found[4];
  char text[128] = "nothing";
  const int count = epoll_wait(set, found, 4, 0);
  if (count < 0) {
    said(what, -1);
    return;
  }
  int used = 0;
  for (int i = 0; i < count; ++i) {
    static const struct {
      unsigned bit;
      const char* name;
    } kBits[] = {{EPOLLIN, "IN"}, {EPOLLOUT, "OUT"}, {EPOLLRDHUP, "RDHUP"}, {EPOLLERR, "ERR"}, {EPOLLHUP, "HUP"}};
    used += snprintf(text + used, sizeof text - (size_t)used, "%s%u:", i == 0 ? "" : ", ", found[i].data.u32);
    for (size_t j = 0; j < sizeof kBits / sizeof kBits[0]; ++j) {
      if ((found[i].events & kBits[j].bit) != 0) {
        used += snprintf(text + used, sizeof text - (size_t)used, " %s", kBits[j].name);
      }
    }
  }
  say(what, "%s", text);
}

static void watch(int set, int fd, unsigned events, unsigned name) {
  struct epoll_event interest = {.events = events, .data = {.u32 = name}};
  if (epoll_ctl(set, EPOLL_CTL_ADD, fd, &interest) != 0) said("EPOLL_CTL_ADD", -1);
}

static void edges(void) {
  begin("epoll");
  struct pair pair = connected(NULL);
  const int level = epoll_create1(EPOLL_CLOEXEC);
  const int edge = epoll_create1(EPOLL_CLOEXEC);
  watch(level, pair.server, EPOLLIN | EPOLLRDHUP, 1);
  watch(edge, pair.server, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, 1);
  struct epoll_event again = {.events = EPOLLIN};
  said("added twice", epoll_ctl(level, EPOLL_CTL_ADD, pair.server, &again));
  events_of("level before", level);
  events_of("edge before", edge);
  events_of("edge before, again", edge);
  give(pair.client, "one");
  settle();
  events_of("level, a message", level);
  events_of("level, again", level);
  events_of("edge, a message", edge);
  events_of("edge, again", edge);
  give(pair.client, "two");
  settle();
  events_of("edge, another message", edge);
  take("server", pair.server);
  events_of("level, one is left", level);
  take("server", pair.server);
  events_of("level, none is left", level);
  events_of("edge, none is left", edge);
  const int other = dup(pair.server);
  watch(level, other, EPOLLIN, 2);
  give(pair.client, "three");
  settle();
  events_of("level, both duplicates", level);
  take("server", other);
  said("removed", epoll_ctl(level, EPOLL_CTL_DEL, other, NULL));
  said("removed again", epoll_ctl(level, EPOLL_CTL_DEL, other, NULL));
  close(other);
  give(pair.client, "last");
  close(pair.client);
  settle();
  events_of("level, the peer has closed", level);
  events_of("edge, the peer has closed", edge);
  take("server", pair.server);
  take("server", pair.server);
  events_of("level, all is read", level);
  close(pair.server);
  events_of("level, closed", level);
  events_of("edge, closed", edge);
  close(pair.waiting);
  close(level);
  close(edge);
}

// --- what is set, and what a program that is executed sees

static void close_on_exec(const char* what, int fd) {
  if (fd < 0) {
    said(what, -1);
  } else {
    say(what, "%s", (fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0 ? "closes on exec" : "stays open");
  }
}

static void seen_after_exec(const char* what, int fd) {
  char number[16];
  snprintf(number, sizeof number, "%d", fd);
  fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    execl("/proc/self/exe", "call_probe", "exec", what, number, (char*)NULL);
    _exit(99);
  }
  int status = 0;
  waitpid(child, &status, 0);
  if (status != 0) say(what, "status %d", WEXITSTATUS(status));
}

// The program executed.
static int executed(const char* what, int fd) {
  scene = "exec";
  if (fcntl(fd, F_GETFD) < 0) {
    said(what, -1);
    return 0;
  }
  say(what, "open, SO_TYPE %d", number_option(fd, SOL_SOCKET, SO_TYPE));
  said(what, give(fd, "from the new program"));
  return 0;
}

static void executions(void) {
  begin("close-on-exec");
  struct pair pair = connected(NULL);
  close_on_exec("socket", pair.client);
  close_on_exec("accept", pair.server);
  fcntl(pair.client, F_SETFD, FD_CLOEXEC);
  close_on_exec("FD_CLOEXEC", pair.client);
  const int plain = dup(pair.client);
  close_on_exec("dup of it", plain);
  const int third = dup3(pair.client, plain + 1, O_CLOEXEC);
  close_on_exec("dup3 O_CLOEXEC", third);
  close_on_exec("the one it is of", pair.client);
  const int fourth = fcntl(pair.client, F_DUPFD_CLOEXEC, 0);
  close_on_exec("F_DUPFD_CLOEXEC", fourth);
  close(third);
  close(fourth);
  const int made = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_SCTP);
  close_on_exec("SOCK_CLOEXEC", made);
  said("joins", join(made, port_of(pair.waiting)));
  const int taken = accept4(pair.waiting, NULL, NULL, SOCK_CLOEXEC);
  close_on_exec("accept4 SOCK_CLOEXEC", taken);
  seen_after_exec("FD_CLOEXEC", pair.client);
  seen_after_exec("without", pair.server);
  seen_after_exec("a duplicate without", plain);
  close(plain);
  fcntl(pair.client, F_SETFD, 0);
  // The sockets go on here.
  settle();
  take_all("client", pair.client);
  said("send", give(pair.client, "goes on"));
  take_all("server", pair.server);
  close(made);
  close(taken);
  part(pair);
}

static void forked(void) {
  begin("fork");
  struct pair pair = connected(NULL);
  const int many = listener_of(SOCK_SEQPACKET);
  const int set = epoll_create1(EPOLL_CLOEXEC);
  watch(set, pair.server, EPOLLIN, 1);
  const in_port_t port = port_of(pair.waiting);
  give(pair.client, "before");
  settle();
  fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    scene = "fork, child";
    names("client", pair.client);
    ready("client", pair.client);
    events_of("server in the inherited epoll", set);
    say("client SO_TYPE", "%d", number_option(pair.client, SOL_SOCKET, SO_TYPE));
    said("client send", give(pair.client, "by the child"));
    said("accept", fcntl(pair.waiting, F_SETFL, O_NONBLOCK) == 0 ? accept(pair.waiting, NULL, NULL) : -1);
    said("listen", listen(many, 3));
    const int other = dup(pair.client);
    said("dup", other >= 0 ? 0 : -1);
    said("close the duplicate", close(other));
    said("shutdown one-to-many", shutdown(many, SHUT_RDWR));
    said("close", close(many));
    const int own = make(SOCK_STREAM);
    said("a socket of its own", join(own, port));
    said("send", give(own, "by a socket of the child"));
    close(own);
    said("close", close(pair.client));
    said("close again", close(pair.client));
    fflush(stdout);
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  settle();
  events_of("server", set);
  take_all("server", pair.server);
  said("send", give(pair.client, "by the parent"));
  take_all("server", pair.server);
  close(many);
  close(set);
  part(pair);
}
