"""The figures of souk for `make bench-peers`: from the results of the bench, and from the race for the last pieces in the bench's stack."""

import statistics
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import seed
import suites
from fresh import fresh
from peer_operations import BUYERS, PIECES
from profiles import read_json
from steps import Failure, step

_PASSWORD = "a long password of the bench"
_ADDRESS = {"name": "Ada Lovelace", "line1": "Rue du Marche 1", "city": "Bruxelles", "postalCode": "1000", "country": "BE"}
# The bench's names of the operations: function and operation.
_READ, _SEARCH, _ADD, _LOG_IN = ("products", "read a product"), ("search", "find 20 products"), ("cart", "add to a cart"), ("auth", "log in")
_PLACE = ("orders", "place an order")
# These functions do the rest of an order. Operations that begin so are not part of it.
_BEHIND, _NOT_OF_AN_ORDER = ("relay", "payments-worker", "orders-worker", "catalog-worker", "notifier"), "ignore "
# An order is paid some seconds after it was placed. The functions of the stack are debug builds.
_PAID_SECONDS = 120
# An answer that tells the client to send the request again.
_AGAIN, _MAX_ATTEMPTS = "too_many_concurrent_updates", 10


def measure(profile):
    """Runs the race and the bench in a new stack."""
    suites.build_bench(profile)
    with fresh(profile):
        with step(f"souk: {BUYERS} buyers for {PIECES} pieces") as s:
            race = _race(profile)
            s.note = f"{race['paid']} paid"
        results = read_json(suites.run_bench(profile))
    return figures(results) | {"race": race}


def figures(results):
    """The figures of results.json that the table compares."""
    warm = {(record["function"], record["operation"]): record["cpuMsEach"] for record in results["warm"]}
    engines = results["search"]["catalogs"][0]["engines"]
    index = next(engine["search"]["cpuP50Ms"] for engine in engines if engine["engine"] == "souk")
    behind = [key for key in warm if key[0] in _BEHIND and not key[1].startswith(_NOT_OF_AN_ORDER)]
    cpu = {
        **{"read": warm[_READ], "search": warm[_SEARCH] + index, "add": warm[_ADD], "log_in": warm[_LOG_IN]},
        "check_out": warm[_PLACE] + sum(warm[key] for key in behind),
    }
    starts = [statistics.median(function["startMs"]) for function in results["functions"]]
    memory = [statistics.median(function["peakMemoryKib"]) / 1024 for function in results["functions"]]
    parts = ", ".join(f"{function} ({operation})" for function, operation in [_PLACE, *behind])
    return {
        **{"name": "souk", "version": None, "startsMs": [max(starts)], "memoryMib": {"idle": max(memory)}},
        "operations": {key: {"applicationMs": ms} for key, ms in cpu.items()},
        "remarks": (
            f"start and memory are the largest of its {len(starts)} functions, until it waits for its first event",
            f"a search is the function with few products ({warm[_SEARCH]:.2f} ms) and the index with this catalog ({index:.2f} ms), so an upper limit",
            f"checkout is {parts}",
            "the CPU time of DynamoDB is not visible",
        ),
    }


def _race(profile):
    """As peer_operations.race."""
    stack = read_json(profile.description)
    admin = seed.expect(seed.call(profile, "POST", "/api/v1/auth/login", seed.LOGINS["admin"]), 200)["accessToken"]
    product = {
        **{"sku": f"RACE-{uuid.uuid4().hex[:8].upper()}", "name": "Last pieces", "description": "Few of them.", "category": "kitchen"},
        **{"price": {"amount": 1000, "currency": stack["currency"]}, "stock": {"available": PIECES}},
    }
    seed.expect(seed.call(profile, "POST", "/api/v1/products", product, admin), 201)
    start = threading.Barrier(BUYERS)

    def fill_cart(number):
        account = {"email": f"buyer-{number}-{product['sku'].lower()}@example.com", "password": _PASSWORD, "name": "Ada Lovelace"}
        token = seed.expect(seed.call(profile, "POST", "/api/v1/auth/register", account), 201)["accessToken"]
        line = {"sku": product["sku"], "quantity": 1}
        seed.expect(seed.call(profile, "POST", "/api/v1/cart/me/items", line, token), 200)
        return token

    def check_out(token):
        body = {"cart": "me", "shippingAddress": _ADDRESS, "paymentMethod": stack["paymentMethod"]}
        start.wait(timeout=60)
        key = {"idempotency-key": uuid.uuid4().hex}
        for _ in range(_MAX_ATTEMPTS):
            status, answer = seed.call(profile, "POST", "/api/v1/orders", body, token, key)
            if not (isinstance(answer, dict) and answer.get("code") == _AGAIN):
                break
            time.sleep(1)
        if status == 201:
            return (answer["id"], token), None
        return None, f"{status} {answer.get('code') if isinstance(answer, dict) else answer}"

    with ThreadPoolExecutor(BUYERS) as pool:
        results = list(pool.map(check_out, list(pool.map(fill_cart, range(BUYERS)))))
    orders = [order for order, _ in results if order]
    paid = sum(_becomes_paid(profile, *order) for order in orders)
    return {"paid": paid, "refusals": sorted({reason for _, reason in results if reason})}


def _becomes_paid(profile, order, token):
    """Whether the order ends as paid."""
    deadline = time.monotonic() + _PAID_SECONDS
    while True:
        status = seed.expect(seed.call(profile, "GET", f"/api/v1/orders/{order}", token=token), 200)["paymentStatus"]
        if status in ("paid", "failed"):
            return status == "paid"
        if time.monotonic() > deadline:
            raise Failure(f"The order {order} is {status} after {_PAID_SECONDS} s.", profile.log / "emulator.log")
        time.sleep(0.5)
