/* A plain C program that uses its SCTP sockets from many threads: a close while another thread is blocked in a call on
   the socket, and everything at once. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/sctp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"

static struct sockaddr_in loopback(void) {
  struct sockaddr_in name = {0};
  name.sin_family = AF_INET;
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return name;
}

static int listener(int type, struct sockaddr_in* name) {
  const int made = socket(AF_INET, type, IPPROTO_SCTP);
  socklen_t length = sizeof *name;
  *name = loopback();
  CHECK(made >= 0 && bind(made, (struct sockaddr*)name, length) == 0 && listen(made, 50) == 0);
  CHECK(getsockname(made, (struct sockaddr*)name, &length) == 0);
  return made;
}

static int connected(struct sockaddr_in* name) {
  const int made = socket(AF_INET, SOCK_STREAM, IPPROTO_SCTP);
  CHECK(connect(made, (struct sockaddr*)name, sizeof *name) == 0);
  return made;
}

/* A call that blocks until the socket is closed. */
struct blocked {
  int descriptor;
  int (*call)(int descriptor);
  atomic_int begun;
  int result;
  int error;
};

static void* run(void* argument) {
  struct blocked* const blocked = argument;
  atomic_store(&blocked->begun, 1);
  blocked->result = blocked->call(blocked->descriptor);
  blocked->error = errno;
  return NULL;
}

static int receiving(int descriptor) {
  char byte;
  return (int)recv(descriptor, &byte, 1, 0);
}
static int reading_several(int descriptor) {
  char byte;
  struct iovec part = {&byte, 1};
  struct mmsghdr several[2] = {{{0}, 0}, {{0}, 0}};
  several[0].msg_hdr.msg_iov = several[1].msg_hdr.msg_iov = &part;
  several[0].msg_hdr.msg_iovlen = several[1].msg_hdr.msg_iovlen = 1;
  return recvmmsg(descriptor, several, 2, 0, NULL);
}
static int accepting(int descriptor) {
  return accept(descriptor, NULL, NULL);
}
static int connecting(int descriptor) {
  struct sockaddr_in name = loopback();
  name.sin_port = htons(4);
  return connect(descriptor, (struct sockaddr*)&name, sizeof name);
}
static int sending(int descriptor) {
  static const char large[60000];
  int sent;
  while ((sent = (int)send(descriptor, large, sizeof large, MSG_NOSIGNAL)) > 0) {
  }
  return sent;
}

/* As Linux answers a call on a descriptor that is closed already; Linux leaves a call that is blocked in its wait. */
static void closed_during(int descriptor, int (*call)(int)) {
  struct blocked blocked = {.descriptor = descriptor, .call = call};
  pthread_t thread;
  CHECK(pthread_create(&thread, NULL, run, &blocked) == 0);
  while (!atomic_load(&blocked.begun)) sched_yield();
  for (int i = 0; i < 200; ++i) sched_yield(); /* most often it blocks by now */
  CHECK(close(descriptor) == 0);
  CHECK(pthread_join(thread, NULL) == 0);
  CHECK(blocked.result == -1);
  errno = blocked.error;
  CHECK(errno == EBADF);
}

static void closing(void) {
  for (int i = 0; i < 5; ++i) {
    struct sockaddr_in name;
    const int waiting = listener(SOCK_STREAM, &name);
    int one = connected(&name);
    const int other = accept(waiting, NULL, NULL);
    closed_during(one, receiving);
    one = connected(&name);
    closed_during(one, reading_several);
    one = connected(&name);
    closed_during(one, sending);
    closed_during(listener(SOCK_STREAM, &name), accepting);
    closed_during(listener(SOCK_SEQPACKET, &name), receiving);
    const int nowhere = socket(AF_INET, SOCK_STREAM, IPPROTO_SCTP);
    struct sctp_udpencaps port = {0};       /* nobody listens there */
    struct sockaddr_in silent = loopback(); /* held, so that no ICMP tells, and never read */
    socklen_t length = sizeof silent;
    const int held = socket(AF_INET, SOCK_DGRAM, 0);
    CHECK(bind(held, (struct sockaddr*)&silent, sizeof silent) == 0);
    CHECK(getsockname(held, (struct sockaddr*)&silent, &length) == 0);
    port.sue_port = silent.sin_port;
    CHECK(setsockopt(nowhere, IPPROTO_SCTP, SCTP_REMOTE_UDP_ENCAPS_PORT, &port, sizeof port) == 0);
    closed_during(nowhere, connecting);
    CHECK(close(held) == 0);
    CHECK(close(other) == 0 && close(waiting) == 0);
  }
}

