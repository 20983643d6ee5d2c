// Drives every SCTP socket option with every length from 0 to 300, wrong pointers, every way to name an association and
// a set of values, and prints what each answers, one line a case. option_probe.c runs it on a kernel,
// linux_errno_test.cpp on netsctp's stack; linux_errno_table.txt is what Linux printed. C and C++.
//
//   <socket> <get|set> <option> <case>: <answer>[, <answer>]...
//
// An answer to a run of lengths is `from-to ERRNO`, or `from-to ok` with `:n` behind it where a get stores the length n
// (`:same` where it stays as given). A `word` case sets one 32-bit word of an otherwise zero struct of the usual size.
#pragma once

#include <arpa/inet.h>
#include <errno.h>
#include <linux/sctp.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

// The system calls; each gives its result or -errno.
struct probe_calls {
  int (*socket)(int domain, int type);
  int (*bind)(int descriptor, const struct sockaddr* address, socklen_t length);
  int (*listen)(int descriptor, int backlog);
  int (*accept)(int descriptor);
  int (*connect)(int descriptor, const struct sockaddr* address, socklen_t length);
  int (*getsockname)(int descriptor, struct sockaddr* address, socklen_t* length);
  int (*getsockopt)(int descriptor, int level, int option, void* value, socklen_t* length);
  int (*setsockopt)(int descriptor, int level, int option, const void* value, socklen_t length);
  int (*close)(int descriptor);
};

struct probe_option {
  int number;
  const char* name;
  int size;    // usual length
  int has_id;  // begins with an association id
  int poke;    // words are tried from this offset on; -1: none
};

static const struct probe_option probe_options[] = {
    {0, "RTOINFO", 16, 1, 4},
    {1, "ASSOCINFO", 20, 1, 4},
    {2, "INITMSG", 8, 0, 0},
    {3, "NODELAY", 4, 0, 0},
    {4, "AUTOCLOSE", 4, 0, 0},
    {5, "SET_PEER_PRIMARY_ADDR", 132, 1, -1},
    {6, "PRIMARY_ADDR", 132, 1, -1},
    {7, "ADAPTATION_LAYER", 4, 0, 0},
    {8, "DISABLE_FRAGMENTS", 4, 0, 0},
    {9, "PEER_ADDR_PARAMS", 156, 1, 132},
    {10, "DEFAULT_SEND_PARAM", 32, 0, 0},
    {11, "EVENTS", 14, 0, 0},
    {12, "I_WANT_MAPPED_V4_ADDR", 4, 0, 0},
    {13, "MAXSEG", 8, 1, 4},
    {14, "STATUS", 176, 1, -1},
    {15, "GET_PEER_ADDR_INFO", 152, 1, -1},
    {16, "DELAYED_SACK", 12, 1, 4},
    {17, "CONTEXT", 8, 1, 4},
    {18, "FRAGMENT_INTERLEAVE", 4, 0, 0},
    {19, "PARTIAL_DELIVERY_POINT", 4, 0, 0},
    {20, "MAX_BURST", 8, 1, 4},
    {21, "AUTH_CHUNK", 1, 0, -1},
    {22, "HMAC_IDENT", 6, 0, -1},
    {23, "AUTH_KEY", 8, 1, 4},
    {24, "AUTH_ACTIVE_KEY", 8, 1, 4},
    {25, "AUTH_DELETE_KEY", 8, 1, 4},
    {26, "PEER_AUTH_CHUNKS", 8, 1, -1},
    {27, "LOCAL_AUTH_CHUNKS", 8, 1, -1},
    {28, "GET_ASSOC_NUMBER", 4, 0, -1},
    {29, "GET_ASSOC_ID_LIST", 4, 0, -1},
    {30, "AUTO_ASCONF", 4, 0, 0},
    {31, "PEER_ADDR_THLDS", 144, 1, 136},
    {32, "RECVRCVINFO", 4, 0, 0},
    {33, "RECVNXTINFO", 4, 0, 0},
    {34, "DEFAULT_SNDINFO", 16, 0, 0},
    {35, "AUTH_DEACTIVATE_KEY", 8, 1, 4},
    {36, "REUSE_PORT", 4, 0, 0},
    {37, "PEER_ADDR_THLDS_V2", 144, 1, 136},
    {100, "SOCKOPT_BINDX_ADD", 16, 0, -1},
    {101, "SOCKOPT_BINDX_REM", 16, 0, -1},
    {102, "SOCKOPT_PEELOFF", 8, 1, -1},
    {103, "103", 4, 0, -1},
    {104, "104", 4, 0, -1},
    {107, "SOCKOPT_CONNECTX_OLD", 16, 0, -1},
    {108, "GET_PEER_ADDRS", 8, 1, -1},
    {109, "GET_LOCAL_ADDRS", 8, 1, -1},
    {110, "SOCKOPT_CONNECTX", 16, 0, -1},
    {111, "SOCKOPT_CONNECTX3", 16, 1, -1},
    {112, "GET_ASSOC_STATS", 256, 1, -1},
    {113, "PR_SUPPORTED", 8, 1, 4},
    {114, "DEFAULT_PRINFO", 12, 1, 4},
    {115, "PR_ASSOC_STATUS", 24, 1, -1},
    {116, "PR_STREAM_STATUS", 24, 1, -1},
    {117, "RECONFIG_SUPPORTED", 8, 1, 4},
    {118, "ENABLE_STREAM_RESET", 8, 1, 4},
    {119, "RESET_STREAMS", 8, 1, -1},
    {120, "RESET_ASSOC", 4, 1, -1},
    {121, "ADD_STREAMS", 8, 1, -1},
    {122, "SOCKOPT_PEELOFF_FLAGS", 12, 1, -1},
    {123, "STREAM_SCHEDULER", 8, 1, 4},
    {124, "STREAM_SCHEDULER_VALUE", 8, 1, 4},
    {125, "INTERLEAVING_SUPPORTED", 8, 1, 4},
    {126, "SENDMSG_CONNECT", 4, 0, -1},
    {127, "EVENT", 8, 1, 4},
    {128, "ASCONF_SUPPORTED", 8, 1, 4},
    {129, "AUTH_SUPPORTED", 8, 1, 4},
    {130, "ECN_SUPPORTED", 8, 1, 4},
    {131, "EXPOSE_POTENTIALLY_FAILED_STATE", 8, 1, 4},
    {132, "REMOTE_UDP_ENCAPS_PORT", 144, 1, 136},
    {133, "PLPMTUD_PROBE_INTERVAL", 144, 1, 136},
    {134, "134", 4, 0, -1},
};

