#!/usr/bin/env bash
# A file through `netsctp connect` into `netsctp listen` is the same file, in every way of using the two.
set -euo pipefail
netsctp=${BUILD_DIR:?the build to test}/bin/netsctp
NETSCTP_UDP_PORT=$((20000 + $$ % 12000))
export NETSCTP_UDP_PORT
port=$((1024 + RANDOM % 30000))
place=$(mktemp -d)
listener=
cleanup() {
  [ -z "$listener" ] || kill "$listener" 2>/dev/null || true
  rm -rf "$place"
}
trap cleanup EXIT
fail() {
  echo "FAILED: $*" >&2
  cat "$place"/*.log >&2
  exit 1
}

# start_listener <output> <arguments...>: runs it in the background and waits until it listens.
start_listener() {
  local output=$1
  shift
  : >"$place/listen.log"
  timeout --foreground 60 "$netsctp" listen --host 127.0.0.1 --port "$port" --verbose "$@" <&0 >"$output" 2>"$place/listen.log" &
  listener=$!
  timeout 20 grep -q -m1 'listening at' <(tail -f --pid=$listener "$place/listen.log") || fail "it does not listen"
}

# transfer <input> <arguments for both...>
transfer() {
  local input=$1
  shift
  start_listener "$place/copy" "$@" </dev/null
  timeout 60 "$netsctp" connect --host 127.0.0.1 --port "$port" --verbose "$@" <"$input" 2>"$place/connect.log" ||
    fail "connect $*: exit status $?"
  wait "$listener" || fail "listen $*: exit status $?"
  listener=
  cmp "$input" "$place/copy" || fail "the copy differs ($*)"
  echo "ok: $(stat -c %s "$input") bytes $*"
}

head -c 5242880 /dev/urandom >"$place/file"
printf 'one\ntwo\nno newline at the end' >"$place/text"
: >"$place/nothing"
transfer "$place/file"
transfer "$place/file" --one-to-one
transfer "$place/file" --message-size 100000
transfer "$place/text" --lines
transfer "$place/nothing"

# The other way: what the listener has goes to whoever connects.
start_listener /dev/null --one-to-one <"$place/file"
timeout 60 "$netsctp" connect --host 127.0.0.1 --port "$port" --receive-only >"$place/copy" 2>"$place/connect.log" ||
  fail "connect --receive-only: exit status $?"
wait "$listener" || fail "listen with a file: exit status $?"
listener=
cmp "$place/file" "$place/copy" || fail "the copy from the listener differs"
echo "ok: from the listener to the client"

# Two addresses on both sides.
start_listener "$place/copy" --host 127.0.0.2 </dev/null
timeout 60 "$netsctp" connect --host 127.0.0.1 --host 127.0.0.2 --port "$port" <"$place/text" 2>"$place/connect.log" ||
  fail "connect with two hosts: exit status $?"
wait "$listener" || fail "listen with two hosts: exit status $?"
listener=
cmp "$place/text" "$place/copy" || fail "the copy over two addresses differs"
echo "ok: two addresses"
