#!/usr/bin/env python3
"""souk's local commands; the Makefile's targets call this. `python3 infra/local/souk.py --help` lists them.

Starts with the standard library alone, makes .local/venv, and continues inside it.
"""

import argparse
import fcntl
import os
import signal
import sys
import traceback

import venv
from steps import LOCAL, Failure, say, shown


# Commands that start and stop the same programs: one of them at a time in a checkout.
LOCKED = {"up": "up", "down": "up", "test": "test", "proof": "test", "soak": "test", "mutants": "test", "bench": "bench"}


def alone(what):
    """Holds a lock until this process ends, also over the change into the venv, which keeps the process and its open files."""
    if os.environ.get("SOUK_ALONE") == str(os.getpid()):
        return
    LOCAL.mkdir(exist_ok=True)
    handle = os.open(LOCAL / f"{what}.lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        others = " or ".join(f"`make {command}`" for command, lock in LOCKED.items() if lock == what)
        raise Failure(f"Another {others} is at work in this checkout: wait for it to end, then try again.") from None
    os.set_inheritable(handle, True)
    os.environ["SOUK_ALONE"] = str(os.getpid())


def main():
    arguments = parse()
    # A stop from outside (CI's timeout, `kill`) cleans up just as Ctrl-C does.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        if arguments.command in LOCKED:
            alone(LOCKED[arguments.command])
        if arguments.command != "down":
            venv.check_prerequisites()
            venv.ensure()
            venv.enter()
        import commands

        return getattr(commands, arguments.command)(arguments)
    except Failure as failure:
        say(f"\n  {failure}")
        if failure.log:
            say(f"  Details: {shown(failure.log)}")
        return 1
    except KeyboardInterrupt:
        say("\n  Stopped.")
        return 130
    except Exception as surprise:  # a bug of ours or a surprise of the machine: the trace helps who mends it, not who runs it
        log = LOCAL / "log" / "surprise.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text(traceback.format_exc())
        say(f"\n  Unexpected: {type(surprise).__name__}: {surprise}\n  Details: {shown(log)}")
        return 1


def parse():
    parser = argparse.ArgumentParser(prog="souk")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("up", help="build, deploy into the local emulator, seed; again: update what changed")
    commands.add_parser("down", help="stop everything that `up` started")
    logs = commands.add_parser("logs", help="follow a function's log")
    logs.add_argument("function")
    invoke = commands.add_parser("invoke", help="invoke a deployed local function with an event from a file")
    invoke.add_argument("function")
    invoke.add_argument("event")
    test = commands.add_parser("test", help="everything there is")
    proof = commands.add_parser("proof", help="the proof alone (tests/concurrency), in the stack of `test`")
    proof.add_argument("--only", help="the scenarios with this in their names")
    soak = commands.add_parser("soak", help="the proof for longer")
    soak.add_argument("--minutes", type=int, default=30)
    mutants = commands.add_parser("mutants", help="souk broken on purpose, one invariant at a time: the proof has to notice")
    mutants.add_argument("--only", help="the mutant of this name")
    for seeded in (test, proof, soak, mutants):
        seeded.add_argument("--seed", help="repeats the run that printed it")
    commands.add_parser("bench", help="measure the release build")
    admin = commands.add_parser("admin", help="make somebody who has registered an admin")
    admin.add_argument("email")
    admin.add_argument("--env", choices=["dev", "staging", "prod"], help="of that deployed stack, with your AWS credentials; without: the local one")
    deploy = commands.add_parser("deploy", help="build for AWS and deploy")
    deploy.add_argument("environment", choices=["dev", "staging", "prod"])
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
