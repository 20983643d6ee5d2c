/* Two SCTP implementations talk: one side of a scenario. The exit status says whether all that this side expects came
 * true.
 *
 *   peer server SCENARIO ADDRESS PORT [LOCAL_UDP REMOTE_UDP]
 *   peer client SCENARIO ADDRESS PORT [LOCAL_UDP REMOTE_UDP]
 *
 * The server prints "listening" when a client may come. */
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "transport.h"

enum {
  kLargest = 256 * 1024,
  kClientPort = 40000,
  kPpid = 0x4E000000 /* of message 0; no protocol of that number is known to who reads the record of packets */
};

static const char* side = "peer";

void fail(const char* what, ...) {
  va_list arguments;
  va_start(arguments, what);
  fprintf(stderr, "%s: ", side);
  vfprintf(stderr, what, arguments);
  fputc('\n', stderr);
  va_end(arguments);
  _Exit(1);
}

/* ---- messages: what number `index` looks like -------------------------------------------------------------------- */

static size_t size_of(uint32_t index) {
  static const size_t sizes[] = {1, 100, 1444, 1452, 1453, 10000, 65536, 3, 5000, kLargest};
  return sizes[index % (sizeof sizes / sizeof *sizes)];
}

static unsigned char byte_of(uint32_t index, size_t at) {
  return (unsigned char)(index * 31 + at * 7 + (at >> 8));
}

static void fill(unsigned char* buffer, uint32_t index, size_t size) {
  for (size_t i = 0; i < size; ++i) buffer[i] = byte_of(index, i);
}

static void check(const unsigned char* buffer, uint32_t index, size_t size) {
  for (size_t i = 0; i < size; ++i) {
    if (buffer[i] != byte_of(index, i)) fail("byte %zu of message %u is wrong", i, index);
  }
}

struct message {
  struct received info; /* of its last piece */
  size_t size;
  unsigned char bytes[kLargest + 1];
};

/* The next whole message, or what happened instead. Resets are no matter of a reader of messages. */
static enum happening read_one(struct transport* at, struct message* message) {
  message->size = 0;
  for (;;) {
    if (message->size == sizeof message->bytes) fail("a message is longer than any that was sent");
    message->info = transport_receive(at, message->bytes + message->size, sizeof message->bytes - message->size);
    if (message->info.what == kMessage) {
      message->size += message->info.size;
      message->info.ppid -= kPpid;
      if (message->info.complete) return kMessage;
    } else if (message->info.what != kUp && message->info.what != kSomethingElse) {
      if (message->size != 0) fail("a message has no end");
      return message->info.what;
    }
  }
}

static struct message incoming;
static unsigned char outgoing[kLargest];

static void say(struct transport* at, uint32_t index, size_t size, struct to_send how) {
  fill(outgoing, index, size);
  how.ppid = kPpid + index;
  transport_send(at, outgoing, size, &how);
}

static void expect(struct transport* at, enum happening what, const char* name) {
  const enum happening seen = read_one(at, &incoming);
  if (seen != what) fail("%s was to come, but %d came", name, (int)seen);
}

static void expect_message(struct transport* at, uint32_t index, size_t size) {
  expect(at, kMessage, "a message");
  if (incoming.info.ppid != index || incoming.size != size) {
    fail("message %u of %zu bytes came in place of %u of %zu", incoming.info.ppid, incoming.size, index, size);
  }
  check(incoming.bytes, index, size);
}

/* Until the peer has nothing more to say. */
static void echo_all(struct transport* at, unsigned expected) {
  unsigned count = 0;
  int64_t newest[16];
  for (int i = 0; i < 16; ++i) newest[i] = -1;
  enum happening seen;
  while ((seen = read_one(at, &incoming)) == kMessage) {
    const uint32_t index = incoming.info.ppid;
    if (incoming.size != size_of(index)) fail("message %u has %zu bytes", index, incoming.size);
    check(incoming.bytes, index, incoming.size);
    if (!incoming.info.unordered) {
      int64_t* const last = &newest[incoming.info.stream % 16];
      if ((int64_t)index <= *last)
        fail("stream %u: message %u after %lld", incoming.info.stream, index, (long long)*last);
      *last = index;
    }
    ++count;
    say(at, index, incoming.size,
        (struct to_send){.stream = incoming.info.stream, .unordered = incoming.info.unordered});
  }
  if (seen != kShutdown && seen != kEnd) fail("the end was no shutdown but %d", (int)seen);
  if (count != expected) fail("%u messages came, not %u", count, expected);
}

