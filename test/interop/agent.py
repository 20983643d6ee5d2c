#!/usr/bin/env python3
"""Starts and ends programs on one of the hosts of matrix.py: orders come in and events go out, a JSON object a line.

Orders: {"start": NUMBER, "command": [...], "environment": {...}}, {"kill": NUMBER}, {"quit": true}
Events: {"agent": PID} at first, {"program": NUMBER, "line": TEXT}, {"program": NUMBER, "status": EXIT}
"""
import json
import os
import subprocess
import sys
import threading

speaking = threading.Lock()


def say(**event):
    with speaking:
        print(json.dumps(event), flush=True)


def watch(number, program):
    for line in program.stdout:
        say(program=number, line=line.rstrip("\n"))
    say(program=number, status=program.wait())


def main():
    programs = {}
    say(agent=os.getpid())
    for line in sys.stdin:
        order = json.loads(line)
        if "start" in order:
            program = subprocess.Popen(order["command"], env={**os.environ, **order["environment"]}, text=True,
                                       errors="replace", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                       stderr=subprocess.STDOUT)
            programs[order["start"]] = program
            threading.Thread(target=watch, args=(order["start"], program), daemon=True).start()
        elif "kill" in order:
            programs[order["kill"]].kill()
        else:
            break
    for program in programs.values():
        program.kill()
        program.wait()


main()
