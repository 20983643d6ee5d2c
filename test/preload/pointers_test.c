/* A plain C program that hands the socket calls pointers to nowhere, in the order Linux looks at them. It passes on the
   kernel's SCTP too but for what is marked: there Linux drops the message, or the association, it could not store. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/sctp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "check.h"

static char* nowhere;  /* the page before it can be used, this one not */
static char* readonly; /* a page */
static int listening, client, server;
static struct sockaddr_in there;
static struct iovec crowd[1025]; /* more than any call takes */
static char text[64] = "0123456789";

static void patient(int descriptor) {
  const struct timeval limit = {10, 0};
  CHECK(setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) == 0);
}

static void set_up(void) {
  nowhere = (char*)mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) + 4096;
  CHECK(mprotect(nowhere, 4096, PROT_NONE) == 0);
  readonly = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  listening = socket(AF_INET, SOCK_STREAM, IPPROTO_SCTP);
  there.sin_family = AF_INET;
  there.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof there;
  CHECK(bind(listening, (struct sockaddr*)&there, length) == 0 && listen(listening, 5) == 0);
  CHECK(getsockname(listening, (struct sockaddr*)&there, &length) == 0);
  client = socket(AF_INET, SOCK_STREAM, IPPROTO_SCTP);
  CHECK(connect(client, (struct sockaddr*)&there, sizeof there) == 0);
  server = accept(listening, NULL, NULL);
  CHECK(server >= 0);
  patient(server);
}

/* The next message is `size` bytes long: what failed before has cost nothing. */
static void still_there(int size) {
  char buffer[64];
  CHECK(recv(server, buffer, sizeof buffer, 0) == size);
}

static struct msghdr message_of(struct iovec* parts, size_t count) {
  struct msghdr message = {0};
  message.msg_iov = parts;
  message.msg_iovlen = count;
  return message;
}

static void sending(void) {
  struct iovec part = {text, 10};
  struct iovec half[2] = {{text, 4}, {nowhere, 4}};
  struct msghdr message;
  CHECK_ERROR(send(client, nowhere, 8, 0), EFAULT);
  CHECK_ERROR(send(client, nowhere - 4, 8, 0), EFAULT);
  CHECK(send(client, nowhere - 4, 4, 0) == 4);
  still_there(4);
  CHECK(send(client, readonly, 4, 0) == 4);
  still_there(4);
  CHECK_ERROR(send(client, (void*)-4096L, 8, 0), EFAULT);
  CHECK_ERROR(send(client, (void*)0x8000000000000000UL, 8, 0), EFAULT);
  CHECK_ERROR(send(client, NULL, 8, 0), EFAULT);
  CHECK_ERROR(send(client, nowhere, 1 << 30, 0), EMSGSIZE);
  CHECK_ERROR(write(client, nowhere, 8), EFAULT);
  CHECK_ERROR(writev(client, (struct iovec*)nowhere, 1), EFAULT);
  CHECK_ERROR(writev(client, half, 2), EFAULT);
  CHECK_ERROR(writev(client, crowd, 1025), EINVAL);
  CHECK(writev(client, &part, 0) == 0);
  CHECK_ERROR(sendmsg(client, (struct msghdr*)nowhere, 0), EFAULT);
  message = message_of((struct iovec*)nowhere, 1);
  CHECK_ERROR(sendmsg(client, &message, 0), EFAULT);
  message = message_of(crowd, 1025);
  CHECK_ERROR(sendmsg(client, &message, 0), EMSGSIZE);
  message = message_of(&part, 1);
  message.msg_name = nowhere;
  message.msg_namelen = sizeof there;
  CHECK_ERROR(sendmsg(client, &message, 0), EFAULT);
  message.msg_namelen = 0; /* no name, then */
  CHECK(sendmsg(client, &message, 0) == 10);
  still_there(10);
  message = message_of(&part, 1);
  message.msg_control = nowhere;
  message.msg_controllen = 64;
  CHECK_ERROR(sendmsg(client, &message, 0), EFAULT);
  message.msg_controllen = 1 << 30;
  CHECK_ERROR(sendmsg(client, &message, 0), ENOBUFS);
  message.msg_controllen = 0;
  CHECK(sendmsg(client, &message, 0) == 10);
  still_there(10);
  CHECK_ERROR(sendto(client, text, 4, 0, (struct sockaddr*)nowhere, sizeof there), EFAULT);
  CHECK_ERROR(sendto(client, text, 4, 0, (struct sockaddr*)nowhere, 200), EINVAL);
  struct mmsghdr several[3];
  for (int i = 0; i < 3; ++i) several[i].msg_hdr = message_of(&part, 1);
  CHECK_ERROR(sendmmsg(client, (struct mmsghdr*)nowhere, 2, 0), EFAULT);
  CHECK(sendmmsg(client, (struct mmsghdr*)nowhere, 0, 0) == 0);
  several[1].msg_hdr.msg_iov = (struct iovec*)nowhere;
  CHECK(sendmmsg(client, several, 3, 0) == 1);
  still_there(10);
  CHECK(recv(server, text, 10, MSG_DONTWAIT) == -1 && errno == EAGAIN); /* nothing of all that has failed */
}

