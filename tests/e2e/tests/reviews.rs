//! Reviews: a customer who received a product may review it once, and the rating is exactly the sum of the visible reviews.

use std::collections::BTreeSet;

use e2e::{Api, Checkout, Draft, Product, Rating, Response, Shop};
use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

/// Well-formed, but nothing that exists.
const NO_PRODUCT: &str = "prd_01h455vb4pex5vsknk084sn02q";
const NO_REVIEW: &str = "rev_01h455vb4pex5vsknk084sn02q";

async fn put(api: &Api, path: &str, tag: Option<&str>, stars: u64) -> Response {
    let call = api.call(Method::PUT, path).json(&json!({ "rating": stars }));
    match tag {
        Some(tag) => call.header("If-Match", tag).send().await,
        None => call.send().await,
    }
}

#[tokio::test]
async fn only_a_customer_who_received_it_may_review_it() {
    let shop = Shop::open().await;
    let (mug, bowl) = (shop.sells(Draft::with_stock(9)).await, shop.sells(Draft::with_stock(9)).await);
    let opinion = json!({ "rating": 5 });
    shop.anonymous().tries_to_review(&mug, &opinion).await.expect_problem(401, "unauthenticated");
    let (buyer, stranger) = (shop.new_customer().await, shop.new_customer().await);
    let order = buyer.places(&Checkout::of(&[(&mug.sku, 1)])).await;
    buyer.awaits(&order, "confirmed", "paid").await;
    for api in [&buyer.api, &stranger.api] {
        api.tries_to_review(&mug, &opinion).await.expect_problem(403, "not_received");
    }
    shop.delivers(&buyer, &mug).await;
    let review = buyer.api.reviews(&mug, 5).await;
    assert_eq!(
        (&review["rating"], &review["title"], &review["mine"]),
        (&json!(5), &json!("After a week"), &json!(true))
    );
    assert_eq!((&review["status"], &review["version"]), (&json!("visible"), &json!(1)), "{review}");
    for api in [&stranger.api, &shop.admin().await] {
        api.tries_to_review(&mug, &opinion).await.expect_problem(403, "not_received");
    }
    buyer.api.tries_to_review(&bowl, &opinion).await.expect_problem(403, "not_received");
    let nowhere = Product { id: NO_PRODUCT.to_owned(), ..mug.clone() };
    buyer.api.tries_to_review(&nowhere, &opinion).await.expect_problem(404, "not_found");
    buyer.api.get(&nowhere.reviews()).await.expect_problem(404, "not_found");
    shop.awaits_rating(&mug, Some(5.0), 1).await;
}

#[tokio::test]
async fn customer_has_one_review_of_a_product() {
    let shop = Shop::open().await;
    let mug = shop.sells(Draft::with_stock(9)).await;
    let owner = shop.new_owner(&mug).await;
    let first = json!({ "rating": 2 });
    let post = || owner.api.call(Method::POST, &mug.reviews()).idempotency_key("the first").json(&first);
    let created = post().send().await.expect(201);
    let again = post().send().await.expect(201);
    assert!(again.is_replayed() && !created.is_replayed());
    assert_eq!((created.json(), created.header("etag")), (again.json(), again.header("etag")));
    let review = created.json();
    let id = review["id"].as_str().unwrap_or_default();
    let refused = owner.api.tries_to_review(&mug, &json!({ "rating": 5 })).await;
    refused.expect_problem(409, "already_reviewed").mentions(id);
    shop.delivers(&owner, &mug).await;
    let refused = owner.api.tries_to_review(&mug, &json!({ "rating": 5 })).await;
    refused.expect_problem(409, "already_reviewed").mentions(id);
    assert_eq!(shop.rating(&mug).await, Rating { sum: 2, count: 1 });

    owner.api.delete(&mug.review(&review)).await.expect(204);
    assert_eq!(shop.rating(&mug).await, Rating { sum: 0, count: 0 });
    owner.api.delete(&mug.review(&review)).await.expect_problem(404, "not_found");
    let second = owner.api.reviews(&mug, 4).await;
    assert_ne!(second["id"], review["id"]);
    assert_eq!(shop.rating(&mug).await, Rating { sum: 4, count: 1 });
    shop.awaits_listed(&shop.anonymous(), &mug.reviews(), &[&second]).await;
}

