"""`make bench-peers`: Vendure and Medusa beside souk, with the same catalog and the same operations.

Each peer gets a new PostgreSQL server. Everything is in .local/peers, and stops at the end. The figures of souk come from `make bench`, which
this command runs first, in the bench's stack.
"""

import hashlib
import secrets
import shutil
import statistics
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import peer_operations
import peer_products
import peer_souk
import peers_table
import suites
from fresh import fresh
from peer_medusa import Medusa
from peer_vendure import Vendure
from postgres import Postgres, free_port, programs
from processes import Process, memory_mib
from profiles import read_json, write_json
from steps import LOCAL, ROOT, Failure, clean_environment, display_path, run, say, step

PEERS = (Vendure, Medusa)
_STOCK = 1_000_000
_STARTS = 3
# The oldest version of Node.js that both support.
_NODE = (20, 19)
_ADMIN = {"email": "admin@souk.local", "password": "local-admin-only-4711"}
# Limits in seconds: of an installation, of the import of a catalog, of its index, and of a start.
_INSTALL, _IMPORT, _INDEX, _START = 1200, 1200, 300, 120


@dataclass(frozen=True)
class Folder:
    """What a Process needs to know."""

    state: Path

    @property
    def log(self):
        return self.state / "log"


FOLDER = Folder(LOCAL / "peers")


def bench_peers(profile, only, operations):
    """Measures all, and writes the table of docs/costs.md. With `only`, the names of peers, it measures these alone and prints their figures."""
    say("souk: bench-peers")
    known = {peer.folder: peer for peer in PEERS}
    names = only.split(",") if only else list(known)
    if unknown := [name for name in names if name not in known]:
        raise Failure(f"There is no peer {unknown[0]}: choose one of {', '.join(known)}.")
    if operations < 1:
        raise Failure(f"OPERATIONS is {operations}: choose 1 or more.")
    node, _ = _node_version(), programs()
    products = peer_products.products()
    queries = peer_products.queries(products)
    stop()
    machine = peers_table.machine() | {"node": node, "products": len(products), "operations": operations}
    souk = None if only else _measure_souk(profile)
    peers = [Peer(known[name], operations).measure(products, queries) for name in names]
    write_json(FOLDER.state / "results.json", {"machine": machine, "souk": souk, "peers": peers})
    text = peers_table.text(machine, souk, peers)
    say("\n" + text)
    if souk:
        peers_table.write(text)
        say(f"  {display_path(peers_table.PAGE)} is written.")
    return 0


def stop():
    """Stops what an earlier run left, if it was killed."""
    for process in (*(Process(FOLDER, peer.folder, 0, "/") for peer in PEERS), Postgres(FOLDER)):
        if process.stop():
            say(f"  stopped {process.name}")


def _measure_souk(profile):
    """Runs the race and the bench in a new stack."""
    suites.build_bench(profile)
    with fresh(profile):
        with step(f"souk: {peer_operations.BUYERS} buyers for {peer_operations.PIECES} pieces") as s:
            race = peer_souk.race(profile)
            s.note = f"{race['paid']} paid"
        results = read_json(suites.run_bench(profile))
    return peer_souk.figures(results) | {"race": race}


