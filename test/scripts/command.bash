# What the tests of the command share: ports of their own, a place for files, what is running ended at the end. Sourced.
set -euo pipefail
netsctp=${BUILD_DIR:?the build to test}/bin/netsctp
NETSCTP_UDP_PORT=$((20000 + $$ % 12000))
export NETSCTP_UDP_PORT
port=$((1024 + RANDOM % 30000))
place=$(mktemp -d)
pids=()
cleanup() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  rm -rf "$place"
}
trap cleanup EXIT
fail() {
  echo "FAILED: $*" >&2
  tail -n 40 "$place"/*.log >&2 2>/dev/null || true
  exit 1
}
# start_listener <output> <arguments...>: a listener on 127.0.0.1 in the background, with our standard input; returns
# when it listens. Its process id is in $listener.
start_listener() {
  local output=$1
  shift
  : >"$place/listen.log"
  timeout --foreground 60 "$netsctp" listen --host 127.0.0.1 --port "$port" --verbose "$@" <&0 >"$output" 2>"$place/listen.log" &
  listener=$!
  pids+=("$listener")
  timeout 20 grep -q -m1 'listening at' <(tail -f --pid=$listener "$place/listen.log") || fail "it does not listen"
}
# end_listener: as an interrupt from outside; its exit status is in $status.
end_listener() {
  status=0
  kill -TERM "$listener"
  wait "$listener" || status=$?
}
