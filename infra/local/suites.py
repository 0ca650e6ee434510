"""`make test` and `make bench`: everything there is, each in a stack of its own that is stopped at the end."""

import json
import shutil
import subprocess
import time
from contextlib import contextmanager

import build
import seed
import stack
from lifecycle import start, stop
from steps import ROOT, Failure, run, say, shown, step
from venv import BIN


# The package whose tests drive a running stack; all others need none.
BLACK_BOX = "e2e"


def test(profile):
    started = time.monotonic()
    say("souk: test")

    def check(title, command, failure, environment):
        with step(title):
            run(command, log=profile.log / f"{title.split()[0].lower()}.log", env=environment, failure=failure)

    cargo, sam = build.cargo_environment(), profile.environment()
    check("Format (cargo fmt)", ["cargo", "fmt", "--all", "--check"], "The code is not formatted: run `cargo fmt --all`.", cargo)
    check("Template (sam validate --lint)", [BIN / "sam", "validate", "--lint"], "template.yaml is not valid: see above.", sam)
    check("Lint (cfn-lint)", [BIN / "cfn-lint", "-t", "template.yaml"], "cfn-lint objects to template.yaml: see above.", sam)
    check(
        "Clippy (warnings are errors)",
        ["cargo", "clippy", "--locked", "--workspace", "--all-targets", "--", "-D", "warnings"],
        "Clippy objects: see above.",
        cargo,
    )
    inside, black_box = test_targets(cargo)
    check("Tests (unit, property, events)", [*CARGO_TEST, "--lib", "--bins", *inside], "A test failed: see above.", cargo)
    check("Suites (cargo test --no-run)", [*CARGO_TEST, "--no-run", *black_box], "The black-box suites do not compile: see above.", cargo)
    fakes = ["cargo", "build", "--locked", "--workspace", "--bin", "fakes"]
    check("Fakes (cargo build)", fakes, "tests/fakes does not compile: see above.", cargo)
    with fresh(profile) as programs:
        deployed(profile, programs)
        say("  Black-box suites")
        run(
            [*CARGO_TEST, "--no-fail-fast", *black_box],
            log=profile.log / "suites.log",
            # Most tests wait for the stack, not for a core.
            env=build.cargo_environment(SOUK_STACK=profile.description, RUST_TEST_THREADS="6"),
            failure=f"A black-box suite failed. What the functions logged is in {shown(profile.log / 'functions')}.",
            stream=True,
        )
    say(f"\nEverything passed in {(time.monotonic() - started) / 60:.1f} minutes.")
    return 0


# Always the whole workspace, narrowed by target and never by package: a narrower choice has other features, and cargo would compile again.
CARGO_TEST = ["cargo", "test", "--locked", "--workspace"]


def test_targets(environment):
    """Arguments for cargo that name all integration tests: those that need no stack, and the black-box suites."""
    metadata = ["cargo", "metadata", "--locked", "--no-deps", "--format-version", "1"]
    answer = subprocess.run(metadata, cwd=ROOT, env=environment, capture_output=True, text=True)
    if answer.returncode:
        raise Failure(f"cargo metadata failed: {answer.stderr.strip()[-500:]}")
    inside, black_box = [], []
    for package in json.loads(answer.stdout)["packages"]:
        chosen = black_box if package["name"] == BLACK_BOX else inside
        for target in package["targets"]:
            if "test" in target["kind"]:
                chosen += ["--test", target["name"]]
    if not black_box:
        raise Failure(f"There is no package {BLACK_BOX} with tests (tests/{BLACK_BOX}).")
    return inside, black_box


def bench(profile):
    say("souk: bench")
    # One run of cargo: the hello world, the functions and the bench then share their dependencies and features.
    command = ["cargo", "build", "--locked", "--release", *build.binaries(), "--bin", "hello", "--bin", "bench", "--bin", "fakes"]
    with step("Release (cargo build --release)"):
        run(command, log=profile.log / "release.log", env=build.cargo_environment(), failure="The build failed: see above.")
    with fresh(profile) as programs:
        deployed(profile, programs)
        run(
            [build.binary("bench", "release"), "--stack", profile.description, "--out", profile.state / "results.json"],
            log=profile.log / "bench.log",
            env=build.cargo_environment(),
            failure="The bench failed: see above.",
            stream=True,
        )
    return 0


@contextmanager
def fresh(profile):
    """The profile's programs, started from nothing; stopped at the end whatever happens, with the functions' logs kept in files."""
    stop(profile, quietly=True)
    for leftover in ("deployed.json", "seeded.json", "stack.json"):
        (profile.state / leftover).unlink(missing_ok=True)
    try:
        yield start(profile)
    finally:
        keep_function_logs(profile)
        stop(profile, quietly=True)


def deployed(profile, programs):
    """The built functions in the profile's emulator, ready and seeded."""
    emulator = programs[0]
    build.build(profile)
    stack.deploy(profile, emulator)
    stack.describe(profile, seed.LOGINS)
    seed.wait_until_ready(profile)
    seed.seed(profile, emulator)


def keep_function_logs(profile):
    """The emulator's log groups go with it: one file per function stays."""
    folder = profile.log / "functions"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    client = profile.client("logs")
    for name in stack.function_names():
        try:
            pages = client.get_paginator("filter_log_events").paginate(logGroupName=f"/aws/lambda/{profile.stack}-{name}")
            events = sorted((event for page in pages for event in page["events"]), key=lambda event: event["timestamp"])
        except Exception:  # the emulator may be gone, or nothing deployed: the failure that brought us here is the one to show
            return
        (folder / f"{name}.log").write_text("".join(event["message"].rstrip() + "\n" for event in events))