/* ---- scenarios --------------------------------------------------------------------------------------------------- */

enum { kMany = 300, kWindow = 4 };

/* Bytes, streams, order, fragmentation, a graceful end; with a relay that drops: the same. */
static void messages_client(const char* address, uint16_t port) {
  struct transport* const at = transport_connect(address, port, 0);
  unsigned sent = 0;
  for (unsigned answered = 0; answered < kMany; ++answered) {
    for (; sent < kMany && sent < answered + kWindow; ++sent) {
      say(at, sent, size_of(sent), (struct to_send){.stream = sent % 10, .unordered = sent % 7 == 6});
    }
    expect(at, kMessage, "an echo");
    if (incoming.size != size_of(incoming.info.ppid))
      fail("the echo of %u has %zu bytes", incoming.info.ppid, incoming.size);
    check(incoming.bytes, incoming.info.ppid, incoming.size);
  }
  transport_shutdown(at);
  while (transport_receive(at, incoming.bytes, sizeof incoming.bytes).what != kEnd) continue;
  transport_close(at);
}

static void messages_server(struct transport* listener) {
  struct transport* const at = transport_accept(listener);
  echo_all(at, kMany);
  transport_close(at);
}

/* One side aborts. */
static void abort_client(const char* address, uint16_t port) {
  struct transport* const at = transport_connect(address, port, 0);
  say(at, 1, 100, (struct to_send){0});
  expect_message(at, 1, 100);
  transport_send(at, "enough", 6, &(struct to_send){.abort = true});
  while (transport_receive(at, incoming.bytes, sizeof incoming.bytes).what != kEnd) continue;
  transport_close(at);
}

static void abort_server(struct transport* listener) {
  struct transport* const at = transport_accept(listener);
  expect_message(at, 1, 100);
  say(at, 1, 100, (struct to_send){0});
  expect(at, kLost, "the loss of the association");
  transport_close(at);
}

/* PR-SCTP: what is lost stays lost, the order stays, and what is reliable arrives. */
enum { kUnreliable = 2000 };

static void partial_client(const char* address, uint16_t port) {
  struct transport* const at = transport_connect(address, port, 0);
  for (uint32_t i = 0; i < kUnreliable; ++i) say(at, i, 1000, (struct to_send){.stream = 1, .no_retransmission = true});
  say(at, kUnreliable, 1000, (struct to_send){.stream = 1});
  expect(at, kMessage, "the count");
  if (incoming.size < 500 || incoming.size > kUnreliable) fail("%zu of %d arrived", incoming.size, kUnreliable);
  transport_shutdown(at);
  while (transport_receive(at, incoming.bytes, sizeof incoming.bytes).what != kEnd) continue;
  transport_close(at);
}

static void partial_server(struct transport* listener) {
  struct transport* const at = transport_accept(listener);
  unsigned count = 0;
  int64_t newest = -1;
  do {
    expect(at, kMessage, "a message");
    check(incoming.bytes, incoming.info.ppid, incoming.size);
    if ((int64_t)incoming.info.ppid <= newest) fail("message %u after %lld", incoming.info.ppid, (long long)newest);
    newest = incoming.info.ppid;
    ++count;
  } while (newest != kUnreliable);
  printf("%u of %d unreliable messages\n", count - 1, kUnreliable);
  say(at, 0, count - 1, (struct to_send){0});
  while (read_one(at, &incoming) == kMessage) fail("a message after the last");
  transport_close(at);
}

/* RFC 6525: the sequence numbers of a stream begin anew. */
static void reset_client(const char* address, uint16_t port) {
  struct transport* const at = transport_connect(address, port, 0);
  for (uint32_t i = 0; i < 3; ++i) {
    say(at, i, 10, (struct to_send){.stream = 2});
    expect_message(at, i, 10);
  }
  transport_reset_outgoing(at, 2);
  expect(at, kStreamReset, "the outcome of the reset");
  say(at, 3, 10, (struct to_send){.stream = 2});
  expect_message(at, 3, 10);
  transport_shutdown(at);
  while (transport_receive(at, incoming.bytes, sizeof incoming.bytes).what != kEnd) continue;
  transport_close(at);
}

