/* SCTP.xs: the calls of <netsctp.h> as Perl functions, and nothing more: bytes and numbers in, bytes and numbers out.
 * A failure is -1 (or an empty list) and $!. What the arguments mean is the business of lib/Net/SCTP.pm. */
#define PERL_NO_GET_CONTEXT
#include "EXTERN.h"
#include "perl.h"
#include "XSUB.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <limits.h>
#include <netsctp.h>
#include <unistd.h>

typedef struct {
  const char* name;
  IV value;
} Constant;

/* Written by Makefile.PL from the names in lib/Net/SCTP/Constants.pm. */
static const Constant constants[] = {
#include "constants.inc"
};

/* Perl runs the handlers of signals between its operations. A call that a signal has ended lets them run before it
 * returns with EINTR, as sysread does; a handler that dies leaves through here, so what must be freed is mortal. */
static IV answered(pTHX_ IV outcome) {
  if (outcome < 0 && errno == EINTR) {
    PERL_ASYNC_CHECK();
    errno = EINTR;
  }
  return outcome;
}

/* The bytes of a message; a character above 255 has none. What an object says is known only once it has said it. */
static char* bytes_of(pTHX_ SV* message, STRLEN* length, const char* call) {
  char* const said = SvPV(message, *length);
  if (!SvUTF8(message)) return said;
  SV* const copy = newSVpvn_flags(said, *length, SVs_TEMP | SVf_UTF8);
  if (!sv_utf8_downgrade(copy, TRUE)) croak("Wide character in %s", call);
  return SvPV(copy, *length);
}

/* Addresses one behind the other. Undefined or empty: none. */
typedef struct {
  struct sockaddr* first;
  STRLEN length;
  int count;
} Addresses;

static Addresses addresses_of(pTHX_ SV* packed) {
  Addresses all = {NULL, 0, 0};
  if (!SvOK(packed)) return all;
  /* A copy of its own, aligned, that the library may write to. */
  packed = sv_mortalcopy(packed);
  char* const at = SvPVbyte(packed, all.length);
  if (all.length == 0) return all;
  all.first = (struct sockaddr*)at;
  for (STRLEN i = 0; i + sizeof(sa_family_t) <= all.length; ++all.count) {
    sa_family_t family;
    memcpy(&family, at + i, sizeof family);
    const int size = netsctp_getaddrlen(family);
    if (size == 0 || (STRLEN)size > all.length - i) break;
    i += (STRLEN)size;
  }
  return all;
}

static void push_addresses(pTHX_ SV*** stack, struct sockaddr* all, int count) {
  SV** sp = *stack;
  const char* at = (const char*)all;
  EXTEND(sp, count);
  for (int i = 0; i < count; ++i) {
    sa_family_t family;
    memcpy(&family, at, sizeof family);
    const int size = netsctp_getaddrlen(family);
    mPUSHp(at, (STRLEN)size);
    at += size;
  }
  *stack = sp;
}

/* What came along with a message; the older form (sctp_data_io_event) stands in where only that is switched on. */
static const struct sctp_rcvinfo* received_info(struct msghdr* message, struct sctp_rcvinfo* info,
                                                const struct sctp_nxtinfo** next) {
  const struct sctp_rcvinfo* found = NULL;
  for (struct cmsghdr* at = CMSG_FIRSTHDR(message); at != NULL; at = CMSG_NXTHDR(message, at)) {
    if (at->cmsg_level != IPPROTO_SCTP) continue;
    if (at->cmsg_type == SCTP_RCVINFO) {
      memcpy(info, CMSG_DATA(at), sizeof *info);
      found = info;
    } else if (at->cmsg_type == SCTP_NXTINFO) {
      *next = (const struct sctp_nxtinfo*)CMSG_DATA(at);
    } else if (at->cmsg_type == SCTP_SNDRCV && found == NULL) {
      struct sctp_sndrcvinfo old;
      memcpy(&old, CMSG_DATA(at), sizeof old);
      memset(info, 0, sizeof *info);
      info->rcv_sid = old.sinfo_stream;
      info->rcv_ssn = old.sinfo_ssn;
      info->rcv_flags = old.sinfo_flags;
      info->rcv_ppid = old.sinfo_ppid;
      info->rcv_tsn = old.sinfo_tsn;
      info->rcv_cumtsn = old.sinfo_cumtsn;
      info->rcv_context = old.sinfo_context;
      info->rcv_assoc_id = old.sinfo_assoc_id;
      found = info;
    }
  }
  return found;
}

MODULE = Net::SCTP  PACKAGE = Net::SCTP::Call

