#!/usr/bin/env python3
"""souk's local commands; the Makefile's targets call this. `python3 infra/local/souk.py --help` lists them.

Starts with the standard library alone, makes .local/venv, and continues inside it.
"""

import argparse
import signal
import sys
import traceback

import venv
from steps import LOCAL, Failure, say, shown


def main():
    arguments = parse()
    # A stop from outside (CI's timeout, `kill`) cleans up just as Ctrl-C does.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        venv.check_prerequisites()
        if arguments.command != "down":
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
    commands.add_parser("test", help="everything there is")
    commands.add_parser("bench", help="measure the release build")
    deploy = commands.add_parser("deploy", help="build for AWS and deploy")
    deploy.add_argument("environment", choices=["dev", "staging", "prod"])
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
