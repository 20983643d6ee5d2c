#!/usr/bin/env bash
# Native multi-homing over the raw link: two hosts (network namespaces) with two links between them, IPv4 and IPv6. One
# link is cut in the middle of a transfer; everything arrives all the same. What went over the links is SCTP to tshark,
# without a malformed packet or a bad checksum. Then a link with a smaller MTU behind a router: ICMP lowers the path MTU.
set -euo pipefail
: "${BUILD_DIR:?the build to test}" "${SOURCE_DIR:?its source}"
[ -n "${NETSCTP_TEST_SILENT_HOST-}" ] || exec "$SOURCE_DIR/test/raw.sh" "$BASH" "$0" "$@"
program=$BUILD_DIR/bin/multihomed
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
# until_line <pattern> <file>: waits for the line.
until_line() { timeout 60 grep -q -m1 -- "$1" <(tail -n +1 -f "$2" 2>/dev/null) || fail "no '$1' in $(basename "$2")"; }

# host <variable>: a further network namespace, with a process in it.
host() {
  unshare --net sleep 600 &
  pids+=("$!")
  printf -v "$1" '%s' "$!"
  timeout 20 bash -c "until [ \"\$(readlink /proc/$!/ns/net)\" != \"\$(readlink /proc/self/ns/net)\" ]; do :; done"
}
at() {
  local namespace=$1
  shift
  nsenter --net --target "$namespace" "$@"
}
link() { # link <our end> <the other host> <its end> <net>
  ip link add "$1" type veth peer name "$3" netns "/proc/$2/ns/net"
  ip address add "10.$4.0.1/24" dev "$1"
  ip address add "fd00:$4::1/64" dev "$1" nodad
  ip link set "$1" up
  at "$2" ip address add "10.$4.0.2/24" dev "$3"
  at "$2" ip address add "fd00:$4::2/64" dev "$3" nodad
  at "$2" ip link set "$3" up
}

host other
at "$other" ip link set lo up
link left1 "$other" right1 1
link left2 "$other" right2 2

# capture <interface> <packets>: the first ones; it ends by itself.
capture() {
  : >"$place/$1.capture.log"
  timeout 60 tshark -q -i "$1" -w "$place/$1.pcapng" -f 'ip proto 132 or ip6 proto 132' -c "$2" 2>"$place/$1.capture.log" &
  pids+=("$!")
  capture=$!
  until_line 'Capture started' "$place/$1.capture.log"
}
read_capture() {
  wait "$capture" || fail "the capture of $1 does not end"
  tshark -r "$place/$1.pcapng" -o 'sctp.checksum:CRC 32c' \
    -Y '_ws.malformed or sctp.checksum.status != 1 or not (sctp or ip.flags.mf == 1)' >"$place/bad" 2>"$place/tshark.log" ||
    fail "tshark cannot read $1"
  [ ! -s "$place/bad" ] || fail "tshark finds malformed packets or bad checksums in $1: $(head -n 3 "$place/bad")"
  packets=$(tshark -r "$place/$1.pcapng" -Y 'sctp' 2>/dev/null | wc -l)
  [ "$packets" -gt 10 ] || fail "only $packets packets were captured on $1"
  echo "ok: $packets packets of $1 are SCTP to tshark"
}

# transfer <megabytes> <own> <the other's> <what happens at half>
transfer() {
  local size=$1 own=$2 peer=$3 at_half=$4 receiver
  : >"$place/receive.log"
  # shellcheck disable=SC2086 # a list
  at "$other" timeout 100 "$program" receive 5000 "$size" $peer >"$place/receive.log" 2>&1 &
  receiver=$!
  pids+=("$receiver")
  until_line listening "$place/receive.log"
  # shellcheck disable=SC2086 # a list
  timeout 100 "$program" send 5000 "$size" "${own// /,}" $peer >"$place/send.log" 2>&1 &
  local sender=$!
  pids+=("$sender")
  until_line half "$place/receive.log"
  eval "$at_half"
  wait "$sender" || fail "the sender: exit status $?"
  wait "$receiver" || fail "the receiver: exit status $?"
  grep -q "^done" "$place/receive.log" || fail "the receiver is not done"
}

capture left1 3000
transfer 60 "10.1.0.1 10.2.0.1" "10.1.0.2 10.2.0.2" "ip link set left1 down"
grep -q '^unreachable 10.1.0.2' "$place/send.log" || fail "the sender did not notice that a path is gone"
echo "ok: IPv4, our end of a link cut"
ip link set left1 up
ip address add fd00:1::1/64 dev left1 nodad # an interface that goes down loses them
read_capture left1

capture left2 3000
transfer 60 "fd00:2::1 fd00:1::1" "fd00:2::2 fd00:1::2" "at $other ip address del fd00:2::2/64 dev right2"
grep -q '^unreachable fd00:2::2' "$place/send.log" || fail "the sender did not notice that a path is gone"
echo "ok: IPv6, the other's address gone"
read_capture left2

# A router between, and behind it a link with a smaller MTU.
host third
at "$third" ip link set lo up
at "$other" ip link add narrow1 mtu 1300 type veth peer name narrow2 mtu 1300 netns "/proc/$third/ns/net"
at "$other" ip address add 10.3.0.1/24 dev narrow1
at "$other" ip link set narrow1 up
at "$other" sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
at "$third" ip address add 10.3.0.2/24 dev narrow2
at "$third" ip link set narrow2 up
at "$third" ip route add default via 10.3.0.1
ip route add 10.3.0.0/24 via 10.2.0.2
other=$third
capture left2 500
transfer 2 "10.2.0.1" "10.3.0.2" :
read_capture left2
large=$(tshark -r "$place/left2.pcapng" -Y 'sctp and ip.len > 1300' 2>/dev/null | wc -l)
fragments=$(tshark -r "$place/left2.pcapng" -Y 'ip.flags.mf == 1' 2>/dev/null | wc -l)
[ "$large" -ge 1 ] && [ "$large" -lt 40 ] || fail "$large packets were too large for the path: path MTU discovery does not work"
echo "ok: ICMP lowered the path MTU: $large packets too large for the path, $fragments fragmented, then none"