#[tokio::test]
async fn concurrent_reviews_are_counted_exactly() {
    let shop = Shop::open().await;
    let mug = shop.sells(Draft::with_stock(16)).await;
    let owners = join_all((0..16).map(|_| shop.new_owner(&mug))).await;
    let admin = shop.admin().await;

    // Each of them twice at the same moment, from two devices.
    let stars = |at: usize| 1 + at as u64 % 5;
    let devices = owners.iter().enumerate().flat_map(|(at, owner)| [(at, owner), (at, owner)]);
    let responses = join_all(
        devices.map(async |(at, owner)| (at, owner.api.tries_to_review(&mug, &json!({ "rating": stars(at) })).await)),
    )
    .await;
    let mut posted = vec![Value::Null; 16];
    for (at, response) in responses {
        match response.status {
            201 => assert!(posted[at].is_null(), "a customer should have one review"),
            _ => {
                response.expect_problem(409, "already_reviewed");
                continue;
            }
        }
        posted[at] = response.json();
    }
    assert!(posted.iter().all(Value::is_object), "every customer should have a review");
    let sum: u64 = (0..16).map(stars).sum();
    assert_eq!(shop.rating(&mug).await, Rating { sum, count: 16 });
    shop.awaits_rating(&mug, Some((sum as f64 / 16.0 * 100.0).round() / 100.0), 16).await;

    // Then a quarter of them each is changed, deleted, hidden, or changed by author and admin at once.
    join_all(owners.iter().zip(&posted).enumerate().map(async |(at, (owner, review))| {
        let path = mug.review(review);
        let hidden = json!({ "status": "hidden", "reason": "Not about the mug" });
        match at % 4 {
            0 => drop(put(&owner.api, &path, None, 5).await.expect(200)),
            1 => drop(owner.api.delete(&path).await.expect(204)),
            2 => drop(admin.moderates(&mug, review, &hidden).await.expect(200)),
            _ => {
                let (mine, theirs) =
                    futures::join!(put(&owner.api, &path, None, 1), admin.moderates(&mug, review, &hidden));
                mine.expect(200);
                theirs.expect(200);
            }
        }
    }))
    .await;
    assert_eq!(shop.rating(&mug).await, Rating { sum: 4 * 5, count: 4 });
    let shown =
        join_all(posted.iter().skip(3).step_by(4).map(async |review| {
            admin.moderates(&mug, review, &json!({ "status": "visible" })).await.expect(200).json()
        }))
        .await;
    assert!(shown.iter().all(|review| review["rating"] == 1), "{shown:?}");
    assert_eq!(shop.rating(&mug).await, Rating { sum: 4 * 5 + 4, count: 8 });
    shop.awaits_rating(&mug, Some(3.0), 8).await;
}

