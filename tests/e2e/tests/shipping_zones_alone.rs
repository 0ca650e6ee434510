//! Shipping zones and their methods. As soon as the shop has a zone, it refuses orders to places that no method serves: so these tests run
//! alone, and leave no zone.

use std::panic::{AssertUnwindSafe, resume_unwind};

use e2e::{Api, HOME, Response, SOON, Shop, await_until, with};
use futures::FutureExt;
use serde_json::{Value, json};

const ZONES: &str = "/api/v1/shipping/zones";

fn path(key: &str) -> String {
    format!("{ZONES}/{key}")
}

fn near() -> Value {
    json!({ "name": "Near", "countries": ["BE", "NL"], "timeZone": "Europe/Brussels", "holidays": ["2026-12-25"] })
}

fn parcel(shop: &Shop) -> Value {
    json!({
        "name": "Parcel", "market": HOME, "rate": { "kind": "flat", "price": shop.money(490) },
        "freeOver": { "amount": shop.money(5_000) }, "delivery": { "minDays": 1, "maxDays": 3, "cutOff": "14:00" },
    })
}

fn tag(response: &Response) -> String {
    response.expect_header("etag").to_owned()
}

async fn deletes_zones(admin: &Api) {
    for zone in admin.get(ZONES).await.expect(200).json()["data"].as_array().into_iter().flatten() {
        let path = path(zone["key"].as_str().unwrap_or_default());
        admin.delete_at(&format!("\"{}\"", zone["version"]), &path).await.expect(204);
    }
}

/// Runs a test with zones, and then deletes all of them, even if the test panics.
pub(crate) async fn with_zones(shop: &Shop, test: impl Future<Output = ()>) {
    let outcome = AssertUnwindSafe(test).catch_unwind().await;
    deletes_zones(&shop.admin().await).await;
    if let Err(panic) = outcome {
        resume_unwind(panic);
    }
}

#[tokio::test]
async fn zone_and_method_are_created_changed_and_deleted_under_the_zones_version() {
    let shop = Shop::open_alone().await;
    shop.has_home_market().await;
    with_zones(&shop, async {
        let (admin, path) = (shop.admin().await, path("e2e-near"));
        let created = admin.put(&path, &near()).await.expect(201);
        let zone = created.json();
        assert_eq!((&zone["key"], &zone["methods"]), (&json!("e2e-near"), &json!([])));
        assert_eq!(zone["servedMarkets"], json!([]), "a zone that no method serves is reported");
        assert!(tag(&created).starts_with(&format!("\"{}.", zone["version"])), "{}", tag(&created));
        admin.put(&path, &near()).await.expect_problem(409, "zone_exists");
        let overlapping = with(&near(), "/countries", json!(["NL", "LU"]));
        admin.put(&self::path("e2e-far"), &overlapping).await.expect_problem(409, "zones_overlap").mentions("NL");

        let method = format!("{path}/methods/parcel");
        admin.put(&method, &parcel(&shop)).await.expect_problem(428, "if_match_required");
        let served = admin.put_at(&tag(&created), &method, &parcel(&shop)).await.expect(200);
        let shown = served.json()["methods"][0].clone();
        assert_eq!((&shown["id"], &shown["freeOver"]["of"]), (&json!("parcel"), &json!("discounted")));
        admin.put_at(&tag(&created), &method, &parcel(&shop)).await.expect_problem(412, "version_mismatch");
        let nowhere = format!("{ZONES}/e2e-none/methods/parcel");
        admin.put_at(&tag(&served), &nowhere, &parcel(&shop)).await.expect_problem(404, "not_found");
        let read = await_until("the zone serves the market", SOON, async || {
            let read = admin.get(&path).await.expect(200);
            if read.json()["servedMarkets"] == json!([HOME]) { Ok(read) } else { Err(read.text) }
        })
        .await;

        let renamed = with(&read.json(), "/name", json!("Neighbours"));
        let changed = admin.put_at(&tag(&read), &path, &renamed).await.expect(200);
        assert_eq!((&changed.json()["name"], &changed.json()["methods"]), (&json!("Neighbours"), &json!([shown])));
        let without = with(&changed.json(), "/methods", json!([]));
        admin.put_at(&tag(&changed), &path, &without).await.expect_fault("methods", "read_only");
        let other = with(&shown, "/id", json!("other"));
        admin.put_at(&tag(&changed), &method, &other).await.expect_fault("id", "read_only");
        let replaced = admin.put_at(&tag(&changed), &method, &with(&shown, "/name", json!("Box"))).await.expect(200);
        assert_eq!(replaced.json()["methods"][0]["name"], "Box");

        let removed = admin.delete_at(&tag(&replaced), &method).await.expect(200);
        assert_eq!(removed.json()["methods"], json!([]));
        admin.delete_at(&tag(&removed), &method).await.expect_problem(404, "not_found");
        admin.delete(&path).await.expect_problem(428, "if_match_required");
        admin.delete_at(&tag(&replaced), &path).await.expect_problem(412, "version_mismatch");
        admin.delete_at(&tag(&removed), &path).await.expect(204);
        admin.get(&path).await.expect_problem(404, "not_found");
    })
    .await;
}

