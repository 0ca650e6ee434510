//! How an admin puts accounts into customer groups and sets their tax status, and how both are shown and refused.

use e2e::{Api, Customer, Response, Shop, with};
use reqwest::Method;
use serde_json::{Value, json};

const PROFILE: &str = "/api/v1/users/profile";
const NOBODY: &str = "usr_01h455vb4pex5vsknk084sn02q";

fn path(customer: &Customer, what: &str) -> String {
    format!("/api/v1/users/{}{what}", customer.id())
}

/// The tax status as the account's owner and admins see it; panics if they see different ones.
async fn tax_status(admin: &Api, customer: &Customer) -> Value {
    let seen = admin.get(&path(customer, "")).await.expect(200).json()["taxStatus"].clone();
    let own = customer.api.get(PROFILE).await.expect(200).json()["taxStatus"].clone();
    assert_eq!(seen, own);
    seen
}

async fn sets_tax_status(admin: &Api, customer: &Customer, body: &Value) -> Response {
    admin.put(&path(customer, "/tax-status"), body).await
}

#[tokio::test]
async fn group_is_set_shown_and_removed() {
    let shop = Shop::open().await;
    let (admin, ada) = (shop.admin().await, shop.new_customer().await);
    assert_eq!(ada.welcome["user"].get("group"), Some(&Value::Null), "{}", ada.welcome);
    let group = path(&ada, "/group");
    for body in [json!({ "group": "wholesale" }), json!({ "group": "b2b-eu" }), json!({ "group": null })] {
        let changed = admin.put(&group, &body).await.expect(200);
        assert_eq!(changed.json()["group"], body["group"]);
        let read = admin.get(&path(&ada, "")).await.expect(200);
        assert_eq!((read.json(), read.expect_header("etag")), (changed.json(), changed.expect_header("etag")));
        assert_eq!(ada.api.get(PROFILE).await.expect(200).json()["group"], body["group"]);
    }
    // The same group again, and the whole answer of GET, change nothing.
    let before = admin.get(&path(&ada, "")).await.expect(200).json();
    for body in [&json!({ "group": null }), &before] {
        assert_eq!(admin.put(&group, body).await.expect(200).json(), before);
    }
}

#[tokio::test]
async fn invalid_group_is_refused_with_its_field() {
    let shop = Shop::open().await;
    let (admin, ada) = (shop.admin().await, shop.new_customer().await);
    let group = path(&ada, "/group");
    for bad in ["", "Wholesale", "whole sale", "b2b_eu", "gr\u{fc}n", &"x".repeat(33)] {
        admin.put(&group, &json!({ "group": bad })).await.expect_fault("group", "group_invalid");
    }
    admin.put(&group, &json!({ "group": 7 })).await.expect_fault("group", "wrong_type");
    admin.put(&group, &json!({})).await.expect_fault("group", "required");
    admin.put(&group, &json!({ "group": "a", "colour": "red" })).await.expect_fault("colour", "unknown_field");
    let read = admin.get(&path(&ada, "")).await.expect(200).json();
    let other = with(&with(&read, "/group", json!("wholesale")), "/taxStatus/status", json!("exempt"));
    admin.put(&group, &other).await.expect_fault("taxStatus", "read_only");
    assert_eq!(admin.get(&path(&ada, "")).await.expect(200).json(), read, "nothing was written");
}

#[tokio::test]
async fn exempt_account_has_a_reason_until_it_is_taxed_again() {
    let shop = Shop::open().await;
    let (admin, ada) = (shop.admin().await, shop.new_customer().await);
    assert_eq!(tax_status(&admin, &ada).await, json!({ "status": "taxed" }));
    let exempt = json!({ "status": "exempt", "reason": "An embassy" });
    sets_tax_status(&admin, &ada, &exempt).await.expect(200);
    assert_eq!(tax_status(&admin, &ada).await, exempt);
    sets_tax_status(&admin, &ada, &json!({ "status": "taxed" })).await.expect(200);
    assert_eq!(tax_status(&admin, &ada).await, json!({ "status": "taxed" }));
}

