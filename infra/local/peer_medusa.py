"""Medusa for `make bench-peers`. Its files are in tests/peers/medusa; its shop and catalog are created through its admin API."""

import urllib.parse

from keep_alive import KeepAlive
from peer_products import batches, values
from steps import Failure

_PASSWORD = "a long password of the bench"
_ADDRESS = {"first_name": "Ada", "last_name": "Lovelace", "address_1": "Rue du Marche 1", "city": "Bruxelles", "postal_code": "1000", "country_code": "be"}
# What the page of a product shows: its texts, its price in the region, and its stock.
_PRODUCT_FIELDS = "*variants.calculated_price,+variants.inventory_quantity"
_FACETS = ["category", "tag"]
# The number of products in one request of the import.
_BATCH = 100


class Medusa:
    name, folder, package, health = "Medusa", "medusa", "@medusajs/medusa", "/health"
    # What a reader of the table must know.
    remarks = (
        "worker mode `shared`; events, workflows, locks and cache in memory",
        "its own PostgreSQL search, with facets of categories and tags; the price is the index's, and stock would be another request",
        "a request creates the cart before products are added",
        "five requests check out, and an admin captures the payment of its system provider; no mail",
    )

    def __init__(self, port, admin, secret):
        self.port, self._admin_login, self._secret = port, admin, secret
        self._key, self._region, self._option, self._ids = {}, None, None, {}

    def environment(self, folder):
        # It writes its settings into the home folder.
        return {"PEER_SECRET": self._secret, "HOME": folder, "MEDUSA_DISABLE_TELEMETRY": "1", "LOG_LEVEL": "warn"}

    def preparations(self, _folder, _products, _stock):
        """The commands before the first start."""
        medusa, admin = "node_modules/.bin/medusa", self._admin_login
        return [[medusa, "db:migrate"], [medusa, "user", "--email", admin["email"], "--password", admin["password"]]]

    def command(self):
        return ["node_modules/.bin/medusa", "start", "--host", "127.0.0.1", "--port", str(self.port)]

    def load(self, products, stock):
        """Creates the shop and its catalog in the running server, with `stock` pieces of each product."""
        admin = self._admin()
        channel = admin.call("GET", "/admin/sales-channels")["sales_channels"][0]["id"]
        profile = admin.call("GET", "/admin/shipping-profiles")["shipping_profiles"][0]["id"]
        region = {"name": "Europe", "currency_code": "eur", "countries": ["be"], "payment_providers": ["pp_system_default"], "automatic_taxes": True}
        admin.call("POST", "/admin/regions", region)
        rate = {"rate": 21, "code": "be", "name": "VAT"}
        admin.call("POST", "/admin/tax-regions", {"country_code": "be", "provider_id": "tp_system", "default_tax_rate": rate})
        location = admin.call("POST", "/admin/stock-locations", {"name": "Warehouse"})["stock_location"]["id"]
        admin.call("POST", f"/admin/stock-locations/{location}/sales-channels", {"add": [channel]})
        admin.call("POST", f"/admin/stock-locations/{location}/fulfillment-providers", {"add": ["manual_manual"]})
        _add_shipping(admin, location, profile)
        categories = {name: _create(admin, "product-categories", {"name": name, "is_active": True}) for name in values(products, "category")}
        tags = {value: _create(admin, "product-tags", {"value": value}) for value in values(products, "tags")}
        common = {"sales_channels": [{"id": channel}], "shipping_profile_id": profile, "status": "published"}
        for batch in batches(products, _BATCH):
            admin.call("POST", "/admin/products/batch", {"create": [_product(product, categories, tags) | common for product in batch]})
        _add_stock(admin, location, stock)

    def open(self, products):
        """Reads the ids that the operations need. `products`: those that they use."""
        admin = self._admin()
        keys = admin.call("GET", "/admin/api-keys?type=publishable")["api_keys"]
        self._key = {"x-publishable-api-key": keys[0]["token"]}
        self._region = admin.call("GET", "/admin/regions")["regions"][0]["id"]
        self._option = admin.call("GET", "/admin/shipping-options")["shipping_options"][0]["id"]
        for product in products:
            query = urllib.parse.urlencode({"sku": product["sku"], "fields": "id,product_id"})
            variant = admin.call("GET", f"/admin/product-variants?{query}")["variants"][0]
            self._ids[product["sku"]] = (variant["product_id"], variant["id"])

    def set_stock(self, product, pieces):
        admin = self._admin()
        query = urllib.parse.urlencode({"sku": product["sku"], "fields": "id,*location_levels"})
        item = admin.call("GET", f"/admin/inventory-items?{query}")["inventory_items"][0]
        location = item["location_levels"][0]["location_id"]
        admin.call("POST", f"/admin/inventory-items/{item['id']}/location-levels/{location}", {"stocked_quantity": pieces})

    def visitor(self):
        """A connection of a caller without an account."""
        return KeepAlive(self.name, self.port, dict(self._key))

    def register(self, email):
        visitor = self.visitor()
        login = {"email": email, "password": _PASSWORD}
        visitor.headers |= _bearer(visitor.call("POST", "/auth/customer/emailpass/register", login))
        visitor.call("POST", "/store/customers", {"email": email, "first_name": "Ada", "last_name": "Lovelace"})

    def log_in(self, connection, email):
        """After it, the requests of the connection are the customer's."""
        connection.headers.pop("authorization", None)
        login = {"email": email, "password": _PASSWORD}
        connection.headers |= _bearer(connection.call("POST", "/auth/customer/emailpass", login))

    def read(self, connection, product):
        query = urllib.parse.urlencode({"region_id": self._region, "fields": _PRODUCT_FIELDS})
        variant = connection.call("GET", f"/store/products/{self._ids[product['sku']][0]}?{query}")["product"]["variants"][0]
        if variant["sku"] != product["sku"] or not variant["calculated_price"]["calculated_amount"] or variant["inventory_quantity"] is None:
            raise Failure(f"Medusa answered a product without its price or stock: {variant}")

    def search(self, connection, text):
        """Returns the number of products on the page and of values in the facets."""
        query = {"entity": "product", "filters": {"q": text}, "pagination": {"take": 20}, "search_options": {"facets": _FACETS}}
        result = connection.call("POST", "/store/search", query)["results"][0]
        return len(result["hits"]), sum(len(facet["values"]) for facet in result["facets"].values())

    def indexed(self):
        """The number of products in the search index."""
        query = {"entity": "product", "pagination": {"take": 1}, "search_options": {"count": "exact"}}
        return self.visitor().call("POST", "/store/search", query)["results"][0]["metadata"]["count"]

    def new_cart(self, connection):
        return connection.call("POST", "/store/carts", {"region_id": self._region})["cart"]["id"]

    def add(self, connection, cart, product):
        line = {"variant_id": self._ids[product["sku"]][1], "quantity": 1}
        connection.call("POST", f"/store/carts/{cart}/line-items", line)

    def check_out(self, connection, cart, email):
        """Returns the id of the order, or None and the reason if the shop refuses it."""
        connection.call("POST", f"/store/carts/{cart}", {"email": email, "shipping_address": _ADDRESS, "billing_address": _ADDRESS})
        connection.call("POST", f"/store/carts/{cart}/shipping-methods", {"option_id": self._option})
        collection = connection.call("POST", "/store/payment-collections", {"cart_id": cart})["payment_collection"]["id"]
        connection.call("POST", f"/store/payment-collections/{collection}/payment-sessions", {"provider_id": "pp_system_default"})
        status, answer, _headers = connection.send("POST", f"/store/carts/{cart}/complete")
        if status == 200 and answer["type"] == "order":
            return answer["order"]["id"], None
        return None, f"{status} {answer.get('type')}: {answer.get('message') or answer.get('error')}"

    def payments(self, orders):
        """The payments of orders, which an admin captures."""
        admin = self._admin()
        fields = "fields=payment_collections.payments.id"
        read = (admin.call("GET", f"/admin/orders/{order}?{fields}")["order"]["payment_collections"] for order in orders)
        return [payment["id"] for collections in read for collection in collections for payment in collection["payments"]]

    def capturer(self):
        """The connection that captures payments."""
        return self._admin()

    def capture(self, connection, payment):
        if not connection.call("POST", f"/admin/payments/{payment}/capture", {})["payment"]["captured_at"]:
            raise Failure(f"Medusa did not capture the payment {payment}.")

    def _admin(self):
        admin = KeepAlive(self.name, self.port)
        admin.headers |= _bearer(admin.call("POST", "/auth/user/emailpass", self._admin_login))
        return admin


