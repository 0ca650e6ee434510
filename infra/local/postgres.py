"""A temporary PostgreSQL server, for programs that are measured beside souk. souk itself has none."""

import os
import secrets
import shutil
import signal
import socket
import subprocess
from pathlib import Path

from processes import Process
from steps import Failure, clean_environment, run

_DEBIAN = Path("/usr/lib/postgresql")
_OWNER = _DATABASE = "shop"
# PostgreSQL refuses to run as root.
_WITHOUT_RIGHTS = {"user": "nobody", "group": "nogroup", "extra_groups": []}
_SECONDS = 120


def programs():
    """The folder of the server's programs, of the newest version if there are several."""
    versions = [path.parent for path in _DEBIAN.glob("*/bin/initdb")]
    if not versions:
        raise Failure("PostgreSQL is missing: install Debian's package postgresql, then run this again.")
    return max(versions, key=lambda path: float(path.parent.name))


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Postgres(Process):
    """A server with an empty database, at a free port. `profile` has the folders `state` and `log`."""

    # A fast shutdown, which does not wait for clients.
    stop_signal = signal.SIGINT

    def __init__(self, profile):
        super().__init__(profile, "postgres", free_port(), "/")
        self._folder = profile.state / "postgres"
        self._password = secrets.token_hex(16)
        self._user = {} if os.geteuid() else _WITHOUT_RIGHTS
        self.url = f"postgres://{_OWNER}:{self._password}@127.0.0.1:{self.port}/{_DATABASE}"

    def version(self):
        answer = subprocess.run([programs() / "postgres", "--version"], capture_output=True, text=True, timeout=10)
        return answer.stdout.split()[2]

    def launch(self):
        self._create_folder()
        cluster, password = self._folder / "cluster", self._folder / "password"
        access = ["--username", _OWNER, "--pwfile", password, "--auth", "scram-sha-256"]
        self._run("initdb", ["--pgdata", cluster, *access, "--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync"], **self._user)
        password.unlink()
        # Without a socket in a folder that other servers use.
        settings = ["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]
        command = [programs() / "postgres", "-D", cluster, "-p", str(self.port), *settings]
        self.start(command, env=clean_environment(), cwd="/", seconds=_SECONDS, **self._user)
        self.execute(f"create database {_DATABASE}", database="postgres")

    def is_ready(self):
        command = [programs() / "pg_isready", "--quiet", "--host", "127.0.0.1", "--port", str(self.port)]
        return subprocess.run(command, timeout=10).returncode == 0

    def execute(self, statement, database=_DATABASE):
        address = ["--host", "127.0.0.1", "--port", str(self.port), "--username", _OWNER, "--dbname", database]
        self._run("psql", [*address, "--no-psqlrc", "--set", "ON_ERROR_STOP=1", "--command", statement])

    def stop(self):
        was_running = super().stop()
        shutil.rmtree(self._folder, ignore_errors=True)
        return was_running

    def _create_folder(self):
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True)
        password = self._folder / "password"
        password.touch(mode=0o600)
        password.write_text(self._password)
        if not self._user:
            return
        closed = [path for path in self._folder.parents if not path.stat().st_mode & 0o001]
        if closed:
            user = self._user["user"]
            raise Failure(f"PostgreSQL runs as {user}, who cannot enter {closed[0]}: run this in another folder, or as another user than root.")
        for path in (self._folder, password):
            shutil.chown(path, self._user["user"], self._user["group"])

    def _run(self, program, arguments, **user):
        run(
            [programs() / program, *arguments],
            log=self.profile.log / f"{program}.log",
            env=clean_environment(PGPASSWORD=self._password),
            cwd="/",
            failure=f"{program} failed: see above.",
            seconds=_SECONDS,
            **user,
        )
