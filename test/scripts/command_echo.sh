#!/usr/bin/env bash
# Interactive use: a line is a message, its echo comes back; events are told; JSON has an object for each.
source "$(dirname "$0")/command.bash"

start_listener "$place/json.log" --echo --keep-open --json </dev/null

for style in --one-to-one --lines; do
  mkfifo "$place/in$style" "$place/out$style"
  timeout 60 "$netsctp" connect --host 127.0.0.1 --port "$port" --lines --stream 3 --ppid 46 $style \
    <"$place/in$style" >"$place/out$style" 2>"$place/connect.log" &
  client=$!
  pids+=("$client")
  exec 3>"$place/in$style" 4<"$place/out$style"
  for word in hello 'second line' ''; do
    printf '%s\n' "$word" >&3
    IFS= read -r -t 10 answer <&4 || fail "no answer to '$word'"
    [ "$answer" = "$word" ] || fail "the answer to '$word' is '$answer'"
  done
  exec 3>&-
  wait "$client" || fail "connect $style: exit status $?"
  exec 4<&-
  echo "ok: $style"
done

printf once | timeout 30 "$netsctp" connect --host 127.0.0.1 --port "$port" --wait 2 >"$place/once" 2>"$place/connect.log" ||
  fail "connect --wait: exit status $?"
[ "$(cat "$place/once")" = once ] || fail "no answer with --wait"
echo "ok: --wait"

end_listener
python3 - "$place/json.log" "$port" <<'END_PYTHON'
import json, sys
lines = [json.loads(line) for line in open(sys.argv[1])]
events = [line["event"] for line in lines]
assert lines[0] == {"event": "listening", "addresses": ["127.0.0.1:" + sys.argv[2]]}, lines[0]
assert events.count("association_up") == 3 and events.count("association_shut_down") == 3, events
messages = [line for line in lines if line["event"] == "message"]
assert [m["text"] for m in messages] == ["hello\n", "second line\n", "\n"] * 2 + ["once"], messages
assert messages[0]["stream"] == 3 and messages[0]["ppid"] == 46 and messages[0]["size"] == 6, messages[0]
print("ok: JSON")
END_PYTHON
