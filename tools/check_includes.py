#!/usr/bin/env python3
"""Holds the include directions: usage: check_includes.py [root]

The table is CMakeLists.txt: netsctp_layer(<name> DEPENDS <layers>). A file of src/<name>/ may include its own layer and
what that depends on, directly or not. src/api/ may include every layer, and is the only place under src/ that may
include the public headers. Public headers include only each other and the system. The command and the examples use the
public headers, never src/."""
import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent.parent)
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', re.M)
LAYER = re.compile(r"^netsctp_layer\((\w+)(?:\s+DEPENDS((?:\s+[a-z]\w*)+))?", re.M)
SOURCES = {".cpp", ".hpp", ".c", ".h"}

direct = {name: depends.split() for name, depends in LAYER.findall((root / "CMakeLists.txt").read_text())}
folders = {path.name for path in (root / "src").iterdir() if path.is_dir()}
PUBLIC = "public headers"


def reach(layer):
    return {layer}.union(*(reach(below) for below in direct[layer]))


def belongs_to(include):
    """The layer a header is in, PUBLIC, or None for the system's and one's own folder's."""
    if include == "netsctp.h" or include.startswith("net/sctp"):
        return PUBLIC
    head = include.split("/")[0]
    return head if "/" in include and head in folders else None


def check(folder, allowed):
    for path in sorted(folder.rglob("*")):
        if path.suffix in SOURCES:
            text = path.read_text()
            for match in INCLUDE.finditer(text):
                include = match[1]
                target = belongs_to(include)
                if target and target not in allowed or "../" in include:
                    line = text.count("\n", 0, match.start(1)) + 1
                    yield f"{path.relative_to(root)}:{line}: may not include {include} (allowed: {', '.join(sorted(allowed))})"


problems = [f"src/{name}: a folder that CMakeLists.txt does not declare" for name in sorted(folders - set(direct) - {"api"})]
for layer in direct:
    problems += check(root / "src" / layer, reach(layer))
problems += check(root / "src/api", folders | {PUBLIC})
for folder in ("include", "cli", "examples"):
    problems += check(root / folder, {PUBLIC})

print("\n".join(problems) if problems else f"include directions hold in {len(direct) + 4} folders")
sys.exit(bool(problems))
