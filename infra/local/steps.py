"""The output of a run: steps with their durations, and one sentence when something fails."""

import os
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOCAL = ROOT / ".local"


class Failure(Exception):
    """Ends the run. The message is a sentence that says what to do; the file `log` has the details."""

    def __init__(self, message, log=None):
        super().__init__(message)
        self.log = log


class Step:
    def __init__(self):
        self.note = ""


@contextmanager
def step(title):
    """Prints `title`, and the duration when the block ends. `s.note = "…"` in the block adds a remark."""
    s, started = Step(), time.monotonic()
    print(f"  {title:<44}", end="", flush=True)
    try:
        yield s
    except BaseException:
        print(f"failed after {time.monotonic() - started:.1f} s", flush=True)
        raise
    print(f"{time.monotonic() - started:7.1f} s{'   ' + s.note if s.note else ''}", flush=True)


def say(text=""):
    print(text, flush=True)


def display_path(path):
    """The path relative to the checkout."""
    path = Path(path)
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


def run(command, *, log, env=None, cwd=ROOT, failure, stream=False, explain=None, seconds=None, **user):
    """Runs `command` and writes its output to the file `log`, with `stream` also to the terminal. Raises Failure(`failure`) if it fails.
    Without `stream` there may be a limit in `seconds`, and the user and group that it runs as, as for Popen.

    After a failure it prints the lines of `explain()`, or the last lines of the log.
    """
    log = Path(log)
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as out:
        out.write(("$ " + " ".join(map(str, command)) + "\n").encode())
        out.flush()
        if stream:
            child = subprocess.Popen(command, cwd=cwd, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            try:
                for line in child.stdout:
                    out.write(line)
                    sys.stdout.buffer.write(line)
                    sys.stdout.flush()
                code = child.wait()
            except BaseException:
                child.terminate()
                child.wait()
                raise
        else:
            options = {"cwd": cwd, "env": env, "stdout": out, "stderr": subprocess.STDOUT, "stdin": subprocess.DEVNULL, "timeout": seconds}
            try:
                code = subprocess.run(command, **options, **user).returncode
            except subprocess.TimeoutExpired:
                raise Failure(f"{Path(command[0]).name} has not ended after {seconds} s.", log) from None
    if code != 0:
        if not stream:
            say()
            say("\n".join("    " + line for line in ((explain and explain()) or tail(log, 40))))
        raise Failure(failure, log)


@contextmanager
def beside(command, *, log, env, failure):
    """Runs `command` beside the block and writes its output to the file `log`. The block gets a function that waits for the end, and raises
    Failure(`failure`) if the command has failed. If the block ends before, the command is stopped."""
    log = Path(log)
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as out:
        out.write(("$ " + " ".join(map(str, command)) + "\n").encode())
        out.flush()
        child = subprocess.Popen(command, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT)

    def wait():
        if child.wait() != 0:
            say()
            say("\n".join("    " + line for line in tail(log, 40)))
            raise Failure(failure, log)

    try:
        yield wait
    finally:
        child.terminate()
        child.wait()


def tail(path, lines):
    text = Path(path).read_text(errors="replace").splitlines()
    return text[-lines:]


def clean_environment(**extra):
    """The caller's environment without AWS settings (a profile or a CA bundle must not reach the local stack), and without a proxy for this
    machine."""
    unwanted = ("AWS_", "SOUK_STACK", "_LAMBDA", "LOCALSTACK_")
    env = {k: v for k, v in os.environ.items() if not k.startswith(unwanted)}
    env.update({k: str(v) for k, v in extra.items()})
    hosts = [env.get("NO_PROXY") or env.get("no_proxy"), "127.0.0.1", "localhost"]
    env["NO_PROXY"] = env["no_proxy"] = ",".join(filter(None, hosts))
    return env
