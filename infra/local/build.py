"""Building: one cargo run for everything, then `sam build`, which finds its work done.

The test stack's functions have fault points (faults.toml), all others have none. Cargo keeps both sorts in its target folder, so to go
from one to the other costs nothing; their packages lie in folders of their own, and so do the marks that tell what is in there.
"""

import fcntl
import hashlib
import os
import tomllib
from contextlib import contextmanager
from pathlib import Path

from profiles import FUNCTIONS, host_target
from steps import LOCAL, ROOT, Failure, clean_environment, run, step
from venv import BIN, VENV

_FAULTS = Path(__file__).with_name("faults.toml")


def cargo_environment(**extra):
    """For every cargo run of ours. cargo-lambda always names a target, so all name it: one target folder, nothing compiled twice."""
    return clean_environment(
        CARGO_BUILD_TARGET=host_target()[1],
        CARGO_TERM_COLOR="never",
        # The machine is the target: plain cargo builds faster than cargo-lambda's zig. A build for AWS does not set this.
        CARGO_LAMBDA_COMPILER="cargo",
        SAM_BUILD_MODE="debug",
        SAM_CLI_TELEMETRY="0",
        VIRTUAL_ENV=VENV,
        PATH=f"{BIN}:{os.environ.get('PATH', os.defpath)}",
        **extra,
    )


def build(profile):
    """The profile's functions, packaged in `profile.built`."""
    features, environment = [], cargo_environment()
    if profile.breakable:
        features = ["--features", ",".join(tomllib.loads(_FAULTS.read_text())["build"]["features"])]
        # SAM has no way to hand features to cargo-lambda; its own configuration has.
        environment["CARGO_LAMBDA_GLOBAL"] = str(_FAULTS)
    with _undisturbed():
        with step("Functions (cargo build)"):
            run(
                ["cargo", "build", "--locked", *binaries(), *features],
                log=profile.log / "cargo-build.log",
                env=environment,
                failure="The functions do not compile: mend the error above and run this again.",
            )
        # Taken before sam build: cargo-lambda moves the binaries away.
        marker, wanted = _marker(profile), _package_fingerprint()
        if marker.exists() and marker.read_text() == wanted and (profile.built / "template.yaml").exists():
            return
        marker.unlink(missing_ok=True)
        with step("Packages (sam build)"):
            run(
                [BIN / "sam", "build", "--build-dir", profile.built, "--parameter-overrides", f"Architecture={host_target()[0]}"],
                log=profile.log / "sam-build.log",
                env=environment,
                failure="`sam build` failed: see the lines above.",
            )
        _check_packages(profile)
        marker.write_text(wanted)


@contextmanager
def _undisturbed():
    """One build at a time: `make up` and `make test` may run side by side, and both sorts of a function pass through one place."""
    with (LOCAL / "build.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _check_packages(profile):
    """A function that can be broken on purpose must never get out of the test stack."""
    if profile.breakable:
        return
    for bootstrap in sorted(profile.built.glob("*/bootstrap")):
        if b"SOUK_FAULTS" in bootstrap.read_bytes():
            raise Failure(f"{bootstrap.parent.name} was built with fault points, which only the test stack may have: see {_FAULTS.name}.")


def binary(name, kind):
    """Where cargo puts a program; `kind` is debug or release."""
    return ROOT / "target" / host_target()[1] / kind / name


def binaries():
    """Cargo's arguments for all functions. By binary, as sam build does it: `-p` would select other features, and compile all again."""
    return [part for path in sorted(FUNCTIONS.iterdir()) for part in ("--bin", f"fn-{path.name}")]


def fingerprint(profile):
    """Changes when anything that `sam deploy` would send changes."""
    digest = hashlib.sha256()
    for path in sorted(p for p in profile.built.rglob("*") if p.is_file()):
        digest.update(str(path.relative_to(profile.built)).encode() + path.read_bytes())
    return digest.hexdigest()


def _marker(profile):
    """sam build takes seconds to find that nothing changed; a look at the binaries takes none."""
    return profile.built.with_name("packaged")


def _package_fingerprint():
    parts = [(ROOT / "template.yaml").read_bytes()]
    for path in sorted(FUNCTIONS.iterdir()):
        built = binary(f"fn-{path.name}", "debug")
        parts.append(f"{path.name} {built.stat().st_mtime_ns if built.exists() else 0}".encode())
    return hashlib.sha256(b"\0".join(parts)).hexdigest()
