//! The life of a promotion: draft, preview, publish, change, stop; and what an admin may not write.

use e2e::{Customer, Draft, EVENTUALLY, HOME, PROMOTIONS, Product, Response, SOON, Shop, await_until, unique, with};
use reqwest::Method;
use serde_json::{Value, json};

/// The market of these tests.
const MARKET: &str = "e2e-promotions";
/// The market in which as many promotions compete as may.
const CROWDED: &str = "e2e-crowded";

async fn shop_with_market() -> Shop {
    let shop = Shop::open().await;
    shop.has_market(MARKET, &json!({ "currency": shop.stack.currency, "prices": "gross", "priceList": "default" }))
        .await;
    shop
}

/// A promotion of 10 % off a product at 12.99, in the market of these tests.
async fn body(shop: &Shop) -> (Product, Value) {
    let mug = shop.sells(Draft::with_stock(9)).await;
    let body = shop.ten_percent_off(&mug, MARKET);
    (mug, body)
}

/// An admin of this test, who may make API keys.
async fn new_admin(shop: &Shop) -> Customer {
    let grace = shop.new_verified_customer().await;
    let role = json!({ "role": "admin" });
    shop.admin().await.put(&format!("/api/v1/users/{}/role", grace.id()), &role).await.expect(200);
    let login = json!({ "email": grace.email, "password": grace.password });
    let session = shop.anonymous().post("/api/v1/auth/login", &login).await.expect(200).json();
    grace.through(&shop.anonymous().with_token(session["accessToken"].as_str().unwrap_or_default()))
}

fn amounts(price: &Value) -> [Option<i64>; 3] {
    ["subtotal", "discount", "total"].map(|member| price[member]["amount"].as_i64())
}

#[tokio::test]
async fn promotion_is_drafted_published_changed_and_stopped() {
    let shop = shop_with_market().await;
    let (admin, (_, body)) = (shop.admin().await, body(&shop).await);
    let drafted = admin.post(PROMOTIONS, &body).await.expect(201);
    assert_eq!(drafted.expect_header("etag"), "\"1\"");
    let draft = drafted.json();
    for (member, value) in body.as_object().into_iter().flatten() {
        assert_eq!(&draft[member], value, "{member}: {draft}");
    }
    let defaults = [&draft["status"], &draft["version"], &draft["trigger"], &draft["combine"], &draft["limits"]];
    assert_eq!(defaults, [&json!("draft"), &json!(1), &json!("automatic"), &json!("best"), &json!({})]);
    let path = format!("{PROMOTIONS}/{}", draft["id"].as_str().unwrap_or_default());
    admin.get(&format!("{path}/usage")).await.expect(200);
    assert_eq!(admin.get(&format!("{path}/history")).await.expect(200).json()["data"], json!([]));

    let longer = with(&with(&draft, "/name", json!("Tenth")), "/limits", json!({ "total": 5 }));
    assert_eq!(shop.tries_to_change_promotion(&path, &longer).await.expect(200).json()["name"], "Tenth");
    admin.put_at("\"1\"", &path, &body).await.expect_problem(412, "version_mismatch");
    admin.put(&path, &body).await.expect_problem(428, "if_match_required");
    let publish = admin.call(Method::POST, &format!("{path}/publish")).header("If-Match", "\"1\"");
    publish.send().await.expect_problem(412, "version_mismatch");

    let live = shop.tries_to_move_promotion(&path, "publish").await.expect(200).json();
    assert_eq!((&live["status"], &live["version"]), (&json!("live"), &json!(3)));
    shop.tries_to_move_promotion(&path, "publish").await.expect_problem(409, "promotion_published");
    admin.delete_at("\"3\"", &path).await.expect_problem(409, "promotion_published");
    let usage = admin.get(&format!("{path}/usage")).await.expect(200).json();
    assert_eq!(usage, json!({ "total": 5, "used": 0 }));
    let renamed = with(&live, "/name", json!("A tenth off"));
    assert_eq!(shop.tries_to_change_promotion(&path, &renamed).await.expect(200).json()["version"], 4);

    let stopped = shop.tries_to_move_promotion(&path, "stop").await.expect(200).json();
    assert_eq!((&stopped["status"], &stopped["name"]), (&json!("stopped"), &json!("A tenth off")));
    let again = shop.tries_to_move_promotion(&path, "stop").await.expect(200).json();
    assert_eq!(again["version"], stopped["version"], "stopping again changes nothing");
    shop.tries_to_change_promotion(&path, &body).await.expect_problem(409, "promotion_stopped");

    let history = admin.get(&format!("{path}/history")).await.expect(200).json();
    let entries = history["data"].as_array().cloned().unwrap_or_default();
    let kinds: Vec<&str> = entries.iter().filter_map(|entry| entry["kind"].as_str()).collect();
    assert_eq!(kinds, ["stopped", "changed", "published"], "{history}");
    assert_eq!((&entries[2]["content"]["name"], &entries[2]["version"]), (&json!("Tenth"), &json!(3)), "{history}");
    assert!(entries[0]["actor"].as_str().is_some_and(|actor| actor.starts_with("admin:usr_")), "{history}");
}

