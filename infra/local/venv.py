"""`.local/venv`: the Python tools (emulator, SAM, cargo-lambda, zig, cfn-lint, payment provider), pinned by requirements.txt.

Standard library only: this runs before the venv exists.
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
REQUIREMENTS = Path(__file__).with_name("requirements.txt")
_MARKER = VENV / ".requirements"


def check_prerequisites():
    if sys.platform != "linux":
        raise Failure("The local stack runs Lambda's Linux binaries directly, so it needs Linux (WSL or a container will do).")
    if sys.version_info < (3, 11):
        raise Failure(f"python3 is {sys.version.split()[0]}; install Python 3.11 or newer.")
    if not shutil.which("cargo"):
        raise Failure("cargo is missing: install Rust with rustup (https://rustup.rs), then run this again.")
    if not (shutil.which("cc") or shutil.which("gcc")):
        raise Failure("A C compiler is missing: install gcc (on Debian and Ubuntu: apt-get install build-essential).")


def ensure():
    """Makes or updates the venv. Nothing happens when its requirements are those it was made from."""
    wanted = hashlib.sha256(REQUIREMENTS.read_bytes() + sys.version.encode()).hexdigest()
    if _MARKER.exists() and _MARKER.read_text() == wanted and PYTHON.exists():
        return
    with step("Python tools (.local/venv)"):
        shutil.rmtree(VENV, ignore_errors=True)
        made = subprocess.run([sys.executable, "-m", "venv", str(VENV)], capture_output=True, text=True)
        if made.returncode != 0:
            raise Failure("python3 cannot make a virtual environment: install its venv module (Debian, Ubuntu: apt-get install python3-venv).")
        # --no-deps: the file is a complete lock. MiniStack and SAM pin different versions of botocore by their metadata,
        # which pip's resolver refuses; they work together with the one in the lock.
        run(
            [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "-r", REQUIREMENTS],
            log=LOCAL / "log" / "venv.log",
            env=clean_environment(),
            failure="Installing the Python tools failed: check the network and pip's settings, then run this again.",
        )
        _MARKER.write_text(wanted)


def enter():
    """Continues this very command inside the venv, where boto3 is."""
    if Path(sys.prefix).resolve() != VENV.resolve():
        os.execv(PYTHON, [str(PYTHON), *sys.argv])
