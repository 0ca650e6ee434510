//! Rotating the keys of access tokens: no session ends, wherever the rotation stops.

use e2e::{EVENTUALLY, Shop, await_until, kid, unique};
use serde_json::{Value, json};

async fn step(shop: &Shop, step: &str, version: &str) {
    let event = json!({ "Step": step, "SecretId": shop.stack.secrets["signing"], "ClientRequestToken": version });
    let result = shop.functions.invoke("keys", event.to_string()).await;
    assert_eq!(result.error, None, "{step}: {}", result.payload);
}

async fn published(shop: &Shop) -> Vec<Value> {
    // The table, because functions cache the keys.
    let row = shop.rows.reads("identity", "KEYS", "JWKS").await;
    let set: Value = serde_json::from_str(row["jwks"]["S"].as_str().unwrap_or_default()).unwrap_or_default();
    set["keys"].as_array().into_iter().flatten().map(|key| key["kid"].clone()).collect()
}

/// A token, and the id of the key that signed it.
async fn token(shop: &Shop) -> (String, Value) {
    let token = shop.new_customer().await.welcome["accessToken"].as_str().unwrap_or_default().to_owned();
    let signed_by = kid(&token);
    (token, signed_by)
}

async fn is_good(shop: &Shop, token: &str) {
    shop.anonymous().with_token(token).get("/api/v1/users/addresses").await.expect(200);
}

#[tokio::test]
async fn rotation_ends_no_session_and_signs_with_a_published_key() {
    let shop = Shop::open_alone().await;
    let before = published(&shop).await;
    let (first, signed_by) = token(&shop).await;
    assert!(
        before.len() >= 2 && before[1] == signed_by,
        "next and current key should be published: {before:?}, {signed_by}"
    );

    // Another test may have left an old time of the last rotation.
    let mut ring = shop.signing_secret().await;
    let now = time::OffsetDateTime::now_utc().format(&time::format_description::well_known::Rfc3339);
    ring["rotatedAt"] = json!(now.unwrap());
    shop.writes_signing_secret(&ring).await;
    let soon = shop.functions.invoke("keys", json!({ "task": "rotate" }).to_string()).await;
    assert!(soon.error.is_some(), "a rotation so soon should fail: {}", soon.payload);
    assert_eq!(published(&shop).await, before);

    ring["rotatedAt"] = json!("2026-01-01T00:00:00.000Z");
    shop.writes_signing_secret(&ring).await;
    let version = format!("{:0<36}", unique("rotation-"));
    // Every step runs twice, as after a crash in it. Tokens are valid after each step.
    for name in ["createSecret", "setSecret", "testSecret", "finishSecret"] {
        step(&shop, name, &version).await;
        step(&shop, name, &version).await;
        is_good(&shop, &first).await;
    }
    let after = published(&shop).await;
    assert_eq!(
        after[1..],
        [before[0].clone(), signed_by],
        "the next key should sign, and the old one be the previous one"
    );
    assert!(!before.contains(&after[0]));

    // A new execution environment reads the current secret. An old one would do so within five minutes.
    shop.functions.kill("auth").await;
    let (second, signed_by) = token(&shop).await;
    assert_eq!(signed_by, after[1]);
    is_good(&shop, &second).await;
    is_good(&shop, &first).await;
}

#[tokio::test]
async fn shop_without_a_published_key_is_not_ready() {
    let shop = Shop::open_alone().await;
    let keys = shop.rows.reads("identity", "KEYS", "JWKS").await["jwks"].clone();
    shop.rows.sets("identity", "KEYS", "JWKS", "jwks", json!({ "S": r#"{"keys":[]}"# })).await;
    // A new execution environment has cached no keys.
    shop.functions.kill("ops").await;
    let without = shop.anonymous().get("/ready").await;
    shop.rows.sets("identity", "KEYS", "JWKS", "jwks", keys).await;
    let report = without.expect(503).json();
    let down: Vec<_> =
        report["checks"].as_array().into_iter().flatten().filter(|check| check["status"] != "up").collect();
    assert!(down.len() == 1 && down[0]["name"] == "keys.tokens", "{report}");
    await_until("the shop is ready again", EVENTUALLY, async || {
        let response = shop.anonymous().get("/ready").await;
        if response.status == 200 { Ok(()) } else { Err(response.text) }
    })
    .await;
}

#[tokio::test]
async fn abandoned_rotation_changes_no_key_in_use() {
    let shop = Shop::open_alone().await;
    let mut ring = shop.signing_secret().await;
    ring["rotatedAt"] = json!("2026-01-01T00:00:00.000Z");
    shop.writes_signing_secret(&ring).await;
    let (first, signed_by) = token(&shop).await;
    let version = format!("{:0<36}", unique("given-up-"));
    step(&shop, "createSecret", &version).await;
    step(&shop, "setSecret", &version).await;
    is_good(&shop, &first).await;
    assert_eq!(shop.signing_secret().await, ring, "nothing should sign with the new version");
    let begin = shop.functions.invoke("keys", json!({ "task": "begin" }).to_string()).await;
    assert_eq!(begin.error, None, "{}", begin.payload);
    assert_eq!(published(&shop).await[1], signed_by, "the published key should be unchanged");
}
