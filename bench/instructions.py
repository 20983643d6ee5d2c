#!/usr/bin/env python3
"""Counts the instructions of fixed work (core_work.cpp) by callgrind and compares them with bench/instructions.json.

instructions.py BUILD            exit status 1 if any work takes 3 % more or fewer than it did
instructions.py BUILD --update   writes what it takes now

Only instructions of the program itself count, which the protocol core is linked into, not those of the C library. They
depend on the compiler: with another one nothing is compared (exit status 77), but with CI=true.
"""
import argparse
import collections
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

BASELINE = pathlib.Path(__file__).with_suffix(".json")
WORKS = ("transfer-64", "transfer-1024", "transfer-65536", "transfer-1024-loss", "ping-pong-64", "setups")
TOLERANCE = 0.03
SHOWN = 8  # functions
WORTH_NOTING = 0.004  # a function's share


def self_costs(text, program):
    """Instructions by function, of those in the object `program`, in a file of callgrind's."""
    names = {}

    def name(kind, value):
        number, _, rest = value.partition(" ")
        if rest:
            names[kind, number] = rest
        return names[kind, number]

    costs = collections.Counter()
    thing = function = None
    is_call = False
    for line in text.splitlines():
        key, separator, value = line.partition("=")
        if separator and key in ("ob", "cob"):
            value = name("ob", value)
            thing = value if key == "ob" else thing
        elif separator and key in ("fn", "cfn"):
            value = name("fn", value)
            function = value if key == "fn" else function
        elif line.startswith("calls="):
            is_call = True  # the next line has what the call took in all
        elif re.match(r"[0-9+*-]", line):
            if not is_call and pathlib.Path(thing or "").name == program:
                costs[function] += int(line.split()[1])
            is_call = False
    return costs


def count(program, work):
    """Instructions of one operation by function."""
    with tempfile.NamedTemporaryFile(suffix=".callgrind") as out:
        run = subprocess.run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={out.name}", "--collect-atstart=no",
                              "--toggle-collect=measured", str(program), work],
                             capture_output=True, text=True, check=False)
        if run.returncode != 0:
            sys.exit(f"{work}: {run.stderr}")
        operations = int(run.stdout)
        return {function: cost / operations for function, cost in self_costs(pathlib.Path(out.name).read_text(), program.name).items()}


def compiler(build):
    found = re.search(r"^CMAKE_CXX_COMPILER:\w+=(.*)$", (build / "CMakeCache.txt").read_text(), re.M)
    return subprocess.run([found[1], "-dumpfullversion"], capture_output=True, text=True, check=True).stdout.strip()


def noted(by):
    total = sum(by.values())
    large = {function: round(cost, 1) for function, cost in sorted(by.items()) if cost >= total * WORTH_NOTING}
    return {"instructions": round(total, 1), "functions": large}


def compare(work, now, before):
    total, expected = sum(now.values()), before["instructions"]
    change = total / expected - 1
    good = abs(change) <= TOLERANCE
    print(f"{work:20} {total:12.1f} instructions an operation, {change:+.1%}{'' if good else ': NOT AS BEFORE'}")
    if good:
        return True
    known = before["functions"]
    small = expected * WORTH_NOTING
    differences = {function: now.get(function, 0) - known.get(function, min(now.get(function, 0), small))
                   for function in now.keys() | known.keys()}
    for function in sorted(differences, key=lambda each: -abs(differences[each]))[:SHOWN]:
        print(f"    {differences[function]:+10.1f}  {function.replace('netsctp::core::', '')[:100]}")
    return False


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--update", action="store_true")
    given = parser.parse_args()
    version = compiler(given.build)
    before = json.loads(BASELINE.read_text()) if BASELINE.exists() else {}
    if not given.update and before.get("compiler") != version:
        print(f"skipped: bench/instructions.json is of compiler {before.get('compiler')}, this is {version}")
        return 1 if os.environ.get("CI") == "true" else 77
    counts = {work: count(given.build / "bin/core_work", work) for work in WORKS}
    if given.update:
        works = {work: noted(by) for work, by in counts.items()}
        BASELINE.write_text(json.dumps({"compiler": version, "works": works}, indent=1) + "\n")
    good = [compare(work, by, json.loads(BASELINE.read_text())["works"][work]) for work, by in counts.items()]
    if not all(good):
        print("Slower without a reason is a bug. With one, or faster: bench/instructions.py BUILD --update")
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
