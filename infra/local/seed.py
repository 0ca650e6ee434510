"""Demo data, created through the API. Only the first admin needs an operator's command.

The demo shop of `make up` has markets, taxes, shipping methods and promotions as well. The suites and the bench begin with a shop without them, and make
their own: with a zone, for example, an order has to go to a place that a method serves.
"""

import hashlib
import json
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from profiles import read_json, write_json
from steps import Failure, step

_DEMO = Path(__file__).with_name("demo")
CATALOG, _TERMS, _TAXES, _PROMOTIONS = (_DEMO / f"{name}.json" for name in ("catalog", "terms", "taxes", "promotions"))
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
    files = (CATALOG, _TERMS, _TAXES, _PROMOTIONS) if profile.has_terms else (CATALOG,)
    state = {"emulator": emulator.identity(), "data": [hashlib.sha256(file.read_bytes()).hexdigest() for file in files]}
    marker = profile.state / "seeded.json"
    if read_json(marker) == state:
        return
    with step("Accounts and demo catalog") as s:
        for role, login in LOGINS.items():
            expect(call(profile, "POST", "/api/v1/auth/register", {**login, "name": _NAMES[role]}), 201, "email_taken")
        invoke_housekeeping(profile, {"task": "grant-role", "email": LOGINS["admin"]["email"], "role": "admin"})
        token = expect(call(profile, "POST", "/api/v1/auth/login", LOGINS["admin"]), 200)["accessToken"]
        products = _products(profile)
        for product in products:
            expect(call(profile, "POST", "/api/v1/products", product, token), 201, "sku_taken")
        s.note = f"{len(products)} products"
    if profile.has_terms:
        with step("Markets, taxes and shipping methods") as s:
            s.note = _seed_terms(profile, token)
        with step("Promotions") as s:
            s.note = _seed_promotions(profile, token)
    write_json(marker, state)


def _products(profile):
    """The demo catalog; with its tax classes, weights and prices of other markets if the shop has terms."""
    catalog = json.loads(CATALOG.read_text())
    if not profile.has_terms:
        return catalog
    terms = json.loads(_TERMS.read_text())
    return [{**product, **terms["productTerms"][product["sku"]]} for product in catalog] + terms["products"]


def _seed_terms(profile, token):
    """Puts what does not exist yet. Returns a note."""
    terms, taxes = (json.loads(file.read_text()) for file in (_TERMS, _TAXES))

    def put(path, body, status, existing_code=None, version=None):
        headers = None if version is None else {"if-match": f'"{version}"'}
        return expect(call(profile, "PUT", f"/api/v1{path}", body, token, headers), status, existing_code)

    def version(path):
        return expect(call(profile, "GET", f"/api/v1{path}", token=token), 200)["version"]

    # The first one is the default market.
    for key, market in terms["markets"].items():
        put(f"/markets/{key}", market, 201, "market_exists")
    for rate in taxes["rates"]:
        place = {name: rate[name] for name in ("region", "postalPrefix") if name in rate}
        body = {name: rate[name] for name in ("until", "components", "reason", "shipping") if name in rate}
        path = f"/taxes/rates/{rate['country']}/{rate['taxClass']}/{rate['from']}?{urllib.parse.urlencode(place)}"
        put(path, body, 201, "tax_rate_exists")
    put("/registrations", taxes["registrations"], 200, version=version("/registrations"))
    for key, zone in terms["zones"].items():
        methods, path = zone.pop("methods"), f"/shipping/zones/{key}"
        put(path, zone, 201, "zone_exists")
        for method, content in methods.items():
            put(f"{path}/methods/{method}", content, 200, version=version(path))
    return f"{len(terms['markets'])} markets, {len(taxes['rates'])} tax rates, {len(terms['zones'])} zones"


def _seed_promotions(profile, token):
    """Publishes what is not live yet, and adds its code. Returns a note."""
    promotions = json.loads(_PROMOTIONS.read_text())
    listed = expect(call(profile, "GET", "/api/v1/promotions?limit=100", token=token), 200)["data"]
    known = {promotion["name"]: promotion for promotion in listed}
    for promotion in promotions:
        code = promotion.pop("code", None)
        stored = known.get(promotion["name"]) or expect(call(profile, "POST", "/api/v1/promotions", promotion, token), 201)
        path = f"/api/v1/promotions/{stored['id']}"
        if stored["status"] == "draft":
            headers = {"if-match": f'"{stored["version"]}"'}
            expect(call(profile, "POST", f"{path}/publish", None, token, headers), 200)
        if code:
            expect(call(profile, "POST", f"{path}/codes", {"code": code}, token), 204)
    return f"{len(promotions)} promotions"


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
