#!/usr/bin/env bash
# iperf3 --sctp, client and server: one association, several, both directions, several streams, IPv6.
source "${SOURCE_DIR:?}/test/scripts/preload.bash"
needs iperf3
# iperf3's control connection is TCP: its server listens there first.
ready() {
  local hex
  printf -v hex ':%04X ' "$port"
  for _ in $(seq 200); do
    grep -q "$hex.* 0A " /proc/net/tcp /proc/net/tcp6 && return 0
    sleep 0.02
  done
  fail "iperf3 -s does not listen"
}
run() {
  new_port
  serve server.log iperf3 -s -1 -p "$port"
  ready
  under iperf3 --sctp -p "$port" -t 1 --json "$@" >"$place/client.log" 2>&1 || fail "iperf3 $*"
  ended "iperf3 -s for $*"
  python3 - "$place/client.log" "$*" <<'END_PYTHON' || fail "iperf3 $*: too little came"
import json, sys
end = json.load(open(sys.argv[1]))["end"]
rate = end["sum_received"]["bits_per_second"]
print(f"ok: iperf3 {sys.argv[2]}: {rate / 1e6:.0f} Mbit/s")
sys.exit(rate < 1e7)
END_PYTHON
}
run -c 127.0.0.1
run -c 127.0.0.1 -R
run -c 127.0.0.1 -P 2
run -c 127.0.0.1 --nstreams 8 -b 0  # iperf3 3.12 takes the number of streams for a bandwidth too
run -c ::1
run -c 127.0.0.1 -l 100
