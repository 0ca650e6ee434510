"""Demo data, put in as anybody would: through the API, and one operator's command for the first admin."""

import hashlib
import json
import time
import urllib.error
import urllib.request
from pathlib import Path

from profiles import read_json, write_json
from steps import Failure, step

CATALOG = Path(__file__).with_name("demo") / "catalog.json"
# Logins of a stack that only this machine can reach; they exist nowhere else.
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
                said = json.dumps(body)[:400]
                raise Failure(f"GET /ready still answers {status} after {seconds} s: {said}", profile.log / "emulator.log")
            time.sleep(0.5)


def seed(profile, emulator):
    wanted = {"emulator": emulator.identity(), "catalog": hashlib.sha256(CATALOG.read_bytes()).hexdigest()}
    marker = profile.state / "seeded.json"
    if read_json(marker) == wanted:
        return
    with step("Logins and demo catalog") as s:
        for role, login in LOGINS.items():
            expect(call(profile, "POST", "/api/v1/auth/register", {**login, "name": _NAMES[role]}), 201, "email_taken")
        operate(profile, {"task": "grant-role", "email": LOGINS["admin"]["email"], "role": "admin"})
        token = expect(call(profile, "POST", "/api/v1/auth/login", LOGINS["admin"]), 200)["accessToken"]
        products = json.loads(CATALOG.read_text())
        for product in products:
            expect(call(profile, "POST", "/api/v1/products", product, token), 201, "sku_taken")
        s.note = f"{len(products)} products"
    write_json(marker, wanted)


def call(profile, method, path, body=None, token=None):
    """One request to the API: (status, parsed body). A refused connection is status 0."""
    request = urllib.request.Request(profile.api_url + path, method=method)
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


def expect(answer, status, or_code=None):
    """The body of an answer that is as expected; `or_code` is a problem that means the thing is there already."""
    got, body = answer
    if got == status or (or_code and isinstance(body, dict) and body.get("code") == or_code):
        return body
    raise Failure(f"Seeding the demo data: expected {status}, got {got}: {json.dumps(body)[:500]}")


def operate(profile, task):
    """An operator's command: housekeeping takes tasks that no API offers."""
    answer = profile.client("lambda").invoke(FunctionName=f"{profile.stack}-housekeeping", Payload=json.dumps(task).encode())
    payload = answer["Payload"].read().decode(errors="replace")
    if answer.get("FunctionError"):
        raise Failure(f"housekeeping could not do {task['task']}: {payload[:500]}")
    return payload


def _parsed(raw):
    try:
        return json.loads(raw) if raw else None
    except ValueError:
        return raw.decode(errors="replace")
