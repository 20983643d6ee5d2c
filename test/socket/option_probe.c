// Runs option_probe.h on the kernel below and prints the table. linux_errno_table.txt is its output on Linux 6.1 with
// the default settings of net.sctp. To make it again, on a machine with SCTP (modprobe sctp):
//
//   gcc -O1 -o option_probe test/socket/option_probe.c && ./option_probe > test/socket/linux_errno_table.txt
#include "option_probe.h"

#include <unistd.h>

static int outcome(int result) {
  return result < 0 ? -errno : result;
}

static int open_socket(int domain, int type) {
  return outcome(socket(domain, type, IPPROTO_SCTP));
}
static int bind_it(int fd, const struct sockaddr* address, socklen_t length) {
  return outcome(bind(fd, address, length));
}
static int listen_it(int fd, int backlog) {
  return outcome(listen(fd, backlog));
}
static int accept_one(int fd) {
  return outcome(accept(fd, NULL, NULL));
}
static int connect_it(int fd, const struct sockaddr* address, socklen_t length) {
  return outcome(connect(fd, address, length));
}
static int name_of(int fd, struct sockaddr* address, socklen_t* length) {
  return outcome(getsockname(fd, address, length));
}
static int get(int fd, int level, int option, void* value, socklen_t* length) {
  return outcome(getsockopt(fd, level, option, value, length));
}
static int set(int fd, int level, int option, const void* value, socklen_t length) {
  return outcome(setsockopt(fd, level, option, value, length));
}
static int close_it(int fd) {
  return outcome(close(fd));
}

int main(void) {
  const struct probe_calls calls = {open_socket, bind_it, listen_it, accept_one, connect_it,
                                    name_of,     get,     set,       close_it};
  probe_all(&calls, stdout);
  return 0;
}
