"""What cargo knows of the workspace: which programs and tests there are."""

import json
import subprocess

import build
from steps import ROOT, Failure

# Always the whole workspace, narrowed by target and never by package: a narrower choice has other features, and cargo would compile again.
CARGO_TEST = ["cargo", "test", "--locked", "--workspace"]
CARGO_BUILD = ["cargo", "build", "--locked", "--workspace"]


def targets(kind):
    """(package, name) of every target of a kind: `test` is an integration test, `bin` a program."""
    metadata = ["cargo", "metadata", "--locked", "--no-deps", "--format-version", "1"]
    answer = subprocess.run(metadata, cwd=ROOT, env=build.cargo_environment(), capture_output=True, text=True)
    if answer.returncode:
        raise Failure(f"cargo metadata failed: {answer.stderr.strip()[-500:]}")
    packages = json.loads(answer.stdout)["packages"]
    return [(package["name"], target["name"]) for package in packages for target in package["targets"] if kind in target["kind"]]


def tests(names):
    """Cargo's arguments for these integration tests."""
    return [part for name in names for part in ("--test", name)]
