"""A stack for one run of a suite: made from nothing, stopped at its end."""

import shutil
from contextlib import contextmanager

import build
import seed
import stack
from lifecycle import start, stop


@contextmanager
def fresh(profile):
    """The built functions in the profile's emulator, ready and seeded. Stopped at the end whatever happens, with the functions' logs
    kept in files."""
    stop(profile, quietly=True)
    for leftover in ("deployed.json", "seeded.json", "stack.json"):
        (profile.state / leftover).unlink(missing_ok=True)
    if profile.faults:
        shutil.rmtree(profile.faults, ignore_errors=True)
        for orders in ("kill", "mutant"):
            (profile.faults / orders).mkdir(parents=True)
    try:
        emulator, *_rest = start(profile)
        build.build(profile)
        stack.deploy(profile, emulator)
        stack.describe(profile, seed.LOGINS)
        seed.wait_until_ready(profile)
        seed.seed(profile, emulator)
        yield
    finally:
        _keep_function_logs(profile)
        stop(profile, quietly=True)


def _keep_function_logs(profile):
    """The emulator's log groups go with it: one file per function stays."""
    folder = profile.log / "functions"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    client = profile.client("logs")
    for name in stack.function_names():
        try:
            events = _events(client, f"/aws/lambda/{profile.stack}-{name}")
        except Exception:  # the emulator may be gone, or nothing deployed: the failure that brought us here is the one to show
            return
        (folder / f"{name}.log").write_text("".join(event["message"].rstrip() + "\n" for event in events))


def _events(client, group):
    """All of a log group, by time. The emulator answers with the first 10,000 and names no next page: go on from the last one's time."""
    events, since = {}, 0
    while True:
        page = client.filter_log_events(logGroupName=group, startTime=since)["events"]
        more = {(event["logStreamName"], event["timestamp"], event["message"]): event for event in page}
        if more.keys() <= events.keys():
            return events.values()
        events |= more
        since = page[-1]["timestamp"]
