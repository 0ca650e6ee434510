"""Vendure for `make bench-peers`. Its files are in tests/peers/vendure; its own import reads the catalog as CSV."""

import csv
import time

from keep_alive import KeepAlive
from peer_products import batches
from steps import Failure

_PASSWORD = "a long password of the bench"
_ADDRESS = {"fullName": "Ada Lovelace", "streetLine1": "Rue du Marche 1", "city": "Bruxelles", "postalCode": "1000", "countryCode": "BE"}
_CSV = "products.csv"
_COLUMNS = ("name", "slug", "description", "assets", "facets", "optionGroups", "optionValues", "sku", "price", "taxCategory", "stockOnHand", "trackInventory")
# Columns that its import requires after the others.
_MORE_COLUMNS = ("variantAssets", "variantFacets")
_BATCH = 100
_ADMIN, _SHOP = "/admin-api", "/shop-api"
# The limit for indexing the catalog again.
_REINDEX_SECONDS = 600

_LOG_IN = "mutation ($email: String!, $password: String!) { login(username: $email, password: $password) { __typename } }"
_REGISTER = """mutation ($email: String!, $password: String!) {
  registerCustomerAccount(input: { emailAddress: $email, password: $password, firstName: "Ada", lastName: "Lovelace" }) { __typename } }"""
_VARIANTS = "query ($skus: [String!]!) { productVariants(options: { take: 100, filter: { sku: { in: $skus } } }) { items { id sku product { id } } } }"
_SET_STOCK = "mutation ($id: ID!, $pieces: Int!) { updateProductVariants(input: [{ id: $id, stockOnHand: $pieces }]) { id stockOnHand } }"
# Its query of one job finds none in the queue in memory, because it turns the id into a number, and the queue has texts.
_JOBS = "{ jobs(options: { take: 100 }) { items { id state isSettled progress error } } }"
_PRODUCT = """query ($id: ID!) { product(id: $id) { id name slug description facetValues { name facet { name } }
  variants { id sku name price priceWithTax currencyCode stockLevel } } }"""
_SEARCH = """query ($text: String!) { search(input: { term: $text, take: 20, groupByProduct: true }) { totalItems
  items { productId productName slug description sku inStock currencyCode
    priceWithTax { ... on SinglePrice { value } ... on PriceRange { min max } } }
  facetValues { count facetValue { id name facet { name } } } } }"""
_ADD = """mutation ($variant: ID!) { addItemToOrder(productVariantId: $variant, quantity: 1) { __typename
  ... on Order { id code totalWithTax totalQuantity lines { id quantity linePriceWithTax productVariant { id sku name } } }
  ... on ErrorResult { errorCode message } } }"""
_ORDER = "__typename ... on Order { id code state totalWithTax } ... on ErrorResult { errorCode message }"
# What a checkout sends, in this order.
_CHECK_OUT = (
    ("address", f"mutation ($address: CreateAddressInput!) {{ setOrderShippingAddress(input: $address) {{ {_ORDER} }} }}"),
    ("method", f"mutation ($method: ID!) {{ setOrderShippingMethod(shippingMethodId: [$method]) {{ {_ORDER} }} }}"),
    (None, f'mutation {{ transitionOrderToState(state: "ArrangingPayment") {{ {_ORDER} }} }}'),
    (None, f'mutation {{ addPaymentToOrder(input: {{ method: "card", metadata: {{}} }}) {{ {_ORDER} }} }}'),
)


