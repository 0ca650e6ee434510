"""Cases for what `make bench-peers` computes: the figures of souk from results of the bench, and the page with the table."""

import peer_souk
import peers_table
from peer_operations import sold
from steps import Failure

# Two orders. Each sends two events to relay, and one of them sends a mail; the mail is delivered again at the end.
_WARM = (
    ("products", "read a product", 0.5, 2),
    ("search", "find 20 products", 0.75, 2),
    ("auth", "log in", 20.0, 2),
    ("cart", "add to a cart", 1.0, 2),
    ("orders", "place an order", 2.0, 2),
    ("relay", "order.created", 0.25, 4),
    ("notifier", "payment.completed", 1.0, 1),
    ("notifier", "handle a redelivery", 7.0, 1),
    ("housekeeping", "expire-holds", 9.0, 2),
)
_RESULTS = {
    "warm": [
        {"function": function, "operation": operation, "cpuMsEach": cpu, "emulatorCpuMsEach": 2 * cpu, "wallMs": [cpu] * count}
        for function, operation, cpu, count in _WARM
    ],
    "search": {"catalogs": [{"engines": [{"engine": "FTS5", "search": {"cpuP50Ms": 8.0}}, {"engine": "souk", "search": {"cpuP50Ms": 0.25}}]}]},
    "functions": [{"startMs": [9, 8, 30], "peakMemoryKib": [4096, 5120, 4096]}, {"startMs": [7, 7, 7], "peakMemoryKib": [8192, 8192, 8192]}],
}
_CPU_MS = {"read": 0.5, "search": 1.0, "log_in": 20.0, "add": 1.0, "check_out": 3.0}
_SERIES = {"count": 200, "medianMs": 6.0, "applicationMs": 4.0, "databaseMs": 1.5}
_PEER = {
    **{"name": "Vendure", "version": "3.7.3", "postgres": "15.1", "remarks": ("no mail",), "hits": 12.5, "startsMs": [900, 1000, 2000]},
    **{"memoryMib": {"idle": 150, "after": 200, "database": 60}, "race": {"paid": 6}},
    "operations": dict.fromkeys(("read", "search", "log_in", "add", "check_out"), _SERIES),
}
_MACHINE = {"date": "2026-11-30", "processor": "X", "cores": 2, "kernel": "6.1", "load": 0.1, "node": "20.19.0", "products": 2465, "operations": 200}
_ROWS = (
    "| CPU ms of one operation: application + database | souk | Vendure 3.7.3 |",
    "| read a product | 0.50 + – | 4.0 + 1.5 |",
    "| create a cart | – | – |",
    "| check out, to the paid order | 3.0 + – | 4.0 + 1.5 |",
    "| start until the first answer, ms | 9.0 | 1000 |",
    "| memory idle / after, MiB | 8.0 | 150 / 200 |",
    "| 20 buyers for 5 pieces: paid orders | 5 | 6 |",
    "| read a product | 6.0 |",
    "- souk: checkout is orders (place an order), relay (order.created), notifier (payment.completed).",
)


def check():
    """Fails if a figure is not the one that it must be. Returns a note."""
    souk = peer_souk.figures(_RESULTS) | {"race": {"paid": 5}}
    found = {name: series["applicationMs"] for name, series in souk["operations"].items()}
    if found != _CPU_MS:
        raise Failure(f"infra/local/peer_souk.py computes {found}, not {_CPU_MS}.")
    lines = peers_table.text(_MACHINE, souk, [_PEER]).splitlines()
    if missing := [row for row in _ROWS if row not in lines]:
        raise Failure(f"infra/local/peers_table.py must write {missing[0]}.")
    page = peers_table.PAGE.read_text()
    if peers_table.replaced(peers_table.replaced(page, "an old table"), "a table") != peers_table.replaced(page, "a table"):
        raise Failure("infra/local/peers_table.py must replace the table of docs/costs.md.")
    refused = (
        lambda: peer_souk.figures(_RESULTS | {"warm": _RESULTS["warm"][1:]}),
        lambda: peers_table.replaced("A page without the lines.", "a table"),
        lambda: sold("souk", [(None, "409"), (None, "409")]),
    )
    if accepted := [number for number, call in enumerate(refused) if not _fails(call)]:
        raise Failure(f"infra/local/peer_cases.py: case {accepted[0]} must fail.")
    return f"{len(_CPU_MS) + len(_ROWS) + 1 + len(refused)} cases"


def _fails(call):
    try:
        call()
    except Failure:
        return True
    return False
