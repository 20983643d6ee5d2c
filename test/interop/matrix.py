#!/usr/bin/env python3
"""Interoperation: netsctp beside another SCTP, over a link, both ways, scenario by scenario (peer.c).

matrix.py run: two hosts (network.py), netsctp on one, the peer on the other. Each run leaves a record of packets of
netsctp's side, which tshark must read without a malformed packet or a bad checksum. Exit status: 0 good, 1 not, 77 it
cannot run here (where CI=true: 1).
matrix.py table: what the last runs found, as a table; writes it into docs/interop.md, or holds that to it.
"""
import argparse
import itertools
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

from network import UDP_PORT, Failure, addresses, two_hosts

HERE = pathlib.Path(__file__).resolve().parent
FIRST_PORT = 5000
SCENARIOS = {
    "messages": "600 messages of 1 to 10,000 bytes on 10 streams, echoed: bytes, streams, order; graceful end",
    "ipv6": "the same over IPv6",
    "fragments": "messages of up to 256 KiB",
    "streams": "4,000 messages on 2,000 streams",
    "unordered": "every second message unordered",
    "loss": "every 20th packet lost",
    "abort": "the client aborts",
    "partial": "PR-SCTP: 1,000 messages that are never sent again, every 20th packet lost",
    "reset": "a stream's sequence numbers begin anew (RFC 6525)",
    "restart": "the client is killed and comes again from the same port",
    "heartbeat": "an idle association with HEARTBEATs, both ways",
    "paths": "two links, the one in use is cut in the middle: no byte is lost",
}
PEERS = ["usrsctp", "linux"]
LINKS = ["udp", "raw"]
LOSSY = {"loss", "partial"}
WAYS = {"we": "we connect", "they": "they connect"}


class Side:
    """One of the two implementations and its host: how its peer program is started."""

    def __init__(self, name, host, number, command, udp_port=0, environment=None, traces=False):
        self.name, self.host, self.number, self.command = name, host, number, command
        self.udp_port, self.environment, self.traces = udp_port, environment or {}, traces

    def own(self, scenario):
        return ",".join(addresses(self.number, scenario == "ipv6")[:2 if scenario == "paths" else 1])

    def start(self, role, scenario, to, port, trace):
        command = [str(trace) if word == "TRACE" else word for word in self.command]
        command += [role, "messages" if scenario == "ipv6" else scenario, self.own(scenario)] + ([to.own(scenario)] if role == "client" else [])
        command += [port, self.udp_port, self.udp_port]
        return self.host.start(f"{self.name} ({role})", command, self.environment)


def tshark(trace, what):
    found = subprocess.run(["tshark", "-r", str(trace), "-o", "sctp.checksum:CRC 32c", "-Y", what],
                           capture_output=True, text=True, check=False)
    if found.returncode != 0:
        raise Failure(f"tshark cannot read {trace}: {found.stderr.strip()}")
    return found.stdout.splitlines()


def check_trace(trace, scenario):
    if not trace.exists() or trace.stat().st_size < 500:
        raise Failure(f"no packets in {trace}")
    found = tshark(trace, "_ws.malformed || sctp.checksum.status != 1 || !sctp")
    if found:
        raise Failure(f"tshark about {trace}: {found[0]}")
    if scenario == "heartbeat":
        for direction in (1, 2):
            if len(tshark(trace, f"frame.packet_flags_direction == {direction} && sctp.chunk_type == 5")) < 2:
                raise Failure(f"fewer than 2 HEARTBEAT ACKs of direction {direction} in {trace}")


def run_one(scenario, server, client, wires, port, place):
    """Raises Failure. Returns the records of packets."""
    traces, running = [], []

    def start(side, role, program, to):
        trace = place / f"{scenario}-{client.name}-to-{server.name}-{program}.pcapng"
        if side.traces:
            traces.append(trace)
        running.append(side.start(role, program, to, port, trace))
        return running[-1]

    for wire in wires:
        wire.rules(lose_every=20 if scenario in LOSSY else 0, cut_after=700 if scenario == "paths" else None)
    try:
        listening = start(server, "server", scenario, client)
        listening.expect_line("listening")
        connecting = start(client, "client", scenario, server)
        if scenario == "restart":
            connecting.expect_line("established")
            wires[0].rules(until_init=True)  # no word of the end: a kernel would send an ABORT
            connecting.kill()
            connecting.expect_end(-9)
            connecting = start(client, "client", "again", server)
        try:
            connecting.expect_end()
        except Failure as failure:
            raise Failure(f"{failure}; {listening.said()}") from None
        listening.expect_end()
        if scenario == "paths" and (not any(wire.lost for wire in wires) or min(wire.count for wire in wires) < 100):
            raise Failure(f"nothing was cut: {wires[0].count} packets on the first link, {wires[1].count} on the second")
    finally:
        for program in running:
            program.kill()
        for wire in wires:
            wire.rules()
    return traces


def attempt(scenario, server, client, wires, port, place):
    """What went wrong, or nothing."""
    try:
        for trace in run_one(scenario, server, client, wires, port, place):
            check_trace(trace, scenario)
        return ""
    except Failure as failure:
        return f"{failure} (records of packets: {place})"


def version(package):
    found = subprocess.run(["dpkg-query", "-W", "-f=${Version}", package], capture_output=True, text=True, check=False)
    return found.stdout.strip() or "?"


