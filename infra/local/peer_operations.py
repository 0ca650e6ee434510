"""The operations that `make bench-peers` measures, and the race for the last pieces. They are the same for each peer."""

import math
import statistics
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from processes import cpu_ms
from steps import Failure

BUYERS, PIECES = 20, 5
# Hashing passwords takes long, and more logins would not change the result.
_MAX_LOGINS = 30
_CUSTOMERS = 20
# The number of products that the operations use.
_PRODUCTS = 100
# So many searches are checked for hits and facets before.
_CHECKED_QUERIES = 20
# The part of the operations that is done before, uncounted, so that compilers and caches are warm.
_WARM_UP = 1 / 4
# Quiet means: at most this CPU time in half a second.
_QUIET_MS, _QUIET_SECONDS, _MAX_QUIET_WAIT = 20, 0.5, 30


class Meter:
    """Counts the CPU time of an application and of its database, with all their processes."""

    def __init__(self, application, database):
        self._programs, self._series = (application, database), {}

    def run(self, calls, name=None):
        """Makes the calls one after the other and returns their results. Counts them as the operation `name`, if it has one. The time ends when
        the programs are quiet again, because both work after their answer, too."""
        before, walls, results = self._cpu(), [], []
        for call in calls:
            began = time.perf_counter()
            results.append(call())
            walls.append((time.perf_counter() - began) * 1000)
        self.wait_until_quiet()
        if name:
            series = self._series.setdefault(name, {"wallsMs": [], "applicationMs": 0, "databaseMs": 0})
            application, database = (after - start for after, start in zip(self._cpu(), before))
            series["wallsMs"] += walls
            series["applicationMs"] += application
            series["databaseMs"] += database
        return results

    def figures(self):
        """For each operation: how often, its CPU times each, and its median duration."""
        return {
            name: {
                **{"count": len(series["wallsMs"]), "medianMs": statistics.median(series["wallsMs"])},
                **{key: series[key] / len(series["wallsMs"]) for key in ("applicationMs", "databaseMs")},
            }
            for name, series in self._series.items()
        }

    def wait_until_quiet(self, seconds=_MAX_QUIET_WAIT):
        """Returns whether the programs were quiet before the end of so many seconds."""
        deadline, before = time.monotonic() + seconds, sum(self._cpu())
        while time.monotonic() < deadline:
            time.sleep(_QUIET_SECONDS)
            now = sum(self._cpu())
            if now - before <= _QUIET_MS:
                return True
            before = now
        return False

    def _cpu(self):
        return [cpu_ms(program) for program in self._programs]


def choose(products):
    """The products that the operations use. The last one is for the race."""
    return products[:: math.ceil(len(products) / _PRODUCTS)]


def measure(shop, meter, products, queries, count):
    """Measures each operation `count` times. Returns the mean number of hits of a search."""
    *chosen, scarce = choose(products)
    shop.open([*chosen, scarce])
    emails = [f"customer-{number}@example.com" for number in range(min(_CUSTOMERS, count))]
    for email in emails:
        shop.register(email)
    visitor = shop.visitor()
    found = [shop.search(visitor, text) for text in queries[:_CHECKED_QUERIES]]
    if not any(hits and facets for hits, facets in found):
        raise Failure(f"{shop.name} found no products with facets, so its search does not work.")
    _measure_one(meter, "read", lambda number: shop.read(visitor, chosen[number % len(chosen)]), count)
    hits = _measure_one(meter, "search", lambda number: shop.search(visitor, queries[number % len(queries)])[0], count)
    customers = [(shop.visitor(), email) for email in emails]
    _measure_one(meter, "log_in", lambda number: shop.log_in(*customers[number % len(customers)]), min(count, _MAX_LOGINS))
    for connection, email in customers:
        shop.log_in(connection, email)
    rounds = math.ceil(count / len(customers))
    warm_up = math.ceil(rounds * _WARM_UP)
    for number in range(warm_up + rounds):
        _measure_orders(shop, meter, customers, chosen[number % len(chosen)], number >= warm_up)
    return statistics.mean(hits)


def _measure_one(meter, name, operate, count):
    meter.run([lambda number=number: operate(number) for number in range(math.ceil(count * _WARM_UP))])
    return meter.run([lambda number=number: operate(number) for number in range(count)], name)


def _measure_orders(shop, meter, customers, product, is_counted):
    """Each customer buys the product."""

    def run(name, calls):
        return meter.run(calls, name if is_counted else None)

    carts = [None] * len(customers)
    if shop.new_cart:
        carts = run("new_cart", [lambda c=connection: shop.new_cart(c) for connection, _ in customers])
    buyers = [(connection, cart, email) for (connection, email), cart in zip(customers, carts)]
    run("add", [lambda b=buyer: shop.add(b[0], b[1], product) for buyer in buyers])
    orders = run("check_out", [lambda b=buyer: shop.check_out(*b) for buyer in buyers])
    for order, reason in orders:
        if not order:
            raise Failure(f"{shop.name} refused an order: {reason}")
    if shop.capture:
        payments, admin = shop.payments([order for order, _ in orders]), shop.capturer()
        run("capture", [lambda p=payment: shop.capture(admin, p) for payment in payments])


def race(shop, products):
    """Customers buy the last pieces of a product at the same time. Each has one in the cart before. Returns the number of paid orders, and why
    others were refused."""
    product = choose(products)[-1]
    shop.set_stock(product, PIECES)
    start = threading.Barrier(BUYERS)

    def fill_cart(number):
        email = f"buyer-{number}@example.com"
        shop.register(email)
        connection = shop.visitor()
        shop.log_in(connection, email)
        cart = shop.new_cart(connection) if shop.new_cart else None
        shop.add(connection, cart, product)
        return connection, cart, email

    def check_out(buyer):
        start.wait(timeout=60)
        try:
            return shop.check_out(*buyer)
        except Failure as failure:  # an error of the server, for example a deadlock of its database
            return None, str(failure)

    with ThreadPoolExecutor(BUYERS) as pool:
        results = list(pool.map(check_out, list(pool.map(fill_cart, range(BUYERS)))))
    orders, refusals = sold(shop.name, results)
    if shop.capture:
        admin = shop.capturer()
        for payment in shop.payments(orders):
            shop.capture(admin, payment)
    return {"paid": len(orders), "refusals": refusals}


def sold(shop, results):
    """The orders of a race, and why others were refused, each reason once. Fails if all were refused: then the shop does not work."""
    orders, refusals = [order for order, _ in results if order], sorted({reason for _, reason in results if reason})
    if not orders:
        raise Failure(f"{shop} sold nothing in the race: {'; '.join(refusals)}")
    return orders, refusals
