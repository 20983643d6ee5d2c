#!/usr/bin/env bash
# The wire and the core do no I/O, read no clock and no random device, start no thread, log nothing and throw nothing:
# usage: check_symbols.sh <directory of libnetsctp_wire.a and libnetsctp_core.a>
# (std::__throw_length_error and its like are calls inside the containers of libstdc++, not throws of ours.)
set -euo pipefail
lib=${1:?the directory of the archives}

forbidden=(
  'socket|socketpair|bind|listen|accept4?|connect|shutdown|[gs]etsockopt|getsockname|getpeername'
  'send|sendto|sendmsg|sendmmsg|recv|recvfrom|recvmsg|recvmmsg|poll|ppoll|select|epoll_.*|ioctl|fcntl(64)?'
  'open(64)?|fopen(64)?|close|read|write|readv|writev'
  'time|clock|clock_.*|gettimeofday|nanosleep|usleep|sleep|_ZNSt6chrono.*3nowEv'
  'rand|srand|random|rand_r|[a-z]rand48|getrandom|getentropy|arc4random.*|RAND_.*|_ZNSt13random_device.*'
  'pthread_.*|thrd_.*|mtx_.*|_ZNSt6thread.*|_ZNSt18condition_variable.*'
  'std(out|err)|_?_?v?f?printf(_chk)?|f?puts|fwrite|perror|syslog|_ZSt4c(out|err|log)'
  '__cxa_throw|__cxa_rethrow|_ZSt17rethrow_exception.*'
)
pattern="^($(IFS='|'; echo "${forbidden[*]}"))(@.*)?$"

status=0
for layer in wire core; do
  archive=$lib/libnetsctp_$layer.a
  # Lines of nm -A: archive:object:   U symbol
  found=$(nm -A -u "$archive" | awk -v pattern="$pattern" '$NF ~ pattern { split($1, place, ":"); print place[2] ": " $NF }' | sort -u)
  if [ -n "$found" ]; then
    printf '%s may not use:\n%s\n' "${archive##*/}" "$found"
    status=1
  fi
done
[ $status -eq 0 ] && echo "the wire and the core use no socket, clock, random device, thread, output or throw"
exit $status
