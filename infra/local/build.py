"""Builds the functions for the stacks of this machine: one program has all of them (infra/local/functions), and the package of a function is
a script that starts this program as the function. AWS gets a program for each function: `sam build`.

Only the test stack's functions have fault points (faults.toml). Cargo keeps both variants in its target folder, so switching costs
nothing. Each stack has its own folders of programs and packages, with its own marker.
"""

import fcntl
import hashlib
import os
import shlex
import shutil
import tomllib
from contextlib import contextmanager
from pathlib import Path

from profiles import FUNCTIONS, host_target, read_json, write_json
from steps import LOCAL, ROOT, Failure, clean_environment, run, step
from python_tools import BIN, VENV

_FAULTS = Path(__file__).with_name("faults.toml")
# Cargo's arguments for the features of all that `make test` compiles.
TEST_FEATURES = ["--features", ",".join(tomllib.loads(_FAULTS.read_text())["build"]["features"])]
# The program of all functions, which cargo builds from infra/local/functions.
PROGRAM = "local-functions"


def cargo_environment(**extra):
    """The environment of every cargo run. All runs name the target, as cargo-lambda does: then they share one target folder."""
    return clean_environment(
        CARGO_BUILD_TARGET=host_target()[1],
        CARGO_TERM_COLOR="never",
        # The target is this machine, where cargo is faster than cargo-lambda's zig. A build for AWS does not set this.
        CARGO_LAMBDA_COMPILER="cargo",
        SAM_BUILD_MODE="debug",
        SAM_CLI_TELEMETRY="0",
        VIRTUAL_ENV=VENV,
        PATH=f"{BIN}:{os.environ.get('PATH', os.defpath)}",
        **extra,
    )


def build(profile):
    """Builds the program of the profile's functions, and packages it in `profile.built`."""
    with _build_lock():
        with step("Functions (cargo build)"):
            run(
                ["cargo", "build", "--locked", *(TEST_FEATURES if profile.has_fault_points else []), "--bin", PROGRAM],
                log=profile.log / "cargo-build.log",
                env=cargo_environment(),
                failure="The functions do not compile: fix the error above and run this again.",
            )
        # What was packaged last. Comparing it takes no time.
        marker, inputs = profile.state / "packaged.json", _inputs(profile)
        if read_json(marker) == inputs and (profile.built / "template.yaml").exists() and profile.programs.exists():
            return
        marker.unlink(missing_ok=True)
        with step("Packages"):
            _package(profile, _copy_program(profile))
        write_json(marker, inputs)


def _inputs(profile):
    """What the packages depend on: the program that cargo built, where they find its copy, and the template."""
    template = hashlib.sha256((ROOT / "template.yaml").read_bytes()).hexdigest()
    return {"program": binary(PROGRAM, "debug").stat().st_mtime_ns, "programs": str(profile.programs), "template": template}


def _copy_program(profile):
    """Copies the program into a folder of its own, because cargo overwrites its file when it builds the other variant. A link for each
    function gives the program the function's name. Returns the folder, whose name is the digest of the program."""
    content = binary(PROGRAM, "debug").read_bytes()
    if b"SOUK_FAULTS" in content and not profile.has_fault_points:
        raise Failure(f"The functions were built with fault points, which are allowed in the test stack only: see {_FAULTS.name}.")
    names = [f"fn-{path.name}" for path in sorted(FUNCTIONS.iterdir())]
    folder = profile.programs / hashlib.sha256(" ".join(names).encode() + content).hexdigest()[:16]
    if not folder.exists():
        unfinished = profile.programs / "unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        (unfinished / PROGRAM).write_bytes(content)
        (unfinished / PROGRAM).chmod(0o755)
        for name in names:
            (unfinished / name).symlink_to(PROGRAM)
        unfinished.rename(folder)
    return folder


def _package(profile, programs):
    """Writes the package of each function, and the template as `sam build` would. A package has the path of the program, which changes with
    its content, so the emulator notices a new program."""
    from samcli.yamlhelper import yaml_dump, yaml_parse

    template = yaml_parse((ROOT / "template.yaml").read_text())
    del template["Globals"]["Function"]["CodeUri"]
    shutil.rmtree(profile.built, ignore_errors=True)
    for logical, resource in template["Resources"].items():
        # The value of a loop (Fn::ForEach) is a list.
        if isinstance(resource, dict) and resource["Type"] == "AWS::Serverless::Function":
            program = programs / resource["Metadata"]["BuildProperties"]["Binary"]
            bootstrap = profile.built / logical / "bootstrap"
            bootstrap.parent.mkdir(parents=True)
            bootstrap.write_text(f"#!/bin/sh\nexec {shlex.quote(str(program))}\n")
            bootstrap.chmod(0o755)
            resource["Properties"]["CodeUri"] = logical
    (profile.built / "template.yaml").write_text(yaml_dump(template))


def remove_old_programs(profile):
    """Removes the programs that no deployed package starts."""
    scripts = [path.read_text() for path in profile.built.glob("*/bootstrap")]
    for folder in profile.programs.iterdir():
        if not any(folder.name in script for script in scripts):
            shutil.rmtree(folder)


def sam_build(profile, folder, function=None):
    """Packages all functions, or one by its logical id, as for AWS but without optimization: each gets its own program."""
    environment = cargo_environment()
    if profile.has_fault_points:
        # SAM cannot pass features to cargo-lambda, but cargo-lambda's configuration can. With them cargo compiles nothing again.
        environment["CARGO_LAMBDA_GLOBAL"] = str(_FAULTS)
    with _build_lock(), step(f"Packages (sam build{' ' + function if function else ''})"):
        run(
            [
                *(BIN / "sam", "build", *([function] if function else []), "--language-extensions", "--build-dir", folder),
                *("--parameter-overrides", f"Architecture={host_target()[0]}"),
            ],
            log=profile.log / "sam-build.log",
            env=environment,
            failure="`sam build` failed: see above.",
        )


@contextmanager
def _build_lock():
    """Allows one build at a time: `make up` and `make test` may run side by side, and both variants use the same target folder."""
    with (LOCAL / "build.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def binary(name, kind):
    """The path of a program that cargo built. `kind` is debug or release."""
    return ROOT / "target" / host_target()[1] / kind / name


def binaries():
    """Cargo's arguments for the programs of all functions. By binary, as sam build does: `-p` selects other features, so it would compile everything again."""
    return [part for path in sorted(FUNCTIONS.iterdir()) for part in ("--bin", f"fn-{path.name}")]


def fingerprint(profile):
    """A digest of everything that `sam deploy` would upload."""
    digest = hashlib.sha256()
    for path in sorted(p for p in profile.built.rglob("*") if p.is_file()):
        digest.update(str(path.relative_to(profile.built)).encode() + path.read_bytes())
    return digest.hexdigest()
