"""Background processes of a stack. A pid file finds a process again; stopping it also stops its child processes.
CPU time and memory of a process are those of its descendants, too."""

import ipaddress
import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from profiles import read_json, write_json
from steps import ROOT, Failure

# Direct connections, because a proxy of the machine cannot reach local processes.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Process:
    """One background program of a profile. Its pid file also contains the start time, so that a reused pid is not mistaken for it."""

    stop_signal = signal.SIGTERM

    def __init__(self, profile, name, port, probe_path):
        self.profile, self.name, self.port = profile, name, port
        self.probe = f"http://127.0.0.1:{port}{probe_path}"
        self.pid_file = profile.state / "run" / f"{name}.json"
        self.log = profile.log / f"{name}.log"

    def running(self):
        record = read_json(self.pid_file)
        return bool(record) and _start_time(record["pid"]) == record["started"]

    def identity(self):
        """Changes with every start, because an emulator loses its deployments when it stops."""
        return read_json(self.pid_file)

    def check_port(self):
        """Fails if another program uses the port."""
        with socket.socket() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                s.bind(("127.0.0.1", self.port))
            except OSError:
                raise Failure(
                    f"Port {self.port} ({self.name}) is in use: stop the other program "
                    f"(`ss -ltnp 'sport = :{self.port}'` shows it), then run this again."
                ) from None

    def is_ready(self):
        return answers(self.probe)

    def start(self, command, env, cwd=ROOT, seconds=30, **user):
        """Starts it and waits until it is ready. `user`: the user and group that it runs as, as for Popen."""
        self.check_port()
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("wb") as out:
            # In its own session, so that Ctrl-C does not reach it and its child processes can be found.
            child = subprocess.Popen(
                command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, start_new_session=True, **user
            )
        write_json(self.pid_file, {"pid": child.pid, "started": _start_time(child.pid)})
        deadline = time.monotonic() + seconds
        while not self.is_ready():
            if child.poll() is not None:
                raise Failure(f"{self.name} stopped right after its start.", self.log)
            if time.monotonic() > deadline:
                raise Failure(f"{self.name} does not answer after {seconds} s.", self.log)
            time.sleep(0.05)

    def open_ports(self):
        """The ports at which the program or its child processes listen to other machines: none should be."""
        sockets = {name for pid in _session(self.identity()["pid"]) for name in _sockets(pid)}
        return sorted({port for inode, address, port in _listeners() if inode in sockets and not address.is_loopback})

    def stop(self):
        """Stops the program and all processes of its session. Returns whether it was running."""
        record = read_json(self.pid_file)
        was_running = self.running()
        if was_running:
            _signal(record["pid"], self.stop_signal)
            deadline = time.monotonic() + 5
            while self.running() and time.monotonic() < deadline:
                time.sleep(0.05)
        if record and (was_running or _start_time(record["pid"]) is None):
            # Functions that still run after the emulator. The session id is the emulator's pid, which is not reused while they run.
            for pid in _session(record["pid"]):
                _signal(pid, signal.SIGKILL)
        self.pid_file.unlink(missing_ok=True)
        return was_running


def answers(url):
    """Whether an HTTP server answers at `url`, with any status."""
    try:
        _opener.open(url, timeout=2).close()
        return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


def post_form(url, fields):
    _opener.open(url, data=urllib.parse.urlencode(fields).encode(), timeout=10).close()


def get_json(url):
    with _opener.open(url, timeout=10) as answer:
        return json.load(answer)


def put_json(url, body):
    request = urllib.request.Request(url, json.dumps(body).encode(), {"content-type": "application/json"}, method="PUT")
    _opener.open(request, timeout=10).close()


def cpu_ms(pid):
    """User and system time of a process and of its descendants, also of those that have ended, in milliseconds (proc(5), /proc/<pid>/stat)."""
    return sum(int(ticks) for fields in _family(pid).values() for ticks in fields[11:15]) * 1000 / os.sysconf("SC_CLK_TCK")


def memory_mib(pid):
    """The resident memory of a process and of its descendants. Shared pages are divided among the processes that have them."""
    kib = 0
    for member in _family(pid):
        try:
            lines = Path(f"/proc/{member}/smaps_rollup").read_text().splitlines()
        except OSError:  # it has ended
            continue
        kib += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return kib / 1024


def _family(pid):
    """A process and its descendants, with their fields of _stat."""
    all_fields = {int(entry): fields for entry in os.listdir("/proc") if entry.isdigit() and (fields := _stat(entry))}
    family, parents = {}, [pid]
    while parents:
        parent = parents.pop()
        if parent in all_fields and parent not in family:
            family[parent] = all_fields[parent]
            parents += [child for child, fields in all_fields.items() if int(fields[1]) == parent]
    return family


def _stat(pid):
    """The fields of /proc/<pid>/stat after the command's name (state, ppid, pgrp, session, …). None if the process has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] in "ZX" else fields


def _start_time(pid):
    fields = _stat(pid)
    return fields[19] if fields else None


def _session(leader):
    for entry in os.listdir("/proc"):
        if entry.isdigit() and (fields := _stat(entry)) and int(fields[3]) == leader:
            yield int(entry)


def _sockets(pid):
    """The inodes of the sockets that a process has open."""
    try:
        targets = [os.readlink(entry) for entry in Path(f"/proc/{pid}/fd").iterdir()]
    except OSError:  # it has ended
        return []
    return [target[len("socket:[") : -1] for target in targets if target.startswith("socket:[")]


def _listeners():
    """Inode, address and port of every TCP socket that listens (proc(5), /proc/net/tcp)."""
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:]:
            fields = line.split()
            address, port = fields[1].split(":")
            if fields[3] == "0A":  # TCP_LISTEN
                # Each four bytes are in the machine's order.
                words = [bytes.fromhex(address[i : i + 8])[::-1] for i in range(0, len(address), 8)]
                ip = ipaddress.ip_address(b"".join(words))
                yield fields[9], getattr(ip, "ipv4_mapped", None) or ip, int(port, 16)


def _signal(pid, number):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass
