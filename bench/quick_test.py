#!/usr/bin/env python3
"""quick_test.py BUILD: `./dev bench --quick` measures every peer it names, and what it writes can be read."""
import json
import pathlib
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

HERE = pathlib.Path(__file__).resolve().parent
PEERS = {"netsctp", "netsctp-plain", "netsctp-oneport", "iperf3", "usrsctp", "tcp", "udp", "udp-plain"}
SVG = "{http://www.w3.org/2000/svg}"


def main(build):
    with tempfile.TemporaryDirectory() as place:
        subprocess.run([sys.executable, HERE / "compare", "--quick", "--build", build, "--results", place], check=True)
        place = pathlib.Path(place)
        results = json.loads((place / "results.json").read_text())
        plot = xml.etree.ElementTree.parse(place / "results.svg").getroot()
        text = (place / "results.md").read_text()
    figures = [(row["key"], peer, figure) for row in results["rows"] for peer, figure in row["peers"].items()]
    for key, peer, figure in figures:
        assert 0 < figure["min"] <= figure["median"] <= figure["max"], (key, peer, figure)
    assert {peer for _, peer, _ in figures} >= PEERS, figures
    assert plot.tag == SVG + "svg" and len(plot.findall(SVG + "rect")) == 1 + len(figures), "a bar for each figure"
    assert results["targets"] and all(row["title"] in text for row in results["rows"])
    print(f"ok: {len(figures)} figures of {len(results['rows'])} rows")


if __name__ == "__main__":
    main(sys.argv[1])
