"""`make test` and `make bench`. Each runs in a new stack, which it stops at the end."""

import shutil
import time

import alarms
import build
import containers
import contract
import enforcement
import iam
import iam_cases
import lives
import peer_cases
import processors
import proof
import resources
import rules
import table_cases
from fresh import fresh
from profiles import host_target
from steps import Failure, beside, display_path, run, say, step
from python_tools import BIN, ensure_contract
from workspace import CARGO_BUILD, CARGO_TEST, WORKSPACE, targets, tests, unit_tests

# The packages whose integration tests need a running stack, or its logs.
E2E, LOGS = "e2e", "logs"
BLACK_BOX = (E2E, proof.PACKAGE, LOGS)


def test(profile, chosen_seed):
    started = time.monotonic()
    say("souk: test")

    def check(title, command, failure, environment):
        with step(title):
            run(command, log=profile.log / f"{title.split()[0].lower()}.log", env=environment, failure=failure)

    cargo, sam = build.cargo_environment(), profile.environment()
    check("Format (cargo fmt)", ["cargo", "fmt", "--all", "--check"], "The code is not formatted: run `cargo fmt --all`.", cargo)
    # Each of the checks below uses one processor, and clippy leaves some time of two.
    with beside(
        ["cargo", "clippy", *WORKSPACE, "--all-targets", "--", "-D", "warnings"],
        log=profile.log / "clippy.log",
        env=cargo,
        failure="Clippy found errors: see above.",
    ) as finish_clippy:
        check("Template (sam validate --lint)", [BIN / "sam", "validate", "--lint", "--language-extensions"], "template.yaml is not valid: see above.", sam)
        check("Lint (cfn-lint)", [BIN / "cfn-lint", "-t", "template.yaml"], "cfn-lint found errors in template.yaml: see above.", sam)
        with step("Resources (infra/resources.golden)") as s:
            s.note = resources.check()
        with step("Rules of AWS (infra/local/rules.py)") as s:
            s.note = f"{rules.check(profile)}, {table_cases.check()}"
        with step("Roles (infra/iam.golden)") as s:
            s.note = f"{iam.check()}, {iam_cases.check()}"
        with step("Alarms (infra/local/alarms.py)") as s:
            s.note = alarms.check_cases()
        with step("Processors (cases)") as s:
            s.note = processors.check_cases()
        with step("Peers (cases)") as s:
            s.note = peer_cases.check()
        # Here it costs no time of its own.
        ensure_contract()
        with step("Clippy (warnings are errors)"):
            finish_clippy()
    suites = targets("test")
    local_tests = tests(name for package, name in suites if package not in BLACK_BOX)
    end_to_end = tests(name for package, name in suites if package == E2E)
    if not end_to_end:
        raise Failure(f"There is no package {E2E} with tests (tests/{E2E}).")
    # All tests in one run of cargo: in each run, the last links leave a processor idle.
    units, all_tests = unit_tests(), tests(name for _, name in suites)
    check("Compile (cargo test --no-run)", [*CARGO_TEST, "--no-run", *units, *all_tests], "The tests do not compile: see above.", cargo)
    check("Tests (unit, property, events)", [*CARGO_TEST, *units, *local_tests], "A test failed: see above.", cargo)
    programs = [*lives.PROGRAMS, "--bin", build.PROGRAM]
    check("Programs (cargo build)", [*CARGO_BUILD, *programs], "The functions, tests/fakes or tests/bench do not compile: see above.", cargo)
    # The stack's packages have no programs of their own. One package is built as for AWS.
    build.sam_build(profile, profile.packages, "KeysFunction")
    with step("Processors (ELF headers)") as s:
        s.note = processors.check(profile.packages, host_target()[0])
    with fresh(profile):
        with step("Roles in the emulator") as s:
            s.note = enforcement.check(profile)
        with step("Variables in containers (sam local)") as s:
            s.note = containers.check(profile)
        say("  Black-box suites")
        run(
            [*CARGO_TEST, "--no-fail-fast", *end_to_end],
            log=profile.log / "suites.log",
            # A thread for each test that may wait for its turn (tests/e2e/src/shop.rs).
            env=build.cargo_environment(SOUK_STACK=profile.description, RUST_TEST_THREADS="24"),
            failure=f"A black-box suite failed. The functions' logs are in {display_path(profile.log / 'functions')}.",
            stream=True,
        )
        if (proof.PACKAGE, proof.PROOF) in suites:
            say("  Proof")
            proof.drive(profile, proof.PROOF, proof.COMMAND, chosen_seed)
        say("  OpenAPI document")
        contract.drive(profile, chosen_seed)
        say("  Lives of an order (tests/bench/lives.tsv)")
        lives.drive(profile)
    with step("Calls to DynamoDB by the roles") as s:
        s.note = iam.judge(profile)
    with step("Alarms on log lines") as s:
        s.note = alarms.check(profile)
    check(
        "Logs (no personal data, no secrets)",
        [*CARGO_TEST, *tests(name for package, name in suites if package == LOGS)],
        "Functions logged what no log may contain: see above.",
        build.cargo_environment(SOUK_FUNCTION_LOGS=profile.log / "functions"),
    )
    say(f"\nEverything passed in {(time.monotonic() - started) / 60:.1f} minutes.")
    return 0


def bench(profile):
    say("souk: bench")
    build_bench(profile)
    with fresh(profile):
        run_bench(profile)
    return 0


def build_bench(profile):
    # One run of cargo, so that the hello world, the functions and the bench share their dependencies and features. With symbols, so that
    # callgrind can name functions.
    command = ["cargo", "build", "--locked", "--release", *build.binaries(), "--bin", "hello", "--bin", "bench", "--bin", "fakes"]
    cargo = build.cargo_environment(CARGO_PROFILE_RELEASE_STRIP="debuginfo")
    with step("Release (cargo build --release)"):
        run(command, log=profile.log / "release.log", env=cargo, failure="The build failed: see above.")
    with step("Programs as they are deployed (strip)"):
        folder = _stripped()
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for program in ("hello", *build.binaries()[1::2]):
            command = ["strip", "--strip-all", "-o", folder / program, build.binary(program, "release")]
            run(command, log=profile.log / "strip.log", env=cargo, failure="`strip` failed: it comes with the linker (binutils).")


def _stripped():
    """The folder of the programs that the bench measures. Their symbols are removed, as the release profile does it."""
    return build.binary("hello", "release").parent / "stripped"


def run_bench(profile):
    """Runs the bench in the running stack. Returns the file of its results."""
    results = profile.state / "results.json"
    run(
        [
            *(build.binary("bench", "release"), "--stack", profile.description, "--out", results),
            *("--functions", _stripped(), "--symbols", _stripped().parent),
        ],
        log=profile.log / "bench.log",
        env=build.cargo_environment(),
        failure="The bench failed: see above.",
        stream=True,
    )
    return results