class Vendure:
    name, folder, package, health = "Vendure", "vendure", "@vendure/core", "/health"
    # What a reader of the table must know.
    remarks = (
        "server and worker in one process, with the job queue in memory",
        "the default search plugin, indexed again after the import, with facets of categories and tags",
        "its requests are GraphQL; four check out, and its dummy handler settles the payment; no mail",
    )
    # The first product creates the cart, and the payment is settled by the last request.
    new_cart = capture = None

    def __init__(self, port, admin, secret):
        self.port, self._admin_login, self._secret = port, admin, secret
        self._method, self._ids = None, {}

    def environment(self, _folder):
        return {
            **{"PORT": self.port, "PEER_SECRET": self._secret, "VENDURE_DISABLE_TELEMETRY": "true"},
            **{"ADMIN_EMAIL": self._admin_login["email"], "ADMIN_PASSWORD": self._admin_login["password"]},
        }

    def preparations(self, folder, products, stock):
        """The commands before the first start. They create the shop and its catalog, with `stock` pieces of each product."""
        with (folder / _CSV).open("w", newline="") as out:
            rows = csv.writer(out)
            rows.writerow([*_COLUMNS, *_MORE_COLUMNS])
            rows.writerows(_row(product, stock) for product in products)
        return [["node", "populate.js", _CSV]]

    def command(self):
        return ["node", "server.js"]

    def load(self, _products, _stock):
        """Indexes the catalog again in the running server."""
        admin = self._admin()
        job = _data(admin, _ADMIN, "mutation { reindex { id } }")["reindex"]["id"]
        deadline = time.monotonic() + _REINDEX_SECONDS
        while not (found := _job(admin, job))["isSettled"]:
            if time.monotonic() > deadline:
                raise Failure(f"Vendure has not indexed its catalog after {_REINDEX_SECONDS} s: {found}")
            time.sleep(1)
        if found["state"] != "COMPLETED":
            raise Failure(f"Vendure could not index its catalog: {found}")

    def open(self, products):
        """Reads the ids that the operations need. `products`: those that they use."""
        admin = self._admin()
        self._method = _data(admin, _ADMIN, "{ shippingMethods { items { id } } }")["shippingMethods"]["items"][0]["id"]
        for batch in batches(products, _BATCH):
            found = _data(admin, _ADMIN, _VARIANTS, skus=[product["sku"] for product in batch])["productVariants"]["items"]
            self._ids |= {variant["sku"]: (variant["product"]["id"], variant["id"]) for variant in found}

    def set_stock(self, product, pieces):
        _data(self._admin(), _ADMIN, _SET_STOCK, id=self._ids[product["sku"]][1], pieces=pieces)

    def visitor(self):
        """A connection of a caller without an account."""
        return KeepAlive(self.name, self.port)

    def register(self, email):
        answer = _data(self.visitor(), _SHOP, _REGISTER, email=email, password=_PASSWORD)["registerCustomerAccount"]
        if answer["__typename"] != "Success":
            raise Failure(f"Vendure registered no customer: {answer}")

    def log_in(self, connection, email):
        """After it, the requests of the connection are the customer's."""
        connection.headers.pop("authorization", None)
        _log_in(connection, _SHOP, email, _PASSWORD)

    def read(self, connection, product):
        answer = _data(connection, _SHOP, _PRODUCT, id=self._ids[product["sku"]][0])["product"]["variants"][0]
        if answer["sku"] != product["sku"] or not answer["priceWithTax"] or answer["stockLevel"] != "IN_STOCK":
            raise Failure(f"Vendure answered a product without its price or stock: {answer}")

    def search(self, connection, text):
        """Returns the number of products on the page and of values in the facets."""
        result = _data(connection, _SHOP, _SEARCH, text=text)["search"]
        return len(result["items"]), len(result["facetValues"])

    def indexed(self):
        """The number of products in the search index."""
        return _data(self.visitor(), _SHOP, "{ search(input: { take: 1, groupByProduct: true }) { totalItems } }")["search"]["totalItems"]

    def add(self, connection, _cart, product):
        answer = _data(connection, _SHOP, _ADD, variant=self._ids[product["sku"]][1])["addItemToOrder"]
        if answer["__typename"] != "Order" or answer["totalQuantity"] != 1:
            raise Failure(f"Vendure did not add a product to an empty cart: {answer}")

    def check_out(self, connection, _cart, _email):
        """Returns the id of the order, or None and the reason if the shop refuses it."""
        inputs = {"address": _ADDRESS, "method": self._method}
        for name, request in _CHECK_OUT:
            (order,) = _data(connection, _SHOP, request, **({name: inputs[name]} if name else {})).values()
            if order["__typename"] != "Order":
                return None, f"{order['errorCode']}: {order['message']}"
        return (order["id"], None) if order["state"] == "PaymentSettled" else (None, order["state"])

    def _admin(self):
        admin = KeepAlive(self.name, self.port)
        _log_in(admin, _ADMIN, self._admin_login["email"], self._admin_login["password"])
        return admin


def _job(admin, job):
    found = [item for item in _data(admin, _ADMIN, _JOBS)["jobs"]["items"] if item["id"] == job]
    if not found:
        raise Failure(f"Vendure does not know the job {job} any more.")
    return found[0]


def _row(product, stock):
    clean, tags = {"|": " ", ":": " "}, [("tag", tag) for tag in product["tags"]]
    facets = [f"{name}:{text.translate(str.maketrans(clean))}" for name, text in [("category", product["category"]), *tags]]
    texts = {"name": product["name"], "slug": product["sku"], "description": product["description"], "sku": product["sku"]}
    price = {"price": f"{product['cents'] / 100:.2f}", "taxCategory": "standard"}
    row = texts | price | {"facets": "|".join(facets), "stockOnHand": stock, "trackInventory": "true"}
    return [row.get(column, "") for column in (*_COLUMNS, *_MORE_COLUMNS)]


def _log_in(connection, api, email, password):
    answer, headers = _answer(connection, api, _LOG_IN, {"email": email, "password": password})
    if answer["login"]["__typename"] != "CurrentUser":
        raise Failure(f"Vendure refused the login of {email}.")
    connection.headers["authorization"] = f"Bearer {headers['vendure-auth-token']}"


def _data(connection, api, query, **variables):
    answer, headers = _answer(connection, api, query, variables)
    # The token of a new session, for example of a guest's first cart.
    if token := headers.get("vendure-auth-token"):
        connection.headers["authorization"] = f"Bearer {token}"
    return answer


def _answer(connection, api, query, variables):
    """The data of an answer without errors, and the headers."""
    status, answer, headers = connection.send("POST", api, {"query": query, "variables": variables})
    if status != 200 or answer.get("errors"):
        raise Failure(f"Vendure answered {status} to `{query[:60]}…`: {str(answer)[:500]}")
    return answer["data"], headers
