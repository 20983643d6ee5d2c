#!/usr/bin/env bash
# netsctp.h is C99: a program that is nothing else compiles with every warning an error, links and runs. So do a program
# that includes <netinet/sctp.h> as well, before or after, and one on a machine without that header. Every function of
# the header is in the library, versioned, and nothing else of C is.
set -euo pipefail
: "${BUILD_DIR:?the build with lib/libnetsctp.so}" "${SOURCE_DIR:?the source with include/netsctp.h}"
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
export NETSCTP_UDP_PORT=$((20000 + $$ % 12000))

cc=(cc -std=c99 -pedantic -Wall -Wextra -Wshadow -Wconversion -Werror)
from_build=("-L$BUILD_DIR/lib" "-Wl,-rpath,$BUILD_DIR/lib" -lnetsctp)

cat > "$place/greeting.c" <<'END_OF_C'
/* One process, two sockets: a greeting through an association, with its stream and its identifier. */
#include <netsctp.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

static int fail(const char *what) {
  perror(what);
  return 1;
}

int main(void) {
  struct sockaddr_in at;
  socklen_t length = sizeof at;
  struct sctp_sendv_spa attributes;
  struct sctp_recvv_rn received;
  socklen_t room = sizeof received;
  unsigned int type = SCTP_RECVV_NOINFO;
  int flags = 0, on = 1;
  char greeting[] = "good day", buffer[64];
  struct iovec out, in;
  const int server = netsctp_socket(AF_INET, SOCK_SEQPACKET, IPPROTO_SCTP);
  const int client = netsctp_socket(AF_INET, SOCK_SEQPACKET, IPPROTO_SCTP);
  if (server < 0 || client < 0) return fail("netsctp_socket");
  memset(&at, 0, sizeof at);
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (netsctp_bindx(server, (struct sockaddr *)&at, 1, SCTP_BINDX_ADD_ADDR) < 0) return fail("netsctp_bindx");
  if (netsctp_listen(server, 1) < 0) return fail("netsctp_listen");
  if (netsctp_getsockname(server, (struct sockaddr *)&at, &length) < 0) return fail("netsctp_getsockname");
  if (netsctp_setsockopt(server, SOL_SCTP, SCTP_RECVRCVINFO, &on, sizeof on) < 0) return fail("netsctp_setsockopt");

  memset(&attributes, 0, sizeof attributes);
  attributes.sendv_flags = SCTP_SEND_SNDINFO_VALID;
  attributes.sendv_sndinfo.snd_sid = 3;
  attributes.sendv_sndinfo.snd_ppid = htonl(46);
  out.iov_base = greeting;
  out.iov_len = strlen(greeting);
  if (netsctp_sendv(client, &out, 1, (struct sockaddr *)&at, 1, &attributes, sizeof attributes, SCTP_SENDV_SPA, 0) != 8)
    return fail("netsctp_sendv");
  in.iov_base = buffer;
  in.iov_len = sizeof buffer;
  if (netsctp_recvv(server, &in, 1, NULL, NULL, &received, &room, &type, &flags) != 8) return fail("netsctp_recvv");
  if (memcmp(buffer, greeting, 8) != 0 || type != SCTP_RECVV_RCVINFO || received.recvv_rcvinfo.rcv_sid != 3 ||
      received.recvv_rcvinfo.rcv_ppid != htonl(46) || (flags & MSG_EOR) == 0)
    return fail("what was received");
  if (netsctp_close(client) < 0 || netsctp_close(server) < 0) return fail("netsctp_close");
  printf("netsctp %s on %s\n", netsctp_version(), netsctp_backend());
  return 0;
}
END_OF_C

# build <name> <include directory>: compiles and runs $place/<name>.c
build() {
  echo "$1"
  "${cc[@]}" "-I$2" "$place/$1.c" -o "$place/$1" "${from_build[@]}"
  timeout 60 "$place/$1"
}

build greeting "$SOURCE_DIR/include"

if echo '#include <netinet/sctp.h>' | cc -std=c99 -E -include netinet/in.h - >/dev/null 2>&1; then
  { echo '#include <netinet/in.h>'; echo '#include <netinet/sctp.h>'; cat "$place/greeting.c"; } > "$place/libsctp_first.c"
  sed 's|^#include <string.h>|&\n#include <netinet/sctp.h>|' "$place/greeting.c" > "$place/libsctp_last.c"
  build libsctp_first "$SOURCE_DIR/include"
  build libsctp_last "$SOURCE_DIR/include"
fi

mkdir "$place/alone"
sed 's|<netinet/sctp.h>|<netinet/no-such-header.h>|' "$SOURCE_DIR/include/netsctp.h" > "$place/alone/netsctp.h"
cp "$place/greeting.c" "$place/without_libsctp.c"
build without_libsctp "$place/alone"

echo "every function of the header is in the library, and no other name of C"
sed -nE 's/^[a-z][a-z_ *]*[ *](netsctp_[a-z0-9_]+)\(.*/\1/p' "$SOURCE_DIR/include/netsctp.h" | sort > "$place/declared"
nm -D --defined-only --with-symbol-versions "$BUILD_DIR/lib/libnetsctp.so" | awk '{ print $3 }' > "$place/exported"
sed -n 's/^\(netsctp_[a-z0-9_]*\)@@NETSCTP_0\.1$/\1/p' "$place/exported" | sort > "$place/versioned"
diff "$place/declared" "$place/versioned"
if grep -v -e '@@NETSCTP_0\.1$' -e '^NETSCTP_0\.1$' "$place/exported"; then
  echo "the names above have no version" >&2
  exit 1
fi
[ "$(wc -l < "$place/declared")" -ge 44 ]
readelf -d "$BUILD_DIR/lib/libnetsctp.so" | grep -q 'SONAME.*libnetsctp\.so\.0'
