/* netsctp.h: SCTP sockets in C, as a program knows them from Linux and RFC 6458, on every machine (C99).
 *
 * Each function does what the call of the same name without "netsctp_" does with a socket of IPPROTO_SCTP on Linux:
 * same arguments, structs (<linux/sctp.h>), results and effects. It returns -1 and sets errno where that does; on
 * success errno is left undefined. The functions that RFC 6458 §9 names sctp_x() are netsctp_x(), but for three whose
 * names sockets already have: netsctp_sctp_send(), netsctp_sctp_sendmsg(), netsctp_sctp_recvmsg().
 *
 * Which SCTP serves, the kernel's or netsctp's own over UDP (RFC 6951), is chosen once in a process: netsctp(7).
 *
 * Descriptors. What netsctp_socket(), netsctp_accept() and netsctp_peeloff() return is a real descriptor: poll(2),
 * select(2), epoll(7) and fcntl(2) with F_GETFL, F_SETFL (O_NONBLOCK), F_GETFD, F_SETFD work on it as they are.
 * Everything else goes through the functions here: read(2), write(2), close(2), dup(2) and the like know nothing of
 * SCTP. When the process exits, open sockets are closed.
 *
 * fork(2). With netsctp's own stack the parent's sockets stay the parent's: in the child their descriptors are hung up
 * (POLLHUP), every call answers ENOTSOCK, and close(2) gets rid of them. Sockets that the child makes work, beside the
 * parent's on the same UDP port. With the kernel's SCTP, both have them.
 *
 * Threads. Every function may be called from any thread at any time, also on one socket from several threads at once;
 * netsctp_close() ends calls that block in other threads with EBADF. No function is safe in a signal handler. A signal
 * that is caught ends a blocking call with EINTR.
 *
 * Errors that every function with a descriptor has: EBADF (not open), ENOTSOCK (open, but not a socket of this
 * library), EFAULT (a null pointer where something must be), ENOMEM and ENOBUFS. The others are named with each
 * function. Sending to an association that is gone raises SIGPIPE on a one-to-one socket, unless MSG_NOSIGNAL is given.
 *
 * Addresses are struct sockaddr_in or struct sockaddr_in6, ports in network byte order. Payload protocol identifiers
 * (ppid) are passed as they are, in the byte order the application wants on the wire. Times are milliseconds, unless
 * said otherwise. Association ids are 3 or more; SCTP_FUTURE_ASSOC (0), SCTP_CURRENT_ASSOC (1) and SCTP_ALL_ASSOC (2)
 * stand for sets (RFC 6458 §7.2). */
#ifndef NETSCTP_H
#define NETSCTP_H

/* <linux/sctp.h> needs what is above it. */
/* clang-format off */
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <netinet/in.h>
#include <linux/sctp.h>
/* clang-format on */

/* <linux/sctp.h> lacks what belongs to sctp_sendv() and sctp_recvv(). Where libsctp's header is installed it has them,
 * and a program may use both; elsewhere they are here. */
#ifdef __has_include
#if __has_include(<netinet/sctp.h>)
#include <netinet/sctp.h>
#endif
#endif

#ifndef SOL_SCTP
#define SOL_SCTP 132
#endif

