"""The things that schemathesis can refer to: accounts, orders, reviews, jobs and so on, made through the API.

An entry of the result names an operation or a path, and lists in `any` what a request to it, or below it, may refer to: path parameters, members of
the query and of the body, a whole body, or the token of another session. With `only` it may refer to nothing else, because it would end the run.
"""

import itertools
import json
import re
import struct
import time
import urllib.request
import uuid
import zlib

import contract_factors
from profiles import OAUTH_REDIRECT
from seed import LOGINS, call, expect
from steps import Failure

_ADDRESS = {"name": "Ada Lovelace", "line1": "12 St James's Square", "city": "London", "postalCode": "SW1Y 4JH", "country": "GB"}
_CURRENCY = "EUR"
_PRODUCT = {"name": "Mug", "category": "kitchen", "price": {"amount": 1490, "currency": _CURRENCY}, "stock": {"available": 99}}
_PASSWORD = "a long password of a test"
_PAID, _DECLINED = "pm_card_visa", "pm_card_chargeDeclined"
# How many of each thing that a request uses up.
_SPARES = 4
# How many names there are for things that a request creates: each name can be used once.
_NEW = 50
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def make(profile, role, seed):
    """Makes the things of one role."""
    admin, own = (_Account(profile, LOGINS[name]) for name in ("admin", role))
    if not own.send("GET", "/auth/me")["emailVerified"]:  # which creating an API key needs
        own.verified()
    accounts = (_Account.register(profile, f"contract-{seed}-{role}-{number}@example.com") for number in range(4 + _SPARES))
    spare, forgetful, leaving, careful, *victims = accounts
    skus = [f"CONTRACT-{seed}-{role}-{number}".upper() for number in range(_SPARES)]
    products = [admin.send("POST", "/products", {**_PRODUCT, "sku": sku}, 201)["id"] for sku in skus]
    received, declined = own.order(skus), own.order(skus[:1], _DECLINED)
    orders = [own.order(skus[:1]) for _ in range(2 * _SPARES)]
    own.wait_until(declined, "failed")
    for order in (received, *orders):
        own.wait_until(order, "paid")
    for status in ("processing", "shipped", "delivered"):
        admin.send("PATCH", f"/orders/{received}/status", {"status": status})
    payments = [own.send("GET", f"/orders/{order}")["paymentId"] for order in (received, *orders[:_SPARES])]
    reviews = [{"id": product, "reviewId": own.review(product)} for product in products[::2]]
    address, removed = (own.send("POST", "/users/addresses", _ADDRESS, 201)["id"] for _ in range(2))
    carts = [own.cart(skus[0]) for _ in range(4 * _SPARES)]
    purchases = [
        {"items": [{"sku": skus[0], "quantity": 1}], "cart": cart, "addressId": address, "paymentMethod": {"token": _PAID}} for cart in carts
    ]
    prices = {"price": {"currency": _CURRENCY}, "compareAtPrice": {"currency": _CURRENCY}}
    password = {"password": _PASSWORD, "newPassword": _PASSWORD}
    things = {
        "/auth/register": [{"body": {**password, "email": f"new-{seed}-{role}-{number}@example.com"}} for number in range(_NEW)],
        "/users/register": [{"body": {**password, "email": f"also-new-{seed}-{role}-{number}@example.com"}} for number in range(_NEW)],
        "/auth/login": [{"body": spare.login}],
        "/users/login": [{"body": spare.login}],
        "/auth/refresh": [{"body": {"refreshToken": spare.another_session().refresh_token}} for _ in range(_SPARES)],
        "/auth/step-up": [{"body": {"password": own.login["password"]}}],
        "/auth/verify-email": [{"body": {"token": spare.mailed_token("verify-email")}}],
        "/auth/reset-password/confirm": [{"body": {"token": forgetful.mailed_token("reset-password"), **password}}],
        "/auth/oauth/{provider}": [{"path": {"provider": "google"}, "query": {"redirect": OAUTH_REDIRECT}}],
        "/users/profile/export/{id}": own.make("/users/profile/export", {}, 202, "id"),
        "PUT /users/addresses/{id}": [{"path": {"id": address}}],
        "DELETE /users/addresses/{id}": [{"path": {"id": removed}}],
        "/products": [{"body": prices}],
        "/products/{id}": [{"path": {"id": product}, "body": prices} for product in products],
        "/products/{id}/reviews/{reviewId}": [{"path": review} for review in reviews],
        "/cart/{owner}": [{"path": {"owner": "me", "sku": sku, "item": sku}, "body": {"sku": sku}} for sku in skus],
        "DELETE /cart/{owner}/items/{sku}": [{"path": {"owner": cart, "sku": skus[0]}} for cart in carts[:_SPARES]],
        "/cart/me/merge": [{"body": {"from": cart}} for cart in carts[_SPARES : 2 * _SPARES]],
        "/orders": [{"body": purchase} for purchase in purchases[2 * _SPARES : -1]],
        "/orders/quote": [{"body": purchases[-1]}],
        "/orders/user/{userId}": [{"path": {"userId": own.id}}],
        "/orders/{id}": [{"path": {"id": order}} for order in orders[:_SPARES]],
        # Not the orders that other requests move, pay and refund.
        "/orders/{id}/cancel": [{"path": {"id": order}} for order in orders[_SPARES:]],
        "/orders/{id}/pay": [{"path": {"id": declined}, "body": purchases[-1]}],
        "/payments": [{"query": {"orderId": order}} for order in orders],
        "/payments/{id}": [{"path": {"id": payment}} for payment in payments],
    }
    only = {
        "DELETE /auth/sessions/{id}": [{"path": {"id": own.another_session().session}} for _ in range(_SPARES)],
        "POST /auth/logout": [{"token": own.another_session().token} for _ in range(_SPARES)],
        "POST /auth/logout-everywhere": [{"token": leaving.token}],
        "PUT /auth/password": [{"token": careful.token, "body": {"oldPassword": _PASSWORD, "newPassword": _PASSWORD}}],
    }
    if role == "customer":
        only["DELETE /users/profile"] = [{"token": victim.token} for victim in victims]
    else:
        archived = [own.send("POST", "/products", {**_PRODUCT, "sku": f"{sku}-ARCHIVED"}, 201)["id"] for sku in skus]
        categories = [own.send("POST", "/categories", {"key": f"contract-{seed}-{number}", "name": "Contract"}, 201)["key"] for number in range(_SPARES)]
        things |= {
            "POST /products": [{"body": {"sku": f"CONTRACT-{seed}-NEW-{number}"}} for number in range(_NEW)],
            "/users/{id}": [{"path": {"id": spare.id}}],
            "DELETE /products/{id}": [{"path": {"id": product}} for product in archived],
            "/products/imports/{id}": own.make("/products/imports", {"format": "csv", "bytes": 10}, 202, "id"),
            "/products/exports/{id}": own.make("/products/exports", {"format": "csv"}, 202, "id"),
            "/products/{id}/images/{image}": [{"path": {"id": product, "image": own.image(product)}} for product in products],
            "/categories/{key}": [{"path": {"key": key}} for key in categories],
        }
        # Not the accounts of the two runs.
        accounts = [{"path": {"id": victim.id}} for victim in victims]
        only |= {"PUT /users/{id}/role": accounts, "PUT /users/{id}/status": accounts}
    guarded = (_Account.register(profile, f"contract-{seed}-{role}-guarded-{number}@example.com").verified() for number in itertools.count())
    more, more_only = contract_factors.make(profile, lambda: next(guarded))
    things |= more
    only |= more_only
    return {_full(key): {"any": any_of} for key, any_of in things.items()} | {_full(key): {"any": any_of, "only": True} for key, any_of in only.items()}


