#!/usr/bin/env python3
"""Joins docs/rfc/*.md, the citations in src/ and the tests: usage: check_rfc.py [root]

Every table row of docs/rfc/<number>.md that begins with a section sign is one rule of that RFC, here of RFC 9260:

    | section | rule | keyword | state | code | tests or reason |
    |---|---|---|---|---|---|
    | §6.3.3 E2 | Double the RTO up to RTO.Max. | MUST | done | core/timers.cpp | TimerBacksOff |
    | §5.1.2 | Resolve a Host Name Address. | MUST NOT | done | core/handshake.cpp | HostNameIsRefused |
    | §8.2 | Try another path for each probe. | SHOULD | not done | - | one path at a time is probed |

section: "§" and a number of the RFC, then, if wished, the RFC's own label in it. keyword: MUST, MUST NOT, SHOULD,
SHOULD NOT or MAY. state: "done" or "not done". code: files below src/, separated by commas; "-" for none.
Last column: names of tests separated by commas (the name alone or Suite.Name; for a script its file name); "-" means
that a test file cites the section, or has it in a test's name (Rfc9260Section6_3_3; for RFC 9260 also Section6_3_3). For "not done":
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
tables = sorted((root / "docs/rfc").glob("[0-9]*.md"))
KEYWORDS = {"MUST", "MUST NOT", "SHOULD", "SHOULD NOT", "MAY"}
CITATION = re.compile(r"RFC ?(\d+)((?:(?!RFC).)*)")  # a number and what follows it up to the next RFC or the line's end
IN_NAME = re.compile(r"(?:Rfc(\d+))?Section(\d+(?:_\d+)*)")  # a test's name cannot hold a section sign
OTHER_FORM = re.compile(r"RFC[ -]?9260,? +(?:[Ss]ections?|[Ss]ec\.|[Cc]hapter|part) *\d|RFC-?9260\b")
TEST = re.compile(r"\b(?:TYPED_)?TEST(?:_[FP])?\(\s*(\w+)\s*,\s*(\w+)\s*\)")
problems = []


def scan(folder, suffixes):
    """The sections that each file below the folder cites, by RFC; checks the form on the way."""
    cited = {}
    for path in sorted((root / folder).rglob("*")):
        if path.suffix not in suffixes:
            continue
        sections = cited[path.relative_to(root / folder).as_posix()] = collections.defaultdict(set)
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if OTHER_FORM.search(line):
                problems.append(f"{path.relative_to(root)}:{number}: cite as: RFC 9260 §x.y")
            for rfc, rest in CITATION.findall(line):
                sections[rfc].update(re.findall(r"§(\d+(?:\.\d+)*)", rest))
            for rfc, section in IN_NAME.findall(line):
                sections[rfc or "9260"].add(section.replace("_", "."))
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
rows = [
    (table.stem, number, line) for table in tables for number, line in enumerate(table.read_text().splitlines(), 1)
]
for rfc, number, line in rows:
    if not line.startswith("| §"):
        continue
    where = f"docs/rfc/{rfc}.md:{number}"
    cells = [cell.replace("`", "").strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
    section = re.match(r"§(\d+(?:\.\d+)*)", cells[0])
    if len(cells) != 6 or not section or cells[2] not in KEYWORDS or cells[3] not in ("done", "not done"):
        problems.append(f"{where}: not | § | rule | keyword | done or not done | code | tests or reason |")
        continue
    section, keyword, state = section[1], cells[2], cells[3]
    where += f" §{section} {keyword}"
    count[rfc, keyword.split()[0], state] += 1
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
        elif not cites(code[file][rfc], section):
            problems.append(f"{where}: src/{file} does not cite RFC {rfc} §{section}")
    problems += [f"{where}: there is no test {test}" for test in names(cells[5]) if test not in tests]
    if keyword.startswith("MUST") and not names(cells[5]):
        if not any(cites(sections[rfc], section) for sections in test_files.values()):
            problems.append(f"{where}: no test named, and no test file cites RFC {rfc} §{section}")
for rfc in {"9260"} | {table.stem for table in tables}:
    if not any(one == rfc for one, _, _ in count):
        problems.append(f"docs/rfc/{rfc}.md: no rules found")

print("\n".join(problems), end="\n" if problems else "")
for rfc in sorted({rfc for rfc, _, _ in count}):
    for keyword in ("MUST", "SHOULD", "MAY"):
        done, left = count[rfc, keyword, "done"], count[rfc, keyword, "not done"]
        print(f"RFC {rfc} {keyword:6}: {done} done, {left} not done with a reason")
    of_source, of_test = (sum(bool(sections[rfc]) for sections in files.values()) for files in (code, test_files))
    print(f"RFC {rfc} is cited in {of_source} files of src/ and {of_test} of test/")
sys.exit(bool(problems))
