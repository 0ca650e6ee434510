//! What GET answers can be sent back by PUT: read-only members are accepted if they say what is stored, and refused by name if not.

use e2e::{Api, Draft, ImageFile, Shop, unique, with};
use image::ImageFormat;
use reqwest::Method;
use serde_json::{Value, json};

/// Members that change with every change.
const CHANGING: [&str; 2] = ["version", "updatedAt"];

fn without_changing(answer: &Value) -> Value {
    let mut answer = answer.clone();
    if let Some(members) = answer.as_object_mut() {
        CHANGING.iter().for_each(|name| drop(members.remove(*name)));
    }
    answer
}

/// Sends a body to a path, at the version that the path's GET shows.
async fn puts(api: &Api, path: &str, body: &Value) -> e2e::Response {
    let read = api.get(path).await.expect(200);
    let tag = read.expect_header("etag").to_owned();
    api.call(Method::PUT, path).header("If-Match", &tag).json(body).send().await
}

/// Sends a body with the tag of another version, which is refused as such, whatever else differs.
async fn refuses_another_version(api: &Api, path: &str, body: &Value) {
    let refused = api.call(Method::PUT, path).header("If-Match", "\"999\"").json(body).send().await;
    refused.expect_problem(412, "version_mismatch");
}

/// Sends an answer back, and with each of these read-only members changed.
async fn checks_replacement(api: &Api, path: &str, changes: &[(&str, Value, &str)]) {
    let answer = api.get(path).await.expect(200).json();
    for (place, value, field) in changes {
        let changed = with(&answer, place, value.clone());
        puts(api, path, &changed).await.expect_fault(field, "read_only");
        refuses_another_version(api, path, &changed).await;
    }
    let after = puts(api, path, &answer).await.expect(200).json();
    assert_eq!(without_changing(&after), without_changing(&answer), "{path}");
}

#[tokio::test]
async fn product_is_sent_back() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let mug = shop.sells_this(&shop.mug()).await;
    let uploaded = shop.uploads(&mug, &ImageFile::image(ImageFormat::Png, 30, 20, 9)).await;
    shop.awaits_image(&mug, &uploaded.id, "ready").await;
    let changes = [
        ("/id", json!("prd_01h455vb4pex5vsknk084sn02q"), "id"),
        ("/sku", json!("ANOTHER"), "sku"),
        ("/version", json!(99), "version"),
        ("/createdAt", json!("2020-01-01T00:00:00.000Z"), "createdAt"),
        ("/updatedAt", json!("2020-01-01T00:00:00.000Z"), "updatedAt"),
        ("/rating/count", json!(7), "rating"),
        ("/rating", json!(5), "rating"),
        ("/stock/available", json!(9), "stock"),
        ("/status", json!("archived"), "status"),
        ("/images", json!([]), "images"),
        ("/images/0/urls/small", json!("https://cdn.example/other.webp"), "images"),
    ];
    let path = format!("/api/v1/products/{}", mug.id);
    checks_replacement(&admin, &path, &changes).await;
    let renamed = with(&admin.get(&path).await.expect(200).json(), "/name", json!("Bowl"));
    assert_eq!(puts(&admin, &path, &renamed).await.expect(200).json()["name"], "Bowl");
    // An old version is refused as such, whatever else differs.
    let stale = admin.call(Method::PUT, &path).header("If-Match", "\"1\"").json(&renamed).send().await;
    stale.expect_problem(412, "version_mismatch");

    let image = format!("{path}/images/{}", uploaded.id);
    let product = admin.get(&path).await.expect(200);
    let shown = product.json()["images"][0].clone();
    let sends = async |body: &Value| {
        let tag = admin.get(&path).await.expect(200).expect_header("etag").to_owned();
        admin.call(Method::PUT, &image).header("If-Match", &tag).json(body).send().await
    };
    for (place, value, field) in
        [("/width", json!(31), "width"), ("/urls", json!({ "small": "x" }), "urls"), ("/id", json!("x"), "id")]
    {
        sends(&with(&shown, place, value)).await.expect_fault(field, "read_only");
    }
    assert_eq!(sends(&shown).await.expect(200).json()["images"][0], shown);
    // The state of the image is sent back, too: it is what GET of the same path answers.
    let status = admin.get(&image).await.expect(200).json();
    for (place, value, field) in [
        ("/imageId", json!("x"), "imageId"),
        ("/state", json!("pending"), "state"),
        ("/image/width", json!(31), "image"),
    ] {
        sends(&with(&status, place, value)).await.expect_fault(field, "read_only");
    }
    refuses_another_version(&admin, &image, &with(&status, "/bytes", json!(1))).await;
    assert_eq!(sends(&status).await.expect(200).json()["images"][0], shown);
    let described = sends(&with(&status, "/alt", json!("A mug"))).await.expect(200).json();
    assert_eq!(described["images"][0]["alt"], "A mug");
}

