"""The programs and tests of the workspace, by `cargo metadata`."""

import json
import subprocess

import build
from steps import ROOT, Failure

# Always the whole workspace with the same features, selected by target and never by package: with other features, cargo would compile
# again. They are those of the test stack's functions.
WORKSPACE = ["--locked", "--workspace", *build.TEST_FEATURES]
CARGO_TEST = ["cargo", "test", *WORKSPACE]
CARGO_BUILD = ["cargo", "build", *WORKSPACE]


def targets(kind):
    """The package and the name of every target of a kind: `test` is an integration test, `bin` a program."""
    return [(package, target["name"]) for package, target in _targets() if kind in target["kind"]]


def unit_tests():
    """Cargo's arguments for the unit tests of all libraries, and of the programs that have some. Not `--bins`, which links a test program for
    each program, whatever its `test = false` says."""
    return ["--lib", *(part for _, target in _targets() if "bin" in target["kind"] and target["test"] for part in ("--bin", target["name"]))]


def _targets():
    """The targets of the workspace, each with the name of its package."""
    metadata = ["cargo", "metadata", "--locked", "--no-deps", "--format-version", "1"]
    answer = subprocess.run(metadata, cwd=ROOT, env=build.cargo_environment(), capture_output=True, text=True)
    if answer.returncode:
        raise Failure(f"cargo metadata failed: {answer.stderr.strip()[-500:]}")
    packages = json.loads(answer.stdout)["packages"]
    return [(package["name"], target) for package in packages for target in package["targets"]]


def tests(names):
    """Cargo's arguments that select these integration tests."""
    return [part for name in names for part in ("--test", name)]
