/* A plain C program under the preload library: dup, dup2, dup3, fcntl, ioctl, close_range, close-on-exec, epoll, fork,
   vfork. It knows nothing of netsctp. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

static int listener(struct sockaddr_in* name) {
  const int made = socket(AF_INET, SOCK_STREAM, IPPROTO_SCTP);
  socklen_t length = sizeof *name;
  memset(name, 0, sizeof *name);
  name->sin_family = AF_INET;
  name->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  CHECK(made >= 0 && bind(made, (struct sockaddr*)name, length) == 0 && listen(made, 5) == 0);
  CHECK(getsockname(made, (struct sockaddr*)name, &length) == 0);
  return made;
}

static void pair(int* one, int* other) {
  struct sockaddr_in name;
  const int listening = listener(&name);
  *one = socket(AF_INET, SOCK_STREAM, IPPROTO_SCTP);
  CHECK(connect(*one, (struct sockaddr*)&name, sizeof name) == 0);
  *other = accept(listening, NULL, NULL);
  CHECK(*other >= 0 && close(listening) == 0);
}

static int readable(int descriptor, int timeout) {
  struct pollfd entry = {descriptor, POLLIN, 0};
  return poll(&entry, 1, timeout);
}

static void takes(int descriptor, const char* text) {
  char got[64] = "";
  CHECK(readable(descriptor, 5000) == 1);
  CHECK(read(descriptor, got, sizeof got - 1) == (ssize_t)strlen(text) && strcmp(got, text) == 0);
}

static void numbers_are_the_lowest_free_ones(void) {
  const int before = dup(0);
  close(before);
  const int made = socket(AF_INET, SOCK_STREAM, IPPROTO_SCTP);
  CHECK(made == before);
  const int next = dup(0);
  CHECK(next == made + 1);
  close(next);
  CHECK(close(made) == 0);
  CHECK_ERROR(close(made), EBADF);
}

static void the_last_duplicate_closes(void) {
  int one, other;
  pair(&one, &other);
  const int second = dup(one);
  const int third = fcntl(one, F_DUPFD, 100);
  CHECK(third >= 100);
  CHECK(close(one) == 0);
  CHECK_ERROR(write(one, "x", 1), EBADF);
  CHECK(write(second, "second", 6) == 6);
  takes(other, "second");
  CHECK(close(second) == 0);
  CHECK(write(third, "third", 5) == 5);
  takes(other, "third");
  CHECK(write(other, "back", 4) == 4);
  takes(third, "back");
  CHECK(readable(other, 50) == 0);
  CHECK(close(third) == 0);
  takes(other, "");
  close(other);
}

static void dup2_replaces(void) {
  int one, other, pipe_ends[2];
  pair(&one, &other);
  CHECK(pipe(pipe_ends) == 0);
  CHECK(dup2(one, pipe_ends[0]) == pipe_ends[0]); /* a socket over a pipe */
  CHECK(write(pipe_ends[0], "over", 4) == 4);
  takes(other, "over");
  CHECK(dup2(one, one) == one);
  CHECK_ERROR(dup3(one, one, 0), EINVAL);
  CHECK_ERROR(dup2(999, one), EBADF);
  CHECK(write(one, "there", 5) == 5); /* a dup2 that failed has closed nothing */
  takes(other, "there");
  CHECK(dup2(pipe_ends[1], pipe_ends[0]) == pipe_ends[0] && close(one) == 0); /* a pipe over the last of a socket */
  takes(other, "");
  CHECK(close(other) == 0 && close(pipe_ends[0]) == 0 && close(pipe_ends[1]) == 0);
}

