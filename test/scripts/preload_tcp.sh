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

# What poll and epoll tell of an end, and what a read then gives, is what a TCP socket's do where both have shut down.
cat >"$place/ends.py" <<'END'
import select, socket, struct

IN, OUT, ERR, HUP, RDHUP = select.POLLIN, select.POLLOUT, select.POLLERR, select.POLLHUP, select.POLLRDHUP


def events(one, wanted):
    with select.epoll() as edge:
        edge.register(one.fileno(), IN | OUT | RDHUP)
        poll = select.poll()
        poll.register(one, IN | OUT | RDHUP)
        for _ in range(2000):  # of ms, at most
            got = dict(poll.poll(0)).get(one.fileno(), 0)
            if got == wanted:
                break
            poll.register(one, RDHUP)
            poll.poll(5)
            poll.register(one, IN | OUT | RDHUP)
        assert got == wanted, (hex(got), hex(wanted))
        assert dict(edge.poll(0)).get(one.fileno(), 0) == wanted


def pair():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        one = socket.create_connection(listener.getsockname())
        return one, listener.accept()[0]


one, other = pair()
events(one, OUT)
one.send(b"request")
one.shutdown(socket.SHUT_WR)
assert other.recv(100) == b"request"
events(other, IN | OUT | RDHUP)
assert other.recv(100) == b""
other.close()
events(one, IN | OUT | RDHUP | HUP)
assert one.recv(100) == b"" and one.recv(100, socket.MSG_DONTWAIT) == b""

one, other = pair()
other.send(b"last")
other.close()
events(one, IN | OUT | RDHUP)
assert (one.recv(100), one.recv(100)) == (b"last", b"")

one, other = pair()
other.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
other.close()
events(one, IN | OUT | RDHUP | ERR | HUP)
try:
    one.recv(100)
    raise SystemExit("no reset")
except ConnectionResetError:
    pass
events(one, IN | OUT | RDHUP | HUP)
assert one.recv(100) == b""
END
under --tcp python3 "$place/ends.py" || fail "the ends of --tcp"
echo "ok: ends"
