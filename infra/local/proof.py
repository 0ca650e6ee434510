"""Runs the proof (tests/concurrency) in the test stack: once, for a longer time, or against mutants of souk."""

import build
from fresh import fresh
from steps import display_path, run, say, step
from workspace import CARGO_BUILD, CARGO_TEST, tests

PACKAGE, PROOF = "concurrency", "proof"
COMMAND = [*CARGO_TEST, *tests([PROOF])]


def proof(profile, chosen_seed, only):
    say("souk: proof")
    _compile(profile, [[*COMMAND, "--no-run"]])
    with fresh(profile):
        drive(profile, PROOF, [*COMMAND, *(["--", only] if only else [])], chosen_seed)
    return 0


def soak(profile, chosen_seed, minutes):
    return _program(profile, "soak", chosen_seed, SOUK_SOAK_MINUTES=minutes)


def mutants(profile, chosen_seed, only):
    return _program(profile, "mutants", chosen_seed, arguments=[only] if only else [])


def drive(profile, name, command, chosen_seed=None, **environment):
    """Runs a program of the proof against the running stack. The program prints its steps and its seed."""
    if chosen_seed is not None:
        environment["SOUK_SEED"] = chosen_seed
    run(
        command,
        log=profile.log / f"{name}.log",
        # One scenario at a time, because each causes failures in the whole stack.
        env=build.cargo_environment(SOUK_STACK=profile.description, RUST_TEST_THREADS="1", RUST_TEST_NOCAPTURE="1", **environment),
        failure=f"The proof failed. SEED=… with the seed above repeats the run. The functions' logs are in {display_path(profile.log / 'functions')}.",
        stream=True,
    )


def _program(profile, name, chosen_seed, arguments=(), **environment):
    say(f"souk: {name}")
    _compile(profile, [[*CARGO_BUILD, "--bin", name]])
    with fresh(profile):
        drive(profile, name, [build.binary(name, "debug"), *arguments], chosen_seed, **environment)
    return 0


def _compile(profile, commands):
    with step("Suite and fakes (cargo)"):
        for command in [[*CARGO_BUILD, "--bin", "fakes"], *commands]:
            run(command, log=profile.log / "suites.log", env=build.cargo_environment(), failure="The suite or the fakes do not compile: see above.")