#[tokio::test]
async fn invalid_zone_is_refused_with_its_field() {
    let shop = Shop::open_alone().await;
    let admin = shop.admin().await;
    let region = |number: usize| json!({ "country": "US", "region": format!("Region {number}") });
    let range = |from: &str, to: &str| json!([{ "country": "BE", "from": from, "to": to }]);
    let days: Vec<String> = (1..=101).map(|day| format!("{}-01-{:02}", 2026 + day / 25, 1 + day % 25)).collect();
    with_zones(&shop, async {
        for (place, value, field, code) in [
            ("/name", Value::Null, "name", "required"),
            ("/countries", json!([]), "countries", "places_empty"),
            ("/countries", json!(["EU"]), "countries", "country_unknown"),
            ("/postalRanges", range("2000", "1000"), "postalRanges", "postal_range_invalid"),
            ("/postalRanges", range("1000", "20"), "postalRanges", "postal_range_invalid"),
            ("/regions", (0..101).map(region).collect(), "regions", "too_many_places"),
            ("/timeZone", json!("Mars/Olympus"), "timeZone", "time_zone_unknown"),
            ("/holidays", json!(days), "holidays", "too_many_holidays"),
            ("/holidays", json!(["2026-02-30"]), "holidays[0]", "invalid_value"),
            ("/price", shop.money(1), "price", "unknown_field"),
        ] {
            admin.put(&path("e2e-bad"), &with(&near(), place, value)).await.expect_fault(field, code);
        }
        admin.put(&path("Near"), &near()).await.expect_fault("key", "invalid_value");
    })
    .await;
}

#[tokio::test]
async fn invalid_method_is_refused_with_its_field() {
    let shop = Shop::open_alone().await;
    shop.has_home_market().await;
    let foreign = json!({ "amount": 490, "currency": shop.foreign_currency() });
    let by_weight = |from: [i64; 2], to: i64| {
        let bands = [(from[0], json!(to)), (from[1], Value::Null)].map(|(from, to)| {
            with(&json!({ "fromGrams": from, "toGrams": 0, "price": shop.money(490) }), "/toGrams", to)
        });
        json!({ "kind": "weight", "bands": bands })
    };
    let by_price = |price: &Value| json!({ "kind": "price", "bands": [{ "from": shop.money(0), "to": price, "price": shop.money(490) }] });
    let flat = |price: Value| json!({ "kind": "flat", "price": price });
    let pick_up = json!({ "kind": "pick_up", "price": shop.money(0), "location": { "country": "XX" } });
    with_zones(&shop, async {
        let admin = shop.admin().await;
        let tag = tag(&admin.put(&path("e2e-methods"), &near()).await.expect(201));
        let method = format!("{}/methods/parcel", path("e2e-methods"));
        for (place, value, field, code) in [
            ("/market", json!("atlantis"), "market", "market_unknown"),
            ("/rate", by_weight([-1, 1_000], 1_000), "rate.bands", "weight_out_of_range"),
            ("/rate", by_weight([0, 999], 1_000), "rate.bands", "bands_overlap"),
            ("/rate", by_weight([5, 1_000], 5), "rate.bands", "band_empty"),
            ("/rate", json!({ "kind": "weight", "bands": [] }), "rate.bands", "bands_out_of_range"),
            ("/rate", by_price(&foreign), "rate.bands", "currency_mismatch"),
            ("/rate", flat(foreign.clone()), "rate.price", "currency_mismatch"),
            ("/rate", flat(shop.money(-1)), "rate.price", "amount_out_of_range"),
            ("/rate", pick_up, "rate.location.country", "country_unknown"),
            ("/freeOver/amount", foreign.clone(), "freeOver.amount", "currency_mismatch"),
            ("/delivery/minDays", json!(4), "delivery", "delivery_days_out_of_range"),
            ("/delivery/cutOff", json!("24:00"), "delivery.cutOff", "invalid_value"),
            ("/price", shop.money(1), "price", "unknown_field"),
        ] {
            admin.put_at(&tag, &method, &with(&parcel(&shop), place, value)).await.expect_fault(field, code);
        }
        let named = format!("{}/methods/Parcel", path("e2e-methods"));
        admin.put_at(&tag, &named, &parcel(&shop)).await.expect_fault("method", "invalid_value");
        admin.put_at(&tag, &method, &parcel(&shop)).await.expect(200);
    })
    .await;
}

#[tokio::test]
async fn only_admins_read_and_change_zones() {
    let shop = Shop::open_alone().await;
    let customer = shop.new_customer().await;
    let (zone, method) = (path("e2e-mine"), format!("{}/methods/parcel", path("e2e-mine")));
    for (api, status, code) in [(shop.anonymous(), 401, "unauthenticated"), (customer.api, 403, "forbidden")] {
        api.get(ZONES).await.expect_problem(status, code);
        api.get(&zone).await.expect_problem(status, code);
        api.put(&zone, &near()).await.expect_problem(status, code);
        api.delete(&zone).await.expect_problem(status, code);
        api.put(&method, &parcel(&shop)).await.expect_problem(status, code);
        api.delete(&method).await.expect_problem(status, code);
    }
}