def run(options):
    place = options.build / "interop" / f"{options.peer}-{options.link}"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    programs = options.build / "bin"
    machine = [str(HERE.parent / "vm/run"), "--memory", "512", "--seconds", "400"] if options.peer == "linux" else None
    encapsulation = UDP_PORT if options.link == "udp" else 0
    results, good = {}, True
    # Each run has a port of its own: the last SHUTDOWN COMPLETE may be lost, and a kernel keeps the port then for a while.
    ports = itertools.count(FIRST_PORT)
    with two_hosts(machine) as (home, other, wires):
        ours = Side("netsctp", home, 1, [programs / "netsctp", "run", "--trace", "TRACE", programs / "interop_sockets"],
                    encapsulation, {"NETSCTP_BACKEND": "stack", "NETSCTP_LINK": options.link}, traces=True)
        theirs = Side(options.peer, other, 2,
                      [programs / f"interop_{'sockets' if machine else 'usrsctp'}"], encapsulation)
        if machine:
            other.do(f"echo {encapsulation} >/proc/sys/net/sctp/udp_port; echo 1 >/proc/sys/net/sctp/reconf_enable;"
                     "for limit in rmem_max wmem_max; do echo 8388608 >/proc/sys/net/core/$limit; done")
        for scenario in options.scenario or SCENARIOS:
            results[scenario] = {}
            for way, server, client in (("we", theirs, ours), ("they", ours, theirs)):
                begun = time.monotonic()
                wrong = attempt(scenario, server, client, wires, next(ports), place)
                good = good and not wrong
                results[scenario][way] = "FAILED" if wrong else "ok"
                took = f"{time.monotonic() - begun:4.1f} s"
                print(f"{options.peer} {options.link} {scenario:<10} {WAYS[way]:<13} {took} {'FAILED: ' + wrong if wrong else 'ok'}",
                      flush=True)
    versions = {"linux": "Linux 6.1 (user-mode-linux " + version("user-mode-linux") + ")",
                "usrsctp": "usrsctp " + version("libusrsctp-dev")}
    found = {"peer": options.peer, "link": options.link, "version": versions[options.peer], "results": results}
    (options.build / "interop" / f"{options.peer}-{options.link}.json").write_text(json.dumps(found, indent=1) + "\n")
    return 0 if good else 1


def in_own_network():
    """Begins anew in a network namespace of our own, as its root; says why not where that cannot be."""
    if os.environ.pop("NETSCTP_INTEROP_INSIDE", None):
        return
    for way in (["--net"], ["--net", "--map-root-user"]):
        probe = "ip link set lo up && ip tuntap add probe mode tap"
        if subprocess.run(["unshare", *way, "sh", "-c", probe], capture_output=True, check=False).returncode == 0:
            os.environ["NETSCTP_INTEROP_INSIDE"] = "1"
            os.execvp("unshare", ["unshare", *way, sys.executable, *sys.argv])
    print("skipped: needs a network namespace of its own with taps: root, or a user namespace, and /dev/net/tun", file=sys.stderr)
    sys.exit(1 if os.environ.get("CI") == "true" else 77)


def table(options):
    found = {}
    for file in sorted((options.build / "interop").glob("*.json")):
        one = json.loads(file.read_text())
        found[one["peer"], one["link"]] = one
    columns = [(peer, link) for peer in PEERS for link in LINKS if (peer, link) in found]
    if not columns:
        print("no interoperation test has run", file=sys.stderr)
        return 77
    rows = [["scenario", *(f"{peer}, {link}" for peer, link in columns)], ["---"] * (len(columns) + 1)]
    for scenario in SCENARIOS:
        cells = [found[column]["results"].get(scenario, {}) for column in columns]
        rows.append([scenario, *(" / ".join(cell.get(way, "-") for way in WAYS) for cell in cells)])
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |" for row in rows]
    print("interoperation: we connect / they connect")
    print("\n".join(lines))
    if options.write:
        versions = sorted({one["version"] for one in found.values()})
        text = options.write.read_text()
        body = "\n".join([*lines, "", "Versions: " + ", ".join(versions) + "."])
        options.write.write_text(re.sub(r"(?s)(<!-- table -->\n).*(<!-- end -->)", lambda at: at[1] + body + "\n" + at[2], text))
    if options.check and "\n".join(lines) not in options.check.read_text():
        print(f"{options.check} has another table: matrix.py table --build {options.build} --write {options.check}", file=sys.stderr)
        return 1 if len(columns) == len(PEERS) * len(LINKS) else 77
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["run", "table"])
    parser.add_argument("--build", required=True, type=pathlib.Path, help="the build to test")
    parser.add_argument("--peer", choices=PEERS, help="run: the other implementation")
    parser.add_argument("--link", choices=LINKS, help="run: what carries the packets")
    parser.add_argument("--write", type=pathlib.Path, metavar="FILE", help="table: write it there")
    parser.add_argument("--check", type=pathlib.Path, metavar="FILE", help="table: it must be there")
    parser.add_argument("scenario", nargs="*", metavar="SCENARIO", help="run: default: all")
    options = parser.parse_intermixed_args()
    options.build = options.build.resolve()
    if options.what == "table":
        return table(options)
    if shutil.which("linux.uml") is None and options.peer == "linux":
        print("skipped: no package user-mode-linux", file=sys.stderr)
        return 1 if os.environ.get("CI") == "true" else 77
    in_own_network()
    return run(options)


if __name__ == "__main__":
    sys.exit(main())
