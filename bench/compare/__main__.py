"""netsctp beside its peers, in the same runs on the same machine: ./dev bench.

Prints a table and writes it as Markdown, JSON and a plot (SVG). docs/performance.md tells what each row means.
"""
import argparse
import json
import pathlib
import re
import sys
import time

import guest
import plot
import report
import results
import rows

HERE = pathlib.Path(__file__).resolve().parent
MARK = "<!-- bench -->"
QUICK = ("throughput-1024", "throughput-1444", "ping-pong-blocking", "setups-1", "memory-1000")


def arguments():
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__.splitlines()[0])
    parser.add_argument("--repeat", type=int, default=5, metavar="N", help="runs of each (default: 5)")
    parser.add_argument("--seconds", type=float, default=1, metavar="S", help="of a run (default: 1)")
    parser.add_argument("--quick", action="store_true", help="a few rows, one short run of each: whether it works")
    parser.add_argument("--only", metavar="REGEX", help="the rows whose key matches; --list shows them")
    parser.add_argument("--list", action="store_true", help="the rows and their peers")
    parser.add_argument("--results", type=pathlib.Path, default=HERE.parent / "results", metavar="DIR",
                        help="where to write (default: bench/results)")
    parser.add_argument("--build", type=pathlib.Path, default=HERE.parents[1] / "build", metavar="DIR",
                        help="the build's directory (default: build)")
    parser.add_argument("--update", type=pathlib.Path, metavar="FILE",
                        help="a Markdown file in which the results take the place of what is between two lines of <!-- bench -->")
    parser.add_argument("--guest", default=guest.COMMAND, metavar="COMMAND",
                        help="what runs a command on a kernel with SCTP and tells its exit status; {share} in it is a folder "
                        "that both see, {seconds} the time it may take (default: test/vm/run, which has one CPU)")
    parser.add_argument("--in-guest", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.repeat < 1 or given.seconds <= 0:
        parser.error("at least one run of more than 0 s")
    if given.quick:
        given.repeat, given.seconds = 1, 0.2
    return given


def chosen(given):
    wanted = [row for row in rows.ROWS.values()
              if (re.search(given.only, row.key) if given.only else row.key in QUICK or not given.quick)]
    if not wanted:
        sys.exit(f"no row's key matches {given.only}: see --list")
    return wanted


def progress(text):
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def write(directory, measured):
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "results.json").write_text(json.dumps(measured, indent=1) + "\n")
    (directory / "results.md").write_text(report.markdown(measured))
    (directory / "results.svg").write_text(plot.svg(measured))


def update(file, text):
    before, _, after = file.read_text().split(MARK)
    file.write_text(MARK.join([before, f"\n\n{text}\n", after]))


def main():
    given = arguments()
    wanted = chosen(given)
    if given.list:
        for row in wanted:
            print(f"{row.key:24} {row.group}: {row.title} [{row.unit}]: {', '.join(row.peers)}")
        return 0
    began = time.monotonic()
    measured = {"machine": results.machine(), "settings": {"repeat": given.repeat, "seconds": given.seconds}}
    measured["rows"] = results.measure(given.build, wanted, given.repeat, given.seconds, progress, None if given.in_guest else given.guest)
    measured["targets"] = results.targets(measured["rows"])
    progress("")
    write(given.results, measured)
    if given.update:
        update(given.update, report.markdown(measured))
    print(report.markdown(measured))
    print(f"{given.results}/results.md, .json, .svg, after {time.monotonic() - began:.0f} s")
    return 0 if all("median" in figure for row in measured["rows"] for figure in row["peers"].values()) else 1


if __name__ == "__main__":
    sys.exit(main())