#[tokio::test]
async fn hidden_review_is_not_listed_and_not_counted() {
    let shop = Shop::open().await;
    let mug = shop.sells(Draft::with_stock(9)).await;
    let (owner, other) = futures::join!(shop.new_owner(&mug), shop.new_owner(&mug));
    let (admin, anonymous) = (shop.admin().await, shop.anonymous());
    let bad = owner.api.reviews(&mug, 1).await;
    let good = other.api.reviews(&mug, 5).await;
    shop.awaits_listed(&anonymous, &mug.reviews(), &[&good, &bad]).await;

    let verdict = json!({ "status": "hidden", "reason": "Names a person" });
    let hidden = admin.moderates(&mug, &bad, &verdict).await.expect(200).json();
    assert_eq!(
        (&hidden["status"], &hidden["reason"], &hidden["version"]),
        (&json!("hidden"), &verdict["reason"], &json!(2))
    );
    let again = admin.moderates(&mug, &bad, &verdict).await.expect(200).json();
    assert_eq!(again["version"], 2, "hiding again should change nothing");
    assert_eq!(shop.rating(&mug).await, Rating { sum: 5, count: 1 });
    shop.awaits_listed(&anonymous, &mug.reviews(), &[&good]).await;
    let of_hidden = format!("{}?status=hidden", mug.reviews());
    shop.awaits_listed(&admin, &of_hidden, &[&bad]).await;
    anonymous.get(&of_hidden).await.expect_problem(401, "unauthenticated");
    owner.api.get(&of_hidden).await.expect_problem(403, "forbidden");

    // The author sees the status; others do not learn that the review exists.
    let mine = owner.api.get(&mug.review(&bad)).await.expect(200).json();
    assert_eq!((&mine["mine"], &mine["status"], &mine["reason"]), (&json!(true), &json!("hidden"), &verdict["reason"]));
    for api in [&anonymous, &other.api] {
        api.get(&mug.review(&bad)).await.expect_problem(404, "not_found");
    }
    for verdict in [&verdict, &json!({ "status": "visible" })] {
        anonymous.moderates(&mug, &good, verdict).await.expect_problem(401, "unauthenticated");
        owner.api.moderates(&mug, &bad, verdict).await.expect_problem(403, "forbidden");
    }

    // Neither a new text nor deleting it and posting another makes it visible.
    let changed = put(&owner.api, &mug.review(&bad), None, 2).await.expect(200).json();
    assert_eq!((&changed["rating"], &changed["status"]), (&json!(2), &json!("hidden")));
    assert_eq!(shop.rating(&mug).await, Rating { sum: 5, count: 1 });
    let shown = admin.moderates(&mug, &bad, &json!({ "status": "visible" })).await.expect(200).json();
    assert_eq!((&shown["status"], &shown["reason"]), (&json!("visible"), &Value::Null));
    assert_eq!(shop.rating(&mug).await, Rating { sum: 7, count: 2 });
    shop.awaits_listed(&anonymous, &mug.reviews(), &[&good, &bad]).await;
    shop.awaits_listed(&admin, &of_hidden, &[]).await;
    admin.moderates(&mug, &bad, &verdict).await.expect(200);
    owner.api.delete(&mug.review(&bad)).await.expect(204);
    owner.api.tries_to_review(&mug, &json!({ "rating": 1 })).await.expect_problem(409, "already_reviewed");
    assert_eq!(shop.rating(&mug).await, Rating { sum: 5, count: 1 });
    shop.awaits_rating(&mug, Some(5.0), 1).await;
}

#[tokio::test]
async fn review_of_another_customer_is_404_like_a_missing_one() {
    let shop = Shop::open().await;
    let mug = shop.sells(Draft::with_stock(9)).await;
    let (owner, other) = futures::join!(shop.new_owner(&mug), shop.new_owner(&mug));
    let review = owner.api.reviews(&mug, 3).await;
    let (theirs, nobodys) = (mug.review(&review), format!("{}/{NO_REVIEW}", mug.reviews()));
    let other_path = shop.sells(Draft::with_stock(1)).await.review(&review);
    // The version of another customer's review is not disclosed, either.
    for tag in [None, Some("\"1\""), Some("\"7\"")] {
        let refused = put(&other.api, &theirs, tag, 1).await.expect_problem(404, "not_found");
        let unknown = put(&other.api, &nobodys, tag, 1).await.expect_problem(404, "not_found");
        assert_eq!(refused.without_request_id(), unknown.without_request_id(), "both responses should be the same");
    }
    let admin = shop.admin().await;
    for api in [&other.api, &admin] {
        api.delete(&theirs).await.expect_problem(404, "not_found");
    }
    put(&admin, &theirs, None, 1).await.expect_problem(404, "not_found");
    for path in [&other_path, &nobodys, &format!("{}/nonsense", mug.reviews())] {
        put(&owner.api, path, None, 1).await.expect_problem(404, "not_found");
        owner.api.delete(path).await.expect_problem(404, "not_found");
        owner.api.get(path).await.expect_problem(404, "not_found");
        admin
            .call(Method::PATCH, &format!("{path}/status"))
            .json(&json!({ "status": "hidden" }))
            .send()
            .await
            .expect(404);
    }
    let anonymous = shop.anonymous();
    put(&anonymous, &theirs, None, 1).await.expect_problem(401, "unauthenticated");
    anonymous.delete(&theirs).await.expect_problem(401, "unauthenticated");
    assert_eq!(owner.api.get(&theirs).await.expect(200).json(), review, "it should be unchanged");
    assert_eq!(shop.rating(&mug).await, Rating { sum: 3, count: 1 });
}

