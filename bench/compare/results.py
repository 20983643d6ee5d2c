"""What was measured: runs of rows, interleaved; medians; ratios of the targets. A plain dictionary, as the JSON file has it."""
import os
import pathlib
import platform
import statistics
import subprocess
import sys

import guest
import rows
import runs


def machine():
    model = next((line.split(":")[1].strip() for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith("model name")), platform.machine())
    compiler = subprocess.run(["c++", "--version"], capture_output=True, text=True).stdout.splitlines()[:1]
    return {"processor": model, "processors": len(os.sched_getaffinity(0)), "kernel": platform.release(),
            "compiler": "".join(compiler), "load_before": os.getloadavg()[0]}


def summary(values):
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


def measure_row(binaries, row, repeat, seconds, progress):
    """The figures of all runs of each peer, and what failed; peers take turns. Who fails twice is left out from then on."""
    figures, errors = {peer: [] for peer in row.peers}, {peer: [] for peer in row.peers}
    for number in range(repeat):
        for peer in row.peers:
            if len(errors[peer]) == 2:
                continue
            progress(f"{row.key}, {peer}, {number + 1} of {repeat}")
            try:
                figures[peer].append(runs.run(binaries, row, peer, seconds, number))
            except runs.Failure as problem:
                errors[peer].append(str(problem))
                print(f"{row.key}, {peer}: {problem}", file=sys.stderr)
    return figures, errors


def as_peers(row, figures, errors):
    peers = {}
    for peer in row.peers:
        of_row = [run[row.figure] * row.scale for run in figures.get(peer, []) if row.figure in run]
        failed = errors.get(peer, [])
        if of_row:
            peers[peer] = {**summary(of_row), "runs": of_row}
            cpu = [run["cpu_seconds"] for run in figures[peer] if "cpu_seconds" in run]
            if cpu:
                peers[peer]["cpu_seconds"] = statistics.median(cpu)
        else:
            peers[peer] = {}
        if failed or not of_row:
            peers[peer]["error"] = failed[0] if failed else "not measured"
    return peers


def described(row, peers):
    return {"key": row.key, "group": row.group, "title": row.title, "unit": row.unit,
            "higher_is_better": row.higher_is_better, "peers": peers}


def measure(build, wanted, repeat, seconds, progress, guest_command):
    """The rows in their order; those that look at another row's runs cost none. No guest command: this is the guest."""
    binaries = build / "bin"
    of_guest = [row for row in wanted if row.place == "guest"] if guest_command else []
    measured, done = {}, []
    for row in wanted:
        if row in of_guest:
            continue
        source = row.source or row.key
        if source not in measured:
            source_row = rows.ROWS[source]
            measured[source] = measure_row(binaries, source_row, row.repeat or repeat, seconds, progress)
        done.append(described(row, as_peers(row, *measured[source])))
    if of_guest:
        progress("in a guest with the kernel's SCTP")
        done += guest.measure(build, of_guest, repeat, seconds, guest_command)
    return done


def targets(measured):
    """Those of the targets both sides of which were measured, with the ratio that was reached."""
    by_key = {row["key"]: row for row in measured}

    def median(row, peer):
        return by_key.get(row, {"peers": {}})["peers"].get(peer, {}).get("median")

    reached = []
    for target in rows.TARGETS:
        ours = median(target.row, target.ours)
        theirs = median(target.than_row or target.row, target.theirs) if target.theirs else 1
        if ours is None or not theirs:
            continue
        ratio = ours / theirs
        good = ratio >= target.wanted if target.at_least else ratio <= target.wanted
        reached.append({"text": target.text, "wanted": target.wanted, "at_least": target.at_least, "reached": ratio,
                        "met": good})
    return reached
