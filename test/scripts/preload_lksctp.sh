#!/usr/bin/env bash
# lksctp-tools: sctp_test in bulk (one-to-many and one-to-one), sctp_darn with sctp_bindx and sctp_connectx. They use
# libsctp.so.1, whose functions end in libc's calls.
source "${SOURCE_DIR:?}/test/scripts/preload.bash"
needs sctp_test sctp_darn
# Bytes are compared: a long message may be read in several pieces.
sum() { awk -v word="$1" '{ for (i = 1; i < NF; ++i) if ($i ~ word) sum += $(i + 1) } END { print sum + 0 }' "$2"; }
bulk() {
  local kind=$1 repeat=$2 sent received=0
  shift 2
  new_port
  serve server.log sctp_test -H 127.0.0.1 -P "$port" -l $kind
  listening "$port"
  under sctp_test -H 127.0.0.1 -P "$((port + 1))" -h 127.0.0.1 -p "$port" -s $kind -x "$repeat" "$@" \
    >"$place/client.log" 2>&1 || fail "sctp_test $kind $*"
  sent=$(sum '^assoc=' <(sed 's/) */ /' "$place/client.log"))
  for _ in $(seq 100); do
    received=$(sum '^Data$' "$place/server.log")
    [ "$received" -ge "$sent" ] && break
    sleep 0.05
  done
  [ "$sent" -gt 100000 ] && [ "$received" = "$sent" ] || fail "sctp_test $kind $*: $received of $sent bytes came"
  kill "$server" 2>/dev/null || true
  wait "$server" || true
  echo "ok: sctp_test $kind $*: $received bytes"
}
bulk "" 50 -c 3 -o 1
bulk "" 20 -c 5
bulk -T 20 -c 4 -o 1

new_port
timeout -k 2 40 "$netsctp" run stdbuf -oL sctp_darn -H 127.0.0.1 -B 127.0.0.2 -B 127.0.0.3 -b 127.0.0.3 -P "$port" -l \
  >"$place/server.log" 2>&1 <&9 &
server=$!
pids+=("$server")
listening "$port"
for _ in $(seq 200); do  # it is bound first, and then binds more
  grep -q "/$port/127.0.0.2" /proc/net/unix && ! grep -q "/$port/127.0.0.3" /proc/net/unix && break
  sleep 0.05
done
grep -q "/$port/127.0.0.2" /proc/net/unix || fail "sctp_bindx added no address"
! grep -q "/$port/127.0.0.3" /proc/net/unix || fail "sctp_bindx removed no address"
for way in "-h 127.0.0.2" "-c 127.0.0.1 -c 127.0.0.2"; do
  printf 'one\ntwo\n' | under sctp_darn -H 127.0.0.1 -P "$((port + 1))" $way -p "$port" -s >"$place/client.log" 2>&1 ||
    [ $? -lt 124 ] || fail "sctp_darn $way"  # its exit status is what its last call returned
  for _ in $(seq 100); do
    grep -q two "$place/server.log" && break
    sleep 0.05
  done
  grep -q two "$place/server.log" || fail "sctp_darn $way: the lines did not come"
  echo "ok: sctp_darn $way"
done
