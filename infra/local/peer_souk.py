"""souk for `make bench-peers`: its figures from the results of the bench, and its race for the last pieces in the bench's stack."""

import statistics
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import seed
from peer_operations import BUYERS, PIECES, sold
from profiles import read_json
from steps import Failure

_PASSWORD = "a long password of the bench"
_ADDRESS = {"name": "Ada Lovelace", "line1": "Rue du Marche 1", "city": "Bruxelles", "postalCode": "1000", "country": "BE"}
# The bench's names of the operations: function and operation.
_READ, _SEARCH, _ADD, _LOG_IN = ("products", "read a product"), ("search", "find 20 products"), ("cart", "add to a cart"), ("auth", "log in")
_PLACE = ("orders", "place an order")
# These functions do the rest of an order. The bench then sends them their last messages again, which is not part of it.
_BEHIND, _REDELIVERY = ("relay", "payments-worker", "orders-worker", "catalog-worker", "notifier"), "handle a redelivery"
# An order is paid some seconds after it was placed. The functions of the stack are debug builds.
_PAID_SECONDS = 120
# Answers that tell the client to send the request again, with the same idempotency key: this code, no answer (0), and 503.
_AGAIN, _AGAIN_STATUSES, _MAX_ATTEMPTS = "too_many_concurrent_updates", (0, 503), 10


def figures(results):
    """The figures of the bench's results.json that the table compares. The CPU time is that of the processes of functions, as release builds."""
    warm = {(record["function"], record["operation"]): record for record in results["warm"]}
    behind = [key for key in warm if key[0] in _BEHIND and key[1] != _REDELIVERY]
    parts = {"read": [_READ], "search": [_SEARCH], "log_in": [_LOG_IN], "add": [_ADD], "check_out": [_PLACE, *behind]}

    if missing := {key for keys in parts.values() for key in keys} - warm.keys():
        raise Failure(f"The bench has not measured {sorted(missing)[0]}: compare the names in infra/local/peer_souk.py with those in tests/bench.")

    def each(operation, member):
        """The milliseconds of an operation, with all its invocations: an order may have several of one kind, or a part of the orders one."""
        records = [warm[key] for key in parts[operation]]
        return sum(record[member] * len(record["wallMs"]) for record in records) / len(records[0]["wallMs"])

    cpu = {operation: each(operation, "cpuMsEach") for operation in parts}
    emulator = ", ".join(f"{each(operation, 'emulatorCpuMsEach'):.1f} ({operation.replace('_', ' ')})" for operation in parts)
    engines = results["search"]["catalogs"][0]["engines"]
    index = next(engine["search"]["cpuP50Ms"] for engine in engines if engine["engine"] == "souk")
    starts = [statistics.median(function["startMs"]) for function in results["functions"]]
    memory = [statistics.median(function["peakMemoryKib"]) / 1024 for function in results["functions"]]
    checkout = ", ".join(f"{function} ({operation})" for function, operation in parts["check_out"])
    return {
        **{"name": "souk", "version": None, "startsMs": [max(starts)], "memoryMib": {"idle": max(memory)}},
        "operations": {key: {"applicationMs": ms} for key, ms in (cpu | {"search": cpu["search"] + index}).items()},
        "remarks": (
            f"start and memory are the largest of its {len(starts)} functions, until it waits for its first event",
            f"a search is the function with few products ({cpu['search']:.2f} ms) and the index with this catalog ({index:.2f} ms), so an upper limit",
            f"checkout is {checkout}",
            "the CPU time of DynamoDB is not visible; its emulator, a program in Python that also does other work, is not comparable with a database: "
            f"{emulator} ms",
        ),
    }


def race(profile):
    """As peer_operations.race, in the running stack."""
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
            if status not in _AGAIN_STATUSES and not (isinstance(answer, dict) and answer.get("code") == _AGAIN):
                break
            time.sleep(1)
        if status == 201:
            return (answer["id"], token), None
        return None, f"{status} {answer.get('code') if isinstance(answer, dict) else answer}"

    # One after the other, so that only the checkout is a race.
    tokens = [fill_cart(number) for number in range(BUYERS)]
    with ThreadPoolExecutor(BUYERS) as pool:
        results = list(pool.map(check_out, tokens))
    orders, refusals = sold("souk", results)
    paid = sum(_becomes_paid(profile, *order) for order in orders)
    return {"paid": paid, "refusals": refusals}


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
