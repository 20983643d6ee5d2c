"""Runs: one pair of processes for one peer and one row, each pinned to a CPU; its figures as a dictionary."""
import concurrent.futures
import contextlib
import json
import multiprocessing
import os
import pathlib
import random
import select
import signal
import socket
import statistics
import subprocess
import time

import rows

PATIENCE = 30  # seconds beyond what the work takes


class Failure(Exception):
    pass


class Process:
    """One process of a pair: a line of JSON at a time comes from it, and at its end the CPU seconds it took."""

    def __init__(self, name, command, cpu, environment):
        cpus = sorted(os.sched_getaffinity(0))
        self.command = [str(word) for word in command]
        self.name = name
        self.errors = os.memfd_create("errors")
        self.process = subprocess.Popen(
            self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors,
            env={**os.environ, **environment}, start_new_session=True,
            preexec_fn=lambda: os.sched_setaffinity(0, {cpus[cpu % len(cpus)]}))
        self.pid = self.process.pid
        self.unread = b""
        self.cpu = None

    def line(self, seconds):
        """Its next line that is JSON."""
        until = time.monotonic() + seconds
        while b"\n" not in self.unread:
            left = until - time.monotonic()
            if left <= 0 or not select.select([self.process.stdout], [], [], left)[0]:
                raise Failure(f"no answer in {seconds:.0f} s: {self.name} {self.said()}")
            data = os.read(self.process.stdout.fileno(), 65536)
            if not data:
                raise Failure(f"ended without an answer: {self.name} {self.said()}")
            self.unread += data
        line, self.unread = self.unread.split(b"\n", 1)
        return json.loads(line)

    def everything(self, seconds):
        """Its whole output, which is one JSON document."""
        until = time.monotonic() + seconds
        data = b""
        while True:
            left = until - time.monotonic()
            if left <= 0 or not select.select([self.process.stdout], [], [], left)[0]:
                raise Failure(f"no answer in {seconds:.0f} s: {self.name}")
            more = os.read(self.process.stdout.fileno(), 65536)
            if not more:
                break
            data += more
        try:
            return json.loads(data)
        except ValueError as problem:
            raise Failure(f"{self.name}: {problem}: {data[-300:]} {self.said()}") from problem

    def said(self):
        return os.pread(self.errors, 2000, 0).decode(errors="replace").strip()

    def ended(self):
        """Without taking it off: end() asks what it took."""
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def go_on(self):
        self.process.stdin.write(b"\n")
        self.process.stdin.flush()

    def resident(self):
        words = pathlib.Path(f"/proc/{self.pid}/statm").read_text().split()
        return int(words[1]) * os.sysconf("SC_PAGE_SIZE")

    def end(self, patience=0.0):
        """Lets it end by itself for a while, then ends it. CPU seconds, user and kernel."""
        if self.cpu is None:
            self.process.stdin.close()
            until = time.monotonic() + patience
            while True:
                pid, _, usage = os.wait4(self.pid, os.WNOHANG)
                if pid or time.monotonic() >= until:
                    break
                time.sleep(0.005)
            if not pid:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(self.pid, signal.SIGKILL)
                _, _, usage = os.wait4(self.pid, 0)
            self.process.returncode = 0
            self.process.stdout.close()
            os.close(self.errors)
            self.cpu = usage.ru_utime + usage.ru_stime
        return self.cpu


@contextlib.contextmanager
def started(*arguments):
    process = Process(*arguments)
    try:
        yield process
    finally:
        process.end()


def free_ports(count):
    """Ports that nobody has, neither of UDP nor of TCP, and that the kernel gives to nobody who asks for any."""
    free = []
    while len(set(free)) < count:
        port = random.randrange(10000, 32000)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, socket.socket() as tcp, contextlib.suppress(OSError):
            udp.bind(("0.0.0.0", port))
            tcp.bind(("0.0.0.0", port))
            free.append(port)
    return free


class Path:
    """Two network namespaces joined by the relay; `at(side)` is what to write before a command to run it there."""

    def __init__(self, binaries, options):
        self.relay = Process("path_relay", [binaries / "path_relay", *options], 0, {})
        os.sched_setaffinity(self.relay.pid, os.sched_getaffinity(0))
        try:
            answer = self.relay.line(PATIENCE)
        except Failure:
            self.relay.end()
            raise
        self.sides = answer["namespaces"]
        self.user = ["-U", "--preserve-credentials"] if os.geteuid() != 0 else []

    def at(self, side):
        return ["nsenter", "-t", str(self.sides[side]), *self.user, "-n"]

    def cut(self):
        os.kill(self.relay.pid, signal.SIGUSR1)

    def end(self):
        self.relay.end()


