"""`make contract`: schemathesis checks the deployed stack against its OpenAPI document, as the admin and as a customer side by side."""

import json
import random
import subprocess
import urllib.request
from collections import Counter

import build
import contract_things
import stack
from fresh import fresh
from profiles import read_json, write_json
from python_tools import CONTRACT_VENV, ensure_contract
from seed import LOGINS
from steps import ROOT, Failure, clean_environment, display_path, run, say, step
from workspace import CARGO_BUILD

MINUTES = 3
_ROLES = ("admin", "customer")
_CONTRACT = ROOT / "tests" / "contract"
_DOCUMENT = "/api/v1/openapi.json"
_PERMISSIONS = ROOT / "tests" / "e2e" / "permissions.json"
# The least part of the operations of a role that must succeed at least once. Which of them succeed is partly chance.
_REACHED = 0.9
# What needs something that no request of a run can have.
_OUT_OF_REACH = {
    "GET /api/v1/auth/oauth/{provider}/callback": "the cookie of a sign-in in a browser",
    "POST /api/v1/auth/oauth/token": "the one-time code of such a sign-in",
    "DELETE /api/v1/auth/oauth/links/{provider}": "an account that such a sign-in has linked",
    "POST /api/v1/payments/webhooks/stripe": "a signature of Stripe",
}
# The same, of an admin only.
_OUT_OF_REACH_OF_ADMINS = {
    "DELETE /api/v1/users/profile": "an account of a customer: the run is that of an admin, whose account cannot be deleted",
    "POST /api/v1/payments/{id}/capture": "an authorised payment: souk captures each at once",
}
# These say nothing about the document: the rate limit, and a session that has ended.
_NOT_TESTED = ("401", "429")


def contract(profile, seed, minutes):
    """Runs it in a new stack."""
    say("souk: contract")
    with step("Fakes (cargo build)"):
        run([*CARGO_BUILD, "--bin", "fakes"], log=profile.log / "fakes.log", env=build.cargo_environment(), failure="tests/fakes does not compile: see above.")
    with fresh(profile):
        drive(profile, seed, minutes)
    return 0


def drive(profile, seed=None, minutes=MINUTES):
    """Runs it in the running stack, whose rate limits it raises."""
    ensure_contract()
    seed = int(seed or random.randrange(1_000_000))
    stack.raise_rate_limits(profile)
    with step("Things to refer to"):
        for role in _ROLES:
            write_json(_path(profile, role, "input"), _input(profile, role, seed))
    with step(f"Schemathesis, {minutes} minutes, SEED={seed}"):
        runs = {role: _start(profile, role, seed, minutes) for role in _ROLES}
        try:
            codes = {role: child.wait() for role, child in runs.items()}
        finally:
            for child in runs.values():
                child.terminate()
    faults = [fault for role, code in codes.items() for fault in _report(profile, role, code)]
    if faults:
        raise Failure("The stack does not do what the OpenAPI document says: " + "; ".join(faults) + f". SEED={seed} repeats the run.")


def _document_url(profile):
    return f"{profile.api_url}{_DOCUMENT}"


def _path(profile, role, what):
    return profile.state / "contract" / f"{role}-{what}.json"


def _input(profile, role, seed):
    """What tests/contract/hooks.py reads."""
    things = contract_things.make(profile, role, seed)
    return {"apiUrl": profile.api_url, "seed": seed, "login": LOGINS[role], "things": things, "report": str(_path(profile, role, "report"))}


def _start(profile, role, seed, minutes):
    _path(profile, role, "report").unlink(missing_ok=True)
    with _log(profile, role).open("wb") as out:
        return subprocess.Popen(
            [
                *(CONTRACT_VENV / "bin" / "schemathesis", "--config-file", _CONTRACT / "schemathesis.toml"),
                *("run", _document_url(profile), "--url", profile.api_url, "--no-color"),
                *("--seed", str(seed), "--max-time", str(round(60 * minutes))),
            ],
            cwd=profile.state,
            env=clean_environment(SCHEMATHESIS_HOOKS=_CONTRACT / "hooks.py", CONTRACT_INPUT=_path(profile, role, "input")),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
        )


def _log(profile, role):
    profile.log.mkdir(parents=True, exist_ok=True)
    return profile.log / f"contract-{role}.log"


def _report(profile, role, code):
    """Prints what a run has tested and found. Returns its faults. `code` is the exit code of schemathesis."""
    report = read_json(_path(profile, role, "report"))
    if report is None:
        raise Failure(f"Schemathesis stopped early as {role}.", _log(profile, role))
    operations = _operations(profile, role)
    statuses = {label: Counter(report["statuses"].get(label, {})) for label in operations}
    cases = sum(count for counts in statuses.values() for status, count in counts.items() if status not in _NOT_TESTED)
    unreached = sorted(label for label, counts in statuses.items() if not any(status in operations[label] for status in counts))
    reached = len(operations) - len(unreached)
    failures = {name: found for name, found in report["failures"].items() if found}
    say(f"  as {role}: {cases} cases, {reached} of {len(operations)} operations succeeded, {sum(map(len, failures.values()))} failures")
    for label in unreached:
        reasons = Counter(report["refusals"].get(label, {})).most_common(3)
        say(f"    never succeeded: {label}; " + "; ".join(f"{reason} ({count} times)" for reason, count in reasons))
    for name, found in sorted(failures.items()):
        for what, count in Counter(found).most_common(10):
            say(f"    {name}: {' '.join(what.split())[:300]} ({count} times)")
    faults = []
    if failures:
        faults.append(f"{sum(map(len, failures.values()))} failures as {role} (details: {display_path(_log(profile, role))})")
    elif code:
        faults.append(f"schemathesis had errors as {role} (details: {display_path(_log(profile, role))})")
    if reached < _REACHED * len(operations):
        faults.append(f"only {reached} of {len(operations)} operations succeeded as {role}")
    return faults


def _operations(profile, role):
    """The operations that a role may call, each with the statuses that are a success: 2xx, or a redirect where there is no 2xx.

    A customer may not call what tests/e2e/permissions.json forbids to customers only. What it forbids to the admin, too, depends on something
    else, such as a purchase. What no run can reach is left out.
    """
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(_document_url(profile), timeout=30) as answer:
        document = json.load(answer)
    permissions = read_json(_PERMISSIONS)
    unreachable = {**_OUT_OF_REACH, **(_OUT_OF_REACH_OF_ADMINS if role == "admin" else {})}
    if renamed := unreachable.keys() - permissions.keys():
        raise Failure(f"{display_path(_PERMISSIONS)} does not have {', '.join(sorted(renamed))}. Correct the list in contract.py.")
    allowed = {}
    for label, row in permissions.items():
        _, customer, admin = row["answers"]
        method, path = label.split()
        # Schemathesis does not test the operation from which it has read the document.
        if role == "customer" and customer == 403 != admin or path == _DOCUMENT or label in unreachable:
            continue
        statuses = document["paths"][path][method.lower()]["responses"]
        success = [status for status in statuses if status.startswith("2")] or [status for status in statuses if status.startswith("30")]
        allowed[label] = success
    return allowed