enum { PROBE_LONGEST = 300 };

// What a case runs on.
enum probe_state { PROBE_ONE, PROBE_LISTENING, PROBE_CONNECTED, PROBE_MANY, PROBE_ASSOCIATED, PROBE_STATES };
static const char* const probe_state_names[PROBE_STATES] = {"one-to-one", "listening", "connected", "one-to-many",
                                                            "associated"};

struct probe_rig {
  const struct probe_calls* calls;
  int socket;
  int others[2];
  int other_count;
  int32_t id;  // of the association
};

static inline const char* probe_errno(int result) {
  static char number[24];
  switch (-result) {
    case EINVAL:
      return "EINVAL";
    case ENOPROTOOPT:
      return "ENOPROTOOPT";
    case EOPNOTSUPP:
      return "EOPNOTSUPP";
    case EFAULT:
      return "EFAULT";
    case EACCES:
      return "EACCES";
    case EPERM:
      return "EPERM";
    case ENOMEM:
      return "ENOMEM";
    case ENOTCONN:
      return "ENOTCONN";
    case EADDRNOTAVAIL:
      return "EADDRNOTAVAIL";
    case EADDRINUSE:
      return "EADDRINUSE";
    case EISCONN:
      return "EISCONN";
    case EMSGSIZE:
      return "EMSGSIZE";
    case ENOENT:
      return "ENOENT";
    case EAFNOSUPPORT:
      return "EAFNOSUPPORT";
    case EALREADY:
      return "EALREADY";
    default:
      break;
  }
  if (result >= 0) return "ok";
  snprintf(number, sizeof number, "errno%d", -result);
  return number;
}

static inline struct sockaddr_in probe_loopback(int port) {
  struct sockaddr_in address;
  memset(&address, 0, sizeof address);
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons((uint16_t)port);
  return address;
}

static inline int probe_listener(const struct probe_calls* calls, int type, struct sockaddr_in* name) {
  const int listener = calls->socket(AF_INET, type);
  socklen_t length = sizeof *name;
  *name = probe_loopback(0);
  if (listener < 0 || calls->bind(listener, (const struct sockaddr*)name, sizeof *name) != 0 ||
      calls->listen(listener, 4) != 0 || calls->getsockname(listener, (struct sockaddr*)name, &length) != 0) {
    fprintf(stderr, "option_probe: no listener\n");
    abort();
  }
  return listener;
}