#[tokio::test]
async fn draft_is_deleted_without_a_trace() {
    let shop = shop_with_market().await;
    let (admin, path) = (shop.admin().await, shop.drafts_promotion(&body(&shop).await.1).await);
    shop.tries_to_move_promotion(&path, "stop").await.expect_problem(409, "promotion_not_live");
    admin.delete(&path).await.expect_problem(428, "if_match_required");
    admin.delete_at("\"1\"", &path).await.expect(204);
    for place in ["", "/history", "/usage", "/codes", "/codes/batches"] {
        admin.get(&format!("{path}{place}")).await.expect_problem(404, "not_found");
    }
    admin.get(&format!("{PROMOTIONS}/nonsense")).await.expect_problem(404, "not_found");
}

#[tokio::test]
async fn draft_is_created_once_for_one_idempotency_key() {
    let shop = shop_with_market().await;
    let (admin, (_, body)) = (shop.admin().await, body(&shop).await);
    let key = unique("draft");
    let send = |body: &Value| admin.call(Method::POST, PROMOTIONS).idempotency_key(&key).json(body).send();
    let first = send(&body).await.expect(201);
    let again = send(&body).await.expect(201);
    assert!(again.is_replayed() && !first.is_replayed());
    assert_eq!(again.json(), first.json());
    send(&with(&body, "/name", json!("Another"))).await.expect_problem(422, "idempotency_mismatch");
}

#[tokio::test]
async fn promotions_are_listed_by_market_newest_first() {
    let shop = shop_with_market().await;
    let (_, body) = body(&shop).await;
    let (older, newer) = (shop.drafts_promotion(&body).await, shop.drafts_promotion(&body).await);
    let elsewhere = shop.drafts_promotion(&with(&body, "/market", json!(HOME))).await;
    let id = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    // The list reads an index, which is behind for a moment.
    await_until("both drafts are listed", SOON, async || {
        let page = shop.admin().await.get(&format!("{PROMOTIONS}?market={MARKET}&limit=100")).await.expect(200).json();
        let ids: Vec<&str> =
            page["data"].as_array().into_iter().flatten().filter_map(|row| row["id"].as_str()).collect();
        assert!(!ids.contains(&id(&elsewhere).as_str()), "{page}");
        let place = |path: &str| ids.iter().position(|other| *other == id(path));
        match (place(&newer), place(&older)) {
            (Some(newer), Some(older)) if newer < older => Ok(()),
            _ => Err(page.to_string()),
        }
    })
    .await;
    let admin = shop.admin().await;
    let page = admin.get(&format!("{PROMOTIONS}?limit=1")).await.expect(200).json();
    let cursor = page["pagination"]["cursor"].as_str().unwrap_or_default();
    admin.get(&format!("{PROMOTIONS}?market={MARKET}&cursor={cursor}")).await.expect_problem(400, "invalid_cursor");
    admin.get(&format!("{PROMOTIONS}?market=EU")).await.expect_fault("market", "invalid_value");
}

#[tokio::test]
async fn key_of_the_default_market_is_stored_as_it_is() {
    let shop = shop_with_market().await;
    let (_, body) = body(&shop).await;
    let body = with(&body, "/market", json!("default"));
    // A function that has read the markets before the first one was created knows it within 30 seconds.
    await_until("the draft has the key by which buyers find it", EVENTUALLY, async || {
        let draft = shop.admin().await.post(PROMOTIONS, &body).await.expect(201).json();
        if draft["market"] == HOME { Ok(()) } else { Err(draft.to_string()) }
    })
    .await;
}

