"""Counts what each life of an order uses in the test stack (tests/bench/src/lives.rs), and compares it with tests/bench/lives.tsv. Puts the
bill of an order, the memory sizes and the parts of starts into docs/costs.md."""

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
# The files of `make bench`, and the lines of the page between which each of them is.
PARTS = {
    "bill.md": ("<!-- bill -->\n", "<!-- end of the bill -->\n"),
    "memory.md": ("<!-- memory -->\n", "<!-- end of the memory sizes -->\n"),
    "starts.md": ("<!-- starts -->\n", "<!-- end of the starts -->\n"),
}


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
    """A folder with the functions of the stack under the names that cargo gives to their programs."""
    folder = profile.state / "functions"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, logical in stack.function_names().items():
        (folder / f"fn-{name}").symlink_to(profile.built / logical / "bootstrap")
    return folder


def write_bill(profile):
    """Puts the parts that the last `make bench` has written into the page: the bill of an order, the memory sizes and the parts of starts.

    Without valgrind the bench writes no parts of starts; those of the page stay."""
    names = [name for name in PARTS if (profile.state / name).exists()]
    if not names:
        raise Failure(f"{display_path(profile.state)} has no {' and no '.join(PARTS)}: run `make bench` first.")
    page = PAGE.read_text()
    for name in names:
        begin, end = PARTS[name]
        before, found_begin, rest = page.partition(begin)
        _old, found_end, after = rest.partition(end)
        if not (found_begin and found_end):
            raise Failure(f"{display_path(PAGE)} needs the lines {begin.strip()} and {end.strip()}, between which {name} is.")
        page = f"{before}{begin}\n{(profile.state / name).read_text().strip()}\n\n{end}{after}"
    PAGE.write_text(page)
    say(f"{display_path(PAGE)} has {' and '.join(names)} of {display_path(profile.state)}.")
    return 0