static inline struct probe_rig probe_set_up(const struct probe_calls* calls, enum probe_state state) {
  struct probe_rig rig;
  struct sockaddr_in name;
  memset(&rig, 0, sizeof rig);
  rig.calls = calls;
  if (state == PROBE_ONE || state == PROBE_MANY) {
    rig.socket = calls->socket(AF_INET, state == PROBE_ONE ? SOCK_STREAM : SOCK_SEQPACKET);
    return rig;
  }
  if (state == PROBE_LISTENING) {
    rig.socket = probe_listener(calls, SOCK_STREAM, &name);
    return rig;
  }
  const int type = state == PROBE_CONNECTED ? SOCK_STREAM : SOCK_SEQPACKET;
  rig.others[rig.other_count++] = probe_listener(calls, type, &name);
  rig.socket = calls->socket(AF_INET, type);
  const struct sockaddr_in own = probe_loopback(0);
  (void)calls->bind(rig.socket, (const struct sockaddr*)&own, sizeof own);
  if (calls->connect(rig.socket, (const struct sockaddr*)&name, sizeof name) != 0) {
    fprintf(stderr, "option_probe: no association\n");
    abort();
  }
  if (type == SOCK_STREAM) rig.others[rig.other_count++] = calls->accept(rig.others[0]);
  struct {
    uint32_t count;
    int32_t id;
  } list;
  socklen_t length = sizeof list;
  memset(&list, 0, sizeof list);
  if (type == SOCK_SEQPACKET) (void)calls->getsockopt(rig.socket, IPPROTO_SCTP, SCTP_GET_ASSOC_ID_LIST, &list, &length);
  if (type == SOCK_STREAM) {
    struct sctp_status status;
    length = sizeof status;
    memset(&status, 0, sizeof status);
    (void)calls->getsockopt(rig.socket, IPPROTO_SCTP, SCTP_STATUS, &status, &length);
    list.id = status.sstat_assoc_id;
  }
  rig.id = list.id;
  return rig;
}

