"""`make arm64`: builds two functions for another processor than this machine's, as `make deploy` builds all."""

import subprocess
from pathlib import Path

import processors
from build import cargo_environment
from python_tools import BIN
from steps import LOCAL, ROOT, Failure, run, step

_TARGET, _ARCHITECTURE = "aarch64-unknown-linux-gnu", "arm64"
# They show whether C code is compiled for the right processor, too: uploads has libwebp, and both have AWS-LC.
_BINARIES = ("fn-uploads", "fn-keys")
# Without these, cargo-lambda takes zig and the target of --arm64.
_SETTINGS_OF_LOCAL_BUILDS = ("CARGO_LAMBDA_COMPILER", "CARGO_BUILD_TARGET", "SAM_BUILD_MODE")


def build():
    """Builds two functions for arm64, as `make deploy` does, and checks their processor. Fails with a sentence if Rust cannot."""
    _check_target()
    folder = LOCAL / _ARCHITECTURE
    environment = {name: value for name, value in cargo_environment().items() if name not in _SETTINGS_OF_LOCAL_BUILDS}
    for binary in _BINARIES:
        (folder / binary / "bootstrap").unlink(missing_ok=True)
    with step(f"Functions for {_ARCHITECTURE} ({len(_BINARIES)}, zig)"):
        run(
            [
                *(BIN / "cargo-lambda", "lambda", "build", "--release", "--locked", f"--{_ARCHITECTURE}", "--lambda-dir", folder),
                *(part for binary in _BINARIES for part in ("--bin", binary)),
            ],
            log=LOCAL / "log" / f"{_ARCHITECTURE}.log",
            env=environment,
            failure="The functions cannot be built for arm64: see above.",
        )
    with step("Processors (ELF headers)") as s:
        s.note = processors.check(folder, _ARCHITECTURE)


def _check_target():
    """Fails unless Rust's standard library for the target is installed."""
    answer = subprocess.run(["rustc", "--print", "target-libdir", "--target", _TARGET], cwd=ROOT, capture_output=True, text=True)
    if answer.returncode or not any(Path(answer.stdout.strip()).glob("libstd-*")):
        raise Failure(f"Rust's standard library for arm64 is missing: run `rustup target add {_TARGET}`, then run this again.")
