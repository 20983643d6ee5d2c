#!/usr/bin/env bash
# ncat --sctp: a file to a listener, and from one. (Its standard input must not end first: it would shut the
# association down, and SCTP has no half-closed state.)
source "${SOURCE_DIR:?}/test/scripts/preload.bash"
needs ncat
head -c 2000000 /dev/urandom >"$place/file"
for host in 127.0.0.1 ::1; do
  new_port
  serve arrived ncat --sctp -l "$host" "$port"
  listening "$port"
  under ncat --sctp --send-only "$host" "$port" <"$place/file" || fail "ncat sends to $host"
  ended "ncat receives at $host"
  cmp "$place/file" "$place/arrived" || fail "the file differs at $host"

  new_port
  timeout -k 2 40 "$netsctp" run ncat --sctp --send-only -l "$host" "$port" <"$place/file" 2>"$place/server.log" &
  server=$!
  pids+=("$server")
  listening "$port"
  under ncat --sctp --recv-only "$host" "$port" >"$place/fetched" || fail "ncat fetches from $host"
  ended "ncat gives at $host"
  cmp "$place/file" "$place/fetched" || fail "the fetched file differs from $host"
  echo "ok: both ways at $host"
done
