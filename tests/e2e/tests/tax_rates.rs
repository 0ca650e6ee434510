//! Tax rates and registrations: admins keep the tables by which sales are taxed. The rates are those of Antarctica, where no other test ships
//! goods to and the shop is not registered.

use e2e::{Api, Response, SOON, Shop, await_until, with};
use serde_json::{Value, json};

const REGISTRATIONS: &str = "/api/v1/registrations";

/// The path of a rate, with its query.
fn path(class: &str, from: &str, query: &str) -> String {
    format!("/api/v1/taxes/rates/AQ/{class}/{from}{query}")
}

fn rate(ppm: u32) -> Value {
    json!({ "components": [{ "jurisdiction": "AQ", "ppm": ppm }], "reason": "test" })
}

fn tag(response: &Response) -> String {
    response.expect_header("etag").to_owned()
}

#[tokio::test]
async fn rate_is_created_changed_and_deleted_under_its_version() {
    let shop = Shop::open().await;
    let (admin, path) = (shop.admin().await, path("e2e", "2026-01-01", ""));
    let created = admin.put(&path, &rate(190_000)).await.expect(201);
    let shown = created.json();
    let expected = json!({
        "country": "AQ", "taxClass": "e2e", "from": "2026-01-01", "components": [{ "jurisdiction": "AQ", "ppm": 190_000 }],
        "reason": "test", "version": shown["version"],
    });
    assert_eq!((&shown, tag(&created)), (&expected, format!("\"{}\"", shown["version"])));
    assert_eq!(admin.get(&path).await.expect(200).json(), shown);
    admin.put(&path, &rate(70_000)).await.expect_problem(409, "tax_rate_exists");
    admin.put_at("*", &path, &rate(70_000)).await.expect_problem(412, "version_mismatch");

    let changed = admin.put_at(&tag(&created), &path, &with(&shown, "/until", json!("2026-12-31"))).await.expect(200);
    assert_eq!(changed.json()["until"], "2026-12-31");
    admin.put_at(&tag(&created), &path, &rate(1)).await.expect_problem(412, "version_mismatch");
    for (place, value, field) in [("/country", json!("DE"), "country"), ("/from", json!("2026-01-02"), "from")] {
        let other = with(&changed.json(), place, value);
        admin.put_at(&tag(&changed), &path, &other).await.expect_fault(field, "read_only");
    }
    admin.delete(&path).await.expect_problem(428, "if_match_required");
    admin.delete_at(&tag(&created), &path).await.expect_problem(412, "version_mismatch");
    admin.delete_at(&tag(&changed), &path).await.expect(204);
    admin.get(&path).await.expect_problem(404, "not_found");
    admin.delete_at(&tag(&changed), &path).await.expect_problem(404, "not_found");
}

#[tokio::test]
async fn rate_of_a_part_of_a_country_is_named_by_the_query() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let place = |region: &str| path("e2e_part", "2026-01-01", &format!("?region={region}&postalPrefix=89"));
    let created = admin.put(&place("Ross"), &rate(1)).await.expect(201).json();
    assert_eq!((&created["region"], &created["postalPrefix"]), (&json!("Ross"), &json!("89")));
    assert_eq!(admin.get(&place("ross")).await.expect(200).json(), created, "letter case makes no other region");
    admin.get(&path("e2e_part", "2026-01-01", "")).await.expect_problem(404, "not_found");
    admin.put(&place("ROSS"), &rate(2)).await.expect_problem(409, "tax_rate_exists");
    admin.delete_at(&format!("\"{}\"", created["version"]), &place("ross")).await.expect(204);
}

#[tokio::test]
async fn rates_of_a_country_are_listed_in_pages() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    for year in 2001..2004 {
        admin.put(&path("e2e_list", &format!("{year}-01-01"), ""), &rate(year)).await.expect(201);
    }
    let (mut days, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = admin.get(&format!("/api/v1/taxes/rates?country=AQ&limit=1{cursor}")).await.expect(200).json();
        let rows = page["data"].as_array().into_iter().flatten().filter(|rate| rate["taxClass"] == "e2e_list");
        days.extend(rows.map(|rate| rate["from"].clone()));
        let Some(next) = page["pagination"]["cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(days, ["2001-01-01", "2002-01-01", "2003-01-01"]);
    let elsewhere = format!("/api/v1/taxes/rates?country=BV{cursor}");
    admin.get(&elsewhere).await.expect_problem(400, "invalid_cursor");
    admin.get("/api/v1/taxes/rates").await.expect_fault("country", "required");
    admin.get("/api/v1/taxes/rates?country=EU").await.expect_fault("country", "country_unknown");
    admin.get("/api/v1/taxes/rates?country=AQ&limit=0").await.expect_problem(422, "validation_failed");
}

#[tokio::test]
async fn rate_that_overlaps_another_in_time_is_refused() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let puts = async |from: &str, until: Option<&str>| {
        let body = with(&rate(160_000), "/until", until.map_or(Value::Null, Value::from));
        admin.put(&path("e2e_times", from, ""), &body).await
    };
    puts("2020-07-01", Some("2020-12-31")).await.expect(201);
    for (from, until) in [
        ("2020-12-31", None),
        ("2020-08-01", Some("2020-09-01")),
        ("2020-01-01", Some("2020-07-01")),
        ("2020-01-01", Some("2021-12-31")),
    ] {
        puts(from, until).await.expect_fault("from", "tax_overlap");
    }
    // An older rate without an end gives way, and is valid again afterwards.
    puts("2007-01-01", None).await.expect(201);
    puts("2021-01-01", None).await.expect(201);
}

