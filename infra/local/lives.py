"""Counts what each life of an order uses in the test stack (tests/bench/src/lives.rs), and compares it with tests/bench/lives.tsv."""

import shutil

import build
import stack
from fresh import fresh
from steps import ROOT, display_path, run, say, step
from workspace import CARGO_BUILD

BUDGETS = ROOT / "tests" / "bench" / "lives.tsv"
# Cargo's arguments for the programs that it needs. The functions are those of the stack.
PROGRAMS = ("--bin", "fakes", "--bin", "bench")


def lives(profile):
    """Runs it in a new stack."""
    say("souk: lives")
    with step("Fakes and bench (cargo build)"):
        run([*CARGO_BUILD, *PROGRAMS], log=profile.log / "fakes.log", env=build.cargo_environment(), failure="The fakes or the bench do not compile: see above.")
    with fresh(profile):
        drive(profile)
    return 0


def drive(profile):
    """Runs it in the running stack, and writes the counts in the format of the budgets.

    Nothing that needs webhooks can follow, because the payment provider sends none afterwards.
    """
    counts = profile.state / "lives.tsv"
    run(
        [
            *(build.binary("bench", "debug"), "--lives", BUDGETS, "--stack", profile.description),
            *("--functions", _functions(profile), "--out", counts),
        ],
        log=profile.log / "lives.log",
        env=build.cargo_environment(),
        failure=f"An order uses more than {display_path(BUDGETS)} allows, or it could not be counted: see above. The counts are in {display_path(counts)}.",
        stream=True,
    )


def _functions(profile):
    """A folder with the functions under the names that cargo gives them. `sam build` has moved them into packages."""
    folder = profile.state / "functions"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, logical in stack.function_names().items():
        (folder / f"fn-{name}").symlink_to(profile.built / logical / "bootstrap")
    return folder