#[tokio::test]
async fn preview_prices_a_cart_without_and_with_the_promotion() {
    let shop = shop_with_market().await;
    let (mug, body) = body(&shop).await;
    let starts_at = "2099-01-01T00:00:00Z";
    let draft = shop.drafts_promotion(&with(&body, "/startsAt", json!(starts_at))).await;
    let preview = async |sample: &Value| shop.admin().await.post(&format!("{draft}/preview"), sample).await;
    let cart = json!({ "items": [{ "sku": mug.sku, "quantity": 1 }, { "sku": mug.sku, "quantity": 1 }] });
    let priced = preview(&cart).await.expect(200).json();
    assert_eq!(priced["applies"], true, "it is priced at its start: {priced}");
    assert_eq!(amounts(&priced["without"]), [Some(2_598), Some(0), Some(2_598)], "{priced}");
    assert_eq!(amounts(&priced["with"]), [Some(2_598), Some(260), Some(2_338)], "{priced}");
    let discount = &priced["with"]["discounts"][0];
    let expected = (&json!("Ten percent"), &json!(draft.rsplit('/').next()), &shop.money(260));
    assert_eq!((&discount["name"], &discount["promotion"], &discount["amount"]), expected, "{priced}");

    let small = json!({ "minimum": { "amount": shop.money(2_000) } });
    shop.tries_to_change_promotion(&draft, &with(&body, "/conditions", small)).await.expect(200);
    let one = json!({ "items": [{ "sku": mug.sku, "quantity": 1 }] });
    let priced = preview(&one).await.expect(200).json();
    assert_eq!((&priced["refusal"], &priced["missing"]), (&json!("below_minimum"), &shop.money(701)), "{priced}");
    for (sample, field, code) in [
        (json!({ "items": [] }), "items", "items_out_of_range"),
        (json!({ "items": [{ "sku": "NO-SUCH-SKU", "quantity": 1 }] }), "items[0]", "product_unknown"),
        (with(&one, "/country", json!("be")), "country", "country_invalid"),
        (with(&one, "/shipping", shop.money(-1)), "shipping", "amount_out_of_range"),
    ] {
        preview(&sample).await.expect_fault(field, code);
    }
    preview(&with(&one, "/coupons", json!([unique("NONE")]))).await.expect_problem(422, "coupon_unknown");
}

#[tokio::test]
async fn promotion_that_cannot_apply_is_refused() {
    let shop = shop_with_market().await;
    let (_, valid) = body(&shop).await;
    let tier = |quantity: u32| json!({ "minQuantity": quantity, "ppm": 50_000 });
    let tiers = json!({ "kind": "tiers", "tiers": [tier(2), tier(2)] });
    let foreign = json!({ "kind": "amount", "amount": { "amount": 100, "currency": shop.foreign_currency() } });
    let unknown_category = json!({ "categories": [unique("nowhere")] });
    for (place, value, field, code) in [
        ("/effect/ppm", json!(1_000_001), "effect.ppm", "percentage_out_of_range"),
        ("/effect", tiers, "effect.tiers", "tiers_overlap"),
        ("/effect", foreign, "effect.amount", "currency_mismatch"),
        ("/effect", json!({ "kind": "free" }), "effect.kind", "effect_of_other_stage"),
        ("/effect/price", shop.money(1), "effect", "effect_ambiguous"),
        ("/scope", json!({}), "scope", "scope_empty"),
        ("/scope/everything", json!(true), "scope", "scope_ambiguous"),
        ("/scope/skus", json!(["NO-SUCH-SKU"]), "scope", "scope_unknown"),
        ("/scope/products", json!(["prd_01h455vb4pex5vsknk084sn02q"]), "scope", "scope_unknown"),
        ("/scope", unknown_category, "scope", "scope_unknown"),
        ("/market", json!("nowhere"), "market", "market_unknown"),
        ("/market", json!("No market"), "market", "market_unknown"),
        ("/conditions", json!({ "countries": ["be"] }), "conditions.countries", "country_invalid"),
        ("/conditions", json!({ "customerGroups": ["VIP"] }), "conditions.customerGroups", "customer_group_invalid"),
        ("/limits", json!({ "total": 0 }), "limits.total", "uses_out_of_range"),
        ("/limits", json!({ "perCustomer": 101 }), "limits.perCustomer", "uses_out_of_range"),
        ("/limits", json!({ "firstOrder": true }), "endsAt", "end_required"),
        ("/endsAt", json!("tomorrow"), "endsAt", "invalid_value"),
        ("/colour", json!("red"), "colour", "unknown_field"),
        ("/name", Value::Null, "name", "required"),
    ] {
        let sent = with(&valid, place, value);
        shop.admin().await.post(PROMOTIONS, &sent).await.expect_fault(field, code);
    }
    let schedule =
        |starts_at: &str, ends_at: &str| with(&with(&valid, "/startsAt", json!(starts_at)), "/endsAt", json!(ends_at));
    let backwards = schedule("2099-02-01T00:00:00Z", "2099-01-01T00:00:00Z");
    shop.admin().await.post(PROMOTIONS, &backwards).await.expect_fault("endsAt", "ends_before_start");
    let over = shop.drafts_promotion(&schedule("2020-01-01T00:00:00Z", "2020-02-01T00:00:00Z")).await;
    shop.tries_to_move_promotion(&over, "publish").await.expect_fault("endsAt", "ends_in_past");
}