static void reset_server(struct transport* listener) {
  struct transport* const at = transport_accept(listener);
  for (uint32_t i = 0; i < 3; ++i) {
    expect_message(at, i, 10);
    if (incoming.info.ssn != i) fail("message %u has sequence number %u", i, incoming.info.ssn);
    say(at, i, 10, (struct to_send){.stream = 2});
  }
  expect(at, kStreamReset, "the peer's reset");
  expect_message(at, 3, 10);
  if (incoming.info.ssn != 0) fail("after the reset the sequence number is %u", incoming.info.ssn);
  say(at, 3, 10, (struct to_send){.stream = 2});
  while (read_one(at, &incoming) == kMessage) fail("a message after the last");
  transport_close(at);
}

/* RFC 9260 section 5.2: a client that died comes again from the same port. */
static void die_client(const char* address, uint16_t port) {
  struct transport* const at = transport_connect(address, port, kClientPort);
  say(at, 0, 10, (struct to_send){0});
  expect_message(at, 0, 10);
  fflush(stdout);
  raise(SIGKILL);
}

static void again_client(const char* address, uint16_t port) {
  struct transport* const at = transport_connect(address, port, kClientPort);
  say(at, 1, 10, (struct to_send){0});
  expect_message(at, 1, 10);
  transport_shutdown(at);
  while (transport_receive(at, incoming.bytes, sizeof incoming.bytes).what != kEnd) continue;
  transport_close(at);
}

static void die_server(struct transport* listener) {
  struct transport* const at = transport_accept(listener);
  expect_message(at, 0, 10);
  say(at, 0, 10, (struct to_send){0});
  expect(at, kRestarted, "the restart");
  expect_message(at, 1, 10);
  say(at, 1, 10, (struct to_send){0});
  while (read_one(at, &incoming) == kMessage) fail("a message after the last");
  transport_close(at);
}

/* HEARTBEATs on an idle association; the record of packets shows them. */
static void heartbeat_client(const char* address, uint16_t port) {
  struct transport* const at = transport_connect(address, port, 0);
  transport_heartbeat_every(at, 100);
  say(at, 0, 10, (struct to_send){0});
  expect_message(at, 0, 10);
  expect_message(at, 0, 10); /* the server's farewell, after it has been idle */
  transport_shutdown(at);
  while (transport_receive(at, incoming.bytes, sizeof incoming.bytes).what != kEnd) continue;
  transport_close(at);
}

static void heartbeat_server(struct transport* listener) {
  struct transport* const at = transport_accept(listener);
  transport_heartbeat_every(at, 100);
  expect_message(at, 0, 10);
  say(at, 0, 10, (struct to_send){0});
  nanosleep(&(struct timespec){6, 0}, NULL); /* idle is what this is about: RTO plus interval, several times */
  say(at, 0, 10, (struct to_send){0});
  while (read_one(at, &incoming) == kMessage) fail("a message after the last");
  transport_close(at);
}

static const struct scenario {
  const char* name;
  void (*client)(const char* address, uint16_t port);
  void (*server)(struct transport* listener);
} scenarios[] = {
    {"messages", messages_client, messages_server},
    {"abort", abort_client, abort_server},
    {"partial", partial_client, partial_server},
    {"reset", reset_client, reset_server},
    {"die", die_client, die_server},
    {"again", again_client, NULL},
    {"heartbeat", heartbeat_client, heartbeat_server},
};

int main(int argc, char** argv) {
  if (argc < 5) fail("usage: peer server|client SCENARIO ADDRESS PORT [LOCAL_UDP REMOTE_UDP]");
  side = argv[1];
  const uint16_t port = (uint16_t)atoi(argv[4]);
  transport_begin(argc > 5 ? (uint16_t)atoi(argv[5]) : 0, argc > 6 ? (uint16_t)atoi(argv[6]) : 0,
                  strcmp(argv[2], "reset") == 0);
  for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; ++i) {
    if (strcmp(argv[2], scenarios[i].name) != 0) continue;
    if (strcmp(side, "server") == 0) {
      struct transport* const listener = transport_listen(argv[3], port);
      puts("listening");
      fflush(stdout);
      scenarios[i].server(listener);
      transport_close(listener);
    } else {
      scenarios[i].client(argv[3], port);
    }
    transport_end();
    return 0;
  }
  fail("there is no scenario %s", argv[2]);
}
