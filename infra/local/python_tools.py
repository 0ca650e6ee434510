"""The Python tools in virtual environments: `.local/venv` (emulator, SAM, cargo-lambda, zig, cfn-lint, payment provider) and `.local/venv-contract`
(schemathesis).

requirements.txt and schemathesis.txt pin them. This module uses the standard library only, because it runs before the virtual environments
exist.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from steps import LOCAL, Failure, clean_environment, run, step

VENV = LOCAL / "venv"
BIN = VENV / "bin"
PYTHON = BIN / "python"
_REQUIREMENTS = Path(__file__).with_name("requirements.txt")
# Schemathesis needs a newer click than SAM.
CONTRACT_VENV = LOCAL / "venv-contract"
_CONTRACT_REQUIREMENTS = Path(__file__).with_name("schemathesis.txt")


def check_prerequisites():
    if sys.platform != "linux":
        raise Failure("The local stack runs Linux binaries, so it needs Linux (WSL or a container works).")
    if sys.version_info < (3, 11):
        raise Failure(f"python3 is {sys.version.split()[0]}; install Python 3.11 or newer.")
    if not shutil.which("cargo"):
        raise Failure("cargo is missing: install Rust with rustup (https://rustup.rs), then run this again.")
    if not (shutil.which("cc") or shutil.which("gcc")):
        raise Failure("A C compiler is missing: install gcc (on Debian and Ubuntu: apt-get install build-essential).")


def ensure():
    """Creates the virtual environment of the local stack, or creates it again if its requirements have changed."""
    _ensure("Python tools (.local/venv)", VENV, _REQUIREMENTS)


def ensure_contract():
    """The same for the virtual environment of schemathesis."""
    _ensure("Schemathesis (.local/venv-contract)", CONTRACT_VENV, _CONTRACT_REQUIREMENTS)


def _ensure(title, venv, requirements):
    python, marker = venv / "bin" / "python", venv / ".requirements"
    fingerprint = hashlib.sha256(requirements.read_bytes() + sys.version.encode()).hexdigest()
    if marker.exists() and marker.read_text() == fingerprint and python.exists():
        return
    with step(title):
        shutil.rmtree(venv, ignore_errors=True)
        result = subprocess.run([sys.executable, "-m", "venv", str(venv)], capture_output=True, text=True)
        if result.returncode != 0:
            raise Failure("python3 cannot create a virtual environment: install its venv module (Debian, Ubuntu: apt-get install python3-venv).")
        # --no-deps, because the file is a complete lock. MiniStack and SAM ask for different versions of botocore, so pip's resolver
        # refuses them together; both work with the version in the lock.
        run(
            [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "-r", requirements],
            log=LOCAL / "log" / f"{venv.name}.log",
            env=clean_environment(),
            failure="The Python tools could not be installed: check the network and pip's settings, then run this again.",
        )
        marker.write_text(fingerprint)


def enter():
    """Restarts this command inside the virtual environment, which has boto3."""
    if Path(sys.prefix).resolve() != VENV.resolve():
        os.execv(PYTHON, [str(PYTHON), *sys.argv])
