#!/usr/bin/env bash
# The raw link as a user meets it: what `netsctp info` says, the sentence without CAP_NET_RAW, several processes on one
# host, one answer and no more for a port that nobody holds, and a host without SCTP, which says so by ICMP.
set -euo pipefail
: "${BUILD_DIR:?the build to test}" "${SOURCE_DIR:?its source}"
[ -n "${NETSCTP_TEST_SILENT_HOST-}" ] || exec "$SOURCE_DIR/test/raw.sh" "$BASH" "$0" "$@"
netsctp=$BUILD_DIR/bin/netsctp
place=$(mktemp -d)
pids=()
cleanup() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  rm -rf "$place"
}
trap cleanup EXIT
fail() {
  echo "FAILED: $*" >&2
  tail -n 20 "$place"/*.log >&2 || true
  exit 1
}
until_line() { timeout 60 grep -q -m1 -- "$1" <(tail -n +1 -f "$2" 2>/dev/null) || fail "no '$1' in $(basename "$2")"; }

"$netsctp" info >"$place/info.log" || fail "netsctp info"
grep -q '^link *IP protocol 132' "$place/info.log" || fail "netsctp info does not tell the link"
"$netsctp" info --json | grep -q '"link": "raw"' || fail "netsctp info --json does not tell the link"
status=0
setpriv --bounding-set=-net_raw --inh-caps=-net_raw "$netsctp" info >"$place/info.log" 2>&1 || status=$?
[ $status -eq 1 ] || fail "without CAP_NET_RAW: exit status $status"
grep -q '^netsctp: .*NETSCTP_LINK=raw needs the capability CAP_NET_RAW .*setcap' "$place/info.log" || fail "no such sentence"
echo "ok: info, with and without CAP_NET_RAW"

# Three processes that serve, each its own port.
for port in 5001 5002 5003; do
  : >"$place/$port.log"
  "$netsctp" listen --host 127.0.0.1 --port $port --echo --keep-open --verbose </dev/null >/dev/null 2>"$place/$port.log" &
  pids+=("$!")
  until_line 'listening at' "$place/$port.log"
done
for port in 5001 5002 5003; do
  answer=$(echo "to $port" | timeout 20 "$netsctp" connect --host 127.0.0.1 --port $port --lines --wait 1 2>"$place/connect.log") ||
    fail "connect to $port"
  [ "$answer" = "to $port" ] || fail "port $port answers '$answer'"
done
echo "ok: three processes on one host"

: >"$place/capture.log"
: >"$place/packets.log"
tshark -l -i lo -f 'ip proto 132' -T fields -E separator=' ' -e sctp.chunk_type -e sctp.srcport -e sctp.dstport \
  >"$place/packets.log" 2>"$place/capture.log" &
pids+=("$!")
until_line 'Capture started' "$place/capture.log"
refused() { # refused <port>
  local status=0
  timeout 20 "$netsctp" connect --host 127.0.0.1 --port "$1" </dev/null >"$place/connect.log" 2>&1 || status=$?
  [ $status -eq 1 ] && grep -q 'connection refused' "$place/connect.log" || fail "connecting to port $1: exit status $status"
}
refused 5004
kill "${pids[0]}" # it had the duty to answer: another takes it up
wait "${pids[0]}" || true
refused 5005
refused 5001
refused 5006 # the last: nothing about the others comes after it
until_line '^6 5006 ' "$place/packets.log"
for port in 5001 5004 5005; do
  inits=$(grep -c "^1 .* $port\$" "$place/packets.log" || true)
  aborts=$(grep -c "^6 $port " "$place/packets.log" || true)
  [ "$inits" -eq 1 ] && [ "$aborts" -eq 1 ] || fail "$inits INITs to port $port got $aborts ABORTs"
done
echo "ok: a port that nobody holds is answered by exactly one of four processes"

# Another host, whose kernel has no SCTP and where no netsctp runs: ICMP protocol unreachable ends the attempt at once.
unshare --net sleep 100 &
other=$!
pids+=("$other")
timeout 20 bash -c "until [ \"\$(readlink /proc/$other/ns/net)\" != \"\$(readlink /proc/self/ns/net)\" ]; do :; done"
ip link add here type veth peer name there netns "/proc/$other/ns/net"
ip address add 10.1.0.1/24 dev here
ip link set here up
nsenter --net --target "$other" ip address add 10.1.0.2/24 dev there
nsenter --net --target "$other" ip link set there up
status=0
timeout 8 "$netsctp" connect --host 10.1.0.2 --port 5000 </dev/null >"$place/connect.log" 2>&1 || status=$?
[ $status -eq 1 ] && grep -q 'connection refused' "$place/connect.log" || fail "a host without SCTP: exit status $status"
echo "ok: a host without SCTP refuses by ICMP"
