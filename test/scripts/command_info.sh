#!/usr/bin/env bash
# netsctp info, --help, --version and wrong arguments: what they print and their exit status.
source "$(dirname "$0")/command.bash"

# says <wanted status> <pattern> <arguments...>: the exit status, and what either output has.
says() {
  local wanted=$1 pattern=$2 status=0
  shift 2
  timeout 30 "$netsctp" "$@" >"$place/out" 2>&1 </dev/null || status=$?
  [ $status -eq "$wanted" ] || fail "netsctp $*: exit status $status, not $wanted: $(cat "$place/out")"
  grep -qE -- "$pattern" "$place/out" || fail "netsctp $*: nothing like '$pattern' in: $(cat "$place/out")"
  echo "ok: netsctp $*"
}

says 0 '^netsctp [0-9]+\.[0-9]+\.[0-9]+$' --version
says 0 'Exit status: 0 done' --help
says 0 'netsctp connect --host 127.0.0.1 --port 5000 < file' --help
says 0 '--keep-open' listen --help
says 0 '--timeout' connect --help
says 0 '^why ' info
NETSCTP_BACKEND=stack says 0 "^link +UDP port $NETSCTP_UDP_PORT" info
NETSCTP_BACKEND=nonsense says 1 'NETSCTP_BACKEND' info
NETSCTP_BACKEND=stack NETSCTP_UDP_BATCH=off says 0 '^link +UDP port' info
NETSCTP_BACKEND=stack NETSCTP_UDP_BATCH=nonsense says 1 'NETSCTP_UDP_BATCH' info
NETSCTP_BACKEND=stack NETSCTP_CONGESTION=cubic NETSCTP_LOSS_DETECTION=rack says 0 '^link +UDP port' info
NETSCTP_BACKEND=stack NETSCTP_CONGESTION=bbr says 0 '^link +UDP port' info
NETSCTP_BACKEND=stack NETSCTP_CONGESTION=nonsense says 1 'NETSCTP_CONGESTION is "nonsense": it must be rfc9260, cubic or bbr' info
NETSCTP_BACKEND=stack NETSCTP_LOSS_DETECTION=nonsense says 1 'NETSCTP_LOSS_DETECTION is' info
says 2 'subcommand' # none given
says 2 'port' connect --host 127.0.0.1
says 2 'host' connect --port 5000
says 2 'no-such-option' listen --port 5000 --no-such-option
says 2 'port' listen --port 70000

NETSCTP_BACKEND=stack timeout 30 "$netsctp" info --json >"$place/json"
python3 - "$place/json" "$NETSCTP_UDP_PORT" <<'END_PYTHON'
import json, sys
info = json.load(open(sys.argv[1]))
assert info["backend"] == "stack" and info["link"] == "udp" and info["works"], info
assert info["udp_port"] == int(sys.argv[2]), info
assert info["reason"] and info["version"], info
assert info["limits"]["send_buffer_bytes"] > 0 and info["limits"]["max_inbound_streams"] > 0, info
print("ok: netsctp info --json")
END_PYTHON