#[tokio::test]
async fn vat_id_is_verified_by_its_consultation_number() {
    let shop = Shop::open().await;
    let (admin, ada) = (shop.admin().await, shop.new_customer().await);
    let unverified = json!({ "status": "taxed", "vatId": "be 0428.759-497" });
    sets_tax_status(&admin, &ada, &unverified).await.expect(200);
    assert_eq!(tax_status(&admin, &ada).await, json!({ "status": "taxed", "vatId": "BE0428759497" }));

    let verified = with(&unverified, "/consultationNumber", json!("WAPIAAAAYc5mXVzT"));
    sets_tax_status(&admin, &ada, &verified).await.expect(200);
    let stored = tax_status(&admin, &ada).await;
    assert_eq!(stored["consultationNumber"], "WAPIAAAAYc5mXVzT", "{stored}");
    assert!(stored["vatIdVerifiedAt"].is_string(), "{stored}");
    // The same again, and what GET shows, are the same check at the tax office.
    let read = admin.get(&path(&ada, "")).await.expect(200);
    for body in [&verified, &stored] {
        let again = sets_tax_status(&admin, &ada, body).await.expect(200);
        assert_eq!(again.expect_header("etag"), read.expect_header("etag"), "nothing was written");
    }
    let backdated = with(&stored, "/vatIdVerifiedAt", json!("2020-01-01T00:00:00.000Z"));
    sets_tax_status(&admin, &ada, &backdated).await.expect_fault("vatIdVerifiedAt", "read_only");

    let renewed = with(&verified, "/consultationNumber", json!("WAPIAAAAYc5mXVzU"));
    sets_tax_status(&admin, &ada, &renewed).await.expect(200);
    let later = tax_status(&admin, &ada).await;
    assert!(later["vatIdVerifiedAt"].as_str() > stored["vatIdVerifiedAt"].as_str(), "{later} after {stored}");
    // Another VAT id is not verified by the check of this one.
    sets_tax_status(&admin, &ada, &json!({ "status": "taxed", "vatId": "BE0202239951" })).await.expect(200);
    assert_eq!(tax_status(&admin, &ada).await, json!({ "status": "taxed", "vatId": "BE0202239951" }));
}

#[tokio::test]
async fn invalid_tax_status_is_refused_with_its_field() {
    let shop = Shop::open().await;
    let (admin, ada) = (shop.admin().await, shop.new_customer().await);
    let good =
        json!({ "status": "exempt", "reason": "An embassy", "vatId": "BE0428759497", "consultationNumber": "W" });
    for (place, value, field, code) in [
        ("/status", Value::Null, "status", "required"),
        ("/status", json!("free"), "status", "status_unknown"),
        ("/reason", Value::Null, "reason", "required"),
        ("/reason", json!(" "), "reason", "invalid_value"),
        ("/reason", json!("x".repeat(201)), "reason", "invalid_value"),
        ("/vatId", Value::Null, "vatId", "required"),
        ("/vatId", json!("BE1"), "vatId", "vat_id_invalid"),
        ("/vatId", json!("BE0428759498"), "vatId", "vat_id_invalid"),
        ("/vatId", json!("1".repeat(21)), "vatId", "vat_id_invalid"),
        ("/vatId", json!("BE/0428759497"), "vatId", "vat_id_invalid"),
        ("/consultationNumber", json!(""), "consultationNumber", "invalid_value"),
        ("/consultationNumber", json!("x".repeat(65)), "consultationNumber", "invalid_value"),
        ("/vatIdVerified", json!(true), "vatIdVerified", "unknown_field"),
    ] {
        sets_tax_status(&admin, &ada, &with(&good, place, value)).await.expect_fault(field, code);
    }
    assert_eq!(tax_status(&admin, &ada).await, json!({ "status": "taxed" }), "nothing was written");
}

#[tokio::test]
async fn only_an_admin_changes_group_and_tax_status_of_a_known_version() {
    let shop = Shop::open().await;
    let (admin, ada) = (shop.admin().await, shop.new_customer().await);
    for (what, body) in [
        ("/group", json!({ "group": "wholesale" })),
        ("/tax-status", json!({ "status": "exempt", "reason": "I do not like taxes" })),
    ] {
        let path = path(&ada, what);
        ada.api.put(&path, &body).await.expect_problem(403, "forbidden");
        shop.anonymous().put(&path, &body).await.expect_problem(401, "unauthenticated");
        admin.put(&format!("/api/v1/users/{NOBODY}{what}"), &body).await.expect_problem(404, "not_found");
        let stale = admin.call(Method::PUT, &path).header("If-Match", "\"999\"").json(&body).send().await;
        stale.expect_problem(412, "version_mismatch");
    }
    ada.api.put(PROFILE, &json!({ "name": "Ada", "group": "wholesale" })).await.expect_fault("group", "read_only");
    let account = admin.get(&path(&ada, "")).await.expect(200).json();
    assert_eq!((&account["group"], &account["taxStatus"]), (&Value::Null, &json!({ "status": "taxed" })), "{account}");
}
