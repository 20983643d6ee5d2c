/* Two SCTP implementations talk: one side of a scenario. The exit status says whether all that this side expects came
 * true.
 *
 *   peer server SCENARIO OWN PORT [LOCAL_UDP REMOTE_UDP]
 *   peer client SCENARIO OWN PEER PORT [LOCAL_UDP REMOTE_UDP]
 *
 * OWN and PEER are addresses of one family with commas between. The server prints "listening" when a client may come,
 * the client of "restart" prints "established" when it may be killed. */
#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "transport.h"

enum {
  kLargest = 256 * 1024,
  kMostStreams = 2000,
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

/* ---- scenarios that send messages and have them echoed ------------------------------------------------------------
 */

struct load {
  const char* name;
  unsigned count;
  unsigned window; /* messages under way at a time */
  uint16_t streams;
  unsigned unordered_every; /* 0: none is unordered, 1: each, 2: every second, ... */
  const size_t* sizes;      /* taken in turn, ended by 0 */
};

static const size_t kAnySize[] = {1, 2, 3, 4, 100, 1444, 1452, 1453, 5000, 10000, 0};
static const size_t kLongSize[] = {65536, kLargest, 3, kLargest - 1, 65535, 0};
static const size_t kMixedSize[] = {1, 1000, 40000, 1452, 3000, 0};
static const size_t kShortSize[] = {100, 0};
static const size_t kFullSize[] = {10000, 0};

static const struct load loads[] = {
    {.name = "messages", .count = 600, .window = 8, .streams = 10, .sizes = kAnySize},
    {.name = "fragments", .count = 30, .window = 3, .streams = 4, .sizes = kLongSize},
    {.name = "streams", .count = 4000, .window = 64, .streams = kMostStreams, .sizes = kShortSize},
    {.name = "unordered", .count = 600, .window = 8, .streams = 10, .unordered_every = 2, .sizes = kAnySize},
    {.name = "loss", .count = 60, .window = 8, .streams = 10, .unordered_every = 7, .sizes = kMixedSize},
    {.name = "paths", .count = 400, .window = 8, .streams = 3, .sizes = kFullSize},
};

static const struct load* load;

static size_t size_of(uint32_t index) {
  size_t count = 0;
  while (load->sizes[count] != 0) ++count;
  return load->sizes[index % count];
}

static bool is_unordered(uint32_t index) {
  return load->unordered_every != 0 && index % load->unordered_every == load->unordered_every - 1;
}

static void say_next(struct transport* at, uint32_t index) {
  say(at, index, size_of(index),
      (struct to_send){.stream = (uint16_t)(index % load->streams), .unordered = is_unordered(index)});
}

/* One of the load's messages came: the right one, in its place, and once. */
static void check_next(void) {
  static bool seen[1 << 16];
  static int64_t newest[kMostStreams];
  const uint32_t index = incoming.info.ppid;
  if (index >= load->count) fail("message %u was never sent", index);
  if (seen[index]) fail("message %u came twice", index);
  seen[index] = true;
  if (incoming.size != size_of(index)) fail("message %u has %zu bytes, not %zu", index, incoming.size, size_of(index));
  check(incoming.bytes, index, incoming.size);
  if (incoming.info.stream != index % load->streams) fail("message %u came on stream %u", index, incoming.info.stream);
  if (incoming.info.unordered != is_unordered(index)) fail("message %u: the mark 'unordered' is wrong", index);
  if (incoming.info.unordered) return;
  int64_t* const last = &newest[incoming.info.stream]; /* its number + 1 */
  if (index < *last) fail("stream %u: message %u after %lld", incoming.info.stream, index, (long long)*last - 1);
  *last = (int64_t)index + 1;
}

static void finish(struct transport* at) {
  transport_shutdown(at);
  while (transport_receive(at, incoming.bytes, sizeof incoming.bytes).what != kEnd) continue;
  transport_close(at);
}

static void load_client(const struct addresses* own, const struct addresses* peer) {
  struct transport* const at = transport_connect(own, peer);
  unsigned sent = 0;
  for (unsigned answered = 0; answered < load->count; ++answered) {
    while (sent < load->count && sent < answered + load->window) say_next(at, sent++);
    expect(at, kMessage, "an echo");
    check_next();
  }
  finish(at);
}

static void load_server(struct transport* listener) {
  struct transport* const at = transport_accept(listener);
  unsigned count = 0;
  enum happening seen;
  for (; (seen = read_one(at, &incoming)) == kMessage; ++count) {
    check_next();
    say_next(at, incoming.info.ppid);
  }
  if (seen != kShutdown && seen != kEnd) fail("after %u messages the end was no shutdown but %d", count, (int)seen);
  if (count != load->count) fail("%u messages came, not %u", count, load->count);
  transport_close(at);
}

/* ---- scenarios with a story of their own --------------------------------------------------------------------------
 */

static void abort_client(const struct addresses* own, const struct addresses* peer) {
  struct transport* const at = transport_connect(own, peer);
  say(at, 1, 100, (struct to_send){0});
  expect_message(at, 1, 100);
  transport_abort(at);
}

static void abort_server(struct transport* listener) {
  struct transport* const at = transport_accept(listener);
  expect_message(at, 1, 100);
  say(at, 1, 100, (struct to_send){0});
  expect(at, kLost, "the loss of the association");
  transport_close(at);
}

/* PR-SCTP: what is lost stays lost, the order stays, and what is reliable arrives. */
enum { kUnreliable = 1000 };

static void partial_client(const struct addresses* own, const struct addresses* peer) {
  struct transport* const at = transport_connect(own, peer);
  for (uint32_t i = 0; i < kUnreliable; ++i) say(at, i, 1000, (struct to_send){.stream = 1, .no_retransmission = true});
  say(at, kUnreliable, 1000, (struct to_send){.stream = 1});
  expect(at, kMessage, "the count");
  if (incoming.size < 500 || incoming.size > kUnreliable) fail("%zu of %d arrived", incoming.size, kUnreliable);
  finish(at);
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
static void reset_client(const struct addresses* own, const struct addresses* peer) {
  struct transport* const at = transport_connect(own, peer);
  for (uint32_t i = 0; i < 3; ++i) {
    say(at, i, 10, (struct to_send){.stream = 2});
    expect_message(at, i, 10);
  }
  transport_reset_outgoing(at, 2);
  expect(at, kStreamReset, "the outcome of the reset");
  say(at, 3, 10, (struct to_send){.stream = 2});
  expect_message(at, 3, 10);
  finish(at);
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
static void restart_client(const struct addresses* own, const struct addresses* peer) {
  struct transport* const at = transport_connect(own, peer);
  say(at, 0, 10, (struct to_send){0});
  expect_message(at, 0, 10);
  puts("established");
  fflush(stdout);
  expect(at, kEnd, "nothing");
}

static void again_client(const struct addresses* own, const struct addresses* peer) {
  struct transport* const at = transport_connect(own, peer);
  say(at, 1, 10, (struct to_send){0});
  expect_message(at, 1, 10);
  finish(at);
}

static void restart_server(struct transport* listener) {
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
static void heartbeat_client(const struct addresses* own, const struct addresses* peer) {
  struct transport* const at = transport_connect(own, peer);
  transport_heartbeat_every(at, 100);
  say(at, 0, 10, (struct to_send){0});
  expect_message(at, 0, 10);
  expect_message(at, 0, 10); /* the server's farewell, after it has been idle */
  finish(at);
}

static void heartbeat_server(struct transport* listener) {
  struct transport* const at = transport_accept(listener);
  transport_heartbeat_every(at, 100);
  expect_message(at, 0, 10);
  say(at, 0, 10, (struct to_send){0});
  nanosleep(&(struct timespec){3, 0}, NULL); /* idle is what this is about: RTO plus interval, several times */
  say(at, 0, 10, (struct to_send){0});
  while (read_one(at, &incoming) == kMessage) fail("a message after the last");
  transport_close(at);
}

static const struct scenario {
  const char* name;
  void (*client)(const struct addresses* own, const struct addresses* peer);
  void (*server)(struct transport* listener);
} scenarios[] = {
    {"abort", abort_client, abort_server},
    {"partial", partial_client, partial_server},
    {"reset", reset_client, reset_server},
    {"restart", restart_client, restart_server},
    {"again", again_client, NULL}, /* the second client of "restart" */
    {"heartbeat", heartbeat_client, heartbeat_server},
};

static struct scenario find_scenario(const char* name) {
  for (size_t i = 0; i < sizeof loads / sizeof *loads; ++i) {
    if (strcmp(name, loads[i].name) != 0) continue;
    load = &loads[i];
    return (struct scenario){name, load_client, load_server};
  }
  for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; ++i) {
    if (strcmp(name, scenarios[i].name) == 0) return scenarios[i];
  }
  fail("there is no scenario %s", name);
}

static struct addresses read_addresses(const char* list, uint16_t port) {
  struct addresses result = {.family = strchr(list, ':') != NULL ? AF_INET6 : AF_INET};
  while (*list != '\0') {
    char one[INET6_ADDRSTRLEN] = "";
    const size_t length = strcspn(list, ",");
    if (length >= sizeof one || result.count == kMostAddresses) fail("too long: %s", list);
    memcpy(one, list, length);
    list += length + (list[length] == ',');
    struct sockaddr_in* const ipv4 = &result.packed.ipv4[result.count];
    struct sockaddr_in6* const ipv6 = &result.packed.ipv6[result.count++];
    void* const address = result.family == AF_INET ? (void*)&ipv4->sin_addr : &ipv6->sin6_addr;
    if (inet_pton(result.family, one, address) != 1) fail("%s is no address", one);
    if (result.family == AF_INET) {
      ipv4->sin_family = AF_INET;
      ipv4->sin_port = htons(port);
    } else {
      ipv6->sin6_family = AF_INET6;
      ipv6->sin6_port = htons(port);
    }
  }
  return result;
}

static uint16_t number(const char* text) {
  return text == NULL ? 0 : (uint16_t)atoi(text);
}

int main(int argc, char** argv) {
  if (argc < 5) fail("usage: peer server SCENARIO OWN PORT [UDP UDP] | client SCENARIO OWN PEER PORT [UDP UDP]");
  side = argv[1];
  const bool serves = strcmp(side, "server") == 0;
  const struct scenario scenario = find_scenario(argv[2]);
  const bool restarts = scenario.client == restart_client || scenario.client == again_client;
  char** const rest = argv + (serves ? 4 : 5); /* PORT [LOCAL_UDP REMOTE_UDP] */
  const uint16_t port = number(rest[0]);
  transport_begin(&(struct settings){
      .local_udp = rest[0] != NULL ? number(rest[1]) : 0,
      .remote_udp = rest[0] != NULL && rest[1] != NULL ? number(rest[2]) : 0,
      .streams = load != NULL ? load->streams : 0,
      .resets = scenario.client == reset_client,
      .quick = scenario.client == heartbeat_client || (load != NULL && strcmp(load->name, "paths") == 0),
      .ends_with_process = restarts,
  });
  if (serves) {
    const struct addresses own = read_addresses(argv[3], port);
    struct transport* const listener = transport_listen(&own);
    puts("listening");
    fflush(stdout);
    scenario.server(listener);
    transport_close(listener);
  } else {
    const struct addresses own = read_addresses(argv[3], restarts ? kClientPort : 0);
    const struct addresses peer = read_addresses(argv[4], port);
    scenario.client(&own, &peer);
  }
  transport_end();
  return 0;
}
