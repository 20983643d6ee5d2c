"""Two hosts and two links between them, for matrix.py: this network namespace, and another one or a virtual machine.

A link is a tap in this namespace and its other end; the Ethernet frames pass through Wires, which can lose packets.
"""
import contextlib
import fcntl
import itertools
import json
import os
import pathlib
import queue
import select
import socket
import struct
import subprocess
import sys
import threading

HERE = pathlib.Path(__file__).resolve().parent
UDP_PORT = 9899
LINKS = 2
INIT = 1  # the chunk type


class Failure(Exception):
    """A sentence that says what went wrong."""


class Program:
    """One that an agent has started."""

    def __init__(self, host, number, name):
        self.host, self.number, self.name = host, number, name
        self.lines, self.status, self.events = [], None, queue.Queue()

    def _next(self, seconds):
        try:
            event = self.events.get(timeout=seconds)
        except queue.Empty:
            raise Failure(f"{self.name}: nothing happens for {seconds} s; it said {self.lines}") from None
        if "line" in event:
            self.lines.append(event["line"])
        else:
            self.status = event["status"]

    def expect_line(self, line, seconds=60):
        while line not in self.lines:
            if self.status is not None:
                raise Failure(f"{self.name} ended with {self.status}: {' / '.join(self.lines)}")
            self._next(seconds)

    def expect_end(self, status=0, seconds=60):
        while self.status is None:
            self._next(seconds)
        if self.status != status:
            raise Failure(f"{self.name} ended with {self.status}: {' / '.join(self.lines)}")

    def said(self):
        """All it said, once it has ended (it is killed if it has not)."""
        self.kill()
        while self.status is None:
            self._next(60)
        return f"{self.name} ended with {self.status}: {' / '.join(self.lines)}"

    def kill(self):
        if self.status is None:
            self.host.order(kill=self.number)


class Host:
    """Where programs run: `prefix` starts the agent there."""

    def __init__(self, prefix, keep_open=()):
        self.agent = subprocess.Popen([*prefix, sys.executable, str(HERE / "agent.py")], stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE, text=True, pass_fds=keep_open)
        first = self.agent.stdout.readline()
        if not first:
            raise Failure(f"no agent: {prefix}")
        self.pid = json.loads(first)["agent"]
        self.programs, self.numbers = {}, itertools.count()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self):
        for line in self.agent.stdout:
            event = json.loads(line)
            self.programs[event["program"]].events.put(event)

    def order(self, **order):
        self.agent.stdin.write(json.dumps(order) + "\n")
        self.agent.stdin.flush()

    def start(self, name, command, environment=None):
        number = next(self.numbers)
        self.programs[number] = Program(self, number, name)
        self.order(start=number, command=[str(word) for word in command], environment=environment or {})
        return self.programs[number]

    def do(self, command):
        self.start(command, ["sh", "-ec", command]).expect_end()

    def stop(self):
        with contextlib.suppress(BrokenPipeError):
            self.order(quit=True)
        self.agent.wait(30)


def sctp_chunk(frame):
    """The type of the first chunk of the SCTP packet in the frame, or None: another packet."""
    if frame[12:14] != b"\x08\x00":
        return None
    at = 14 + (frame[14] & 15) * 4
    if frame[23] == socket.IPPROTO_UDP and struct.unpack_from("!H", frame, at + 2)[0] == UDP_PORT:
        at += 8
    elif frame[23] != 132 or struct.unpack_from("!H", frame, 20)[0] & 0x1fff:
        return None
    return frame[at + 12] if len(frame) > at + 12 else None


class Wire:
    """Passes frames between two ends, SCTP packets by its rules."""

    def __init__(self):
        self.others = []
        self.rules()

    def rules(self, lose_every=0, cut_after=None, until_init=False):
        """New rules: every n-th packet is lost; all are after some, unless another wire is cut; all are until an INIT comes."""
        self.count = self.lost = 0
        self.is_cut = False
        self.lose_every, self.cut_after, self.until_init = lose_every, cut_after, until_init

    def passes(self, frame):
        chunk = sctp_chunk(frame)
        if chunk is None:
            return True
        self.count += 1
        if self.until_init and chunk == INIT:
            self.until_init = False
        if self.cut_after is not None and self.count > self.cut_after and not any(other.is_cut for other in self.others):
            self.is_cut = True
        if self.is_cut or self.until_init or (self.lose_every and self.count % self.lose_every == 0):
            self.lost += 1
            return False
        return True


