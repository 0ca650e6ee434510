"""Builds the functions: one run of cargo compiles all of them, then `sam build` packages them.

Only the test stack's functions have fault points (faults.toml). Cargo keeps both variants in its target folder, so switching costs
nothing. Each variant has its own folder of packages, with its own marker.
"""

import fcntl
import hashlib
import os
import tomllib
from contextlib import contextmanager
from pathlib import Path

import processors
from profiles import FUNCTIONS, host_target
from steps import LOCAL, ROOT, Failure, clean_environment, run, step
from python_tools import BIN, VENV

_FAULTS = Path(__file__).with_name("faults.toml")


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
    """Builds the profile's functions and packages them in `profile.built`."""
    features, environment = [], cargo_environment()
    if profile.has_fault_points:
        features = ["--features", ",".join(tomllib.loads(_FAULTS.read_text())["build"]["features"])]
        # SAM cannot pass features to cargo-lambda, but cargo-lambda's configuration can.
        environment["CARGO_LAMBDA_GLOBAL"] = str(_FAULTS)
    with _build_lock():
        with step("Functions (cargo build)"):
            run(
                ["cargo", "build", "--locked", *binaries(), *features],
                log=profile.log / "cargo-build.log",
                env=environment,
                failure="The functions do not compile: fix the error above and run this again.",
            )
        # Computed before sam build, because cargo-lambda moves the binaries.
        marker, fingerprint = _marker(profile), _package_fingerprint()
        if marker.exists() and marker.read_text() == fingerprint and (profile.built / "template.yaml").exists():
            return
        marker.unlink(missing_ok=True)
        with step("Packages (sam build)"):
            run(
                [
                    *(BIN / "sam", "build", "--language-extensions", "--build-dir", profile.built),
                    *("--parameter-overrides", f"Architecture={host_target()[0]}"),
                ],
                log=profile.log / "sam-build.log",
                env=environment,
                failure="`sam build` failed: see above.",
            )
        _check_packages(profile)
        marker.write_text(fingerprint)


@contextmanager
def _build_lock():
    """Allows one build at a time: `make up` and `make test` may run side by side, and both variants use the same target folder."""
    with (LOCAL / "build.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _check_packages(profile):
    """Refuses a package for another processor than this machine's, and one with fault points outside the test stack."""
    processors.check(profile.built, host_target()[0])
    if profile.has_fault_points:
        return
    for bootstrap in sorted(profile.built.glob("*/bootstrap")):
        if b"SOUK_FAULTS" in bootstrap.read_bytes():
            raise Failure(f"{bootstrap.parent.name} was built with fault points, which are allowed in the test stack only: see {_FAULTS.name}.")


def binary(name, kind):
    """The path of a program that cargo built. `kind` is debug or release."""
    return ROOT / "target" / host_target()[1] / kind / name


def binaries():
    """Cargo's arguments for all functions. By binary, as sam build does: `-p` selects other features, so it would compile everything again."""
    return [part for path in sorted(FUNCTIONS.iterdir()) for part in ("--bin", f"fn-{path.name}")]


def fingerprint(profile):
    """A digest of everything that `sam deploy` would upload."""
    digest = hashlib.sha256()
    for path in sorted(p for p in profile.built.rglob("*") if p.is_file()):
        digest.update(str(path.relative_to(profile.built)).encode() + path.read_bytes())
    return digest.hexdigest()


def _marker(profile):
    """Names what was packaged last. Comparing it takes no time; `sam build` takes seconds to find that nothing changed."""
    return profile.built.with_name("packaged")


def _package_fingerprint():
    parts = [(ROOT / "template.yaml").read_bytes()]
    for path in sorted(FUNCTIONS.iterdir()):
        built = binary(f"fn-{path.name}", "debug")
        parts.append(f"{path.name} {built.stat().st_mtime_ns if built.exists() else 0}".encode())
    return hashlib.sha256(b"\0".join(parts)).hexdigest()
