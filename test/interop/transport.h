/* What the scenarios ask of an SCTP implementation: one-to-one style, blocking. Implemented by transport_sockets.c (the
 * socket calls: a kernel's SCTP, or netsctp under the preload library) and transport_usrsctp.c. Failures of what should
 * not fail end the program with a sentence. */
#ifndef NETSCTP_TEST_INTEROP_TRANSPORT_H
#define NETSCTP_TEST_INTEROP_TRANSPORT_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct transport; /* a listener or an association */

enum { kBufferSize = 1 << 20, kMostAddresses = 4 };

/* Of one family and one port, packed as sctp_bindx() wants them. */
struct addresses {
  int family;
  int count;
  union {
    struct sockaddr first;
    struct sockaddr_in ipv4[kMostAddresses];
    struct sockaddr_in6 ipv6[kMostAddresses];
  } packed;
};

enum happening {
  kMessage,     /* a whole message or a piece of one */
  kUp,          /* the association is up */
  kRestarted,   /* the peer began anew */
  kLost,        /* the association ended by ABORT or in silence */
  kShutdown,    /* the peer will send no more, or the association ended gracefully */
  kStreamReset, /* streams were reset */
  kSomethingElse,
  kEnd /* there is nothing more to read */
};

struct received {
  enum happening what;
  size_t size; /* of kMessage */
  bool complete;
  bool unordered;
  uint16_t stream;
  uint16_t ssn;
  uint32_t ppid; /* host order */
};

struct to_send {
  uint16_t stream;
  uint32_t ppid; /* host order */
  bool unordered;
  bool no_retransmission; /* PR-SCTP, RFC 7496 section 3.1, limit 0 */
};

struct settings {
  uint16_t local_udp,
      remote_udp;         /* of encapsulation (RFC 6951), 0: none; unused where the implementation has its own */
  uint16_t streams;       /* asked for in either direction, 0: the default */
  bool resets;            /* streams may be reset (RFC 6525) */
  bool quick;             /* RTO between 100 and 400 ms; a path is given up after two timeouts */
  bool ends_with_process; /* a kernel is to end the association abruptly when the process is killed */
};

void transport_begin(const struct settings* settings);
void transport_end(void);

struct transport* transport_listen(const struct addresses* own);
struct transport* transport_accept(struct transport* listener);
/* From `own`, whose port may be 0: any. */
struct transport* transport_connect(const struct addresses* own, const struct addresses* peer);
void transport_send(struct transport* at, const void* data, size_t size, const struct to_send* how);
struct received transport_receive(struct transport* at, void* buffer, size_t size);
void transport_shutdown(struct transport* at);
/* Ends the association by ABORT and closes. */
void transport_abort(struct transport* at);
void transport_close(struct transport* at);

void transport_heartbeat_every(struct transport* at, unsigned milliseconds);
void transport_reset_outgoing(struct transport* at, uint16_t stream);

_Noreturn void fail(const char* what, ...) __attribute__((format(printf, 1, 2)));

#endif