#[tokio::test]
async fn invalid_rate_is_refused_with_its_field() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let (body, day) = (rate(0), "2026-01-01");
    for (path, field, code) in [
        ("/api/v1/taxes/rates/XX/standard/2026-01-01".to_owned(), "country", "country_unknown"),
        (path("Standard", day, ""), "taxClass", "invalid_value"),
        (path("standard", "2026-02-30", ""), "from", "invalid_value"),
        (path("standard", day, "?postalPrefix=94%201"), "postalPrefix", "invalid_value"),
        // A full-width `#`, which is compared as `#`.
        (path("standard", day, "?region=a%EF%BC%83b"), "region", "invalid_value"),
        (path("standard", day, "?region="), "region", "invalid_value"),
        (path("standard", day, "?colour=red"), "colour", "unknown_field"),
    ] {
        admin.put(&path, &body).await.expect_fault(field, code);
        admin.get(&path).await.expect_fault(field, code);
    }
    let component = |ppm: i64| json!({ "jurisdiction": "AQ", "ppm": ppm });
    let reduced = json!({ "rule": "never" });
    for (place, value, field, code) in [
        ("/until", json!("2025-12-31"), "until", "ends_before_start"),
        ("/components", json!([]), "components", "components_out_of_range"),
        ("/components", json!(vec![component(1); 9]), "components", "components_out_of_range"),
        ("/components", json!([component(1_000_001)]), "components", "tax_rate_out_of_range"),
        ("/components", json!([component(-1)]), "components[0].ppm", "invalid_value"),
        ("/reason", json!("Reduced"), "reason", "invalid_value"),
        ("/reason", Value::Null, "reason", "required"),
        ("/shipping", reduced, "shipping", "shipping_rule_misplaced"),
        ("/rate", json!(19), "rate", "unknown_field"),
    ] {
        admin.put(&path("e2e_bad", day, ""), &with(&body, place, value)).await.expect_fault(field, code);
    }
    let always = with(&body, "/shipping", json!({ "rule": "always" }));
    admin.put(&path("standard", day, ""), &always).await.expect_fault("shipping.components", "components_out_of_range");
}

/// Puts registrations at their present version. Other tests may put them, too.
async fn puts_registrations(admin: &Api, change: impl Fn(&Value) -> Value) -> Response {
    await_until("the registrations are at the version that was read", SOON, async || {
        let read = admin.get(REGISTRATIONS).await.expect(200);
        let response = admin.put_at(&tag(&read), REGISTRATIONS, &change(&read.json())).await;
        if response.status == 412 { Err(response.text) } else { Ok(response) }
    })
    .await
}

#[tokio::test]
async fn registrations_are_replaced_as_a_whole_at_their_version() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let before = admin.get(REGISTRATIONS).await.expect(200);
    admin.put(REGISTRATIONS, &before.json()).await.expect_problem(428, "if_match_required");
    admin.put_at("\"999999\"", REGISTRATIONS, &json!({})).await.expect_problem(412, "version_mismatch");
    let antarctica = json!({ "country": "AQ", "region": "Ross", "kind": "local", "from": "2026-01-01" });
    let adding = |read: &Value| {
        let mut list = read["registrations"].as_array().cloned().unwrap_or_default();
        list.push(antarctica.clone());
        with(read, "/registrations", json!(list))
    };
    let added = puts_registrations(&admin, adding).await.expect(200).json();
    assert!(added["registrations"].as_array().is_some_and(|list| list.contains(&antarctica)), "{added}");
    let removing = |read: &Value| {
        let mut list = read["registrations"].as_array().cloned().unwrap_or_default();
        list.retain(|registration| *registration != antarctica);
        with(read, "/registrations", json!(list))
    };
    let removed = puts_registrations(&admin, removing).await.expect(200).json();
    assert!(removed["version"].as_u64() > added["version"].as_u64(), "{removed}");
    let of = |country: &str, kind: &str| json!({ "country": country, "kind": kind, "from": "2026-01-01" });
    for (value, field, code) in [
        (json!([of("XX", "local")]), "registrations[0].country", "country_unknown"),
        (json!([of("GB", "oss")]), "registrations[0].country", "oss_outside_eu"),
        (json!([of("DE", "local"), of("DE", "local")]), "registrations[1]", "registration_doubled"),
        (json!(vec![of("DE", "local"); 201]), "registrations", "too_many_registrations"),
        (json!([of("DE", "national")]), "registrations[0].kind", "invalid_value"),
    ] {
        puts_registrations(&admin, |read| with(read, "/registrations", value.clone())).await.expect_fault(field, code);
    }
    let elsewhere = |read: &Value| with(read, "/dispatchCountry", json!("EU"));
    puts_registrations(&admin, elsewhere).await.expect_fault("dispatchCountry", "country_unknown");
    puts_registrations(&admin, |read| with(read, "/version", json!(0))).await.expect_fault("version", "read_only");
}

#[tokio::test]
async fn only_admins_read_and_change_taxes() {
    let shop = Shop::open().await;
    let customer = shop.new_customer().await;
    let path = path("standard", "2026-01-01", "");
    for (api, status, code) in [(shop.anonymous(), 401, "unauthenticated"), (customer.api, 403, "forbidden")] {
        for read in ["/api/v1/taxes/rates?country=AQ", path.as_str(), REGISTRATIONS] {
            api.get(read).await.expect_problem(status, code);
        }
        api.put(&path, &rate(0)).await.expect_problem(status, code);
        api.delete(&path).await.expect_problem(status, code);
        api.put(REGISTRATIONS, &json!({})).await.expect_problem(status, code);
    }
}