#[tokio::test]
async fn product_with_variants_is_sent_back() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let mut shirt = shop.two_sizes();
    shirt["variants"][0]["weight"] = json!(200);
    let shirt = shop.sells_this(&shirt).await;
    let path = format!("/api/v1/products/{}", shirt.id);
    let changes = [
        ("/variants/1/name", json!("Shirt (XXL)"), "variants[1].name"),
        ("/stock/available", json!(1), "stock"),
        ("/sku", json!("ANOTHER"), "sku"),
    ];
    checks_replacement(&admin, &path, &changes).await;
}

#[tokio::test]
async fn change_of_stock_makes_no_edit_fail() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let shirt = shop.sells_shirts(&[("S", 2, 1_800), ("M", 4, 2_000)]).await;
    let path = format!("/api/v1/products/{}", shirt.id);
    let read = admin.get(&path).await.expect(200);
    let set = json!({ "sku": shirt.size("M").sku, "set": 3 });
    admin.call(Method::PATCH, &format!("{path}/stock")).json(&set).send().await.expect(200);
    let body = with(&read.json(), "/name", json!("Blouse"));
    let sent = admin.call(Method::PUT, &path).header("If-Match", read.expect_header("etag")).json(&body).send().await;
    let after = sent.expect(200).json();
    assert_eq!((&after["name"], &after["stock"]["available"]), (&json!("Blouse"), &json!(5)), "{after}");
    // With the current tag, it is what the admin has read now.
    let other = with(&after, "/variants/0/stock/available", json!(1));
    puts(&admin, &path, &other).await.expect_fault("variants[0].stock", "read_only");
}

#[tokio::test]
async fn category_and_review_are_sent_back() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let key = unique("sent-back");
    admin.post("/api/v1/categories", &json!({ "key": key, "name": "Sent back" })).await.expect(201);
    let changes = [("/key", json!("another"), "key"), ("/version", json!(7), "version")];
    checks_replacement(&admin, &format!("/api/v1/categories/{key}"), &changes).await;

    let mug = shop.sells(Draft::with_stock(9)).await;
    let owner = shop.new_owner(&mug).await;
    let review = owner.api.reviews(&mug, 4).await;
    let path = format!("{}/{}", mug.reviews(), review["id"].as_str().unwrap_or_default());
    let changes = [
        ("/id", json!("rev_01h455vb4pex5vsknk084sn02q"), "id"),
        ("/mine", json!(false), "mine"),
        ("/status", json!("hidden"), "status"),
        ("/version", json!(9), "version"),
        ("/createdAt", json!("2020-01-01T00:00:00.000Z"), "createdAt"),
    ];
    checks_replacement(&owner.api, &path, &changes).await;
}

#[tokio::test]
async fn account_and_its_address_are_sent_back() {
    let shop = Shop::open().await;
    let ada = shop.new_customer().await;
    let changes = [
        ("/id", json!("usr_01h455vb4pex5vsknk084sn02q"), "id"),
        ("/email", json!("other@example.com"), "email"),
        ("/emailVerified", json!("yes"), "emailVerified"),
        ("/role", json!("admin"), "role"),
        ("/createdAt", json!("2020-01-01T00:00:00.000Z"), "createdAt"),
    ];
    checks_replacement(&ada.api, "/api/v1/users/profile", &changes).await;
    checks_replacement(&ada.api, "/api/v1/users/preferences", &[]).await;

    let book = "/api/v1/users/addresses";
    let address =
        json!({ "name": "Ada", "line1": "Rue 1", "city": "Bruxelles", "postalCode": "1000", "country": "BE" });
    let added = ada.api.post(book, &address).await.expect(201).json();
    let path = format!("{book}/{}", added["id"].as_str().unwrap_or_default());
    for (place, value, field) in
        [("/id", json!("adr_01h455vb4pex5vsknk084sn02q"), "id"), ("/lines", json!(["Elsewhere"]), "lines")]
    {
        ada.api.put(&path, &with(&added, place, value)).await.expect_fault(field, "read_only");
    }
    assert_eq!(ada.api.put(&path, &added).await.expect(200).json(), added);
    // The lines are those of the address that is stored, and follow the new one.
    let moved = ada.api.put(&path, &with(&added, "/city", json!("Ixelles"))).await.expect(200).json();
    assert!(moved["lines"].to_string().to_lowercase().contains("ixelles"), "{moved}");
}

