"""The programs and tests of the workspace, by `cargo metadata`."""

import json
import subprocess

import build
from steps import ROOT, Failure

# Always the whole workspace with the same features, selected by target and never by package: with other features, cargo would compile
# again. The first feature is the one that the test of the OpenAPI document needs. With the second one, programs and tests share the crates
# of others.
WORKSPACE = ["--locked", "--workspace", "--features", "contract/openapi,aws-kit/test-features"]
CARGO_TEST = ["cargo", "test", *WORKSPACE]
CARGO_BUILD = ["cargo", "build", *WORKSPACE]


def targets(kind):
    """The package and the name of every target of a kind: `test` is an integration test, `bin` a program."""
    metadata = ["cargo", "metadata", "--locked", "--no-deps", "--format-version", "1"]
    answer = subprocess.run(metadata, cwd=ROOT, env=build.cargo_environment(), capture_output=True, text=True)
    if answer.returncode:
        raise Failure(f"cargo metadata failed: {answer.stderr.strip()[-500:]}")
    packages = json.loads(answer.stdout)["packages"]
    return [(package["name"], target["name"]) for package in packages for target in package["targets"] if kind in target["kind"]]


def tests(names):
    """Cargo's arguments that select these integration tests."""
    return [part for name in names for part in ("--test", name)]