PROTOTYPES: DISABLE

BOOT:
{
  HV* const stash = gv_stashpvs("Net::SCTP", GV_ADD);
  for (size_t i = 0; i < sizeof constants / sizeof *constants; ++i)
    newCONSTSUB(stash, constants[i].name, newSViv(constants[i].value));
  /* The layout of structs (Net/SCTP/Struct.pm) needs what only the compiler knows. */
  struct Wide {
    char before;
    __u64 value;
  };
  newCONSTSUB(gv_stashpvs("Net::SCTP::Struct", GV_ADD), "U64_ALIGNMENT", newSViv((IV)offsetof(struct Wide, value)));
}

const char*
version()
  CODE:
    RETVAL = netsctp_version();
  OUTPUT:
    RETVAL

const char*
backend()
  CODE:
    RETVAL = netsctp_backend();
  OUTPUT:
    RETVAL

const char*
backend_reason()
  CODE:
    RETVAL = netsctp_backend_reason();
  OUTPUT:
    RETVAL

# Never descriptor 0, which scripts that loop on $s->{Socket} take for false.
IV
socket(int domain, int type)
  CODE:
    RETVAL = netsctp_socket(domain, type | SOCK_CLOEXEC, IPPROTO_SCTP);
    if (RETVAL == 0) {
      RETVAL = netsctp_socket(domain, type | SOCK_CLOEXEC, IPPROTO_SCTP);
      netsctp_close(0);
    }
  OUTPUT:
    RETVAL

IV
bind(int descriptor, SV* address)
  CODE:
    const Addresses to = addresses_of(aTHX_ address);
    RETVAL = netsctp_bind(descriptor, to.first, (socklen_t)to.length);
  OUTPUT:
    RETVAL

IV
bindx(int descriptor, SV* addresses, int flags)
  CODE:
    const Addresses all = addresses_of(aTHX_ addresses);
    RETVAL = netsctp_bindx(descriptor, all.first, all.count, flags);
  OUTPUT:
    RETVAL

IV
connect(int descriptor, SV* address)
  CODE:
    const Addresses to = addresses_of(aTHX_ address);
    RETVAL = answered(aTHX_ netsctp_connect(descriptor, to.first, (socklen_t)to.length));
  OUTPUT:
    RETVAL

# (0 or -1, the association's id)
void
connectx(int descriptor, SV* addresses)
  PPCODE:
    const Addresses all = addresses_of(aTHX_ addresses);
    sctp_assoc_t id = 0;
    const IV outcome = answered(aTHX_ netsctp_connectx(descriptor, all.first, all.count, &id));
    EXTEND(SP, 2);
    mPUSHi(outcome);
    mPUSHi(id);

IV
listen(int descriptor, int backlog)
  CODE:
    RETVAL = netsctp_listen(descriptor, backlog);
  OUTPUT:
    RETVAL

# (the descriptor or -1, the peer's address)
void
accept(int descriptor)
  PPCODE:
    struct sockaddr_storage from;
    socklen_t length = sizeof from;
    memset(&from, 0, sizeof from);
    IV outcome = netsctp_accept4(descriptor, (struct sockaddr*)&from, &length, SOCK_CLOEXEC);
    outcome = answered(aTHX_ outcome);
    EXTEND(SP, 2);
    mPUSHi(outcome);
    if (outcome >= 0) mPUSHp((const char*)&from, length);

IV
shutdown(int descriptor, int how)
  CODE:
    RETVAL = netsctp_shutdown(descriptor, how);
  OUTPUT:
    RETVAL

# Of a socket that was made here, fork() has left the child a plain descriptor.
IV
close(int descriptor, bool made)
  CODE:
    RETVAL = answered(aTHX_ netsctp_close(descriptor));
    if (RETVAL < 0 && errno == ENOTSOCK && made) RETVAL = close(descriptor);
  OUTPUT:
    RETVAL

SV*
getsockname(int descriptor)
  ALIAS:
    getpeername = 1
  CODE:
    struct sockaddr_storage name;
    socklen_t length = sizeof name;
    memset(&name, 0, sizeof name);
    const int outcome = ix == 1 ? netsctp_getpeername(descriptor, (struct sockaddr*)&name, &length)
                                : netsctp_getsockname(descriptor, (struct sockaddr*)&name, &length);
    RETVAL = outcome < 0 ? newSV(0) : newSVpvn((const char*)&name, length);
  OUTPUT:
    RETVAL

