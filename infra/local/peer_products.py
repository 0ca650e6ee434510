"""The products that the peers of `make bench-peers` sell: the real catalog of SOUK_DATA, or the demo catalog. The bench of souk uses the same."""

import json
import os

from seed import CATALOG
from steps import ROOT, Failure

_REAL = "catalog/retail-demo-store-products.yaml"
_QUERIES = ROOT / "tests" / "bench" / "queries.txt"


def products():
    """The products as dictionaries: sku, name, description, category, tags, cents."""
    folder = os.environ.get("SOUK_DATA")
    if not folder:
        return [_of_demo(product) for product in json.loads(CATALOG.read_text())]
    # In the virtual environment only, which `make down` does without.
    import yaml

    path = ROOT / folder / _REAL
    try:
        entries = yaml.load(path.read_text(), yaml.CSafeLoader)
    except OSError:
        raise Failure(f"SOUK_DATA: {path} cannot be read.") from None
    return [_of_real(entry) for entry in entries]


def queries(all_products):
    """The texts that customers type (tests/bench/queries.txt). They are about the real catalog; of another one, the names of products."""
    if not os.environ.get("SOUK_DATA"):
        return [product["name"] for product in all_products]
    lines = (line.split("|") for line in _QUERIES.read_text().splitlines() if line and not line.startswith("#"))
    return [parts[1].strip() for parts in lines]


def values(all_products, field):
    """All values of a field, each once, in the order of the products."""
    texts = (product[field] if isinstance(product[field], list) else [product[field]] for product in all_products)
    return list(dict.fromkeys(text for some in texts for text in some))


def batches(items, size):
    return [items[start : start + size] for start in range(0, len(items), size)]


def _of_real(entry):
    tags = list(dict.fromkeys([entry["style"], *entry.get("aliases", [])]))
    texts = {"sku": entry["id"], "name": entry["name"], "description": entry["description"], "category": entry["category"]}
    return texts | {"tags": tags, "cents": round(float(entry["price"]) * 100)}


def _of_demo(product):
    texts = {field: product[field] for field in ("sku", "name", "description", "category")}
    return texts | {"tags": product["tags"], "cents": product["price"]["amount"]}
