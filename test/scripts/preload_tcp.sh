#!/usr/bin/env bash
# netsctp run --tcp: TCP programs over SCTP: python's http.server with curl, ncat with ncat.
source "${SOURCE_DIR:?}/test/scripts/preload.bash"
needs python3 curl ncat
mkdir "$place/www"
head -c 5000000 /dev/urandom >"$place/www/file"
new_port
serve server.log --tcp python3 -m http.server --bind 127.0.0.1 --directory "$place/www" "$port"
listening "$port"
for _ in 1 2; do
  under --tcp curl -sS --max-time 20 -o "$place/copy" "http://127.0.0.1:$port/file" || fail "curl"
  cmp "$place/www/file" "$place/copy" || fail "the file differs"
done
[ "$(under --tcp curl -s -o /dev/null -w '%{http_code}' "http://127.0.0.1:$port/none")" = 404 ] || fail "curl: no 404"
! timeout 10 curl -s --max-time 5 "http://127.0.0.1:$port/file" >/dev/null || fail "the server listens at TCP too"
echo "ok: http"

new_port
serve arrived --tcp ncat -l 127.0.0.1 "$port"
listening "$port"
under --tcp ncat --send-only 127.0.0.1 "$port" <"$place/www/file" || fail "ncat sends"
ended "ncat receives"
cmp "$place/www/file" "$place/arrived" || fail "ncat: the file differs"
echo "ok: ncat"