static void flags_are_as_a_kernel_socket_shows_them(void) {
  const int plain = socket(AF_INET, SOCK_STREAM, IPPROTO_SCTP);
  CHECK(fcntl(plain, F_GETFL) == O_RDWR && fcntl(plain, F_GETFD) == 0);
  CHECK(fcntl(plain, F_SETFD, FD_CLOEXEC) == 0 && fcntl(plain, F_GETFD) == FD_CLOEXEC);
  CHECK(ioctl(plain, FIONCLEX) == 0 && fcntl(plain, F_GETFD) == 0);
  const int twin = fcntl(plain, F_DUPFD_CLOEXEC, 0);
  CHECK(fcntl(twin, F_GETFD) == FD_CLOEXEC && fcntl(plain, F_GETFD) == 0);
  CHECK(dup3(plain, twin, O_CLOEXEC) == twin && fcntl(twin, F_GETFD) == FD_CLOEXEC);
  CHECK(fcntl(plain, F_SETFL, O_NONBLOCK) == 0 && fcntl(twin, F_GETFL) == (O_RDWR | O_NONBLOCK));
  int off = 0;
  CHECK(ioctl(twin, FIONBIO, &off) == 0 && fcntl(plain, F_GETFL) == O_RDWR);
  CHECK_ERROR(fcntl(plain, F_DUPFD, -1), EINVAL);
  close(plain);
  close(twin);
  const int flagged = socket(AF_INET6, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  CHECK(fcntl(flagged, F_GETFL) == (O_RDWR | O_NONBLOCK) && fcntl(flagged, F_GETFD) == FD_CLOEXEC);
  close(flagged);
}

static void queue_sizes(void) {
  int one, other, size = -1;
  pair(&one, &other);
  CHECK(ioctl(other, FIONREAD, &size) == 0 && size == 0);
  CHECK(write(one, "12345", 5) == 5 && write(one, "678", 3) == 3);
  CHECK(readable(other, 5000) == 1 && ioctl(other, FIONREAD, &size) == 0 && size == 5);
  CHECK(ioctl(one, TIOCOUTQ, &size) == 0 && size >= 0);
  struct iovec parts[2] = {{(char[2]){0}, 2}, {(char[9]){0}, 9}};
  CHECK(readv(other, parts, 2) == 5 && memcmp(parts[1].iov_base, "345", 3) == 0);
  struct mmsghdr several[3];
  char texts[3][8];
  struct iovec rooms[3];
  memset(several, 0, sizeof several);
  for (int i = 0; i < 3; ++i) {
    rooms[i] = (struct iovec){texts[i], sizeof texts[i]};
    several[i].msg_hdr.msg_iov = &rooms[i];
    several[i].msg_hdr.msg_iovlen = 1;
  }
  CHECK(recvmmsg(other, several, 3, MSG_WAITFORONE, NULL) == 1 && several[0].msg_len == 3);
  rooms[0].iov_len = rooms[1].iov_len = 4;
  CHECK(sendmmsg(one, several, 2, 0) == 2 && several[1].msg_len == 4);
  CHECK_ERROR(splice(one, NULL, other, NULL, 10, 0), EINVAL);
  close(one);
  close(other);
}

static void a_file_is_sent(void) {
  int one, other;
  pair(&one, &other);
  FILE* const file = tmpfile();
  fputs("the text of a file", file);
  fflush(file);
  off_t offset = 4;
  CHECK(sendfile(one, fileno(file), &offset, 100) == 14 && offset == 18);
  takes(other, "text of a file");
  fclose(file);
  close(one);
  close(other);
}

static void epoll_edges(void) {
  int one, other;
  struct epoll_event event = {EPOLLIN | EPOLLET | EPOLLRDHUP, {0}};
  pair(&one, &other);
  const int waits = epoll_create1(EPOLL_CLOEXEC);
  CHECK(epoll_ctl(waits, EPOLL_CTL_ADD, other, &event) == 0);
  CHECK(epoll_wait(waits, &event, 1, 20) == 0);
  CHECK(write(one, "a", 1) == 1 && epoll_wait(waits, &event, 1, 5000) == 1 && event.events == EPOLLIN);
  CHECK(epoll_wait(waits, &event, 1, 20) == 0);
  CHECK(write(one, "b", 1) == 1 && epoll_wait(waits, &event, 1, 5000) == 1);
  takes(other, "a");
  takes(other, "b");
  CHECK(close(one) == 0 && epoll_wait(waits, &event, 1, 5000) == 1 && (event.events & EPOLLRDHUP) != 0);
  close(other);
  close(waits);
}

static void what_the_stack_uses_is_out_of_reach(void) {
  int one, other;
  pair(&one, &other);
  for (int each = other + 1; each < 1024; ++each) close(each); /* as daemons do */
  CHECK(write(one, "alive", 5) == 5);
  takes(other, "alive");
  CHECK(close_range((unsigned)other + 1, ~0U, 0) == 0);
  CHECK(write(one, "again", 5) == 5);
  takes(other, "again");
  CHECK(close_range((unsigned)one, (unsigned)one, 0) == 0);
  takes(other, "");
  CHECK(close(other) == 0);
  CHECK_ERROR(close(one), EBADF);
}

static void the_child_of_a_fork(void) {
  int one, other;
  struct sockaddr_in name;
  const int listening = listener(&name);
  pair(&one, &other);
  const pid_t child = fork();
  if (child == 0) {
    failures = 0;
    alarm(20);
    char byte;
    CHECK_ERROR(read(one, &byte, 1), EBADF);
    CHECK_ERROR(write(one, "x", 1), EBADF);
    CHECK_ERROR(accept(listening, NULL, NULL), EBADF);
    CHECK_ERROR(bind(listening, (struct sockaddr*)&name, sizeof name), EBADF);
    struct pollfd entry = {one, POLLIN, 0};
    CHECK(poll(&entry, 1, 0) == 1 && (entry.revents & POLLHUP) != 0);
    const int taken = socket(AF_INET, SOCK_STREAM, IPPROTO_SCTP);
    CHECK_ERROR(bind(taken, (struct sockaddr*)&name, sizeof name), EADDRINUSE); /* it is the parent's */
    CHECK(connect(taken, (struct sockaddr*)&name, sizeof name) == 0);           /* and can be reached there */
    CHECK(write(taken, "from the child", 14) == 14);
    int mine, too;
    pair(&mine, &too);
    CHECK(write(mine, "fresh", 5) == 5);
    takes(too, "fresh");
    CHECK(dup2(one, 90) == 90 && close(90) == 0 && close(one) == 0 && close(other) == 0 && close(listening) == 0);
    CHECK_ERROR(close(one), EBADF);
    const int reused = socket(AF_INET, SOCK_STREAM, IPPROTO_SCTP);
    CHECK(reused == listening || reused == one || reused == other);
    CHECK(close(reused) == 0);
    exit(failures != 0);
  }
  const int accepted = accept(listening, NULL, NULL);
  takes(accepted, "from the child");
  int status = -1;
  CHECK(waitpid(child, &status, 0) == child && status == 0);
  takes(accepted, "");
  CHECK(write(one, "parent", 6) == 6);
  takes(other, "parent");
  const int later = socket(AF_INET, SOCK_STREAM, IPPROTO_SCTP);
  CHECK(connect(later, (struct sockaddr*)&name, sizeof name) == 0 && close(later) == 0);
  close(accepted);
  close(listening);
  close(one);
  close(other);
}

static void the_child_of_a_vfork_and_what_it_executes(const char* self) {
  int one, other;
  pair(&one, &other);
  char number[16];
  snprintf(number, sizeof number, "%d", one);
  const pid_t child = vfork();
  if (child == 0) {
    close(other); /* its copy only */
    dup2(one, 91);
    execl(self, self, "executed", number, (char*)NULL);
    _exit(99);
  }
  int status = -1;
  CHECK(waitpid(child, &status, 0) == child && status == 0);
  CHECK(write(one, "both", 4) == 4);
  takes(other, "both");
  CHECK_ERROR(write(91, "x", 1), EBADF);
  CHECK(system("exit 7") == 7 << 8);
  close(one);
  close(other);
}

static void handler(int number) {
  (void)number;
}
static void a_signal_interrupts(void) {
  int one, other;
  pair(&one, &other);
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = handler;
  sigaction(SIGALRM, &action, NULL);
  char byte;
  ualarm(50000, 0);
  CHECK_ERROR(read(one, &byte, 1), EINTR);
  close(one);
  close(other);
}

static void others_are_left_alone(void) {
  const int tcp = socket(AF_INET, SOCK_STREAM, 0);
  int protocol = 0;
  socklen_t length = sizeof protocol;
  CHECK(getsockopt(tcp, SOL_SOCKET, SO_PROTOCOL, &protocol, &length) == 0 && protocol == IPPROTO_TCP);
  CHECK(close(tcp) == 0);
  const int raw = socket(AF_INET, SOCK_RAW, IPPROTO_SCTP);
  CHECK(raw >= 0 || errno == EPERM);
  if (raw >= 0) {
    int type = 0;
    length = sizeof type;
    CHECK(getsockopt(raw, SOL_SOCKET, SO_TYPE, &type, &length) == 0 && type == SOCK_RAW && close(raw) == 0);
  }
  CHECK_ERROR(socket(AF_INET, SOCK_DGRAM, IPPROTO_SCTP), EPROTONOSUPPORT);
  CHECK_ERROR(close(-1), EBADF);
  CHECK_ERROR(read(-1, &protocol, 1), EBADF);
  CHECK_ERROR(dup(-1), EBADF);
}

int main(int count, char** arguments) {
  if (count > 2) { /* executed: stack sockets are closed */
    const int inherited = atoi(arguments[2]);
    return fcntl(inherited, F_GETFD) == -1 && fcntl(91, F_GETFD) == -1 ? 0 : 1;
  }
  alarm(60);
  others_are_left_alone();
  numbers_are_the_lowest_free_ones();
  the_last_duplicate_closes();
  dup2_replaces();
  flags_are_as_a_kernel_socket_shows_them();
  queue_sizes();
  a_file_is_sent();
  epoll_edges();
  the_child_of_a_fork();
  the_child_of_a_vfork_and_what_it_executes(arguments[0]);
  a_signal_interrupts();
  what_the_stack_uses_is_out_of_reach();
  if (failures == 0) puts("ok");
  return failures != 0;
}