#[tokio::test]
async fn review_change_with_an_outdated_version_is_refused() {
    let shop = Shop::open().await;
    let mug = shop.sells(Draft::with_stock(9)).await;
    let owner = shop.new_owner(&mug).await;
    let posted = owner.api.tries_to_review(&mug, &json!({ "rating": 3, "title": "So so" })).await.expect(201);
    let (path, first) = (mug.review(&posted.json()), posted.expect_header("etag").to_owned());
    let changed = put(&owner.api, &path, Some(&first), 4).await.expect(200);
    let second = changed.expect_header("etag").to_owned();
    let changed = changed.json();
    assert_ne!(second, first);
    assert_eq!((&changed["rating"], &changed["title"]), (&json!(4), &Value::Null), "an omitted member should be empty");
    put(&owner.api, &path, Some(&first), 1).await.expect_problem(412, "version_mismatch");
    let stale = owner.api.call(Method::DELETE, &path).header("If-Match", &first).send().await;
    stale.expect_problem(412, "version_mismatch");
    let unchanged = owner.api.call(Method::GET, &path).header("If-None-Match", &second).send().await.expect(304);
    assert_eq!(unchanged.text, "");
    assert_eq!(shop.rating(&mug).await, Rating { sum: 4, count: 1 });
    owner.api.call(Method::DELETE, &path).header("If-Match", &second).send().await.expect(204);
    assert_eq!(shop.rating(&mug).await, Rating { sum: 0, count: 0 });
    shop.awaits_rating(&mug, None, 0).await;
}

#[tokio::test]
async fn author_of_a_review_is_not_disclosed() {
    let shop = Shop::open().await;
    let mug = shop.sells(Draft::with_stock(9)).await;
    let (owner, other) = futures::join!(shop.new_owner(&mug), shop.new_owner(&mug));
    let posted = owner.api.reviews(&mug, 3).await;
    for (api, mine, inside) in [
        (&owner.api, true, true),
        (&other.api, false, false),
        (&shop.anonymous(), false, false),
        (&shop.admin().await, false, true),
    ] {
        let listed = shop.awaits_listed(api, &mug.reviews(), &[&posted]).await;
        let alone = api.get(&mug.review(&posted)).await.expect(200).json();
        assert_eq!(listed[0], alone);
        assert_eq!((alone["mine"] == true, alone["status"].is_string()), (mine, inside), "{alone}");
        assert!(!alone.to_string().contains(owner.id()) && !alone.to_string().contains('@'), "{alone}");
    }
    for (api, visibility) in [(&owner.api, "private"), (&shop.anonymous(), "public")] {
        let response = api.get(&mug.reviews()).await.expect(200);
        assert!(response.expect_header("cache-control").starts_with(visibility), "{:?}", response.headers);
        assert_eq!(response.expect_header("vary").to_lowercase(), "authorization, x-api-key");
        let tag = response.expect_header("etag");
        let again = api.call(Method::GET, &mug.reviews()).header("If-None-Match", tag).send().await.expect(304);
        assert!(again.text.is_empty() && again.expect_header("etag") == tag);
    }
}

#[tokio::test]
async fn reviews_are_paged_newest_first() {
    let shop = Shop::open().await;
    let mug = shop.sells(Draft::with_stock(9)).await;
    let owners = join_all((0..3).map(|_| shop.new_owner(&mug))).await;
    let mut posted = Vec::new();
    for owner in &owners {
        posted.insert(0, owner.api.reviews(&mug, 4).await);
    }
    let anonymous = shop.anonymous();
    shop.awaits_listed(&anonymous, &mug.reviews(), &posted.iter().collect::<Vec<_>>()).await;
    let mut listed = Vec::new();
    let mut path = format!("{}?limit=2", mug.reviews());
    let cursor = loop {
        let page = anonymous.get(&path).await.expect(200).json();
        listed.extend(page["data"].as_array().cloned().unwrap_or_default());
        let Some(cursor) = page["pagination"]["cursor"].as_str() else { break path };
        assert_eq!(page["pagination"]["hasMore"], true, "{page}");
        path = format!("{}?limit=2&cursor={cursor}", mug.reviews());
    };
    let ids = |list: &[Value]| list.iter().map(|review| review["id"].to_string()).collect::<Vec<_>>();
    assert_eq!(ids(&listed), ids(&posted));
    assert_eq!(ids(&listed).into_iter().collect::<BTreeSet<_>>().len(), 3, "each review should be listed once");
    // The cursor is valid for this product and this visibility only.
    let cursor = cursor.split("cursor=").nth(1).unwrap_or_default();
    let bowl = shop.sells(Draft::with_stock(1)).await;
    anonymous.get(&format!("{}?cursor={cursor}", bowl.reviews())).await.expect_problem(400, "invalid_cursor");
    let hidden = format!("{}?status=hidden&cursor={cursor}", mug.reviews());
    shop.admin().await.get(&hidden).await.expect_problem(400, "invalid_cursor");
}