#ifdef __cplusplus
extern "C" {
#endif

#ifndef HAVE_SCTP_SENDV

/* RFC 6458 §9.12: what `info` points to. */
enum {
  SCTP_SENDV_NOINFO,   /* nothing: NULL */
  SCTP_SENDV_SNDINFO,  /* struct sctp_sndinfo (§5.3.4) */
  SCTP_SENDV_PRINFO,   /* struct sctp_prinfo (§5.3.7) */
  SCTP_SENDV_AUTHINFO, /* struct sctp_authinfo (§5.3.8) */
  SCTP_SENDV_SPA       /* struct sctp_sendv_spa: several of these */
};

/* Bits of sendv_flags: which members are meant. */
#define SCTP_SEND_SNDINFO_VALID 0x1
#define SCTP_SEND_PRINFO_VALID 0x2
#define SCTP_SEND_AUTHINFO_VALID 0x4

struct sctp_sendv_spa {
  uint32_t sendv_flags;
  struct sctp_sndinfo sendv_sndinfo;
  struct sctp_prinfo sendv_prinfo;
  struct sctp_authinfo sendv_authinfo;
};

/* RFC 6458 §9.13: what `info` has been filled with. */
enum {
  SCTP_RECVV_NOINFO,  /* nothing */
  SCTP_RECVV_RCVINFO, /* struct sctp_rcvinfo (§5.3.5) */
  SCTP_RECVV_NXTINFO, /* struct sctp_nxtinfo (§5.3.6) */
  SCTP_RECVV_RN       /* struct sctp_recvv_rn: both */
};

struct sctp_recvv_rn {
  struct sctp_rcvinfo recvv_rcvinfo;
  struct sctp_nxtinfo recvv_nxtinfo;
};

#endif /* HAVE_SCTP_SENDV */

/* Options of our own stack, level IPPROTO_SCTP, struct sctp_assoc_value; elsewhere ENOPROTOOPT.
 * How the congestion window grows: by RFC 9260 §7.2, by CUBIC, or by BBR (draft-ietf-ccwg-bbr), which paces too. */
#define NETSCTP_CONGESTION_CONTROL 10001
#define NETSCTP_CONGESTION_RFC9260 0
#define NETSCTP_CONGESTION_CUBIC 1
#define NETSCTP_CONGESTION_BBR 2
/* What shows a loss: three missing reports (RFC 9260 §7.2.4), or time, with a probe (RACK-TLP, RFC 8985). */
#define NETSCTP_LOSS_DETECTION 10002
#define NETSCTP_LOSS_DETECTION_RFC9260 0
#define NETSCTP_LOSS_DETECTION_RACK 1

struct mmsghdr;  /* <sys/socket.h> has it with _GNU_SOURCE */
struct timespec; /* <time.h> */

#pragma GCC visibility push(default)

/* --- the library ------------------------------------------------------------------------------------------------ */

/* The version of the library that is loaded, "0.1.0". Static. */
const char* netsctp_version(void);

/* "kernel" or "stack": which SCTP serves this process, chosen now if no call has chosen yet. Static. NULL and errno
 * EPROTONOSUPPORT: NETSCTP_BACKEND, NETSCTP_LINK or NETSCTP_UDP_PORT asks for what cannot be had. */
const char* netsctp_backend(void);

/* Why, as a sentence for people; where netsctp_backend() returns NULL, what is wrong. Static. */
const char* netsctp_backend_reason(void);

/* Writes every packet that this process's own stack takes in or sends from now on to `path`, a pcapng file that
 * Wireshark opens as SCTP; "%p" in it stands for the process id. In place of a trace under way; NULL ends that.
 * NETSCTP_TRACE=path does the same from the first socket on. A file that another process is tracing to is appended to.
 * Returns 0, or -1 and the errno of open(2); EOPNOTSUPP: the kernel's SCTP serves (tcpdump sees its packets). */
int netsctp_trace(const char* path);

/* --- the life of a socket (RFC 6458 §3.1, §4.1) ------------------------------------------------------------------ */

/* A new socket. domain: AF_INET or AF_INET6 (which speaks IPv4 too, unless IPV6_V6ONLY). type: SOCK_STREAM, one-to-one
 * (§4), or SOCK_SEQPACKET, one-to-many (§3), with SOCK_NONBLOCK and SOCK_CLOEXEC. protocol: IPPROTO_SCTP or 0.
 * Returns its descriptor, to be given back with netsctp_close().
 * EAFNOSUPPORT, ESOCKTNOSUPPORT, EPROTONOSUPPORT (also: the environment asks for a backend that is not there), EINVAL
 * (unknown flags), EMFILE, ENFILE, EADDRINUSE (the UDP port belongs to somebody else). RFC 6458 §3.1.1, §4.1.1. */
int netsctp_socket(int domain, int type, int protocol);

/* Binds to one local address, or all of them (the wildcard); port 0 picks one. Once in a socket's life: more addresses
 * with netsctp_bindx(). EADDRINUSE (the SCTP port is taken on this host), EADDRNOTAVAIL, EINVAL (bound already, or no
 * address for this domain). RFC 6458 §3.1.2, §4.1.2. */
int netsctp_bind(int sd, const struct sockaddr* address, socklen_t length);

/* Takes associations from now on; backlog 0: no more. One-to-one: at most `backlog` wait to be accepted. One-to-many:
 * they are there at once, see SCTP_ASSOC_CHANGE. EINVAL (connected). RFC 6458 §3.1.3, §4.1.3. */
int netsctp_listen(int sd, int backlog);

/* One-to-one only: the next association, as a socket of its own that the caller closes. The peer's address is stored as
 * accept(2) does; address may be NULL. Blocks at most SO_RCVTIMEO. netsctp_accept4(): flags are SOCK_NONBLOCK and
 * SOCK_CLOEXEC. EAGAIN, EINVAL (not listening, unknown flags), EOPNOTSUPP (one-to-many), EMFILE. RFC 6458 §4.1.4. */
int netsctp_accept(int sd, struct sockaddr* address, socklen_t* length);
int netsctp_accept4(int sd, struct sockaddr* address, socklen_t* length, int flags);

/* Sets up an association. One-to-many: may be called again for another peer. Non-blocking: EINPROGRESS, and POLLOUT
 * (one-to-one) or SCTP_ASSOC_CHANGE tells the end, SO_ERROR the error. Blocks at most SO_SNDTIMEO, then EINPROGRESS.
 * EALREADY, EISCONN, ECONNREFUSED, ETIMEDOUT, EINVAL, EADDRNOTAVAIL. RFC 6458 §3.1.6, §4.1.5. */
int netsctp_connect(int sd, const struct sockaddr* address, socklen_t length);

/* One-to-one only. SHUT_WR and SHUT_RDWR begin the graceful shutdown of SCTP, after which the peer cannot send either:
 * there is no half-closed association. EINVAL, ENOTCONN, EOPNOTSUPP (one-to-many: send SCTP_EOF). RFC 6458 §4.1.7. */
int netsctp_shutdown(int sd, int how);

/* Ends every association of the socket: gracefully, in the background; with an ABORT if SO_LINGER has a time of 0 or
 * something received has not been read. Waits only with SO_LINGER and a time (seconds). RFC 6458 §3.1.5, §4.1.6,
 * §8.1.4. */
int netsctp_close(int sd);

/* The local address (one of them) and the peer's primary one. *length: in the room, out the whole length.
 * EINVAL (negative room); getpeername: ENOTCONN. RFC 6458 §3.2, §4.1.8, §4.1.9: see netsctp_getladdrs(). */
int netsctp_getsockname(int sd, struct sockaddr* address, socklen_t* length);
int netsctp_getpeername(int sd, struct sockaddr* address, socklen_t* length);

/* --- messages, as any socket has them (RFC 6458 §3.1.4, §4.1.8, §5) ---------------------------------------------- */

/* Send one message, whole or not at all; return its length in bytes. Without ancillary data it goes on the default
 * stream (SCTP_DEFAULT_SNDINFO). flags: MSG_DONTWAIT, MSG_NOSIGNAL. An address names the association on a one-to-many
 * socket, and sets it up if there is none; on a connected one-to-one socket it matters only with SCTP_ADDR_OVER.
 * A message of no bytes is possible only with SCTP_EOF or SCTP_ABORT. Block at most SO_SNDTIMEO while the send buffer
 * is full. EAGAIN, EMSGSIZE (more than SO_SNDBUF, or too much for one packet with SCTP_DISABLE_FRAGMENTS), EINVAL,
 * EPIPE, ESHUTDOWN (the association is ending), ENOTCONN, ECONNRESET. */
ssize_t netsctp_send(int sd, const void* message, size_t length, int flags);
ssize_t netsctp_sendto(int sd, const void* message, size_t length, int flags, const struct sockaddr* to,
                       socklen_t to_length);
ssize_t netsctp_sendmsg(int sd, const struct msghdr* message, int flags);
ssize_t netsctp_write(int sd, const void* message, size_t length);
ssize_t netsctp_writev(int sd, const struct iovec* iov, int iovcnt);

/* Sends up to `count` messages (at most 1024) and returns how many were sent, with each one's length in its msg_len;
 * -1 only if the first fails. sendmmsg(2). */
int netsctp_sendmmsg(int sd, struct mmsghdr* messages, unsigned int count, int flags);

/* Receive one message or notification, or the next part of one: MSG_EOR in msg_flags marks its end, MSG_NOTIFICATION
 * that it is a union sctp_notification. Return its length in bytes; 0 at the end of a one-to-one association. What does
 * not fit is kept for the next call. flags: MSG_PEEK, MSG_DONTWAIT. Block at most SO_RCVTIMEO. EAGAIN, ENOTCONN,
 * ECONNRESET, ETIMEDOUT, ECONNREFUSED. Only netsctp_recvmsg() and the functions of §9 tell msg_flags and the stream. */
ssize_t netsctp_recv(int sd, void* buffer, size_t size, int flags);
ssize_t netsctp_recvfrom(int sd, void* buffer, size_t size, int flags, struct sockaddr* from, socklen_t* from_length);
ssize_t netsctp_recvmsg(int sd, struct msghdr* message, int flags);
ssize_t netsctp_read(int sd, void* buffer, size_t size);
ssize_t netsctp_readv(int sd, const struct iovec* iov, int iovcnt);

/* Receives up to `count` messages (at most 1024) and returns how many; -1 only if there is none. MSG_WAITFORONE: blocks
 * for the first alone. timeout may be NULL; it is looked at after each message and holds what is left. EINVAL (no valid
 * time). recvmmsg(2). */
int netsctp_recvmmsg(int sd, struct mmsghdr* messages, unsigned int count, int flags, struct timespec* timeout);

/* --- options (RFC 6458 §8) --------------------------------------------------------------------------------------- */

/* Levels SOL_SOCKET, IPPROTO_SCTP and IPPROTO_IPV6. *length: in the room, out what was written. ENOPROTOOPT (no such
 * option), EINVAL (wrong length, value or association). Results are 0, but SCTP_SOCKOPT_CONNECTX gives the
 * association's id and SCTP_SOCKOPT_PEELOFF the descriptor, as on Linux. */
int netsctp_getsockopt(int sd, int level, int option, void* value, socklen_t* length);
int netsctp_setsockopt(int sd, int level, int option, const void* value, socklen_t length);

/* FIONREAD: bytes of the next message or notification. TIOCOUTQ (SIOCOUTQ): bytes sent here that the peer has not
 * acknowledged; own stack only. FIONBIO: blocking or not. argument: int *. ENOTTY (no such request), ENOTCONN. */
int netsctp_ioctl(int sd, unsigned long request, void* argument);

/* --- RFC 6458 §9 ------------------------------------------------------------------------------------------------- */
/* Where an array of addresses is asked for, it is packed: sockaddr_in and sockaddr_in6 one behind the other, `addrcnt`
 * of them, all of one port. EFAULT: a null array; EINVAL: addrcnt is not positive, or an address is of another family.
 */

/* §9.1. Adds local addresses (SCTP_BINDX_ADD_ADDR) or removes some (SCTP_BINDX_REM_ADDR); all or none. The first
 * binds the socket; later ones have port 0 or that of the socket. EINVAL (flags, port), EADDRINUSE, EADDRNOTAVAIL,
 * EBUSY (the last address). */
int netsctp_bindx(int sd, struct sockaddr* addrs, int addrcnt, int flags);

/* §9.9. netsctp_connect() to a peer with several addresses. If id is not NULL it gets the association's id, also with
 * EINPROGRESS; 0 on other errors. */
int netsctp_connectx(int sd, struct sockaddr* addrs, int addrcnt, sctp_assoc_t* id);

/* §9.2. Takes an association out of a one-to-many socket into a one-to-one socket of its own, which is returned and
 * which the caller closes. flags: SOCK_NONBLOCK, SOCK_CLOEXEC. EINVAL (no such association, not one-to-many), EMFILE.
 */
int netsctp_peeloff(int sd, sctp_assoc_t assoc_id);
int netsctp_peeloff_flags(int sd, sctp_assoc_t assoc_id, unsigned flags);

/* §9.3, §9.5. All addresses of the peer, and all local ones; id is ignored for one-to-one sockets, and 0 asks for what
 * a one-to-many socket is bound to. Return how many and store the packed array in *addrs, to be freed with
 * netsctp_freepaddrs() and netsctp_freeladdrs(); 0: none, *addrs is NULL. EINVAL (no such association). */
int netsctp_getpaddrs(int sd, sctp_assoc_t id, struct sockaddr** addrs);
int netsctp_getladdrs(int sd, sctp_assoc_t id, struct sockaddr** addrs);

/* §9.4, §9.6. NULL is fine. Return 0. */
int netsctp_freepaddrs(struct sockaddr* addrs);
int netsctp_freeladdrs(struct sockaddr* addrs);

/* Bytes of an address of this family: 16 (AF_INET), 28 (AF_INET6), 0 for any other. For walking packed arrays. */
int netsctp_getaddrlen(sa_family_t family);

/* §8. netsctp_getsockopt() at level IPPROTO_SCTP for association `id`, which is stored where the option's struct has
 * it. EOPNOTSUPP: an option that cannot be read this way; EINVAL: *size has no room for the id. */
int netsctp_opt_info(int sd, sctp_assoc_t id, int opt, void* arg, socklen_t* size);

/* §9.12. Sends one message with its attributes: info points to infolen bytes of the struct that infotype (SCTP_SENDV_)
 * names, or is NULL with SCTP_SENDV_NOINFO. addrs (NULL with addrcnt 0): the peer to set up an association with, as
 * netsctp_connectx() does, or the address to send to. On a one-to-many socket, an snd_assoc_id of 0 with addrs is
 * replaced by the association's id. Errors of netsctp_sendmsg(); EINVAL (infotype, infolen, addresses). */
ssize_t netsctp_sendv(int sd, const struct iovec* iov, int iovcnt, struct sockaddr* addrs, int addrcnt, void* info,
                      socklen_t infolen, unsigned int infotype, int flags);

/* §9.13. Receives as netsctp_recvmsg() does. from may be NULL. If SCTP_RECVRCVINFO or SCTP_RECVNXTINFO is on, info gets
 * what fits in *infolen bytes, *infolen its size and *infotype its type (SCTP_RECVV_). *flags: in the flags of
 * netsctp_recvmsg(), out msg_flags; info, infolen, infotype and flags may be NULL. */
ssize_t netsctp_recvv(int sd, const struct iovec* iov, int iovlen, struct sockaddr* from, socklen_t* fromlen,
                      void* info, socklen_t* infolen, unsigned int* infotype, int* flags);

/* §9.10, deprecated. sctp_send(): sinfo may be NULL. */
ssize_t netsctp_sctp_send(int sd, const void* message, size_t length, const struct sctp_sndrcvinfo* sinfo, int flags);

/* §9.11, deprecated. sctp_sendx(): with addresses as in netsctp_sendv(); a sinfo_assoc_id of 0 is replaced likewise. */
ssize_t netsctp_sendx(int sd, const void* message, size_t length, struct sockaddr* addrs, int addrcnt,
                      struct sctp_sndrcvinfo* sinfo, int flags);

/* §9.7, deprecated. sctp_sendmsg(): to may be NULL. flags are SCTP_UNORDERED, SCTP_EOF and the like; timetolive is in
 * milliseconds, 0: for ever; context comes back with a failure to send. */
ssize_t netsctp_sctp_sendmsg(int sd, const void* message, size_t length, struct sockaddr* to, socklen_t tolen,
                             uint32_t ppid, uint32_t flags, uint16_t stream_no, uint32_t timetolive, uint32_t context);

/* §9.8, deprecated. sctp_recvmsg(): sinfo (may be NULL) is filled if sctp_data_io_event is subscribed, else left alone.
 * *msg_flags (may be NULL): in the flags of netsctp_recvmsg(), out msg_flags. */
ssize_t netsctp_sctp_recvmsg(int sd, void* buffer, size_t size, struct sockaddr* from, socklen_t* fromlen,
                             struct sctp_sndrcvinfo* sinfo, int* msg_flags);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif /* NETSCTP_H */
