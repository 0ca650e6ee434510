"""Promotions that schemathesis can use. They are for a tag that no product has, so they change no price."""

from seed import call, expect

# How many of each thing that a request uses up.
_SPARES = 4


def make(admin, seed, sku):
    """What requests may refer to. `sku` is sold."""
    content = {
        "market": "default",
        "name": "Contract",
        "stage": "line",
        "effect": {"kind": "percentage", "ppm": 100_000},
        "scope": {"tags": [f"contract-{seed}"]},
    }
    changed, *deleted = (_draft(admin, content) for _ in range(1 + _SPARES))
    published = [_draft(admin, content) for _ in range(_SPARES)]
    live, *stopped = (_publish(admin, _draft(admin, {**content, "trigger": "code"})) for _ in range(1 + _SPARES))
    prefix = f"C{seed}-".upper()[-16:]
    admin.send("POST", f"/promotions/{live}/codes/generate", {"prefix": prefix, "count": 10, "maxUses": 1}, 201)
    job = admin.send("POST", f"/promotions/{live}/codes/imports", {"format": "csv"}, 202)["id"]
    sample = {"items": [{"sku": sku, "quantity": 1}]}
    return {
        "POST /promotions": [{"whole": content}],
        "/promotions/{id}": [{"path": {"id": live}}],
        "PUT /promotions/{id}": [{"path": {"id": changed}, "whole": content}],
        "DELETE /promotions/{id}": [{"path": {"id": promotion}} for promotion in deleted],
        "/promotions/{id}/preview": [{"path": {"id": live}, "whole": sample}],
        "/promotions/{id}/publish": [{"path": {"id": promotion}} for promotion in published],
        "/promotions/{id}/stop": [{"path": {"id": promotion}} for promotion in stopped],
        "/promotions/{id}/codes/batches/{prefix}": [{"path": {"id": live, "prefix": prefix}}],
        "/promotions/{id}/codes/imports/{job}": [{"path": {"id": live, "job": job}}],
    }


def _draft(admin, content):
    return admin.send("POST", "/promotions", content, 201)["id"]


def _publish(admin, promotion):
    headers = {"if-match": '"1"'}
    expect(call(admin.profile, "POST", f"/api/v1/promotions/{promotion}/publish", None, admin.token, headers), 200)
    return promotion
