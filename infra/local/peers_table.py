"""The table of `make bench-peers`, in Markdown, and its place in docs/costs.md."""

import datetime
import os
import platform
import statistics
from pathlib import Path

from peer_operations import BUYERS, PIECES
from steps import ROOT, Failure

PAGE = ROOT / "docs" / "costs.md"
_BEGIN, _END = "<!-- begin of the table of `make bench-peers` -->", "<!-- end of the table of `make bench-peers` -->"
# Measured beside other work, times are too long. CPU times are less so.
_BUSY_LOAD = 0.5
# The operations of a row are added.
_ROWS = {
    "read a product": ("read",),
    "search, 20 hits with facets": ("search",),
    "log in": ("log_in",),
    "create a cart": ("new_cart",),
    "add to a cart": ("add",),
    "check out, to the paid order": ("check_out", "capture"),
}
_NONE = "–"


def machine():
    """Where and when, read before anything runs."""
    names = [line.partition(": ")[2] for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    today, load = datetime.datetime.now(datetime.UTC).date().isoformat(), os.getloadavg()[0]
    processor = names[0] if names else platform.machine()
    return {"date": today, "processor": processor, "cores": os.cpu_count(), "kernel": platform.release(), "load": round(load, 2)}


def text(machine, souk, peers):
    """The tables and what a reader must know. `souk` is None if only peers were measured."""
    shops = [shop for shop in (souk, *peers) if shop]
    return "\n".join([*_heading(machine, peers), "", *_cpu(shops), "", *_times(peers), "", *_remarks(shops)])


def write(table):
    """Replaces the table in docs/costs.md."""
    PAGE.write_text(replaced(PAGE.read_text(), table))


def replaced(page, table):
    """The page with another table."""
    before, begin, rest = page.partition(_BEGIN)
    _old, end, after = rest.partition(_END)
    if not begin or not end:
        raise Failure(f"docs/costs.md needs the lines {_BEGIN} and {_END}, between which the table is written.")
    return f"{before}{begin}\n\n{table}\n\n{end}{after}"


def _heading(machine, peers):
    counts = {series["count"] for peer in peers for name, series in peer["operations"].items() if name != "log_in"}
    logins = {peer["operations"]["log_in"]["count"] for peer in peers}
    lines = [
        f"Measured on {machine['date']}: {machine['processor']}, {machine['cores']} cores, Linux {machine['kernel']}; "
        f"Node.js {machine['node']}, PostgreSQL {peers[0]['postgres']}.",
        f"The catalog has {machine['products']:,} products.",
        f"Each operation of a peer ran {max(counts)} times, a login {max(logins)} times, one after the other.",
    ]
    if machine["load"] > _BUSY_LOAD:
        lines.append(f"The machine had other work (load {machine['load']}), so durations and starts are too long.")
    return lines


def _cpu(shops):
    yield from _table_head("CPU ms of one operation: application + database", shops)
    for title, names in _ROWS.items():
        yield _row(title, [_cpu_cell(shop["operations"], names) for shop in shops])
    yield _row("start until the first answer, ms", [_number(statistics.median(shop["startsMs"])) for shop in shops])
    memory = [shop["memoryMib"] for shop in shops]
    yield _row("memory idle / after, MiB", [" / ".join(_number(figures[key]) for key in ("idle", "after") if key in figures) for figures in memory])
    yield _row("memory of its database, MiB", [_number(figures["database"]) if "database" in figures else _NONE for figures in memory])
    yield _row(f"{BUYERS} buyers for {PIECES} pieces: paid orders", [str(shop["race"]["paid"]) for shop in shops])


def _times(peers):
    yield from _table_head("ms until the answer, median", peers)
    for title, names in _ROWS.items():
        found = [[peer["operations"][name]["medianMs"] for name in names if name in peer["operations"]] for peer in peers]
        yield _row(title, [_number(sum(medians)) if medians else _NONE for medians in found])


def _remarks(shops):
    for shop in shops:
        hits = [f"a search finds {shop['hits']:.1f} of 20 hits on average"] if "hits" in shop else []
        yield from (f"- {shop['name']}: {remark}." for remark in (*shop["remarks"], *hits))


def _table_head(title, shops):
    yield _row(title, [f"{shop['name']} {shop['version'] or ''}".strip() for shop in shops])
    yield "|---" * (len(shops) + 1) + "|"


def _row(title, cells):
    return f"| {title} | {' | '.join(cells)} |"


def _cpu_cell(operations, names):
    found = [operations[name] for name in names if name in operations]
    if not found:
        return _NONE
    keys = ("applicationMs", "databaseMs")
    return " + ".join(_number(sum(series[key] for series in found)) if key in found[0] else _NONE for key in keys)


def _number(value):
    """With two or three digits that mean something."""
    return f"{value:.2f}" if value < 1 else f"{value:.1f}" if value < 100 else f"{value:.0f}"
