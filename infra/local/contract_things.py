"""The things that schemathesis can refer to: accounts, orders, reviews, jobs and so on, made through the API.

An entry of the result names an operation or a path, and lists in `any` what a request to it, or below it, may refer to: path parameters, members of
the query and of the body, or the token of another session. With `only` it may refer to nothing else, because it would end the run.
"""

import json
import re
import time
import urllib.request
import uuid

from profiles import OAUTH_REDIRECT
from seed import LOGINS, call, expect
from steps import Failure

_ADDRESS = {"name": "Ada Lovelace", "line1": "12 St James's Square", "city": "London", "postalCode": "SW1Y 4JH", "country": "GB"}
_PRODUCT = {"name": "Mug", "category": "kitchen", "price": {"amount": 1490, "currency": "EUR"}, "stock": {"available": 99}}
_IMAGE = {"contentType": "image/png", "bytes": 100, "alt": "A mug, half full."}
_PAID, _DECLINED = "pm_card_visa", "pm_card_chargeDeclined"
# How many of each thing that a request uses up.
_SPARES = 4
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def make(profile, role, seed):
    """Makes the things of one role."""
    admin, own = (_Account(profile, LOGINS[name]) for name in ("admin", role))
    own.verify_email()
    spares = [_Account.register(profile, f"contract-{seed}-{role}-{number}@example.com") for number in range(_SPARES)]
    skus = [f"CONTRACT-{seed}-{role}-{number}".upper() for number in range(_SPARES)]
    products = [admin.send("POST", "/products", {**_PRODUCT, "sku": sku}, 201)["id"] for sku in skus]
    received, declined = own.order(skus), own.order(skus[:1], _DECLINED)
    orders = [own.order(skus[:1]) for _ in range(2 * _SPARES)]
    own.wait_until(declined, "failed")
    for order in (received, *orders):
        own.wait_until(order, "paid")
    for status in ("processing", "shipped", "delivered"):
        admin.send("PATCH", f"/orders/{received}/status", {"status": status})
    documents = [own.send("GET", f"/orders/{order}") for order in (received, *orders)]
    reviews = [{"id": product, "reviewId": own.review(product)} for product in products[::2]]
    things = {
        "/auth/login": [{"body": spare.login} for spare in spares],
        "/users/login": [{"body": spare.login} for spare in spares],
        "/auth/refresh": [{"body": {"refreshToken": spare.refresh_token}} for spare in spares],
        "/auth/oauth/{provider}": [{"path": {"provider": "google"}, "query": {"redirect": OAUTH_REDIRECT}}],
        "/users/profile/export/{id}": own.make("/users/profile/export", {}, 202, "id"),
        "/users/addresses/{id}": own.make("/users/addresses", _ADDRESS, 201, "id"),
        "/products/{id}": [{"path": {"id": product}} for product in products],
        "/products/{id}/reviews/{reviewId}": [{"path": review} for review in reviews],
        "/cart/{owner}": [{"path": {"owner": "me", "sku": sku}, "body": {"sku": sku}} for sku in skus],
        "/cart/me/merge": [{"body": {"from": own.send("POST", "/cart", {}, 201)["owner"]}} for _ in range(_SPARES)],
        "/orders/quote": [{"body": {"cart": "me", "paymentMethod": {"token": _PAID}}}],
        "/orders/user/{userId}": [{"path": {"userId": own.id}}],
        "/orders/{id}": [{"path": {"id": order}} for order in orders],
        "/orders/{id}/pay": [{"path": {"id": declined}, "body": {"paymentMethod": {"token": _PAID}}}],
        "/payments": [{"query": {"orderId": order}} for order in orders],
        "/payments/{id}": [{"path": {"id": document["paymentId"]}} for document in documents],
    }
    only = {
        "DELETE /auth/sessions/{id}": [{"path": {"id": own.another_session()}} for _ in range(_SPARES)],
        "POST /auth/logout": [{"token": spare.token} for spare in spares],
    }
    if role == "customer":
        only["DELETE /users/profile"] = [{"token": spare.token} for spare in spares]
    else:
        archived = [own.send("POST", "/products", {**_PRODUCT, "sku": f"{sku}-ARCHIVED"}, 201)["id"] for sku in skus]
        categories = [own.send("POST", "/categories", {"key": f"contract-{seed}-{number}", "name": "Contract"}, 201)["key"] for number in range(_SPARES)]
        things |= {
            "/users/{id}": [{"path": {"id": spare.id}} for spare in spares],
            "DELETE /products/{id}": [{"path": {"id": product}} for product in archived],
            "/products/imports/{id}": own.make("/products/imports", {"format": "csv", "bytes": 10}, 202, "id"),
            "/products/exports/{id}": own.make("/products/exports", {"format": "csv"}, 202, "id"),
            "/products/{id}/images/{image}": [
                {"path": {"id": product, "image": own.send("POST", f"/products/{product}/images", _IMAGE, 201)["imageId"]}} for product in products
            ],
            "/categories/{key}": [{"path": {"key": key}} for key in categories],
        }
        # Not the accounts of the two runs.
        only |= {label: things["/users/{id}"] for label in ("PUT /users/{id}/role", "PUT /users/{id}/status")}
    return {_full(key): {"any": any_of} for key, any_of in things.items()} | {_full(key): {"any": any_of, "only": True} for key, any_of in only.items()}


