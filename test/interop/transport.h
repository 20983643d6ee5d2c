/* What the scenarios ask of an SCTP implementation: one-to-one style, blocking. Implemented by transport_sockets.c (the
 * socket calls: a kernel's SCTP, or netsctp under the preload library) and transport_usrsctp.c. Failures of what should
 * not fail end the program with a sentence. */
#ifndef NETSCTP_TEST_INTEROP_TRANSPORT_H
#define NETSCTP_TEST_INTEROP_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct transport; /* a listener or an association */

enum { kBufferSize = 1 << 20 };

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
  bool abort;             /* SCTP_ABORT: the data is its reason */
  bool no_retransmission; /* PR-SCTP, RFC 7496 section 3.1, limit 0 */
};

/* local_udp, remote_udp: of encapsulation (RFC 6951); where the implementation's own settings say it, it is unused.
 * resets: streams may be reset (RFC 6525). */
void transport_begin(uint16_t local_udp, uint16_t remote_udp, bool resets);
void transport_end(void);

struct transport* transport_listen(const char* address, uint16_t port);
struct transport* transport_accept(struct transport* listener);
/* From `local_port`, 0: any. */
struct transport* transport_connect(const char* address, uint16_t port, uint16_t local_port);
void transport_send(struct transport* at, const void* data, size_t size, const struct to_send* how);
struct received transport_receive(struct transport* at, void* buffer, size_t size);
void transport_shutdown(struct transport* at);
void transport_close(struct transport* at);

void transport_heartbeat_every(struct transport* at, unsigned milliseconds);
void transport_reset_outgoing(struct transport* at, uint16_t stream);

_Noreturn void fail(const char* what, ...) __attribute__((format(printf, 1, 2)));

#endif
