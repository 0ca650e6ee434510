"""Building: one cargo run for everything, then `sam build`, which finds its work done."""

import hashlib
import os

from profiles import FUNCTIONS, host_target
from steps import LOCAL, ROOT, clean_environment, run, step
from venv import BIN, VENV

# Not .aws-sam/build: a `sam build` for AWS must not end up in the emulator, nor the other way round.
BUILT = LOCAL / "build"


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
    log = profile.log
    with step("Functions (cargo build)"):
        run(
            ["cargo", "build", "--locked", *binaries()],
            log=log / "cargo-build.log",
            env=cargo_environment(),
            failure="The functions do not compile: mend the error above and run this again.",
        )
    # Taken before sam build: cargo-lambda moves the binaries away.
    wanted = _package_fingerprint()
    if wanted == _last_package():
        return
    with step("Packages (sam build)"):
        run(
            [BIN / "sam", "build", "--build-dir", BUILT, "--parameter-overrides", f"Architecture={host_target()[0]}"],
            log=log / "sam-build.log",
            env=cargo_environment(),
            failure="`sam build` failed: see the lines above.",
        )
        _MARKER.write_text(wanted)


def binary(name, kind):
    """Where cargo puts a program; `kind` is debug or release."""
    return ROOT / "target" / host_target()[1] / kind / name


def binaries():
    """Cargo's arguments for all functions. By binary, as sam build does it: `-p` would select other features, and compile all again."""
    return [part for path in sorted(FUNCTIONS.iterdir()) for part in ("--bin", f"fn-{path.name}")]


def fingerprint():
    """Changes when anything that `sam deploy` would send changes."""
    digest = hashlib.sha256()
    for path in sorted(p for p in BUILT.rglob("*") if p.is_file()):
        digest.update(str(path.relative_to(BUILT)).encode() + path.read_bytes())
    return digest.hexdigest()


# sam build takes seconds to find that nothing changed; a look at the binaries takes none.
_MARKER = LOCAL / "packaged"


def _package_fingerprint():
    parts = [(ROOT / "template.yaml").read_bytes()]
    for path in sorted(FUNCTIONS.iterdir()):
        built = binary(f"fn-{path.name}", "debug")
        parts.append(f"{path.name} {built.stat().st_mtime_ns if built.exists() else 0}".encode())
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def _last_package():
    return _MARKER.read_text() if _MARKER.exists() and (BUILT / "template.yaml").exists() else None