def _full(key):
    """A key with the prefix of all paths."""
    method, space, path = key.rpartition(" ")
    return f"{method}{space}/api/v1{path}"


class _Account:
    """An account and its session."""

    def __init__(self, profile, login, session=None):
        self.profile, self.login = profile, login
        session = session or expect(call(profile, "POST", "/api/v1/auth/login", login), 200)
        self.id, self.token, self.refresh_token = session["user"]["id"], session["accessToken"], session["refreshToken"]

    @classmethod
    def register(cls, profile, email):
        login = {"email": email, "password": "a long password of a test"}
        return cls(profile, login, expect(call(profile, "POST", "/api/v1/auth/register", {**login, "name": "Ada Lovelace"}), 201))

    def send(self, method, path, body=None, status=200):
        headers = {"idempotency-key": uuid.uuid4().hex}
        return expect(call(self.profile, method, f"/api/v1{path}", body, self.token, headers), status)

    def make(self, path, body, status, name):
        """Makes a thing, and refers to it in a path."""
        return [{"path": {name: self.send("POST", path, body, status)[name]}}]

    def another_session(self):
        """Logs in once more. Returns the session's id."""
        _Account(self.profile, self.login)
        return next(session["id"] for session in self.send("GET", "/auth/sessions")["data"] if not session["current"])

    def order(self, skus, card=_PAID):
        body = {"items": [{"sku": sku, "quantity": 1} for sku in skus], "shippingAddress": _ADDRESS, "paymentMethod": {"token": card}}
        return self.send("POST", "/orders", body, 201)["id"]

    def wait_until(self, order, payment_status):
        _wait(f"the payment of an order is {payment_status}", lambda: self.send("GET", f"/orders/{order}")["paymentStatus"] == payment_status)

    def review(self, product):
        """Reviews a product as soon as the catalog knows that the account has received it."""
        posted = {}

        def post():
            status, body = call(self.profile, "POST", f"/api/v1/products/{product}/reviews", {"rating": 5}, self.token)
            posted.update(body)
            return status == 201

        _wait("a product that was received can be reviewed", post)
        return posted["id"]

    def verify_email(self):
        """Creating an API key needs a verified email address."""
        if self.send("GET", "/auth/me")["emailVerified"]:
            return
        self.send("POST", "/auth/verify-email/request", status=202)
        tokens = []

        def read():
            with _DIRECT.open(self.profile.mail_url, timeout=30) as answer:
                text = json.dumps(json.load(answer))
            tokens.extend(re.findall(r"/verify-email\?token=([\w.-]+)", text))
            return any(call(self.profile, "POST", "/api/v1/auth/verify-email", {"token": token})[0] == 204 for token in tokens)

        _wait("the mail to verify an email address arrives", read)


def _wait(what, is_done, seconds=60):
    deadline = time.monotonic() + seconds
    while not is_done():
        if time.monotonic() > deadline:
            raise Failure(f"After {seconds} s this is not so yet: {what}.")
        time.sleep(0.2)