class Wires(threading.Thread):
    """Carries the frames of all wires: `ends` has two descriptors for each."""

    def __init__(self, ends):
        super().__init__(daemon=True)
        self.wires = [Wire() for _ in ends]
        for wire in self.wires:
            wire.others = [other for other in self.wires if other is not wire]
        self.others = {}
        for wire, (one, other) in zip(self.wires, ends):
            os.set_blocking(one, False)
            os.set_blocking(other, False)
            self.others[one], self.others[other] = (other, wire), (one, wire)
        self.stopped, self.stop_end = socket.socketpair()

    def run(self):
        poll = select.poll()
        for each in [*self.others, self.stopped.fileno()]:
            poll.register(each, select.POLLIN)
        while True:
            for ready, _ in poll.poll():
                if ready == self.stopped.fileno():
                    return
                other, wire = self.others[ready]
                try:
                    for _ in range(64):
                        frame = os.read(ready, 65536)
                        if not frame:  # the machine is gone
                            poll.unregister(ready)
                            break
                        if wire.passes(frame):
                            with contextlib.suppress(OSError):  # a full queue loses the frame
                                os.write(other, frame)
                except OSError:
                    continue

    def stop(self):
        self.stop_end.send(b"x")
        self.join()


def tap(name):
    device = os.open("/dev/net/tun", os.O_RDWR)
    iff_tap, iff_no_packet_information, tunsetiff = 2, 0x1000, 0x400454ca
    fcntl.ioctl(device, tunsetiff, struct.pack("16sH22x", name.encode(), iff_tap | iff_no_packet_information))
    return device


def shell(command):
    subprocess.run(["sh", "-ec", command], check=True)


def configure(device, link, host):
    return (f"ip address add 10.1.{link}.{host}/24 dev {device}; ip address add fd00:{link}::{host}/64 dev {device} nodad;"
            f"ip link set {device} up;")


def addresses(host, ipv6):
    return [f"fd00:{link}::{host}" if ipv6 else f"10.1.{link}.{host}" for link in range(LINKS)]


@contextlib.contextmanager
def two_hosts(machine):
    """Gives (the host here, the other, the wires). machine: the command that runs one in a virtual machine, or None."""
    with contextlib.ExitStack() as later:
        shell("ip link set lo up")
        ours = [tap(f"link{link}") for link in range(LINKS)]
        for link in range(LINKS):
            shell(configure(f"link{link}", link, 1))
        if machine:
            pairs = [socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET) for _ in ours]
            theirs = [here.detach() for here, _ in pairs]
            there = [far.detach() for _, far in pairs]
            networks = [word for each in there for word in ("--network", str(each))]
            other = Host([*machine, "--input", *networks, "--"], there)
            for each in there:
                os.close(each)
            # Linux 6.1 loses what it leaves for later segmentation (GSO) in UDP.
            settings = "".join(f"ip link set vec{link} gso_max_size 1500;" + configure(f"vec{link}", link, 2)
                               for link in range(LINKS))
        else:
            theirs = [tap(f"far{link}") for link in range(LINKS)]
            other = Host(["unshare", "--net"])
            for link in range(LINKS):
                shell(f"ip link set far{link} netns {other.pid}")
            settings = "ip link set lo up;" + "".join(configure(f"far{link}", link, 2) for link in range(LINKS))
        later.callback(other.stop)
        other.do(settings)
        home = Host([])
        later.callback(home.stop)
        wires = Wires(list(zip(ours, theirs)))
        wires.start()
        later.callback(wires.stop)
        yield home, other, wires.wires
