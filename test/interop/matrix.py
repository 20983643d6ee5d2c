#!/usr/bin/env python3
"""Interoperation: netsctp beside another SCTP, both ways, scenario by scenario (peer.c), in UDP on loopback.

Each run leaves a record of packets, which tshark must read without a malformed packet or a bad checksum. Prints a table;
the exit status is 0 if every run was good, 1 if one was not.
"""

import argparse
import json
import os
import pathlib
import select
import socket
import subprocess
import sys
import threading

SCENARIOS = {
    "messages": "300 messages of 1 byte to 256 KiB on 10 streams, every seventh unordered; graceful end",
    "loss": "the same with every 20th packet lost",
    "abort": "the client aborts",
    "partial": "2,000 messages that are never sent again (PR-SCTP), every 20th packet lost",
    "reset": "a stream's sequence numbers begin anew (RFC 6525)",
    "restart": "the client is killed and comes again from the same port",
    "heartbeat": "an idle association with HEARTBEATs every 100 ms",
}
LOSSY = {"loss", "partial"}
TIMEOUT = 60


class Relay(threading.Thread):
    """Passes datagrams between two UDP ports of 127.0.0.1 and drops every 20th."""

    def __init__(self, one, other):
        super().__init__(daemon=True)
        self.ends = {one: other, other: one}
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.stopped, self.stop_end = socket.socketpair()

    def run(self):
        count = 0
        while True:
            ready, _, _ = select.select([self.socket, self.stopped], [], [])
            if self.stopped in ready:
                return
            data, (_, port) = self.socket.recvfrom(65536)
            count += 1
            if count % 20 != 0 and port in self.ends:
                self.socket.sendto(data, ("127.0.0.1", self.ends[port]))

    def stop(self):
        self.stop_end.send(b"x")
        self.join()
        self.socket.close()