#[tokio::test]
async fn invalid_review_is_422_and_names_the_field() {
    let shop = Shop::open().await;
    let mug = shop.sells(Draft::with_stock(9)).await;
    let owner = shop.new_owner(&mug).await;
    let review = owner.api.reviews(&mug, 3).await;
    let good = |field: &str, value: Value| {
        let mut body = json!({ "rating": 3 });
        body[field] = value;
        body
    };
    let table = [
        (json!({ "title": "Fine" }), "rating", "required"),
        (good("rating", json!(0)), "rating", "invalid_value"),
        (good("rating", json!(6)), "rating", "invalid_value"),
        (good("rating", json!(-1)), "rating", "invalid_value"),
        (good("rating", json!(4.5)), "rating", "wrong_type"),
        (good("rating", json!("5")), "rating", "wrong_type"),
        (good("rating", json!(null)), "rating", "wrong_type"),
        (good("title", json!("")), "title", "invalid_value"),
        (good("title", json!("x".repeat(101))), "title", "invalid_value"),
        (good("title", json!("two\nlines")), "title", "invalid_value"),
        (good("title", json!(7)), "title", "wrong_type"),
        (good("text", json!("   ")), "text", "invalid_value"),
        (good("text", json!("x".repeat(5001))), "text", "invalid_value"),
        (good("text", json!("a\u{0}b")), "text", "invalid_value"),
        (good("text", json!("a\u{202E}b")), "text", "invalid_value"),
        (good("text", json!(["x"])), "text", "wrong_type"),
        (good("userId", json!(owner.id())), "userId", "unknown_field"),
    ];
    for (body, field, code) in &table {
        for response in [owner.api.tries_to_review(&mug, body).await, owner.api.put(&mug.review(&review), body).await] {
            response.expect_problem(422, "validation_failed").names_field(field).has_error_code(code);
        }
    }
    let hidden = good("status", json!("hidden"));
    owner.api.tries_to_review(&mug, &hidden).await.expect_fault("status", "unknown_field");
    owner.api.put(&mug.review(&review), &hidden).await.expect_fault("status", "read_only");
    let admin = shop.admin().await;
    for (verdict, field, code) in [
        (json!({}), "status", "required"),
        (json!({ "status": "gone" }), "status", "invalid_value"),
        (json!({ "status": 1 }), "status", "wrong_type"),
        (json!({ "status": "hidden", "reason": "x".repeat(201) }), "reason", "invalid_value"),
        (json!({ "status": "visible", "reason": "It is fine" }), "reason", "reason_without_hiding"),
        (json!({ "status": "hidden", "rating": 1 }), "rating", "unknown_field"),
    ] {
        let refused = admin.moderates(&mug, &review, &verdict).await.expect_problem(422, "validation_failed");
        refused.names_field(field).has_error_code(code);
    }
    for (query, field) in
        [("limit=0", "limit"), ("limit=101", "limit"), ("status=gone", "status"), ("sort=stars", "sort")]
    {
        let refused = shop.anonymous().get(&format!("{}?{query}", mug.reviews())).await;
        refused.expect_problem(422, "validation_failed").names_field(field);
    }
    assert_eq!(owner.api.get(&mug.review(&review)).await.expect(200).json(), review, "it should be unchanged");
}
