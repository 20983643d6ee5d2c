#!/usr/bin/env bash
# A file through `netsctp connect` into `netsctp listen` is the same file, in every way of using the two.
source "$(dirname "$0")/command.bash"

# transfer <input> <arguments for both...>
transfer() {
  local input=$1
  shift
  start_listener "$place/copy" "$@" </dev/null
  timeout 60 "$netsctp" connect --host 127.0.0.1 --port "$port" --verbose "$@" <"$input" 2>"$place/connect.log" ||
    fail "connect $*: exit status $?"
  wait "$listener" || fail "listen $*: exit status $?"
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
cmp "$place/file" "$place/copy" || fail "the copy from the listener differs"
echo "ok: from the listener to the client"

# Two addresses on both sides.
start_listener "$place/copy" --host 127.0.0.2 </dev/null
timeout 60 "$netsctp" connect --host 127.0.0.1 --host 127.0.0.2 --port "$port" <"$place/text" 2>"$place/connect.log" ||
  fail "connect with two hosts: exit status $?"
wait "$listener" || fail "listen with two hosts: exit status $?"
cmp "$place/text" "$place/copy" || fail "the copy over two addresses differs"
echo "ok: two addresses"
