#!/usr/bin/env bash
# Python's standard socket module with IPPROTO_SCTP: both styles, IPv4 and IPv6, non-blocking with selectors, options,
# messages and ancillary data, duplicates, the child of a fork, subprocesses.
source "${SOURCE_DIR:?}/test/scripts/preload.bash"
needs python3
cat >"$place/test.py" <<'END_PYTHON'
import errno, fcntl, os, selectors, socket, struct, subprocess, sys, termios
SCTP = socket.IPPROTO_SCTP

for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
    listener = socket.socket(family, socket.SOCK_STREAM, SCTP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, 0))
    listener.listen()
    client = socket.socket(family, socket.SOCK_STREAM, SCTP)
    client.settimeout(5)
    client.connect(listener.getsockname())
    server, address = listener.accept()
    assert address[0] == host and server.getpeername()[1] == client.getsockname()[1]
    assert server.proto == SCTP and server.getsockopt(socket.SOL_SOCKET, socket.SO_PROTOCOL) == SCTP
    client.sendall(b"hello")
    client.sendall(b"world")
    data, _, flags, _ = server.recvmsg(100)
    assert (data, flags) == (b"hello", socket.MSG_EOR), (data, flags)
    assert server.recv(2) == b"wo" and server.recv(100) == b"rld"
    # nothing there: at once
    server.setblocking(False)
    assert fcntl.fcntl(server, fcntl.F_GETFL) == os.O_RDWR | os.O_NONBLOCK
    try:
        server.recv(1)
        assert False
    except BlockingIOError:
        pass
    selector = selectors.DefaultSelector()
    selector.register(server, selectors.EVENT_READ)
    assert selector.select(0) == []
    client.send(b"12345")
    assert len(selector.select(5)) == 1
    size = fcntl.ioctl(server, termios.FIONREAD, b"\0" * 4)
    assert struct.unpack("i", size) == (5,)
    assert server.recv(100, socket.MSG_PEEK) == b"12345" and server.recv(100) == b"12345"
    # a duplicate keeps the association
    twin = server.dup()
    selector.unregister(server)
    server.close()
    client.send(b"still")
    twin.settimeout(5)
    assert twin.recv(100) == b"still"
    file = twin.makefile("rwb", buffering=0)
    client.send(b"a line\n")
    assert file.readline() == b"a line\n"
    # an executed program inherits nothing of it and works
    assert subprocess.run(["cat"], input=b"x", capture_output=True, check=True, close_fds=True).stdout == b"x"
    assert subprocess.run([sys.executable, "-c", "import socket; socket.socket(2, 1, 132).bind(('127.0.0.1', 0))"]).returncode == 0
    # after a fork the parent's goes on
    child = os.fork()
    if child == 0:
        try:
            twin.recv(1)
        except OSError as error:
            os._exit(0 if error.errno == errno.EBADF else 1)
        os._exit(2)
    assert os.waitpid(child, 0)[1] == 0
    client.send(b"unharmed")
    assert twin.recv(100) == b"unharmed"
    file.close()
    twin.close()
    assert client.recv(10) == b""
    client.close()
    listener.close()

# one-to-many
def many():
    result = socket.socket(socket.AF_INET, socket.SOCK_SEQPACKET, SCTP)
    result.bind(("127.0.0.1", 0))
    result.listen(5)
    result.settimeout(5)
    return result
one, two = many(), many()
one.setsockopt(SCTP, 32, struct.pack("i", 1))  # SCTP_RECVRCVINFO
info = struct.pack("=HHIIi", 3, 0, socket.htonl(46), 0, 0)  # sctp_sndinfo
two.sendmsg([b"first ", b"message"], [(SCTP, 2, info)], 0, one.getsockname())
data, ancillary, flags, address = one.recvmsg(100, 200)
assert data == b"first message" and address == two.getsockname() and flags == socket.MSG_EOR, (data, flags, address)
level, kind, received = ancillary[0]
stream, _, _, ppid = struct.unpack_from("=HHHxxI", received)
assert (level, kind, stream, socket.ntohl(ppid)) == (SCTP, 3, 3, 46), ancillary
one.sendto(b"answer", address)
assert two.recvfrom(100) == (b"answer", one.getsockname())
blocked = bytearray(3)
one.sendto(b"into", address)
assert two.recvfrom_into(blocked)[0] == 3 and two.recv(10) == b"o"

# what is not SCTP is the kernel's
plain = socket.socket()
assert plain.getsockopt(socket.SOL_SOCKET, socket.SO_PROTOCOL) == socket.IPPROTO_TCP
left, right = socket.socketpair()
left.send(b"x")
assert right.recv(1) == b"x"
print("ok: python")
END_PYTHON
under python3 "$place/test.py" || fail "python: exit status $?"