#[tokio::test]
async fn tags_and_brands_may_be_new() {
    let shop = shop_with_market().await;
    let (_, body) = body(&shop).await;
    let scope = json!({ "tags": [unique("tag")], "brands": [unique("brand")] });
    shop.drafts_promotion(&with(&body, "/scope", scope)).await;
    let category = unique("category");
    let created = json!({ "key": category, "name": "New" });
    shop.admin().await.post("/api/v1/categories", &created).await.expect(201);
    shop.drafts_promotion(&with(&body, "/scope", json!({ "categories": [category] }))).await;
}

#[tokio::test]
async fn live_promotion_keeps_what_its_uses_are_counted_by() {
    let shop = shop_with_market().await;
    let (_, body) = body(&shop).await;
    let ends_at = json!("2099-01-01T00:00:00Z");
    let limited = with(&with(&body, "/limits", json!({ "total": 9, "perCustomer": 2 })), "/endsAt", ends_at);
    let live = shop.publishes_promotion(&limited).await;
    for (place, value, field, code) in [
        ("/market", json!(HOME), "market", "fixed_when_live"),
        ("/trigger", json!("code"), "trigger", "fixed_when_live"),
        ("/limits", json!({ "perCustomer": 2 }), "limits.total", "fixed_when_live"),
        ("/limits/firstOrder", json!(true), "limits.firstOrder", "fixed_when_live"),
        ("/limits/total", json!(8), "limits.total", "limit_lowered"),
        ("/endsAt", json!("2099-01-02T00:00:00Z"), "endsAt", "end_later"),
    ] {
        shop.tries_to_change_promotion(&live, &with(&limited, place, value)).await.expect_fault(field, code);
    }
    let raised = with(&limited, "/limits/total", json!(900));
    assert_eq!(shop.tries_to_change_promotion(&live, &raised).await.expect(200).json()["limits"]["total"], 900);
    let usage = shop.admin().await.get(&format!("{live}/usage")).await.expect(200).json();
    assert_eq!(usage, json!({ "total": 900, "used": 0 }));
}

#[tokio::test]
async fn market_has_at_most_five_competing_promotions() {
    let shop = shop_with_market().await;
    shop.has_market(CROWDED, &json!({ "currency": shop.stack.currency, "prices": "net" })).await;
    let (mug, _) = body(&shop).await;
    let of_order = with(&shop.ten_percent_off(&mug, CROWDED), "/stage", json!("order"));
    let mut live = Vec::new();
    let refused: Response = loop {
        let path = shop.drafts_promotion(&of_order).await;
        let published = shop.tries_to_move_promotion(&path, "publish").await;
        if published.status != 200 {
            break published;
        }
        live.push(path);
        assert!(live.len() <= 5, "{live:?}");
    };
    refused.expect_fault("promotions", "too_many_competing");
    let stacking = with(&of_order, "/combine", json!("stack"));
    live.push(shop.publishes_promotion(&stacking).await);
    for path in live {
        shop.tries_to_move_promotion(&path, "stop").await.expect(200);
    }
    let last = shop.publishes_promotion(&of_order).await;
    shop.tries_to_move_promotion(&last, "stop").await.expect(200);
}

#[tokio::test]
async fn key_manages_promotions_with_its_scope_only() {
    let shop = shop_with_market().await;
    let (_, body) = body(&shop).await;
    let grace = new_admin(&shop).await;
    let (without, with_scope) =
        (grace.makes_key(&["manage_products"]).await, grace.makes_key(&["manage_promotions"]).await);
    without.api.post(PROMOTIONS, &body).await.expect_problem(403, "insufficient_scope").mentions("manage_promotions");
    with_scope.api.post(PROMOTIONS, &body).await.expect(201);
    let customer = shop.new_customer().await;
    customer.api.get(PROMOTIONS).await.expect_problem(403, "forbidden");
}
