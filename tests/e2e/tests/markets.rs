//! Markets: admins create, change and delete them, and everyone reads those that sell.

use e2e::{Api, HOME, Response, SOON, Shop, await_until, unique, with};
use reqwest::Method;
use serde_json::{Value, json};

const MARKETS: &str = "/api/v1/markets";

fn path(key: &str) -> String {
    format!("{MARKETS}/{key}")
}

/// A market that is not the default.
fn abroad(shop: &Shop) -> Value {
    json!({ "currency": shop.foreign_currency(), "prices": "gross", "countries": ["GB"], "languages": ["en-GB"] })
}

fn tag(response: &Response) -> String {
    response.expect_header("etag").to_owned()
}

/// Waits until everybody gets this status for a market: execution environments remember markets for 30 seconds.
async fn awaits_status(shop: &Shop, key: &str, status: u16) {
    await_until(format_args!("everybody gets {status} for {key}"), SOON, async || {
        let read = shop.anonymous().get(&path(key)).await;
        if read.status == status { Ok(()) } else { Err(read.text) }
    })
    .await;
}

#[tokio::test]
async fn market_is_created_changed_and_deleted_under_its_version() {
    let shop = Shop::open().await;
    shop.has_home_market().await;
    let (admin, path, body) = (shop.admin().await, path("e2e-abroad"), abroad(&shop));
    let created = admin.put(&path, &body).await.expect(201);
    let market = created.json();
    assert_eq!(market["key"], "e2e-abroad", "{market}");
    assert_eq!(
        (&market["step"], &market["status"], &market["isDefault"]),
        (&json!(1), &json!("active"), &json!(false))
    );
    assert_eq!(tag(&created), format!("\"{}\"", market["version"]));
    assert_eq!(admin.get(&path).await.expect(200).json(), market);
    admin.put(&path, &body).await.expect_problem(409, "market_exists");
    admin.put_at("*", &path, &body).await.expect_problem(412, "version_mismatch");

    let languages = with(&market, "/languages", json!(["en-GB", "cy"]));
    let changed = admin.put_at(&tag(&created), &path, &languages).await.expect(200);
    assert_eq!(changed.json()["languages"], json!(["en-GB", "cy"]));
    admin.put_at(&tag(&created), &path, &body).await.expect_problem(412, "version_mismatch");
    for (place, value, field) in [("/key", json!("other"), "key"), ("/version", json!(999), "version")] {
        let other = with(&changed.json(), place, value);
        admin.put_at(&tag(&changed), &path, &other).await.expect_fault(field, "read_only");
    }
    let home_currency = with(&body, "/currency", json!(shop.stack.currency));
    admin.put_at(&tag(&changed), &path, &home_currency).await.expect_problem(409, "market_currency_fixed");
    let coarser = with(&body, "/step", json!(5));
    admin.put_at(&tag(&changed), &path, &coarser).await.expect_problem(409, "market_step_fixed");

    admin.delete(&path).await.expect_problem(428, "if_match_required");
    admin.delete_at(&tag(&created), &path).await.expect_problem(412, "version_mismatch");
    admin.delete_at(&tag(&changed), &path).await.expect(204);
    admin.get(&path).await.expect_problem(404, "not_found");
    admin.delete_at(&tag(&changed), &path).await.expect_problem(404, "not_found");
    admin.put_at(&tag(&changed), &path, &body).await.expect_problem(404, "not_found");
}

#[tokio::test]
async fn inactive_market_does_not_exist_for_buyers() {
    let shop = Shop::open().await;
    shop.has_home_market().await;
    let (key, admin) = ("e2e-paused", shop.admin().await);
    let created = admin.put(&path(key), &abroad(&shop)).await.expect(201);
    awaits_status(&shop, key, 200).await;
    let inactive = with(&abroad(&shop), "/status", json!("inactive"));
    let changed = admin.put_at(&tag(&created), &path(key), &inactive).await.expect(200);
    awaits_status(&shop, key, 404).await;
    assert_eq!(admin.get(&path(key)).await.expect(200).json()["status"], "inactive");
    admin.delete_at(&tag(&changed), &path(key)).await.expect(204);
}