/* An association that a message would have begun does not begin; what is no use anyway is told first. */
static void sending_to_nobody(void) {
  const int many = socket(AF_INET, SOCK_SEQPACKET, IPPROTO_SCTP);
  const int fresh = socket(AF_INET, SOCK_STREAM, IPPROTO_SCTP);
  unsigned count = 9;
  socklen_t length = sizeof count;
  CHECK_ERROR(sendto(many, nowhere, 4, 0, (struct sockaddr*)&there, sizeof there), EFAULT);
  CHECK(getsockopt(many, IPPROTO_SCTP, SCTP_GET_ASSOC_NUMBER, &count, &length) == 0 && count == 0);
  CHECK_ERROR(send(many, nowhere, 4, 0), EPIPE);
  CHECK_ERROR(send(fresh, nowhere, 4, 0), EPIPE);
  CHECK_ERROR(send(listening, nowhere, 4, 0), EPIPE);
  CHECK(close(many) == 0 && close(fresh) == 0);
}

static void receiving(void) {
  struct iovec part = {text, 64};
  struct iovec half[2] = {{text, 4}, {nowhere, 4}};
  struct msghdr message;
  char name[128];
  char control[256];
  socklen_t length = sizeof name;
  CHECK(send(client, "message", 7, 0) == 7);
  /* From here on Linux drops what it cannot store. */
  CHECK_ERROR(recv(server, nowhere, 8, 0), EFAULT);
  CHECK_ERROR(recv(server, nowhere - 4, 8, 0), EFAULT);
  CHECK_ERROR(recv(server, readonly, 8, 0), EFAULT);
  CHECK_ERROR(recv(server, NULL, 8, 0), EFAULT);
  CHECK_ERROR(recv(server, nowhere, 8, MSG_PEEK), EFAULT);
  CHECK_ERROR(read(server, nowhere, 8), EFAULT);
  CHECK_ERROR(readv(server, half, 2), EFAULT);
  message = message_of(&part, 1);
  message.msg_name = nowhere;
  message.msg_namelen = sizeof there;
  CHECK_ERROR(recvmsg(server, &message, 0), EFAULT);
  struct msghdr* const fixed = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  *fixed = message_of(&part, 1);
  CHECK(mprotect(fixed, 4096, PROT_READ) == 0);
  CHECK_ERROR(recvmsg(server, fixed, 0), EFAULT);
  CHECK_ERROR(recvfrom(server, text, 8, 0, (struct sockaddr*)nowhere, &length), EFAULT);
  CHECK_ERROR(recvfrom(server, text, 8, 0, (struct sockaddr*)name, (socklen_t*)nowhere), EFAULT);
  CHECK_ERROR(recvfrom(server, text, 8, 0, (struct sockaddr*)name, NULL), EFAULT);
  length = (socklen_t)-1;
  CHECK_ERROR(recvfrom(server, text, 8, 0, (struct sockaddr*)name, &length), EINVAL);
  /* Up to here. */
  CHECK_ERROR(readv(server, (struct iovec*)nowhere, 1), EFAULT);
  CHECK_ERROR(recvmsg(server, (struct msghdr*)nowhere, 0), EFAULT);
  message = message_of((struct iovec*)nowhere, 1);
  CHECK_ERROR(recvmsg(server, &message, 0), EFAULT);
  CHECK_ERROR(recv(server, (void*)-4096L, 8, 0), EFAULT);
  CHECK(recv(server, NULL, 0, 0) == 0 && read(server, NULL, 0) == 0);
  CHECK(recvfrom(server, text, 3, 0, NULL, (socklen_t*)nowhere) == 3); /* without an address the length is not read */
  CHECK(recv(server, nowhere - 4, 4, 0) == 4);                         /* only what is stored must be writable */
  CHECK(memcmp(nowhere - 4, "sage", 4) == 0);

  const int on = 1;
  CHECK(setsockopt(server, IPPROTO_SCTP, SCTP_RECVRCVINFO, &on, sizeof on) == 0);
  CHECK(send(client, "message", 7, 0) == 7);
  message = message_of(&part, 1);
  message.msg_control = nowhere;
  message.msg_controllen = 100;
  CHECK(recvmsg(server, &message, 0) == 7); /* without its ancillary data */
  CHECK(message.msg_controllen == 0 && message.msg_flags == MSG_EOR);
  CHECK(send(client, "message", 7, 0) == 7);
  message = message_of(&part, 1);
  message.msg_control = control;
  message.msg_controllen = 20;
  CHECK(recvmsg(server, &message, 0) == 7);
  CHECK(message.msg_controllen == 20 && message.msg_flags == (MSG_EOR | MSG_CTRUNC));
  CHECK_ERROR(recv(server, text, 1, MSG_DONTWAIT), EAGAIN);
}

