#!/usr/bin/env bash
# socat SCTP-LISTEN and SCTP-CONNECT: a file there, another back, over IPv4 and IPv6.
source "${SOURCE_DIR:?}/test/scripts/preload.bash"
needs socat
head -c 3000000 /dev/urandom >"$place/there"
head -c 2000000 /dev/urandom >"$place/back"
for family in 4 6; do
  host=127.0.0.1
  [ $family = 4 ] || host='[::1]'
  new_port
  serve server.log socat -u "SCTP$family-LISTEN:$port" "CREATE:$place/arrived"
  listening "$port"
  under socat -u "FILE:$place/there" "SCTP$family-CONNECT:$host:$port" || fail "socat sends, IPv$family"
  ended "socat receives, IPv$family"
  cmp "$place/there" "$place/arrived" || fail "the file there differs, IPv$family"

  new_port
  serve server.log socat -U "SCTP$family-LISTEN:$port" "FILE:$place/back"
  listening "$port"
  under socat -u "SCTP$family-CONNECT:$host:$port" "CREATE:$place/returned" || fail "socat fetches, IPv$family"
  ended "socat gives, IPv$family"
  cmp "$place/back" "$place/returned" || fail "the file back differs, IPv$family"
  rm "$place/arrived" "$place/returned"
  echo "ok: both ways, IPv$family"
done
