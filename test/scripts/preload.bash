# What the tests preload_*.sh share: programs nobody here wrote, under the preload library, on loopback. Sourced.
set -euo pipefail
netsctp=${BUILD_DIR:?the build to test}/bin/netsctp
export NETSCTP_BACKEND=stack
export NETSCTP_UDP_PORT=$((20000 + ($$ * 7 + RANDOM) % 12000))
place=$(mktemp -d)
mkfifo "$place/silence" && exec 9<>"$place/silence"  # a standard input that neither gives anything nor ends
pids=()
cleanup() {
  # Each is a timeout, which passes the signal on.
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null || true; done
  rm -rf "$place"
}
trap cleanup EXIT
fail() {
  echo "FAILED: $*" >&2
  tail -n 40 "$place"/*.log >&2 || true
  exit 1
}
# needs <program...>: 77 (skipped) where one is not installed.
needs() {
  for program in "$@"; do
    command -v "$program" >/dev/null || { echo "skipped: no $program here"; exit 77; }
  done
}
new_port() { port=$((1024 + RANDOM % 30000)); }
# under [--tcp] <program...>: runs it, for 40 seconds at the most.
under() { timeout -k 2 40 "$netsctp" run "$@"; }
# serve <log> [--tcp] <program...>: starts it in the background; its process id is in $server.
serve() {
  local log=$1
  shift
  timeout -k 2 60 "$netsctp" run "$@" >"$place/$log" 2>&1 <&9 &
  server=$!
  pids+=("$server")
}
# listening <port>: waits until an SCTP port of this test is taken on the host.
listening() {
  for _ in $(seq 200); do
    kill -0 "$server" 2>/dev/null || fail "the server has gone"
    grep -q "netsctp[^ ]*[^0-9]$1\b" /proc/net/unix && return 0
    sleep 0.02
  done
  fail "nothing listens at port $1"
}
# ended: the server has ended by itself, well.
ended() {
  local status=0
  wait "$server" || status=$?
  [ "$status" = 0 ] || fail "$* (exit status $status)"
}
