"""The rows beside the kernel's own SCTP: all of them in one run of a Linux kernel that has it.

By default that is test/vm/run, where the kernel is a process with one CPU, on which both processes of a pair run. Figures
from a guest say something to each other only.
"""
import json
import os
import pathlib
import shlex
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
COMMAND = f"{HERE.parents[1]}/test/vm/run --memory 1024 --seconds {{seconds}} --share {{share}} --"
NOT_HERE = 77
# Large buffers for whom they are asked for.
PREPARE = """ip link set lo mtu 1500 up
for name in rmem_max wmem_max; do echo 8388608 > /proc/sys/net/core/$name; done
exec "$@"
"""


def measure(build, wanted, repeat, seconds, command):
    """The rows as results.described() makes them, each with the errors of its peers if there is no such kernel."""
    keys = "|".join(f"^{row.key}$" for row in wanted)
    runs = repeat * sum(len(row.peers) for row in wanted)
    with tempfile.TemporaryDirectory() as place:
        machine = shlex.split(command.format(share=place, seconds=round(120 + runs * (seconds * 3 + 5))))
        done = subprocess.run(
            [*machine, "sh", "-ec", PREPARE, "-", sys.executable, HERE, "--in-guest", "--only", keys, "--repeat", str(repeat),
             "--seconds", str(seconds), "--build", build.resolve(), "--results", place],
            env={**os.environ, "NETSCTP_VM_INIT": str(build.resolve() / "bin" / "vm_init")},
            capture_output=True, text=True)
        try:
            return json.loads(pathlib.Path(place, "results.json").read_text())["rows"]
        except OSError:
            said = "no kernel with SCTP here: the package user-mode-linux" if done.returncode == NOT_HERE else done.stderr[-500:]
    return [{"key": row.key, "group": row.group, "title": row.title, "unit": row.unit,
             "higher_is_better": row.higher_is_better, "peers": {peer: {"error": said} for peer in row.peers}}
            for row in wanted]