static inline void probe_tear_down(struct probe_rig* rig) {
  const struct linger now = {1, 0};
  if (rig->other_count != 0) (void)rig->calls->setsockopt(rig->socket, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  (void)rig->calls->close(rig->socket);
  while (rig->other_count > 0) (void)rig->calls->close(rig->others[--rig->other_count]);
}

static inline int probe_call(const struct probe_rig* rig, int is_set, const struct probe_option* option, void* value,
                             socklen_t* length) {
  return is_set ? rig->calls->setsockopt(rig->socket, IPPROTO_SCTP, option->number, value, *length)
                : rig->calls->getsockopt(rig->socket, IPPROTO_SCTP, option->number, value, length);
}

// The descriptor that a peeloff made.
static inline void probe_close_peeled(const struct probe_rig* rig, const struct probe_option* option, int result) {
  if (result > 0 && (option->number == 102 || option->number == 122)) (void)rig->calls->close(result);
}

static inline void probe_answer(char* text, size_t size, int is_set, int result, socklen_t given, socklen_t got) {
  if (result < 0 || is_set) {
    snprintf(text, size, "%s", probe_errno(result));
  } else if (given == got) {
    snprintf(text, size, "ok:same");
  } else {
    snprintf(text, size, "ok:%u", (unsigned)got);
  }
}

// The answers to all lengths, as text.
static inline void probe_lengths(const struct probe_calls* calls, char* out, size_t room, enum probe_state state,
                                 int is_set, const struct probe_option* option, const char* id_name, int32_t id) {
  static unsigned char buffer[4096];
  char before[40] = "";
  int from = 0;
  size_t used = 0;
  struct probe_rig rig = probe_set_up(calls, state);
  out[0] = '\0';
  for (int length = 0; length <= PROBE_LONGEST + 1; ++length) {
    char answer[40] = "";
    if (length <= PROBE_LONGEST) {
      const int32_t named = strcmp(id_name, "real") == 0 ? rig.id : id;
      memset(buffer, 0, sizeof buffer);
      if (option->has_id) memcpy(buffer, &named, sizeof named);
      socklen_t size = (socklen_t)length;
      const int result = probe_call(&rig, is_set, option, buffer, &size);
      probe_close_peeled(&rig, option, result);
      probe_answer(answer, sizeof answer, is_set, result, (socklen_t)length, size);
    }
    if (length != 0 && strcmp(answer, before) != 0 && used < room) {
      const char* const comma = used == 0 ? "" : ",";
      used += (size_t)(from == length - 1
                           ? snprintf(out + used, room - used, "%s %d %s", comma, from, before)
                           : snprintf(out + used, room - used, "%s %d-%d %s", comma, from, length - 1, before));
      from = length;
    }
    memcpy(before, answer, sizeof before);
  }
  probe_tear_down(&rig);
}

// One line for all names of an association that are answered alike.
static inline void probe_ids(const struct probe_calls* calls, FILE* out, enum probe_state state, int is_set,
                             const struct probe_option* option) {
  static const struct {
    const char* name;
    int32_t id;
  } ids[] = {{"future", 0}, {"current", 1}, {"all", 2}, {"real", 0}, {"unknown", 99999}, {"negative", -1}};
  enum { IDS = sizeof ids / sizeof *ids };
  static char answers[IDS][2048];
  const char* const what = is_set ? "set" : "get";
  for (size_t i = 0; i < IDS; ++i) {
    answers[i][0] = '\0';
    if (strcmp(ids[i].name, "real") == 0 && state != PROBE_CONNECTED && state != PROBE_ASSOCIATED) continue;
    if (i != 0 && !option->has_id) continue;
    probe_lengths(calls, answers[i], sizeof answers[i], state, is_set, option, ids[i].name, ids[i].id);
  }
  if (!option->has_id) {
    fprintf(out, "%s %s %s lengths:%s\n", probe_state_names[state], what, option->name, answers[0]);
    return;
  }
  for (size_t i = 0; i < IDS; ++i) {
    if (answers[i][0] == '\0') continue;
    fprintf(out, "%s %s %s lengths id=%s", probe_state_names[state], what, option->name, ids[i].name);
    for (size_t j = i + 1; j < IDS; ++j) {
      if (answers[j][0] == '\0' || strcmp(answers[i], answers[j]) != 0) continue;
      fprintf(out, ",%s", ids[j].name);
      answers[j][0] = '\0';
    }
    fprintf(out, ":%s\n", answers[i]);
  }
}

static inline void probe_pointers(const struct probe_calls* calls, FILE* out, enum probe_state state, int is_set,
                                  const struct probe_option* option, void* unreadable) {
  static unsigned char buffer[4096];
  struct probe_rig rig = probe_set_up(calls, state);
  fprintf(out, "%s %s %s pointers:", probe_state_names[state], is_set ? "set" : "get", option->name);
  socklen_t size = (socklen_t)option->size;
  fprintf(out, " null %s", probe_errno(probe_call(&rig, is_set, option, NULL, &size)));
  size = (socklen_t)option->size;
  fprintf(out, ", unreadable %s", probe_errno(probe_call(&rig, is_set, option, unreadable, &size)));
  size = (socklen_t)-1;
  memset(buffer, 0, sizeof buffer);
  fprintf(out, ", length-1 %s", probe_errno(probe_call(&rig, is_set, option, buffer, &size)));
  size = 0;
  fprintf(out, ", null0 %s", probe_errno(probe_call(&rig, is_set, option, NULL, &size)));
  if (!is_set) {
    fprintf(out, ", nolength %s",
            probe_errno(rig.calls->getsockopt(rig.socket, IPPROTO_SCTP, option->number, buffer, NULL)));
  }
  fprintf(out, "\n");
  probe_tear_down(&rig);
}

static inline void probe_words(const struct probe_calls* calls, FILE* out, enum probe_state state,
                               const struct probe_option* option) {
  static const uint32_t values[] = {0, 1, 2, 3, 4, 8, 0x10, 100, 501, 5000, 0xffff, 0x10000, 0x80000000u, 0xffffffffu};
  for (int offset = option->poke; offset + 4 <= ((option->size + 3) & ~3); offset += 4) {
    struct probe_rig rig = probe_set_up(calls, state);
    fprintf(out, "%s set %s word+%d:", probe_state_names[state], option->name, offset);
    for (size_t i = 0; i < sizeof values / sizeof *values; ++i) {
      unsigned char value[256];
      memset(value, 0, sizeof value);
      if (option->has_id) memcpy(value, &rig.id, sizeof rig.id);
      memcpy(value + offset, &values[i], 4);
      const int result = calls->setsockopt(rig.socket, IPPROTO_SCTP, option->number, value, (socklen_t)option->size);
      fprintf(out, "%s 0x%x %s", i == 0 ? "" : ",", values[i], probe_errno(result));
    }
    fprintf(out, "\n");
    probe_tear_down(&rig);
  }
}

// Writes the whole table.
static inline void probe_all(const struct probe_calls* calls, FILE* out) {
  void* const unreadable = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  for (size_t i = 0; i < sizeof probe_options / sizeof *probe_options; ++i) {
    const struct probe_option* const option = &probe_options[i];
    for (int state = 0; state < PROBE_STATES; ++state) {
      for (int is_set = 0; is_set < 2; ++is_set) {
        probe_ids(calls, out, (enum probe_state)state, is_set, option);
        probe_pointers(calls, out, (enum probe_state)state, is_set, option, unreadable);
      }
      if (option->poke >= 0 && (state == PROBE_ONE || state == PROBE_ASSOCIATED)) {
        probe_words(calls, out, (enum probe_state)state, option);
      }
    }
  }
  munmap(unreadable, 4096);
}