class Peer:
    """One peer, from its installation to its figures."""

    def __init__(self, peer, operations):
        self._shop = peer(free_port(), _ADMIN, secrets.token_hex(16))
        self._operations, self._home = operations, FOLDER.state / peer.folder
        self._process = Process(FOLDER, peer.folder, self._shop.port, peer.health)
        self._postgres = Postgres(FOLDER)

    def measure(self, products, queries):
        name = self._shop.name
        with step(f"{name} (npm ci)") as s:
            s.note = version = self._install()
        try:
            with step(f"{name}: catalog") as s:
                self._postgres.launch()
                self._prepare(products)
                s.note = f"{len(products)} products"
            with step(f"{name}: start") as s:
                starts = self._measure_starts()
                s.note = f"{statistics.median(starts):.0f} ms"
            idle, meter = self._memory(self._process), self._meter()
            with step(f"{name}: operations"):
                hits = peer_operations.measure(self._shop, meter, products, queries, self._operations)
            memory = {"idle": idle, "after": self._memory(self._process), "database": self._memory(self._postgres)}
            with step(f"{name}: {peer_operations.BUYERS} buyers for {peer_operations.PIECES} pieces") as s:
                race = peer_operations.race(self._shop, products)
                s.note = f"{race['paid']} paid"
            postgres = self._postgres.version()
        finally:
            self._process.stop()
            self._postgres.stop()
        return {
            **{"name": name, "version": version, "postgres": postgres, "remarks": self._shop.remarks, "hits": hits},
            **{"startsMs": starts, "memoryMib": memory, "operations": meter.figures(), "race": race},
        }

    def _install(self):
        """Copies the peer's files, and installs its packages if they have changed. Returns its version."""
        source = ROOT / "tests" / "peers" / self._shop.folder
        lock = (source / "package.json").read_bytes() + (source / "package-lock.json").read_bytes()
        marker, fingerprint = self._home / ".installed", hashlib.sha256(lock + _node_version().encode()).hexdigest()
        is_installed = marker.exists() and marker.read_text() == fingerprint
        if not is_installed:
            shutil.rmtree(self._home, ignore_errors=True)
        shutil.copytree(source, self._home, dirs_exist_ok=True)
        if not is_installed:
            failure = "The packages could not be installed: check the network and npm's settings, then run this again."
            self._run(["npm", "ci"], "npm", clean_environment(), _INSTALL, failure)
            marker.write_text(fingerprint)
        return read_json(self._home / "node_modules" / self._shop.package / "package.json")["version"]

    def _prepare(self, products):
        for command in self._shop.preparations(self._home, products, _STOCK):
            self._run(command, "catalog", self._environment(), _IMPORT, f"{self._shop.name} could not be prepared: see above.")
        self._start()
        self._shop.load(products, _STOCK)
        self._wait_for_index(len(products))
        self._process.stop()
        # Statistics for the planner, and no work for autovacuum while operations are measured.
        self._postgres.execute("vacuum analyze")

    def _wait_for_index(self, products):
        self._shop.open([])
        deadline = time.monotonic() + _INDEX
        while (indexed := self._shop.indexed()) != products:
            if time.monotonic() > deadline:
                raise Failure(f"{self._shop.name} has {indexed} products in its search index after {_INDEX} s, not {products}.")
            time.sleep(1)
        # An index that is written again has all products before the end, too.
        if not self._meter().wait_until_quiet(_INDEX):
            raise Failure(f"{self._shop.name} is not quiet {_INDEX} s after its search index had all products.", self._process.log)

    @staticmethod
    def _memory(process):
        return memory_mib(process.identity()["pid"])

    def _meter(self):
        return peer_operations.Meter(self._process.identity()["pid"], self._postgres.identity()["pid"])

    def _measure_starts(self):
        """From the start of the process until its first answer, in milliseconds. It keeps running after the last start."""
        starts = []
        for _ in range(_STARTS):
            self._process.stop()
            began = time.monotonic()
            self._start()
            starts.append((time.monotonic() - began) * 1000)
        self._meter().wait_until_quiet()
        return starts

    def _start(self):
        self._process.start(self._shop.command(), env=self._environment(), cwd=self._home, seconds=_START)

    def _environment(self):
        return clean_environment(NODE_ENV="production", DATABASE_URL=self._postgres.url, **self._shop.environment(self._home))

    def _run(self, command, log, environment, seconds, failure):
        run(command, log=FOLDER.log / f"{self._shop.folder}-{log}.log", env=environment, cwd=self._home, failure=failure, seconds=seconds)


def _node_version():
    if not shutil.which("node") or not shutil.which("npm"):
        raise Failure("Node.js is missing: install Node.js 20.19 or newer with npm, then run this again.")
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, timeout=10).stdout.strip().lstrip("v")
    if tuple(int(part) for part in version.split(".")[:2]) < _NODE:
        raise Failure(f"node is {version}; install Node.js 20.19 or newer, then run this again.")
    return version
