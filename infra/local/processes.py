"""Background processes of a stack: started once, found again by their pid files, stopped with everything they started."""

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

# Straight to the local process, whatever proxy the machine uses.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Process:
    """One background program of a profile. Its pid file also holds the start time, so that a recycled pid is never mistaken for it."""

    def __init__(self, profile, name, port, answers_at):
        self.profile, self.name, self.port = profile, name, port
        self.probe = f"http://127.0.0.1:{port}{answers_at}"
        self.pid_file = profile.state / "run" / f"{name}.json"
        self.log = profile.log / f"{name}.log"

    def running(self):
        known = read_json(self.pid_file)
        return bool(known) and _started(known["pid"]) == known["started"]

    def identity(self):
        """Changes with every start: what was deployed into an emulator is gone with it."""
        return read_json(self.pid_file)

    def check_port(self):
        """A clear sentence when somebody else has the port."""
        with socket.socket() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                s.bind(("127.0.0.1", self.port))
            except OSError:
                raise Failure(
                    f"Port {self.port} ({self.name}) is taken by another program: stop it "
                    f"(`ss -ltnp 'sport = :{self.port}'` names it), then run this again."
                ) from None

    def start(self, command, env, cwd=ROOT, seconds=30):
        self.check_port()
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("wb") as out:
            # A session of its own: Ctrl-C in the terminal must not reach it, and all it spawns can be found by the session.
            child = subprocess.Popen(
                command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
            )
        write_json(self.pid_file, {"pid": child.pid, "started": _started(child.pid)})
        deadline = time.monotonic() + seconds
        while not answers(self.probe):
            if child.poll() is not None:
                raise Failure(f"{self.name} ended right after its start.", self.log)
            if time.monotonic() > deadline:
                raise Failure(f"{self.name} does not answer after {seconds} s.", self.log)
            time.sleep(0.05)

    def stop(self):
        """Ends it, politely at first, and whatever it left in its session. True if there was something to end."""
        known = read_json(self.pid_file)
        alive = self.running()
        if alive:
            _signal(known["pid"], signal.SIGTERM)
            deadline = time.monotonic() + 5
            while self.running() and time.monotonic() < deadline:
                time.sleep(0.05)
        if known and (alive or _started(known["pid"]) is None):
            # Lambda workers that outlived the emulator. The session id is its pid, which cannot be reused while they live.
            for pid in _session(known["pid"]):
                _signal(pid, signal.SIGKILL)
        self.pid_file.unlink(missing_ok=True)
        return alive


def answers(url):
    """True if anything speaks HTTP at `url`, whatever it says."""
    try:
        _opener.open(url, timeout=2).close()
        return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


def post_form(url, fields):
    _opener.open(url, data=urllib.parse.urlencode(fields).encode(), timeout=10).close()


def put_json(url, body):
    request = urllib.request.Request(url, json.dumps(body).encode(), {"content-type": "application/json"}, method="PUT")
    _opener.open(request, timeout=10).close()


def _stat(pid):
    """Fields of /proc/<pid>/stat after the command's name: state, ppid, pgrp, session, … None for a process that is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] in "ZX" else fields


def _started(pid):
    fields = _stat(pid)
    return fields[19] if fields else None


def _session(leader):
    for entry in os.listdir("/proc"):
        if entry.isdigit() and (fields := _stat(entry)) and int(fields[3]) == leader:
            yield int(entry)


def _signal(pid, number):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass
