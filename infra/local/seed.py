"""Demo data, created through the API. Only the first admin needs an operator's command."""

import hashlib
import json
import time
import urllib.error
import urllib.request
from pathlib import Path

from profiles import read_json, write_json
from steps import Failure, step

CATALOG = Path(__file__).with_name("demo") / "catalog.json"
# Accounts of a stack that only this machine can reach. They exist nowhere else.
LOGINS = {
    "admin": {"email": "admin@souk.local", "password": "local-admin-only-4711"},
    "customer": {"email": "customer@souk.local", "password": "local-customer-only-4711"},
}
_NAMES = {"admin": "Amina Admin", "customer": "Karim Customer"}
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def wait_until_ready(profile, seconds=60):
    with step("Waiting for GET /ready"):
        deadline = time.monotonic() + seconds
        while True:
            status, body = call(profile, "GET", "/ready")
            if status == 200:
                return
            if time.monotonic() > deadline:
                raise Failure(f"GET /ready answers {status} after {seconds} s: {json.dumps(body)[:400]}", profile.log / "emulator.log")
            time.sleep(0.5)


def seed(profile, emulator):
    state = {"emulator": emulator.identity(), "catalog": hashlib.sha256(CATALOG.read_bytes()).hexdigest()}
    marker = profile.state / "seeded.json"
    if read_json(marker) == state:
        return
    with step("Accounts and demo catalog") as s:
        for role, login in LOGINS.items():
            expect(call(profile, "POST", "/api/v1/auth/register", {**login, "name": _NAMES[role]}), 201, "email_taken")
        invoke_housekeeping(profile, {"task": "grant-role", "email": LOGINS["admin"]["email"], "role": "admin"})
        token = expect(call(profile, "POST", "/api/v1/auth/login", LOGINS["admin"]), 200)["accessToken"]
        products = json.loads(CATALOG.read_text())
        for product in products:
            expect(call(profile, "POST", "/api/v1/products", product, token), 201, "sku_taken")
        s.note = f"{len(products)} products"
    write_json(marker, state)


def call(profile, method, path, body=None, token=None, headers=None):
    """Sends one request to the API. Returns the status and the parsed body. A failed connection is status 0."""
    request = urllib.request.Request(profile.api_url + path, method=method, headers=headers or {})
    if body is not None:
        request.data = json.dumps(body).encode()
        request.add_header("content-type", "application/json")
    if token:
        request.add_header("authorization", f"Bearer {token}")
    try:
        with _opener.open(request, timeout=30) as answer:
            return answer.status, _parsed(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, _parsed(error.read())
    except OSError as error:
        return 0, str(error)


def expect(answer, status, existing_code=None):
    """The body of an answer with this status, or with the error code `existing_code`, which means that the data exists already."""
    actual, body = answer
    if actual == status or (existing_code and isinstance(body, dict) and body.get("code") == existing_code):
        return body
    raise Failure(f"The demo data could not be created: expected status {status}, got {actual}: {json.dumps(body)[:500]}")


def invoke_housekeeping(profile, task):
    """Runs an operator's task that has no API."""
    answer = profile.client("lambda").invoke(FunctionName=f"{profile.stack}-housekeeping", Payload=json.dumps(task).encode())
    payload = answer["Payload"].read().decode(errors="replace")
    if answer.get("FunctionError"):
        raise Failure(f"The task {task['task']} of housekeeping failed: {payload[:500]}")
    return payload


def _parsed(raw):
    try:
        return json.loads(raw) if raw else None
    except ValueError:
        return raw.decode(errors="replace")