#[tokio::test]
async fn account_of_another_person_is_sent_back_by_an_admin() {
    let shop = Shop::open().await;
    let (admin, ada) = (shop.admin().await, shop.new_customer().await);
    let account = format!("/api/v1/users/{}", ada.id());
    let answer = admin.get(&account).await.expect(200).json();
    let status = format!("{account}/status");
    admin.put(&status, &with(&answer, "/email", json!("other@example.com"))).await.expect_fault("email", "read_only");
    let mut suspended = with(&answer, "/status", json!("suspended"));
    suspended["reason"] = json!("A test.");
    assert_eq!(admin.put(&status, &suspended).await.expect(200).json()["status"], "suspended");
    for path in [&status, &format!("{account}/role")] {
        refuses_another_version(&admin, path, &answer).await;
    }
    let read = admin.get(&account).await.expect(200);
    assert_eq!(admin.put(&status, &read.json()).await.expect(200).json(), read.json(), "the reason stays");
    let after = admin.get(&account).await.expect(200);
    assert_eq!(after.expect_header("etag"), read.expect_header("etag"), "nothing was written");
}

#[tokio::test]
async fn item_of_a_cart_is_sent_back() {
    let shop = Shop::open().await;
    let mug = shop.sells(Draft::with_stock(9)).await;
    let ada = shop.new_customer().await;
    ada.adds(&mug.sku, 2).await;
    let cart = ada.api.get("/api/v1/cart/me").await.expect(200).json();
    let (item, path) = (&cart["items"][0], format!("/api/v1/cart/me/items/{}", mug.sku));
    for (place, value, field) in [
        ("/sku", json!("ANOTHER"), "sku"),
        ("/name", json!("Bowl"), "name"),
        ("/unitPrice/amount", json!(1), "unitPrice"),
        ("/lineTotal/amount", json!(1), "lineTotal"),
        ("/available", json!(1), "available"),
    ] {
        ada.api.put(&path, &with(item, place, value)).await.expect_fault(field, "read_only");
    }
    refuses_another_version(&ada.api, &path, &with(item, "/available", json!(1))).await;
    let after = ada.api.put(&path, &with(item, "/quantity", json!(3))).await.expect(200).json();
    assert_eq!(after["items"][0]["quantity"], 3, "{after}");
    // A change of the stock makes no change of the cart fail.
    let read = ada.api.get("/api/v1/cart/me").await.expect(200);
    let stock = format!("/api/v1/products/{}/stock", mug.id);
    shop.admin().await.call(Method::PATCH, &stock).json(&json!({ "set": 8 })).send().await.expect(200);
    let more = with(&read.json()["items"][0], "/quantity", json!(4));
    let call = ada.api.call(Method::PUT, &path).header("If-Match", read.expect_header("etag"));
    assert_eq!(call.json(&more).send().await.expect(200).json()["items"][0]["quantity"], 4);
}

#[tokio::test]
async fn refusal_of_more_pieces_says_what_the_cart_has() {
    let shop = Shop::open().await;
    let mug = shop.sells(Draft::with_stock(5)).await;
    let ada = shop.new_customer().await;
    let refused = ada.tries_to_add(json!({ "sku": mug.sku, "quantity": 6 })).await;
    let problem = refused.expect_problem(409, "insufficient_stock");
    assert!(!problem.body.to_string().contains("in the cart"), "{}", problem.body);
    ada.adds(&mug.sku, 1).await;
    let refused = ada.tries_to_add(json!({ "sku": mug.sku, "quantity": 5 })).await;
    let problem = refused.expect_problem(409, "insufficient_stock").mentions("1 is in the cart already");
    assert_eq!((&problem.errors()[0]["available"], &problem.errors()[0]["inCart"]), (&json!(5), &json!(1)));
}