# (how many or -1, the addresses)
void
getpaddrs(int descriptor, IV id)
  ALIAS:
    getladdrs = 1
  PPCODE:
    struct sockaddr* all = NULL;
    const int count = ix == 1 ? netsctp_getladdrs(descriptor, (sctp_assoc_t)id, &all)
                              : netsctp_getpaddrs(descriptor, (sctp_assoc_t)id, &all);
    mXPUSHi(count);
    if (count > 0) {
      push_addresses(aTHX_ &SP, all, count);
      netsctp_freepaddrs(all);
    }

IV
peeloff(int descriptor, IV id)
  CODE:
    RETVAL = netsctp_peeloff_flags(descriptor, (sctp_assoc_t)id, SOCK_CLOEXEC);
  OUTPUT:
    RETVAL

# The value, of what `value` goes in with and has room for; undefined for a failure.
SV*
getsockopt(int descriptor, int level, int option, SV* value)
  CODE:
    RETVAL = newSVsv(value);
    sv_2mortal(RETVAL);
    STRLEN room;
    char* const at = SvPV_force(RETVAL, room);
    socklen_t length = (socklen_t)room;
    if (netsctp_getsockopt(descriptor, level, option, at, &length) < 0) XSRETURN_UNDEF;
    /* SCTP_GET_LOCAL_ADDRS does not count its head. */
    if (level == IPPROTO_SCTP && option == SCTP_GET_LOCAL_ADDRS) length += (socklen_t)sizeof(struct sctp_getaddrs);
    SvCUR_set(RETVAL, length < room ? length : room);
    SvREFCNT_inc_simple_void(RETVAL);
  OUTPUT:
    RETVAL

SV*
opt_info(int descriptor, IV id, int option, SV* value)
  CODE:
    RETVAL = newSVsv(value);
    sv_2mortal(RETVAL);
    STRLEN room;
    char* const at = SvPV_force(RETVAL, room);
    socklen_t length = (socklen_t)room;
    if (netsctp_opt_info(descriptor, (sctp_assoc_t)id, option, at, &length) < 0) XSRETURN_UNDEF;
    SvCUR_set(RETVAL, length < room ? length : room);
    SvREFCNT_inc_simple_void(RETVAL);
  OUTPUT:
    RETVAL

IV
setsockopt(int descriptor, int level, int option, SV* value)
  CODE:
    STRLEN length;
    const char* const at = SvPV(value, length);
    RETVAL = answered(aTHX_ netsctp_setsockopt(descriptor, level, option, at, (socklen_t)length));
  OUTPUT:
    RETVAL

# 1 or 0: whether calls wait; -1. With a second argument, sets it and returns what was.
IV
blocking(int descriptor, SV* wanted = NULL)
  CODE:
    const int flags = fcntl(descriptor, F_GETFL);
    RETVAL = flags < 0 ? -1 : (flags & O_NONBLOCK) == 0;
    if (RETVAL >= 0 && wanted != NULL) {
      int fresh = !SvTRUE(wanted);
      if (netsctp_ioctl(descriptor, FIONBIO, &fresh) < 0) RETVAL = -1;
    }
  OUTPUT:
    RETVAL

# Sends one message: to the first address, the others go along for the setup of an association. The attributes are
# stream, flags, ppid, context, timetolive, assoc_id, or none for the socket's defaults.
# (bytes or -1, the association's id)
void
send(int descriptor, const char* call, SV* message, SV* addresses, int flags, ...)
  PPCODE:
    STRLEN length;
    const char* const bytes = bytes_of(aTHX_ message, &length, call);
    const Addresses to = addresses_of(aTHX_ addresses);
    struct sctp_sndrcvinfo info;
    memset(&info, 0, sizeof info);
    if (items > 5) {
      if (items != 11) croak("Net::SCTP::Call::send: six attributes or none");
      info.sinfo_stream = (uint16_t)SvUV(ST(5));
      info.sinfo_flags = (uint16_t)SvUV(ST(6));
      info.sinfo_ppid = htonl((uint32_t)SvUV(ST(7)));
      info.sinfo_context = (uint32_t)SvUV(ST(8));
      info.sinfo_timetolive = (uint32_t)SvUV(ST(9));
      info.sinfo_assoc_id = (sctp_assoc_t)SvIV(ST(10));
    }
    IV sent = netsctp_sendx(descriptor, bytes, length, to.first, to.count, items > 5 ? &info : NULL, flags | MSG_NOSIGNAL);
    sent = answered(aTHX_ sent);
    EXTEND(SP, 2);
    mPUSHi(sent);
    mPUSHi(info.sinfo_assoc_id);

