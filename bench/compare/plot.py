"""The results as SVG: a panel for each group, and in it each row's peers as bars, drawn to the largest of the row."""
import itertools
import xml.sax.saxutils

import report
import rows

COLORS = {"netsctp": "#1558b0", "netsctp-plain": "#7aa7de", "netsctp-oneport": "#0f8b8d", "netsctp-rack": "#2f7fd1",
          "netsctp-cubic": "#3b3fb6", "netsctp-bbr": "#6a2fb0", "iperf3": "#74c4c0",
          "usrsctp": "#e07b00", "tcp": "#6b6b6b", "tcp-reno": "#a0a0a0", "tcp-bbr": "#c4c4c4", "udp": "#9a7fb8", "udp-plain": "#c9b8dc",
          "sctp": "#a3402f"}
WIDTH, LEFT, BAR, LENGTH = 960, 250, 13, 520
TITLE, GAP = 34, 12


class Canvas:
    def __init__(self):
        self.items, self.y = [], 16

    def text(self, x, y, words, size=12, anchor="start", weight="normal", color="#1b1b1b"):
        self.items.append(f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" font-weight="{weight}" '
                          f'fill="{color}">{xml.sax.saxutils.escape(words)}</text>')

    def bar(self, x, y, length, color):
        self.items.append(f'<rect x="{x}" y="{y:.1f}" width="{max(length, 1):.1f}" height="{BAR - 2}" fill="{color}"/>')

    def whisker(self, x, y, first, last):
        self.items.append(f'<path d="M{x + first:.1f} {y:.1f}H{x + last:.1f}" stroke="#1b1b1b" stroke-width="1"/>')


def draw_row(canvas, row):
    figures = {peer: figure for peer, figure in row["peers"].items() if "median" in figure}
    # What the machine carries without a protocol would make all the others invisible: that bar leaves the picture.
    largest = max((figure["max"] for peer, figure in figures.items() if peer != "udp"), default=0) or 1
    canvas.text(LEFT - 10, canvas.y + BAR * max(len(figures), 1) / 2 + 4, row["title"], anchor="end")
    for peer, figure in figures.items():
        scale = LENGTH / largest
        middle, first, last = (min(figure[which] * scale, LENGTH) for which in ("median", "min", "max"))
        canvas.bar(LEFT, canvas.y, middle, COLORS[peer])
        if figure["median"] * scale > LENGTH:
            canvas.text(LEFT + LENGTH - 4, canvas.y + BAR - 3, "»", size=13, anchor="end", color="#ffffff")
        else:
            canvas.whisker(LEFT, canvas.y + (BAR - 2) / 2, first, last)
        canvas.text(LEFT + last + 6, canvas.y + BAR - 3,
                    f"{report.number(figure['median'])} {row['unit']}  {rows.PEERS[peer].name}", size=10, color="#444")
        canvas.y += BAR
    canvas.y += GAP


def svg(results):
    canvas = Canvas()
    for group, members in itertools.groupby(results["rows"], key=lambda row: row["group"]):
        members = list(members)
        better = "more is better" if members[0]["higher_is_better"] else "less is better"
        canvas.y += TITLE - GAP
        canvas.text(20, canvas.y, group, size=15, weight="bold")
        canvas.text(WIDTH - 20, canvas.y, better, anchor="end", color="#666")
        canvas.y += GAP
        for row in members:
            draw_row(canvas, row)
    machine, settings = results["machine"], results["settings"]
    canvas.y += TITLE - GAP
    canvas.text(20, canvas.y, f"{machine['processor']}, {machine['processors']} CPUs, Linux {machine['kernel']}; bars: medians "
                f"of {settings['repeat']} runs of {settings['seconds']:g} s, lines: smallest to largest", size=11, color="#666")
    height = canvas.y + 16
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height:.0f}" viewBox="0 0 {WIDTH} {height:.0f}" '
        'font-family="DejaVu Sans, Helvetica, sans-serif">',
        f'<rect width="{WIDTH}" height="{height:.0f}" fill="#ffffff"/>', *canvas.items, "</svg>", ""])