def _full(key):
    """A key with the prefix of all paths."""
    method, space, path = key.rpartition(" ")
    return f"{method}{space}/api/v1{path}"


class _Account:
    """An account and its session."""

    def __init__(self, profile, login, answer=None):
        self.profile, self.login = profile, login
        answer = answer or expect(call(profile, "POST", "/api/v1/auth/login", login), 200)
        self.id, self.token, self.refresh_token = answer["user"]["id"], answer["accessToken"], answer["refreshToken"]

    @classmethod
    def register(cls, profile, email):
        login = {"email": email, "password": _PASSWORD}
        return cls(profile, login, expect(call(profile, "POST", "/api/v1/auth/register", {**login, "name": "Ada Lovelace"}), 201))

    def verified(self):
        """The same account, whose email address is verified now."""
        self.send("POST", "/auth/verify-email", {"token": self.mailed_token("verify-email")}, 204)
        return self

    def another_session(self):
        """The same account, logged in once more."""
        return _Account(self.profile, self.login)

    @property
    def session(self):
        """The session's id."""
        return next(session["id"] for session in self.send("GET", "/auth/sessions")["data"] if session["current"])

    def send(self, method, path, body=None, status=200):
        headers = {"idempotency-key": uuid.uuid4().hex}
        return expect(call(self.profile, method, f"/api/v1{path}", body, self.token, headers), status)

    def make(self, path, body, status, name):
        """Makes a thing, and refers to it in a path."""
        return [{"path": {name: self.send("POST", path, body, status)[name]}}]

    def cart(self, sku):
        """A guest's cart."""
        cart = self.send("POST", "/cart", {}, 201)["owner"]
        self.send("POST", f"/cart/{cart}/items", {"sku": sku, "quantity": 1})
        return cart

    def order(self, skus, card=_PAID):
        body = {"items": [{"sku": sku, "quantity": 1} for sku in skus], "shippingAddress": _ADDRESS, "paymentMethod": {"token": card}}
        return self.send("POST", "/orders", body, 201)["id"]

    def wait_until(self, order, payment_status):
        _wait(f"the payment of an order is {payment_status}", lambda: self.send("GET", f"/orders/{order}")["paymentStatus"] == payment_status)

    def review(self, product):
        """Reviews a product as soon as the catalog knows that the account has received it."""

        def post():
            status, body = call(self.profile, "POST", f"/api/v1/products/{product}/reviews", {"rating": 5}, self.token)
            return body["id"] if status == 201 else None

        return _wait("a product that was received can be reviewed", post)

    def image(self, product):
        """Uploads an image, and waits until it is ready."""
        announced = self.send("POST", f"/products/{product}/images", {"contentType": "image/png", "bytes": len(_PNG)}, 201)
        upload = announced["upload"]
        _DIRECT.open(urllib.request.Request(upload["url"], _PNG, upload["headers"], method=upload["method"]), timeout=30).close()
        path = f"/products/{product}/images/{announced['imageId']}"
        _wait("an image that was uploaded is ready", lambda: self.send("GET", path)["state"] == "ready")
        return announced["imageId"]

    def mailed_token(self, page):
        """Asks for a mail with a link to a page, and returns the token of the link."""
        if page == "verify-email":
            self.send("POST", "/auth/verify-email/request", status=202)
        else:
            self.send("POST", "/auth/reset-password", {"email": self.login["email"]}, 202)

        def read():
            with _DIRECT.open(self.profile.mail_url, timeout=30) as answer:
                mails = (json.dumps(mail) for mails in json.load(answer)["messages"].values() for mail in mails)
            own = "".join(mail for mail in mails if self.login["email"] in mail)
            return re.findall(rf"/{page}\?token=([\w.-]+)", own)

        return _wait(f"the mail with a link to {page} arrives", read)[-1]


def _wait(what, read, seconds=60):
    """Waits until `read` returns something, and returns that."""
    deadline = time.monotonic() + seconds
    while not (found := read()):
        if time.monotonic() > deadline:
            raise Failure(f"After {seconds} s this is not so yet: {what}.")
        time.sleep(0.2)
    return found


def _png(width=16, height=16):
    """A red picture."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = (b"\0" + b"\xff\0\0" * width) * height
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


_PNG = _png()
