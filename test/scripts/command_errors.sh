#!/usr/bin/env bash
# What goes wrong is said in a sentence, and in the exit status.
source "$(dirname "$0")/command.bash"
export NETSCTP_BACKEND=stack

# says <wanted status> <pattern> <arguments...>: the exit status, and what standard error has.
says() {
  local wanted=$1 pattern=$2 status=0
  shift 2
  timeout 30 "$netsctp" "$@" >/dev/null 2>"$place/err" </dev/null || status=$?
  [ $status -eq "$wanted" ] || fail "netsctp $*: exit status $status, not $wanted: $(cat "$place/err")"
  grep -qE -- "$pattern" "$place/err" || fail "netsctp $*: nothing like '$pattern' in: $(cat "$place/err")"
  echo "ok: $(cat "$place/err")"
}

start_listener /dev/null --keep-open </dev/null

says 1 "^netsctp: cannot bind 127.0.0.1 port $port: address already in use: another program holds this SCTP port" \
  listen --host 127.0.0.1 --port "$port"
says 1 '^netsctp: cannot bind 192.0.2.1 port 5000: cannot assign requested address: this machine does not have' \
  listen --host 192.0.2.1 --port 5000
says 1 "^netsctp: cannot connect to 127.0.0.1 port $((port + 1)): connection refused: .* nobody listens" \
  connect --host 127.0.0.1 --port $((port + 1))
says 1 '^netsctp: cannot look up host no..host: ' connect --host no..host --port 5000
head -c 3000000 /dev/zero >"$place/large"
status=0
timeout 30 "$netsctp" connect --host 127.0.0.1 --port "$port" --message-size 3000000 <"$place/large" 2>"$place/err" || status=$?
[ $status -eq 1 ] || fail "a message too large: exit status $status"
grep -q '^netsctp: cannot send a message of 3000000 bytes: message too long: .*--message-size' "$place/err" ||
  fail "a message too large: $(cat "$place/err")"
echo "ok: $(cat "$place/err")"
NETSCTP_BACKEND=kernel NETSCTP_LINK=udp timeout 30 "$netsctp" info >"$place/out" 2>&1 && kernel=yes || kernel=no
[ "$kernel" = yes ] || grep -q '^netsctp: cannot open an SCTP socket: ' "$place/out" || fail "no kernel: $(cat "$place/out")"

# Interrupted: the association ends gracefully and the exit status tells.
end_listener
[ $status -eq 143 ] || fail "interrupted: exit status $status, not 143"
echo "ok: interrupted"