static void receiving_several(void) {
  struct iovec part = {text, 64};
  struct timespec wrong = {-1, 0};
  struct mmsghdr several[3];
  for (int i = 0; i < 3; ++i) several[i].msg_hdr = message_of(&part, 1);
  CHECK_ERROR(recvmmsg(server, (struct mmsghdr*)nowhere, 1, MSG_DONTWAIT, NULL), EFAULT);
  CHECK_ERROR(recvmmsg(server, several, 1, MSG_DONTWAIT, (struct timespec*)nowhere), EFAULT);
  CHECK_ERROR(recvmmsg(server, several, 1, MSG_DONTWAIT, &wrong), EINVAL);
  CHECK(recvmmsg(server, (struct mmsghdr*)nowhere, 0, 0, NULL) == 0);
  /* An error behind the first message is told by the next call, once. */
  several[1].msg_hdr.msg_iov = (struct iovec*)nowhere;
  CHECK(send(client, "message", 7, 0) == 7);
  CHECK(recvmmsg(server, several, 3, 0, NULL) == 1 && several[0].msg_len == 7);
  CHECK_ERROR(recvmmsg(server, several, 1, MSG_DONTWAIT, NULL), EFAULT);
  CHECK_ERROR(recvmmsg(server, several, 1, MSG_DONTWAIT, NULL), EAGAIN);
  CHECK(send(client, "message", 7, 0) == 7);
  CHECK(recvmmsg(server, several, 3, 0, NULL) == 1);
  int error = 0;
  socklen_t length = sizeof error;
  CHECK(getsockopt(server, SOL_SOCKET, SO_ERROR, &error, &length) == 0 && error == EFAULT);
  CHECK_ERROR(recvmmsg(server, several, 1, MSG_DONTWAIT, NULL), EAGAIN);
}

static void names(void) {
  char name[128];
  socklen_t length = sizeof name;
  const int fresh = socket(AF_INET, SOCK_STREAM, IPPROTO_SCTP);
  struct sockaddr* const bad = (struct sockaddr*)nowhere;
  CHECK_ERROR(bind(fresh, bad, sizeof there), EFAULT);
  CHECK_ERROR(bind(fresh, bad, 0), EINVAL);
  CHECK_ERROR(bind(fresh, bad, 200), EINVAL);
  CHECK_ERROR(connect(fresh, bad, sizeof there), EFAULT);
  CHECK_ERROR(connect(fresh, bad, 0), EINVAL);
  CHECK_ERROR(getsockname(client, bad, &length), EFAULT);
  CHECK_ERROR(getsockname(client, (struct sockaddr*)name, (socklen_t*)nowhere), EFAULT);
  length = 0;
  CHECK(getsockname(client, bad, &length) == 0 && length == sizeof there);
  CHECK_ERROR(getpeername(client, bad, &length), EFAULT);

  CHECK(connect(fresh, (struct sockaddr*)&there, sizeof there) == 0);
  CHECK_ERROR(accept(listening, bad, &length), EFAULT); /* Linux closes the association */
  CHECK_ERROR(accept(listening, (struct sockaddr*)name, (socklen_t*)nowhere), EFAULT);
  const int accepted = accept(listening, NULL, (socklen_t*)nowhere);
  CHECK(accepted >= 0 && close(accepted) == 0);
  CHECK(fcntl(listening, F_SETFL, O_NONBLOCK) == 0);
  CHECK_ERROR(accept(listening, bad, (socklen_t*)nowhere), EAGAIN);
  CHECK(close(fresh) == 0);
}

static void options(void) {
  int value = 0;
  socklen_t length = sizeof value;
  CHECK_ERROR(getsockopt(client, SOL_SOCKET, SO_RCVBUF, nowhere, &length), EFAULT);
  CHECK_ERROR(getsockopt(client, SOL_SOCKET, SO_RCVBUF, &value, (socklen_t*)nowhere), EFAULT);
  CHECK_ERROR(setsockopt(client, SOL_SOCKET, SO_RCVBUF, nowhere, sizeof value), EFAULT);
  CHECK_ERROR(setsockopt(client, IPPROTO_SCTP, SCTP_NODELAY, nowhere, sizeof value), EFAULT);
  CHECK_ERROR(ioctl(client, FIONREAD, nowhere), EFAULT);
  CHECK_ERROR(ioctl(client, FIONBIO, nowhere), EFAULT);
}

/* Memory that has carried messages and does so no more. */
static void gone(void) {
  char* const page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(send(client, page, 4, 0) == 4 && recv(server, page, 4, 0) == 4);
  CHECK(mprotect(page, 4096, PROT_READ) == 0);
  CHECK(send(client, page, 4, 0) == 4);
  CHECK_ERROR(recv(server, page, 4, 0), EFAULT);
  CHECK(munmap(page, 4096) == 0);
  CHECK_ERROR(send(client, page, 4, 0), EFAULT);
  still_there(4);
}

int main(void) {
  alarm(60);
  signal(SIGPIPE, SIG_IGN);
  set_up();
  sending();
  sending_to_nobody();
  receiving();
  receiving_several();
  names();
  options();
  gone();
  CHECK(close(client) == 0 && close(server) == 0 && close(listening) == 0);
  puts(failures == 0 ? "all passed" : "failed");
  return failures == 0 ? 0 : 1;
}