def free_port(kind):
    with socket.socket(socket.AF_INET, kind) as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Side:
    """One of the two implementations: how its peer program is started."""

    def __init__(self, name, command, udp_port, environment=None, traces=False):
        self.name, self.command, self.udp_port = name, command, udp_port
        self.environment, self.traces = environment or {}, traces

    def start(self, role, scenario, port, remote_udp, trace):
        command = [part.replace("TRACE", str(trace)) for part in self.command]
        return subprocess.Popen(
            command + [role, scenario, "127.0.0.1", str(port), str(self.udp_port), str(remote_udp)],
            env={**os.environ, **self.environment}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finish(process, what, wanted=0):
    """What is wrong with the end of the process, or nothing."""
    try:
        out, err = process.communicate(timeout=TIMEOUT)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
        return f"{what} hangs: {err.strip()}"
    if process.returncode != wanted:
        return f"{what} ended with {process.returncode}: {err.strip()}"
    return ""


def complaints(trace):
    """What tshark finds wrong in a record of packets."""
    found = subprocess.run(
        ["tshark", "-r", str(trace), "-Y", "_ws.malformed || sctp.checksum.status == 0 || !sctp"],
        capture_output=True, text=True, check=False)
    if found.returncode != 0:
        return f"tshark cannot read {trace}: {found.stderr.strip()}"
    return f"tshark about {trace}: {found.stdout.splitlines()[0]}" if found.stdout else ""


def heartbeats(trace):
    """Too few HEARTBEAT ACKs of either side?"""
    for direction in (1, 2):
        found = subprocess.run(
            ["tshark", "-r", str(trace), "-Y", f"frame.packet_flags_direction == {direction} && sctp.chunk_type == 5"],
            capture_output=True, text=True, check=False)
        if len(found.stdout.splitlines()) < 3:
            return f"fewer than 3 HEARTBEAT ACKs of direction {direction} in {trace}"
    return ""


def run(scenario, server, client, place):
    """What went wrong, or nothing."""
    program = {"loss": "messages", "restart": "die"}.get(scenario, scenario)
    port = free_port(socket.SOCK_STREAM)
    relay = Relay(server.udp_port, client.udp_port) if scenario in LOSSY else None
    to_client = relay.port if relay else client.udp_port
    to_server = relay.port if relay else server.udp_port
    if relay:
        relay.start()
    traces = []

    def start(side, role, program):
        trace = place / f"{scenario}-{client.name}-to-{server.name}-{role}-{program}.pcapng"
        if side.traces:
            traces.append(trace)
        return side.start(role, program, port, to_client if side is server else to_server, trace)

    listening = start(server, "server", program)
    running = [listening]
    wrong = ""
    try:
        ready, _, _ = select.select([listening.stdout], [], [], TIMEOUT)
        if not ready or listening.stdout.readline() != "listening\n":
            listening.kill()
            return finish(listening, "the server") or "the server does not listen"
        running.append(start(client, "client", program))
        wrong = finish(running[-1], "the client", -9 if program == "die" else 0)
        if not wrong and program == "die":
            running.append(start(client, "client", "again"))
            wrong = finish(running[-1], "the client that came again")
        if wrong:
            listening.kill()
        other = finish(listening, "the server")
        wrong = "; ".join(filter(None, [wrong, other if not wrong else other.split(": ", 1)[-1]]))
    finally:
        for process in running:
            if process.poll() is None:
                process.kill()
                process.wait()
        if relay:
            relay.stop()
    for trace in traces:
        wrong = wrong or complaints(trace)
    if scenario == "heartbeat":
        wrong = wrong or heartbeats(traces[0])
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True, type=pathlib.Path, help="the build to test")
    parser.add_argument("--peer", required=True, choices=["usrsctp", "linux"], help="the other implementation")
    parser.add_argument("--traces", type=pathlib.Path, help="where the records of packets go (default: in the build)")
    parser.add_argument("--json", type=pathlib.Path, help="the table goes there too")
    parser.add_argument("scenario", nargs="*", metavar="SCENARIO", help="default: all")
    options = parser.parse_args()
    place = options.traces or options.build / "interop" / options.peer
    place.mkdir(parents=True, exist_ok=True)
    programs = options.build / "bin"
    ours_udp, theirs_udp = free_port(socket.SOCK_DGRAM), free_port(socket.SOCK_DGRAM)
    ours = Side("netsctp", [str(programs / "netsctp"), "run", "--trace", "TRACE", str(programs / "interop_sockets")],
                ours_udp, {"NETSCTP_BACKEND": "stack", "NETSCTP_UDP_PORT": str(ours_udp)}, traces=True)
    if options.peer == "usrsctp":
        theirs = Side("usrsctp", [str(programs / "interop_usrsctp")], theirs_udp)
    else:
        # Linux 6.1 loses its footing over datagrams in UDP that loopback leaves unsegmented, its own and others'.
        subprocess.run(["ip", "link", "set", "lo", "mtu", "1500", "gso_max_size", "1500"], check=True)
        pathlib.Path("/proc/sys/net/sctp/udp_port").write_text(f"{theirs_udp}\n", encoding="ascii")
        pathlib.Path("/proc/sys/net/sctp/reconf_enable").write_text("1\n", encoding="ascii")
        theirs = Side("linux", [str(programs / "interop_sockets")], theirs_udp)

    good = True
    results = []
    print(f"{'scenario':<11} {'client':<8} {'server':<8} result")
    for scenario in options.scenario or SCENARIOS:
        for server, client in ((ours, theirs), (theirs, ours)):
            if scenario == "restart" and client.name == "linux":
                wrong, shown = "", "-      (the kernel closes what a killed process leaves)"
            else:
                wrong = run(scenario, server, client, place)
                shown = f"FAILED {wrong}" if wrong else "ok"
            good = good and not wrong
            results.append({"scenario": scenario, "client": client.name, "server": server.name, "result": shown.split()[0]})
            print(f"{scenario:<11} {client.name:<8} {server.name:<8} {shown}", flush=True)
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