#[tokio::test]
async fn default_market_stays_active_and_is_not_deleted() {
    let shop = Shop::open().await;
    shop.has_home_market().await;
    let (admin, path) = (shop.admin().await, path(HOME));
    let read = admin.get(&path).await.expect(200);
    assert_eq!(read.json()["isDefault"], true, "{}", read.text);
    for (place, value) in [("/isDefault", json!(false)), ("/status", json!("inactive"))] {
        let body = with(&read.json(), place, value);
        admin.put_at(&tag(&read), &path, &body).await.expect_problem(409, "market_is_default");
    }
    admin.delete_at(&tag(&read), &path).await.expect_problem(409, "market_is_default");
}

#[tokio::test]
async fn invalid_market_is_refused_with_its_field() {
    let shop = Shop::open().await;
    shop.has_home_market().await;
    let (admin, good) = (shop.admin().await, abroad(&shop));
    for (place, value, field, code) in [
        ("/currency", Value::Null, "currency", "required"),
        ("/currency", json!("AAA"), "currency", "invalid_value"),
        ("/prices", json!("with tax"), "prices", "invalid_value"),
        ("/step", json!(0), "step", "step_out_of_range"),
        ("/step", json!(-1), "step", "step_out_of_range"),
        ("/step", json!(3), "step", "step_out_of_range"),
        ("/countries", json!(["EU"]), "countries", "country_unknown"),
        ("/languages", json!(["english"]), "languages", "language_invalid"),
        ("/languages", json!(vec!["en"; 21]), "languages", "too_many_languages"),
        ("/priceList", json!("UK"), "priceList", "invalid_value"),
        ("/status", json!("closed"), "status", "invalid_value"),
        ("/isDefault", json!(true), "currency", "currency_mismatch"),
        ("/vat", json!(20), "vat", "unknown_field"),
    ] {
        admin.put(&path("e2e-bad"), &with(&good, place, value)).await.expect_fault(field, code);
    }
    admin.put(&path("UK"), &good).await.expect_fault("key", "invalid_value");
    admin.put(&path("0123456789abcdefg"), &good).await.expect_fault("key", "invalid_value");
    admin.put(&path("default"), &good).await.expect_fault("key", "market_key_reserved");
    admin.get(&path("e2e-bad")).await.expect_problem(404, "not_found");
}

#[tokio::test]
async fn everyone_reads_markets_and_only_admins_change_them() {
    let shop = Shop::open().await;
    shop.has_home_market().await;
    let list = await_until("everybody sees the default market", SOON, async || {
        let list = shop.anonymous().get(MARKETS).await.expect(200);
        let has_home =
            list.json()["data"].as_array().is_some_and(|data| data.iter().any(|market| market["key"] == HOME));
        if has_home { Ok(list) } else { Err(list.text) }
    })
    .await;
    let again = shop.anonymous().call(Method::GET, MARKETS).header("If-None-Match", &tag(&list)).send().await;
    // Another execution environment may know other markets, and so another tag.
    assert!(again.status == 304 || tag(&again) != tag(&list), "{} {}", again.status, again.text);

    let customer = shop.new_customer().await;
    let refused: [(Api, u16, &str); 2] = [(shop.anonymous(), 401, "unauthenticated"), (customer.api, 403, "forbidden")];
    for (api, status, code) in refused {
        api.put(&path("e2e-mine"), &abroad(&shop)).await.expect_problem(status, code);
        api.delete(&path(HOME)).await.expect_problem(status, code);
    }
}

#[tokio::test]
async fn repeated_put_with_a_key_creates_one_market() {
    let shop = Shop::open().await;
    shop.has_home_market().await;
    let (key, admin) = ("e2e-once", shop.admin().await);
    let once = unique("market");
    let puts = async |body: &Value| admin.call(Method::PUT, &path(key)).idempotency_key(&once).json(body).send().await;
    let first = puts(&abroad(&shop)).await.expect(201);
    let second = puts(&abroad(&shop)).await.expect(201);
    assert!(second.is_replayed() && second.json() == first.json(), "{}", second.text);
    let other = with(&abroad(&shop), "/countries", json!(["IE"]));
    puts(&other).await.expect_problem(422, "idempotency_mismatch");
    admin.delete_at(&tag(&first), &path(key)).await.expect(204);
}
