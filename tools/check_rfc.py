#!/usr/bin/env python3
"""Joins docs/rfc/9260.md, the citations in src/ and the tests: usage: check_rfc.py [root]

Every table row of docs/rfc/9260.md that begins with a section sign is one rule of RFC 9260:

    | section | rule | keyword | state | code | tests or reason |
    |---|---|---|---|---|---|
    | §6.3.3 E2 | Double the RTO up to RTO.Max. | MUST | done | core/timers.cpp | TimerBacksOff |
    | §5.1.2 | Resolve a Host Name Address. | MUST NOT | done | core/handshake.cpp | HostNameIsRefused |
    | §8.2 | Try another path for each probe. | SHOULD | not done | - | one path at a time is probed |

section: "§" and a number of RFC 9260, then, if wished, the RFC's own label in it. keyword: MUST, MUST NOT, SHOULD,
SHOULD NOT or MAY. state: "done" or "not done". code: files below src/, separated by commas; "-" for none.
Last column: names of tests separated by commas (the name alone or Suite.Name; for a script its file name); "-" means
that a test file cites the section, or has it in a test's name (Section6_3_3 or Rfc9260Section6_3_3). For "not done":
the reason, in words. Backticks are ignored; a | in a cell is \\|.

Fails when
- a done MUST or MUST NOT names no code, or no test and no test file cites its section;
- any done row names a file that does not exist or does not cite the section (a subsection of it counts), or a test
  that does not exist;
- a row that is not done gives no reason, or a row has another shape than above;
- a source or a test cites RFC 9260 in another form than "RFC 9260 §6.3.3"."""
import collections
import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent.parent)
table = root / "docs/rfc/9260.md"
KEYWORDS = {"MUST", "MUST NOT", "SHOULD", "SHOULD NOT", "MAY"}
CITATION = re.compile(r"RFC ?(\d+)((?:(?!RFC).)*)")  # a number and what follows it up to the next RFC or the line's end
IN_NAME = re.compile(r"(?:Rfc(\d+))?Section(\d+(?:_\d+)*)")  # a test's name cannot hold a section sign
OTHER_FORM = re.compile(r"RFC[ -]?9260,? +(?:[Ss]ections?|[Ss]ec\.|[Cc]hapter|part) *\d|RFC-?9260\b")
TEST = re.compile(r"\b(?:TYPED_)?TEST(?:_[FP])?\(\s*(\w+)\s*,\s*(\w+)\s*\)")
problems = []


def scan(folder, suffixes):
    """The sections of RFC 9260 that each file below the folder cites; checks the form on the way."""
    cited = {}
    for path in sorted((root / folder).rglob("*")):
        if path.suffix not in suffixes:
            continue
        sections = cited[path.relative_to(root / folder).as_posix()] = set()
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if OTHER_FORM.search(line):
                problems.append(f"{path.relative_to(root)}:{number}: cite as: RFC 9260 §x.y")
            for rfc, rest in CITATION.findall(line):
                if rfc == "9260":
                    sections.update(re.findall(r"§(\d+(?:\.\d+)*)", rest))
            sections.update(section.replace("_", ".") for rfc, section in IN_NAME.findall(line) if rfc in ("", "9260"))
    return cited


def cites(sections, section):
    return any(one == section or one.startswith(section + ".") for one in sections)


def names(cell):
    return [] if cell in ("", "-") else [name.strip() for name in cell.split(",")]


code = scan("src", {".cpp", ".hpp"})
test_files = scan("test", {".cpp", ".hpp", ".sh"})
tests = {pathlib.PurePath(path).name for path in test_files}
for path in test_files:
    for suite, name in TEST.findall((root / "test" / path).read_text()):
        tests |= {name, f"{suite}.{name}"}

count = collections.Counter()
for number, line in enumerate(table.read_text().splitlines() if table.exists() else [], 1):
    if not line.startswith("| §"):
        continue
    where = f"docs/rfc/9260.md:{number}"
    cells = [cell.replace("`", "").strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
    section = re.match(r"§(\d+(?:\.\d+)*)", cells[0])
    if len(cells) != 6 or not section or cells[2] not in KEYWORDS or cells[3] not in ("done", "not done"):
        problems.append(f"{where}: not | § | rule | keyword | done or not done | code | tests or reason |")
        continue
    section, keyword, state = section[1], cells[2], cells[3]
    where += f" §{section} {keyword}"
    count[keyword.split()[0], state] += 1
    if state == "not done":
        if not re.search(r"\w+\W+\w+", cells[5]):
            problems.append(f"{where}: not done, and no reason is given")
        continue
    if keyword.startswith("MUST") and not names(cells[4]):
        problems.append(f"{where}: done, but in no file")
    for file in names(cells[4]):
        file = file.removeprefix("src/")
        if file not in code:
            problems.append(f"{where}: there is no src/{file}")
        elif not cites(code[file], section):
            problems.append(f"{where}: src/{file} does not cite RFC 9260 §{section}")
    problems += [f"{where}: there is no test {test}" for test in names(cells[5]) if test not in tests]
    if keyword.startswith("MUST") and not names(cells[5]):
        if not any(cites(sections, section) for sections in test_files.values()):
            problems.append(f"{where}: no test named, and no test file cites RFC 9260 §{section}")
if not count:
    problems.append("docs/rfc/9260.md: no rules found")

print("\n".join(problems), end="\n" if problems else "")
for keyword in ("MUST", "SHOULD", "MAY"):
    print(f"RFC 9260 {keyword:6}: {count[keyword, 'done']} done, {count[keyword, 'not done']} not done with a reason")
print(f"RFC 9260 is cited in {sum(map(bool, code.values()))} files of src/ and {sum(map(bool, test_files.values()))} of test/")
sys.exit(bool(problems))
