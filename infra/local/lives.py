"""Counts what each life of an order uses in the test stack (tests/bench/src/lives.rs), and compares it with tests/bench/lives.tsv. Puts the
bill of an order into docs/costs.md."""

import shutil

import build
import stack
from fresh import fresh
from steps import ROOT, Failure, display_path, run, say, step
from workspace import CARGO_BUILD

BUDGETS = ROOT / "tests" / "bench" / "lives.tsv"
# Cargo's arguments for the programs that it needs. The functions are those of the stack.
PROGRAMS = ("--bin", "fakes", "--bin", "bench")

PAGE = ROOT / "docs" / "costs.md"
# The bill is between these lines of the page.
BEGIN, END = "<!-- bill -->\n", "<!-- end of the bill -->\n"


def lives(profile):
    """Runs it in a new stack."""
    say("souk: lives")
    with step("Fakes and bench (cargo build)"):
        run([*CARGO_BUILD, *PROGRAMS], log=profile.log / "fakes.log", env=build.cargo_environment(), failure="The fakes or the bench do not compile: see above.")
    with fresh(profile):
        drive(profile)
    return 0


def drive(profile):
    """Runs it in the running stack, and writes the counts in the format of the budgets, and beside them the rows that each life writes.

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
        failure=f"An order does not use what {display_path(BUDGETS)} says, or it could not be counted: see above. "
        f"The counts are in {display_path(counts)}, the rows in {display_path(counts.with_name('rows.md'))}.",
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


def write_bill(profile):
    """Puts the bill that the last `make bench` has written into the page."""
    bill = profile.state / "bill.md"
    if not bill.exists():
        raise Failure(f"{display_path(bill)} does not exist: run `make bench` first.")
    before, begin, rest = PAGE.read_text().partition(BEGIN)
    _old, end, after = rest.partition(END)
    if not (begin and end):
        raise Failure(f"{display_path(PAGE)} needs the lines {BEGIN.strip()} and {END.strip()}, between which the bill is.")
    PAGE.write_text(f"{before}{begin}\n{bill.read_text().strip()}\n\n{end}{after}")
    say(f"{display_path(PAGE)} has the bill of {display_path(bill)}.")
    return 0
