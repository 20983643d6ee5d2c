"""The results as Markdown, which is what the terminal shows too."""
import itertools

import rows


def number(value):
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"


def cell(figure):
    if figure is None:
        return ""
    if "median" not in figure:
        return "failed"
    text = f"**{number(figure['median'])}** ({number(figure['min'])}–{number(figure['max'])})"
    if "cpu_seconds" in figure:
        text += f" {figure['cpu_seconds']:.2g} s"
    return text


def table(head, lines):
    """Markdown whose columns are aligned in a terminal too."""
    widths = [max(len(line[column]) for line in [head, *lines]) for column in range(len(head))]
    def row(cells):
        return "| " + " | ".join(text.ljust(width) for text, width in zip(cells, widths)) + " |"
    return "\n".join([row(head), "|" + "|".join("-" * (width + 2) for width in widths) + "|", *map(row, lines)])


def group_table(group, members):
    peers = [peer for peer in rows.PEERS if any(peer in member["peers"] for member in members)]
    head = [group or "", "", *(rows.PEERS[peer].name for peer in peers)]
    lines = [[member["title"], member["unit"], *(cell(member["peers"].get(peer)) for peer in peers)]
             for member in members]
    return table(head, lines)


def target_table(targets):
    lines = [[target["text"], ("≥ " if target["at_least"] else "≤ ") + number(target["wanted"]), number(target["reached"]),
              "yes" if target["met"] else "no"] for target in targets]
    return table(["target", "wanted", "reached", "met"], lines)


def errors(measured):
    """What failed: how often it did not, and how."""
    return [f"- {row['title']}, {rows.PEERS[peer].name} ({len(figure.get('runs', []))} runs counted): {figure['error']}"
            for row in measured for peer, figure in row["peers"].items() if "error" in figure]


def markdown(results):
    machine, settings = results["machine"], results["settings"]
    parts = [
        f"{machine['processor']}, {machine['processors']} CPUs, Linux {machine['kernel']}, {machine['compiler']}; load when "
        f"it began: {machine['load_before']:.1f}.",
        f"Medians (smallest–largest) of {settings['repeat']} interleaved runs of {settings['seconds']:g} s; then the CPU "
        "seconds of both processes in a run. Server and client are pinned to one CPU each.",
    ]
    for group, members in itertools.groupby(results["rows"], key=lambda row: row["group"]):
        parts.append(group_table(group, list(members)))
    if results["targets"]:
        parts.append(target_table(results["targets"]))
    used = {peer for row in results["rows"] for peer in row["peers"]}
    parts.append("\n".join(f"- **{peer.name}**: {peer.settings}" for key, peer in rows.PEERS.items() if key in used))
    if errors(results["rows"]):
        parts.append("\n".join(["Runs that failed:", "", *errors(results["rows"])]))
    return "\n\n".join(parts) + "\n"
