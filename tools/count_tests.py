#!/usr/bin/env python3
"""Adds up ctest's JUnit files: the ends of what failed tests said, and, last, the line "N passed, N failed" (and how many
were skipped, when any were)."""
import sys
import xml.etree.ElementTree as xml

suites = [xml.parse(path).getroot() for path in sys.argv[1:]]
MOST_TESTS, MOST_LINES = 5, 15  # that are shown: the whole is above
told = [test for suite in suites for test in suite.iter("testcase") if test.get("status") == "fail"]
for test in told[:MOST_TESTS]:
    print(f"\n---- {test.get('name')} failed:")
    print("\n".join((test.findtext("system-out") or "").splitlines()[-MOST_LINES:]))
if len(told) > MOST_TESTS:
    print(f"\n---- and {len(told) - MOST_TESTS} more")

total, failed, skipped, disabled = (
    sum(int(suite.get(name, 0)) for suite in suites) for name in ("tests", "failures", "skipped", "disabled"))
unrun = skipped + disabled
print(f"{total - failed - unrun} passed, {failed} failed" + (f", {unrun} skipped" if unrun else ""))