/* A duplicate keeps the socket: the blocked call goes on. */
static void closing_a_duplicate(void) {
  struct sockaddr_in name;
  const int waiting = listener(SOCK_STREAM, &name);
  const int one = connected(&name);
  const int other = accept(waiting, NULL, NULL);
  const int duplicate = dup(other);
  struct blocked blocked = {.descriptor = other, .call = receiving};
  pthread_t thread;
  CHECK(pthread_create(&thread, NULL, run, &blocked) == 0);
  while (!atomic_load(&blocked.begun)) sched_yield();
  for (int i = 0; i < 200; ++i) sched_yield();
  CHECK(close(duplicate) == 0);
  CHECK(send(one, "x", 1, 0) == 1);
  CHECK(pthread_join(thread, NULL) == 0);
  CHECK(blocked.result == 1);
  CHECK(close(one) == 0 && close(other) == 0 && close(waiting) == 0);
}

enum { kThreads = 4, kMessages = 500 };

static struct sockaddr_in shared_name;
static int shared_server, shared_client;
static atomic_int received;

static void* send_some(void* argument) {
  char text[64] = "message";
  for (int i = 0; i < kMessages; ++i) {
    CHECK(sendto(shared_client, text, 1 + (size_t)i % sizeof text, 0, (struct sockaddr*)&shared_name,
                 sizeof shared_name) > 0);
  }
  return argument;
}

static void* receive_some(void* argument) {
  char text[64];
  while (atomic_load(&received) < kThreads * kMessages) {
    struct pollfd entry = {shared_server, POLLIN, 0};
    if (poll(&entry, 1, 10) != 1) continue;
    if (recv(shared_server, text, sizeof text, MSG_DONTWAIT) > 0) atomic_fetch_add(&received, 1);
  }
  return argument;
}

/* Everything else there is, on sockets of its own and on the shared ones. */
static void* stir(void* argument) {
  for (int i = 0; i < 50; ++i) {
    struct sockaddr_in name;
    socklen_t length = sizeof name;
    struct sctp_status status = {0};
    int bytes = 0;
    const int duplicate = dup(shared_client);
    CHECK(getsockname(duplicate, (struct sockaddr*)&name, &length) == 0);
    CHECK(ioctl(duplicate, FIONREAD, &bytes) == 0);
    length = sizeof status;
    (void)getsockopt(shared_server, IPPROTO_SCTP, SCTP_STATUS, &status, &length);
    CHECK(close(duplicate) == 0);
    const int waiting = listener(SOCK_STREAM, &name);
    const int one = connected(&name);
    const int other = accept(waiting, NULL, NULL);
    CHECK(send(one, "x", 1, 0) == 1 && recv(other, &bytes, 1, 0) == 1);
    CHECK(close(one) == 0 && close(other) == 0 && close(waiting) == 0);
  }
  return argument;
}

static void all_at_once(void) {
  pthread_t threads[3 * kThreads];
  shared_server = listener(SOCK_SEQPACKET, &shared_name);
  shared_client = socket(AF_INET, SOCK_SEQPACKET, IPPROTO_SCTP);
  CHECK(connect(shared_client, (struct sockaddr*)&shared_name, sizeof shared_name) == 0);
  for (int i = 0; i < kThreads; ++i) {
    CHECK(pthread_create(&threads[3 * i], NULL, send_some, NULL) == 0);
    CHECK(pthread_create(&threads[3 * i + 1], NULL, receive_some, NULL) == 0);
    CHECK(pthread_create(&threads[3 * i + 2], NULL, stir, NULL) == 0);
  }
  for (int i = 0; i < 3 * kThreads; ++i) CHECK(pthread_join(threads[i], NULL) == 0);
  CHECK(atomic_load(&received) == kThreads * kMessages);
  CHECK(close(shared_client) == 0 && close(shared_server) == 0);
}

int main(void) {
  alarm(80);
  signal(SIGPIPE, SIG_IGN);
  closing();
  closing_a_duplicate();
  all_at_once();
  puts(failures == 0 ? "all passed" : "failed");
  return failures == 0 ? 0 : 1;
}