# The same, of several parts, with the attributes of RFC 6458 section 9.12: which of them (SCTP_SEND_SNDINFO_VALID, ...),
# stream, flags, ppid, context, assoc_id, pr_policy, pr_value, auth_keynumber.
void
sendv(int descriptor, AV* parts, SV* addresses, int flags, UV valid, UV stream, UV sflags, UV ppid, UV context, IV id, UV policy, UV value, UV key)
  PPCODE:
    const Addresses to = addresses_of(aTHX_ addresses);
    const SSize_t count = av_count(parts);
    SV* const room = sv_2mortal(newSV((STRLEN)(count + 1) * sizeof(struct iovec)));
    struct iovec* const vectors = (struct iovec*)SvPVX(room);
    for (SSize_t i = 0; i < count; ++i) {
      STRLEN length;
      SV** const part = av_fetch(parts, i, 0);
      vectors[i].iov_base = part != NULL ? bytes_of(aTHX_ *part, &length, "sctp_sendv") : NULL;
      vectors[i].iov_len = part != NULL ? length : 0;
    }
    struct sctp_sendv_spa all;
    memset(&all, 0, sizeof all);
    all.sendv_flags = (uint32_t)valid;
    all.sendv_sndinfo.snd_sid = (uint16_t)stream;
    all.sendv_sndinfo.snd_flags = (uint16_t)sflags;
    all.sendv_sndinfo.snd_ppid = htonl((uint32_t)ppid);
    all.sendv_sndinfo.snd_context = (uint32_t)context;
    all.sendv_sndinfo.snd_assoc_id = (sctp_assoc_t)id;
    all.sendv_prinfo.pr_policy = (uint16_t)policy;
    all.sendv_prinfo.pr_value = (uint32_t)value;
    all.sendv_authinfo.auth_keynumber = (uint16_t)key;
    IV sent = netsctp_sendv(descriptor, vectors, (int)count, to.first, to.count, valid != 0 ? &all : NULL,
                            valid != 0 ? sizeof all : 0, valid != 0 ? SCTP_SENDV_SPA : SCTP_SENDV_NOINFO,
                            flags | MSG_NOSIGNAL);
    sent = answered(aTHX_ sent);
    EXTEND(SP, 2);
    mPUSHi(sent);
    mPUSHi(all.sendv_sndinfo.snd_assoc_id);

# One message or the next piece of one: (bytes, from, flags, struct sctp_rcvinfo, struct sctp_nxtinfo); an empty list
# for a failure.
void
receive(int descriptor, UV size, int flags)
  PPCODE:
    /* Zeroed memory would cost as much as the copy. */
    SV* const message = sv_2mortal(newSV(size + 1));
    struct sockaddr_storage from;
    struct iovec part;
    union {
      struct cmsghdr aligned;
      char room[CMSG_SPACE(sizeof(struct sctp_sndrcvinfo)) + CMSG_SPACE(sizeof(struct sctp_rcvinfo)) +
                CMSG_SPACE(sizeof(struct sctp_nxtinfo))];
    } control;
    struct msghdr whole;
    struct sctp_rcvinfo info;
    const struct sctp_nxtinfo* next = NULL;
    part.iov_base = SvPVX(message);
    part.iov_len = size;
    memset(&from, 0, sizeof from);
    memset(&control, 0, sizeof control);
    memset(&whole, 0, sizeof whole);
    whole.msg_name = &from;
    whole.msg_namelen = sizeof from;
    whole.msg_iov = &part;
    whole.msg_iovlen = 1;
    whole.msg_control = &control;
    whole.msg_controllen = sizeof control;
    IV received = netsctp_recvmsg(descriptor, &whole, flags);
    received = answered(aTHX_ received);
    if (received < 0) XSRETURN_EMPTY;
    SvPOK_only(message);
    SvCUR_set(message, received);
    *SvEND(message) = '\0';
    /* A short message kept must not keep a long buffer. */
    if (size > 256 && (UV)received < size / 2) SvPV_shrink_to_cur(message);
    const struct sctp_rcvinfo* const came = received_info(&whole, &info, &next);
    EXTEND(SP, 5);
    PUSHs(message);
    mPUSHp((const char*)&from, whole.msg_namelen);
    mPUSHi(whole.msg_flags);
    PUSHs(came != NULL ? newSVpvn_flags((const char*)came, sizeof *came, SVs_TEMP) : &PL_sv_undef);
    PUSHs(next != NULL ? newSVpvn_flags((const char*)next, sizeof *next, SVs_TEMP) : &PL_sv_undef);
