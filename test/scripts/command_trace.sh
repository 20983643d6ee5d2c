#!/usr/bin/env bash
# What --trace, NETSCTP_TRACE and `run --trace` write is SCTP that tshark reads without complaint: addresses, direction,
# checksums; two processes can share one file; a file that cannot be written is said.
source "$(dirname "$0")/command.bash"
command -v tshark >/dev/null || { echo "skipped: no tshark (Debian package tshark)"; exit 77; }
read_trace() { tshark -r "$1" -o sctp.checksum:CRC32C "${@:2}" 2>"$place/tshark.log" || fail "tshark cannot read $1"; }

# serve FILE: a listener on ::1 and 127.0.0.1 that traces there.
serve() { NETSCTP_TRACE=$1 start_listener /dev/null --host ::1 --echo --keep-open </dev/null; }

serve "$place/server-%p.pcapng"
for host in 127.0.0.1 ::1; do
  head -c 300000 /dev/urandom | timeout 30 "$netsctp" connect --host $host --port "$port" --message-size 100000 \
    --trace "$place/client.pcapng" >/dev/null 2>"$place/connect.log" || fail "connect to $host: exit status $?"
  read_trace "$place/client.pcapng" -T fields -e sctp.chunk_type >"$place/types.log"
  for type in 1 2 10 11 0 3 7 8 14; do
    tr ',' '\n' <"$place/types.log" | grep -qx $type || fail "no chunk of type $type towards $host"
  done
  [ "$(head -1 "$place/types.log")" = 1 ] || fail "the first packet is no INIT"
  bad=$(read_trace "$place/client.pcapng" -Y '_ws.malformed || sctp.checksum.status == 0 || ip.checksum.status == 0')
  [ -z "$bad" ] || fail "tshark complains of $bad"
  field=$([ $host = ::1 ] && echo ipv6 || echo ip)
  others=$(read_trace "$place/client.pcapng" -Y '!sctp')
  [ -z "$others" ] || fail "not SCTP: $others"
  data=$(read_trace "$place/client.pcapng" -Y "$field.src == $host && $field.dst == $host && sctp.chunk_type == 0" | wc -l)
  [ "$data" -ge 20 ] || fail "300,000 bytes to $host are $data packets"
  read_trace "$place/client.pcapng" -Y 'frame.packet_flags_direction == 2 && sctp.chunk_type == 1' | grep -q INIT ||
    fail "the INIT to $host is not marked as outbound"
  echo "ok: $host"
done
ls "$place/server-$listener.pcapng" >/dev/null 2>&1 || ls "$place"/server-[0-9]*.pcapng >/dev/null || fail "%p is not replaced"
end_listener

serve "$place/both.pcapng"
echo hello | timeout 30 "$netsctp" connect --host 127.0.0.1 --port "$port" --trace "$place/both.pcapng" \
  >/dev/null 2>"$place/connect.log" || fail "connect: exit status $?"
end_listener
inits=$(read_trace "$place/both.pcapng" -Y 'sctp.chunk_type == 1' | wc -l)
[ "$inits" = 2 ] || fail "the INIT was sent by one and taken in by the other, but is $inits times in their common file"
echo "ok: one file of two processes"

python3 -c 'import socket' && timeout 30 "$netsctp" run --trace "$place/run.pcapng" python3 -c '
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 132)
try: s.connect(("127.0.0.1", 9))
except ConnectionRefusedError: print("refused")' >"$place/run.log" || fail "run --trace: exit status $?"
read_trace "$place/run.pcapng" -Y 'sctp.chunk_type == 6' | grep -q ABORT || fail "run --trace shows no ABORT"
echo "ok: run --trace"

status=0
"$netsctp" connect --host 127.0.0.1 --port "$port" --trace "$place/no/such" 2>"$place/error.log" || status=$?
[ $status = 1 ] && grep -q "cannot trace to $place/no/such: no such file or directory" "$place/error.log" ||
  fail "a trace that cannot be written: exit status $status"
echo "ok: the error"