class Pair:
    """What a row asks of a peer, done by its server and its client."""

    def __init__(self, binaries, peer, row, seconds, seed=1):
        self.peer, self.row, self.seconds, self.seed = peer, row, seconds, seed
        self.binaries = binaries
        ports = free_ports(2)
        self.udp_ports = [ports[0]] * 2 if peer.one_port else ports
        self.environment = dict(peer.environment)
        self.before = ([], [])
        self.path = None

    def command(self, side, *more):
        program, *settings = self.peer.program
        options = list(self.row.options)
        if self.peer.key != "netsctp" and self.row.work == "crowd":
            options[options.index("--server-sockets") + 1] = 1  # one takes them all
        if self.peer.buffer and "--buffer" not in options and self.row.work != "idle":
            options += ["--buffer", self.peer.buffer]
        if self.windowed():
            options += ["--window", self.seconds]
        if self.peer.largest_mtu and "--mtu" in options:
            options[options.index("--mtu") + 1] = self.peer.largest_mtu
        addresses = []
        if self.path:
            ours, theirs = ("1", "2") if side == 0 else ("2", "1")
            nets = ("10.77.1.", "10.77.2.") if self.row.work == "steady" else ("10.77.1.",)
            addresses = ["--local", ",".join(net + ours for net in nets), "--peer", nets[0] + theirs]
        udp = ["--udp-port", self.udp_ports[side], "--peer-udp-port", self.udp_ports[1 - side]]
        return [*self.before[side], self.binaries / program, ("server", "client")[side], self.row.work, *settings,
                *options, "--seconds", self.seconds, *udp, *addresses, *more]

    def windowed(self):
        """Whether the server counts for a time, and what the client still sends then is no matter."""
        return self.row.place == "path" and self.row.work == "throughput"

    def run(self):
        if self.row.place == "path":
            self.path = Path(self.binaries, [*self.row.path, "--seed", self.seed])
            self.before = (self.path.at(0), self.path.at(1))
        try:
            with started("server", self.command(0), 0, self.environment) as server:
                ports = ",".join(str(port) for port in server.line(PATIENCE)["ports"])
                with started("client", self.command(1, "--port", ports), 1, self.environment) as client:
                    return self.figures(server, client)
        finally:
            if self.path:
                self.path.end()

    def figures(self, server, client):
        patience = self.seconds + PATIENCE
        if self.row.work == "idle":
            return self.growth(server, client)
        if self.row.work == "steady":
            time.sleep(self.seconds / 4)
            self.path.cut()
        if self.row.work in ("throughput", "steady", "crowd"):
            if not self.windowed():
                client.line(patience)
            result = server.line(patience)
            cpu = client.end(0 if self.windowed() or self.row.work == "crowd" else 1) + server.end(1)
            result["cpu_ns_per_byte"] = cpu * 1e9 / result["bytes"]
        else:
            result = client.line(patience)
            cpu = client.end() + server.end()
        result["cpu_seconds"] = cpu
        return result

    def growth(self, server, client):
        first = client.line(PATIENCE)["up"]
        before, ours_before = server.resident(), client.resident()
        client.go_on()
        answer = client.line(PATIENCE * 8)
        added = answer["up"] - first
        return {"bytes_per_association": (server.resident() - before) / added,
                "client_bytes_per_association": (client.resident() - ours_before) / added,
                "seconds": answer["seconds"], "associations": answer["up"]}


def listens(port):
    """Whether somebody waits for TCP connections at the port."""
    lines = [line.split() for table in ("tcp", "tcp6") for line in pathlib.Path("/proc/net", table).read_text().splitlines()]
    return any(line[1].endswith(f":{port:04X}") and line[3] == "0A" for line in lines)


def run_iperf3(binaries, peer, row, seconds):
    udp_port, port = free_ports(2)
    environment = {**dict(peer.environment), "NETSCTP_UDP_PORT": str(udp_port)}
    program, *words = peer.program
    size = row.options[row.options.index("--size") + 1]
    with started("iperf3 -s", [binaries / program, *words, "-s", "-1", "-p", port, "--json"], 0, environment) as server:
        until = time.monotonic() + PATIENCE
        while not listens(port):
            if time.monotonic() > until or server.ended():
                raise Failure(f"iperf3 -s does not listen: {server.said()} {server.everything(1) if server.ended() else ''}")
            time.sleep(0.02)
        with started("iperf3 -c", [binaries / program, *words, "-c", "127.0.0.1", "--sctp", "-p", port, "-l", size, "-t",
                      max(1, round(seconds)), "--json"], 1, environment) as client:
            answer = client.everything(seconds + PATIENCE)
            if "error" in answer:
                raise Failure(f"iperf3: {answer['error']}")
            received = answer["end"]["sum_received"]
            cpu = client.end(1) + server.end(1)
    return {"bits_per_second": received["bits_per_second"], "bytes": received["bytes"], "seconds": received["seconds"],
            "messages_per_second": received["bytes"] / size / received["seconds"], "cpu_seconds": cpu,
            "cpu_ns_per_byte": cpu * 1e9 / max(1, received["bytes"])}


def run_pair(binaries, row_key, peer_key, seconds, seed):
    """Figures, or what failed."""
    try:
        return Pair(binaries, rows.PEERS[peer_key], rows.ROWS[row_key], seconds, seed).run()
    except (Failure, OSError, KeyError, ValueError) as problem:
        return str(problem) if isinstance(problem, Failure) else f"{type(problem).__name__}: {problem}"


def run_side_by_side(binaries, row, peer_key, seconds, seeds):
    """The means of pairs that run at the same time, each on a path of its own: processes, for each forks others."""
    fork = multiprocessing.get_context("fork")
    with concurrent.futures.ProcessPoolExecutor(len(seeds), fork) as pool:
        answers = [pool.submit(run_pair, binaries, row.key, peer_key, seconds, seed) for seed in seeds]
        results = [answer.result() for answer in answers]
    for result in results:
        if isinstance(result, str):
            raise Failure(result)
    return {figure: statistics.mean(result[figure] for result in results) for figure in results[0]}


def run(binaries, row, peer_key, seconds, number=0):
    """One run, the `number`th of its kind, from which the seeds of the losses follow. Raises Failure."""
    peer = rows.PEERS[peer_key]
    seconds *= row.seconds
    if row.seeds > 1:
        first = 1 + number * row.seeds
        return run_side_by_side(binaries, row, peer_key, seconds, range(first, first + row.seeds))
    if peer.runner == "iperf3":
        try:
            return run_iperf3(binaries, peer, row, seconds)
        except (OSError, KeyError, ValueError) as problem:
            raise Failure(f"{type(problem).__name__}: {problem}") from problem
    result = run_pair(binaries, row.key, peer_key, seconds, 1 + number)
    if isinstance(result, str):
        raise Failure(result)
    return result
