"""The processor of a function's program, by its ELF header: AWS starts no function whose package is for another processor than its
`Architectures` says, and a deployment does not notice.
"""

import tempfile
from pathlib import Path

from steps import Failure, display_path

# `e_machine` of an ELF header (64 bits, little-endian), by the architecture of the template.
_MACHINES = {"x86_64": 0x3E, "arm64": 0xB7}
_CLASS_64, _LITTLE_ENDIAN = 2, 1
_MACHINE = slice(18, 20)


def processor(program):
    """The architecture that a program is for, in the words of the template. None if it is no program, or for another processor."""
    with Path(program).open("rb") as file:
        header = file.read(_MACHINE.stop)
    if len(header) < _MACHINE.stop or header[:6] != b"\x7fELF" + bytes([_CLASS_64, _LITTLE_ENDIAN]):
        return None
    machine = int.from_bytes(header[_MACHINE], "little")
    return next((name for name, value in _MACHINES.items() if value == machine), None)


def check(folder, architecture):
    """Fails if a package in the folder is for another processor than `architecture`, or if there is none. Returns a note."""
    programs = sorted(Path(folder).glob("*/bootstrap"))
    if not programs:
        raise Failure(f"There are no packages in {display_path(folder)}.")
    wrong = [f"{program.parent.name} is for {found or 'no processor of Lambda'}" for program in programs if (found := processor(program)) != architecture]
    if wrong:
        raise Failure(
            f"The functions get Architectures: [{architecture}], but {', '.join(wrong)}: "
            "set Architecture in both the build and the deploy parameters of the environment (samconfig.toml)."
        )
    return f"{len(programs)} packages for {architecture}"


def check_cases():
    """Fails if `check` accepts a package that it must refuse, or refuses one that it must accept. Returns a note."""
    cases = {
        ("x86_64", _header(0x3E)): True,
        ("arm64", _header(0xB7)): True,
        ("arm64", _header(0x3E)): False,
        ("x86_64", _header(0xB7)): False,
        ("x86_64", _header(0x28)): False,  # ARM with 32 bits
        ("x86_64", _header(0x3E)[:19]): False,
        ("x86_64", b"#!/bin/sh\nexec true\n"): False,
        ("x86_64", b""): False,
    }
    for (architecture, content), is_right in cases.items():
        with tempfile.TemporaryDirectory() as folder:
            program = Path(folder, "AuthFunction", "bootstrap")
            program.parent.mkdir()
            program.write_bytes(content)
            if _accepts(folder, architecture) != is_right:
                raise Failure(f"infra/local/processors.py must {'accept' if is_right else 'refuse'} {content!r} for {architecture}.")
    with tempfile.TemporaryDirectory() as folder:
        if _accepts(folder, "x86_64"):
            raise Failure("infra/local/processors.py must refuse a folder without packages.")
    return f"{len(cases) + 1} cases"


def _accepts(folder, architecture):
    try:
        check(folder, architecture)
    except Failure:
        return False
    return True


def _header(machine):
    """The first bytes of an ELF file of 64 bits for a processor."""
    return b"\x7fELF" + bytes([_CLASS_64, _LITTLE_ENDIAN, 1]) + bytes(9) + b"\x03\x00" + machine.to_bytes(2, "little")
