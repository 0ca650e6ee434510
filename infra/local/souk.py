#!/usr/bin/env python3
"""souk's local commands, which the Makefile calls. `python3 infra/local/souk.py --help` lists them.

It starts with the standard library only, creates .local/venv, and restarts inside it.
"""

import argparse
import fcntl
import os
import signal
import sys
import traceback

import python_tools
from steps import LOCAL, Failure, display_path, say

# The lock of each command. Commands with the same lock use the same programs, so only one of them runs at a time in a checkout.
LOCKED = {
    **{"up": "up", "down": "up", "bench": "bench", "bench-peers": "bench"},
    **dict.fromkeys(("test", "contract", "proof", "soak", "mutants", "lives"), "test"),
}


def take_lock(name):
    """Holds the lock until this process ends. The restart inside the virtual environment keeps the process and its open files."""
    if os.environ.get("SOUK_ALONE") == str(os.getpid()):
        return
    LOCAL.mkdir(exist_ok=True)
    handle = os.open(LOCAL / f"{name}.lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        others = " or ".join(f"`make {command}`" for command, lock in LOCKED.items() if lock == name)
        raise Failure(f"Another {others} is running in this checkout: wait until it ends, then try again.") from None
    os.set_inheritable(handle, True)
    os.environ["SOUK_ALONE"] = str(os.getpid())


def main():
    arguments = parse()
    # SIGTERM (a timeout of CI, `kill`) cleans up as Ctrl-C does.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        if arguments.command in LOCKED:
            take_lock(LOCKED[arguments.command])
        if arguments.command != "down":
            python_tools.check_prerequisites()
            python_tools.ensure()
            python_tools.enter()
        import commands

        return getattr(commands, arguments.command.replace("-", "_"))(arguments)
    except Failure as failure:
        say(f"\n  {failure}")
        if failure.log:
            say(f"  Details: {display_path(failure.log)}")
        return 1
    except KeyboardInterrupt:
        say("\n  Stopped.")
        return 130
    except Exception as error:  # a bug: the stack trace goes to a file
        log = LOCAL / "log" / "error.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text(traceback.format_exc())
        say(f"\n  Unexpected error: {type(error).__name__}: {error}\n  Details: {display_path(log)}")
        return 1


def parse():
    parser = argparse.ArgumentParser(prog="souk")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("up", help="build and deploy into the local emulator with demo data, or update a running stack")
    commands.add_parser("down", help="stop the local stack")
    logs = commands.add_parser("logs", help="follow the log of a function")
    logs.add_argument("function")
    invoke = commands.add_parser("invoke", help="invoke a function of the local stack with an event from a file")
    invoke.add_argument("function")
    invoke.add_argument("event")
    sam_local = commands.add_parser("sam-local", help="run functions in containers with sample events, and compare the answers with the expected ones")
    sam_local.add_argument("function", nargs="?", help="default: all functions")
    sam_local.add_argument("event", nargs="?", help="print the answer to this event; default: all events of the function")
    test = commands.add_parser("test", help="run all checks and tests in a new stack")
    contract = commands.add_parser("contract", help="check the stack against its OpenAPI document with generated requests")
    contract.add_argument("--minutes", type=float, default=3)
    proof = commands.add_parser("proof", help="run the proof only (tests/concurrency)")
    proof.add_argument("--only", help="run the scenarios whose names contain this")
    soak = commands.add_parser("soak", help="run the proof for a longer time")
    soak.add_argument("--minutes", type=int, default=30)
    mutants = commands.add_parser("mutants", help="break one invariant at a time on purpose, and check that the proof notices")
    mutants.add_argument("--only", help="run the mutant with this name")
    for seeded in (test, contract, proof, soak, mutants):
        seeded.add_argument("--seed", help="repeat the run that printed this seed")
    commands.add_parser("lives", help="count what each life of an order uses, and compare it with tests/bench/lives.tsv")
    commands.add_parser("bench", help="measure the release build")
    commands.add_parser("bill", help="put the bill, the memory sizes and the parts of starts of the last bench into docs/costs.md")
    peers = commands.add_parser("bench-peers", help="measure Vendure and Medusa beside souk, and write the table of docs/costs.md")
    peers.add_argument("--only", help="measure these peers alone, for example vendure,medusa, and write nothing")
    peers.add_argument("--operations", type=int, default=200, help="how often each operation runs")
    admin = commands.add_parser("admin", help="give a registered account the role of an admin")
    admin.add_argument("email")
    admin.add_argument("--env", choices=["dev", "staging", "prod"], help="in this deployed stack, with your AWS credentials; default: the local stack")
    commands.add_parser("resources", help="write infra/resources.golden after an intended change of template.yaml")
    commands.add_parser("iam", help="write infra/iam.golden after an intended change of a role in template.yaml")
    commands.add_parser("openapi", help="write the OpenAPI document after an intended change of the API")
    commands.add_parser("arm64", help="build two functions for arm64, and check their processor")
    deploy = commands.add_parser("deploy", help="build for AWS and deploy")
    deploy.add_argument("environment", choices=["dev", "staging", "prod"])
    destroy = commands.add_parser("destroy", help="delete a deployed stack with all its data")
    # Not prod: its tables, files and secrets are kept when its stack is deleted, so that is a person's work.
    destroy.add_argument("environment", choices=["dev", "staging"])
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