def _add_shipping(admin, location, profile):
    sets = f"/admin/stock-locations/{location}/fulfillment-sets?fields=*fulfillment_sets"
    fulfillment = admin.call("POST", sets, {"name": "Parcels", "type": "shipping"})["stock_location"]["fulfillment_sets"][0]["id"]
    zone = {"name": "Belgium", "geo_zones": [{"type": "country", "country_code": "be"}]}
    zones = admin.call("POST", f"/admin/fulfillment-sets/{fulfillment}/service-zones", zone)["fulfillment_set"]["service_zones"]
    option = {
        **{"name": "Standard", "service_zone_id": zones[0]["id"], "shipping_profile_id": profile},
        **{"provider_id": "manual_manual", "price_type": "flat", "prices": [{"currency_code": "eur", "amount": 5}]},
        "type": {"label": "Standard", "description": "Two days", "code": "standard"},
    }
    admin.call("POST", "/admin/shipping-options", option)


def _add_stock(admin, location, stock):
    offset = 0
    while True:
        page = admin.call("GET", f"/admin/inventory-items?limit={_BATCH}&offset={offset}&fields=id")["inventory_items"]
        if not page:
            return
        levels = [{"inventory_item_id": item["id"], "location_id": location, "stocked_quantity": stock} for item in page]
        admin.call("POST", "/admin/inventory-items/location-levels/batch", {"create": levels})
        offset += len(page)


def _create(admin, kind, body):
    """Creates a thing and returns its id."""
    (answer,) = admin.call("POST", f"/admin/{kind}", body).values()
    return answer["id"]


def _product(product, categories, tags):
    variant = {
        **{"title": "Default", "sku": product["sku"], "options": {"Kind": "Default"}, "manage_inventory": True},
        "prices": [{"currency_code": "eur", "amount": product["cents"] / 100}],
    }
    return {
        **{"title": product["name"], "handle": product["sku"].lower(), "description": product["description"]},
        "categories": [{"id": categories[product["category"]]}],
        "tags": [{"id": tags[tag]} for tag in product["tags"]],
        **{"options": [{"title": "Kind", "values": ["Default"]}], "variants": [variant]},
    }


def _bearer(answer):
    return {"authorization": f"Bearer {answer['token']}"}
