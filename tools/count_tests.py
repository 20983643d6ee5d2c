#!/usr/bin/env python3
"""Adds up ctest's JUnit files and prints one line: "N passed, N failed" (and how many were skipped, when any were)."""
import sys
import xml.etree.ElementTree as xml

suites = [xml.parse(path).getroot() for path in sys.argv[1:]]
total, failed, skipped, disabled = (
    sum(int(suite.get(name, 0)) for suite in suites) for name in ("tests", "failures", "skipped", "disabled"))
unrun = skipped + disabled
print(f"{total - failed - unrun} passed, {failed} failed" + (f", {unrun} skipped" if unrun else ""))
