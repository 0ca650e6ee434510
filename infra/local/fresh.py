"""A new stack for one run of a suite."""

import shutil
from contextlib import contextmanager

import build
import iam
import seed
import stack
from lifecycle import check_listeners, start, stop
from processes import get_json
from profiles import write_json


@contextmanager
def fresh(profile):
    """Builds, deploys and seeds the profile's stack for the block. Always stops it at the end, and saves the functions' logs and calls in files."""
    stop(profile, quietly=True)
    for leftover in ("deployed.json", "seeded.json", "stack.json"):
        (profile.state / leftover).unlink(missing_ok=True)
    if profile.faults:
        shutil.rmtree(profile.faults, ignore_errors=True)
        for folder in ("kill", "mutant"):
            (profile.faults / folder).mkdir(parents=True)
    try:
        emulator, *_rest = start(profile)
        build.build(profile)
        stack.deploy(profile, emulator)
        stack.describe(profile, emulator, seed.LOGINS)
        seed.wait_until_ready(profile)
        seed.seed(profile, emulator)
        check_listeners(profile)
        yield
    finally:
        _save_function_logs(profile)
        _save_calls(profile)
        stop(profile, quietly=True)


def _save_function_logs(profile):
    """Saves one file per function, because the emulator loses its log groups when it stops."""
    folder = profile.log / "functions"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    client = profile.client("logs")
    for name in stack.function_names():
        try:
            events = _events(client, f"/aws/lambda/{profile.stack}-{name}")
        except Exception:  # no emulator or no deployment: the first failure is the one to show
            return
        (folder / f"{name}.log").write_text("".join(event["message"].rstrip() + "\n" for event in events))


def _save_calls(profile):
    """Saves the calls that the fault proxy recorded, for iam.judge."""
    file = iam.calls_file(profile)
    file.unlink(missing_ok=True)
    if profile.proxy_url:
        try:
            write_json(file, get_json(f"{profile.proxy_url}/_fake/calls"))
        except OSError:  # no proxy: the first failure is the one to show
            pass


def _events(client, group):
    """All events of a log group, by time. The emulator answers with the first 10,000 and without a next page, so each request starts at
    the time of the last event."""
    events, since = {}, 0
    while True:
        page = client.filter_log_events(logGroupName=group, startTime=since)["events"]
        more = {(event["logStreamName"], event["timestamp"], event["message"]): event for event in page}
        if more.keys() <= events.keys():
            return events.values()
        events |= more
        since = page[-1]["timestamp"]
