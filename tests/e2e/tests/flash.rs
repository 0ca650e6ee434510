//! Flash sales: a SKU whose stock is in buckets sells exactly its pieces, and shows them as any other SKU does.

use e2e::{Checkout, Draft, Guest, Order, SOON, Shop, await_until, unique};
use futures::{StreamExt, stream};
use reqwest::Method;
use serde_json::{Value, json};

/// The operator's email address in the test stack.
const OPERATOR: &str = "operator@souk.local";

/// A guest orders, and repeats the request under its key while the shop is too busy.
async fn places(guest: &Guest, checkout: &Checkout) -> Order {
    await_until(format_args!("{} is placed", checkout.key), SOON, async || {
        let response = guest.tries_to_place(checkout).await;
        if matches!(response.status, 502..=504) { Err(response.text) } else { Ok(Order(response.expect(201).json())) }
    })
    .await
}

/// The movements of so many sales of `delta` pieces, after the initial stock.
fn sales(initial: i64, count: usize, delta: i64) -> Vec<(&'static str, i64)> {
    [vec![("initial", initial)], vec![("sale", delta); count]].concat()
}

/// The line of a SKU in an export.
async fn exported(shop: &Shop, sku: &str) -> Value {
    let file = shop.exports("ndjson").await;
    let mut lines = file
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap_or_else(|error| panic!("{line} is JSON: {error}")));
    lines.find(|line| line["sku"] == sku).unwrap_or_else(|| panic!("{sku} should be exported"))
}

#[tokio::test]
async fn no_piece_is_lost_when_stock_is_divided_while_buyers_order() {
    let shop = Shop::open().await;
    let mug = shop.sells(Draft::with_stock(30)).await;
    let checkouts: Vec<_> = (0..24).map(|_| (shop.new_guest(), Checkout::of(&[(&mug.sku, 1)]))).collect();
    let orders = stream::iter(&checkouts).map(async |(guest, checkout)| places(guest, checkout).await);
    let divisions = async {
        for buckets in [2, 40, 0, 8] {
            shop.divides(&mug, buckets).await;
        }
    };
    futures::join!(orders.buffer_unordered(4).collect::<Vec<Order>>(), divisions);
    let rows = shop.awaits_rows(&mug, 40, 6).await;
    assert_eq!(rows.bounds.len(), 1, "{rows:?}");
    assert!(rows.buckets.iter().skip(8).all(|pieces| *pieces == 0), "only 8 buckets are in use: {rows:?}");
    shop.has_exact_stock(&mug, 6).await;
    shop.awaits_movements(&mug, &sales(30, 24, -1)).await;
}

#[tokio::test]
async fn large_order_is_sold_from_eight_buckets_or_from_all_of_them() {
    let shop = Shop::open().await;
    let customer = shop.new_customer().await;
    let mug = shop.sells_in_buckets(18, 9).await;
    let order = customer.places(&Checkout::of(&[(&mug.sku, 16)])).await;
    shop.awaits_rows(&mug, 9, 2).await;
    let mut expected = sales(18, 8, -2);
    shop.awaits_movements(&mug, &expected).await;
    customer.cancels(&order, "Too many mugs").await.expect_success();
    expected.push(("returned", 16));
    shop.awaits_movements(&mug, &expected).await;
    shop.has_exact_stock(&mug, 18).await;

    // More than eight rows have, so the pieces come together in one row first.
    let bowl = shop.sells_in_buckets(18, 9).await;
    customer.places(&Checkout::of(&[(&bowl.sku, 17)])).await;
    shop.awaits_movements(&bowl, &sales(18, 1, -17)).await;
    shop.has_exact_stock(&bowl, 1).await;
}

#[tokio::test]
async fn cancelled_piece_is_sold_again() {
    let shop = Shop::open().await;
    let customer = shop.new_customer().await;
    let mug = shop.sells_in_buckets(2, 2).await;
    let one = || Checkout::of(&[(&mug.sku, 1)]);
    let first = customer.places(&one()).await;
    customer.places(&one()).await;
    let refused = customer.tries_to_place(&one()).await.expect_problem(409, "insufficient_stock");
    assert_eq!(refused.errors()[0]["available"], 0, "{}", refused.body);
    customer.cancels(&first, "Too many mugs").await.expect_success();
    let rows = shop.awaits_rows(&mug, 2, 1).await;
    assert_eq!(rows.tail, 1, "a returned piece is in no bucket: {rows:?}");
    customer.places(&one()).await;
    customer.tries_to_place(&one()).await.expect_problem(409, "insufficient_stock");
    let mut expected = sales(2, 3, -1);
    expected.push(("returned", 1));
    shop.awaits_movements(&mug, &expected).await;
}

#[tokio::test]
async fn pieces_in_buckets_are_shown_on_pages_and_in_carts_quotes_and_lists() {
    let shop = Shop::open().await;
    let category = unique("flash");
    let mug = shop.sells(Draft::with_stock(20).in_category(&category)).await;
    let divided = shop.divides(&mug, 4).await;
    assert_eq!(divided["flash"], json!([{ "sku": mug.sku, "buckets": 4 }]), "{divided}");
    assert_eq!(divided["stock"]["available"], 20, "{divided}");
    let customer = shop.new_customer().await;
    customer.adds(&mug.sku, 1).await;
    let shown = async |pieces: u32| {
        shop.awaits_stock(&mug, pieces).await;
        // Each execution environment remembers the pieces of buckets for some seconds.
        await_until(format_args!("cart and quote show {pieces}"), SOON, async || {
            let cart = customer.looks_into_cart().await["items"][0]["available"].clone();
            let quote = customer.api.quotes(&json!({ "items": [{ "sku": mug.sku, "quantity": 1 }] })).await;
            let quote = quote.expect(200).json()["items"][0]["available"].clone();
            if cart == pieces && quote == pieces { Ok(()) } else { Err(format!("{cart}, {quote}")) }
        })
        .await;
    };
    shown(20).await;
    await_until("the list shows 20", SOON, async || {
        let page = shop.anonymous().get(&format!("/api/v1/products?category={category}")).await.expect(200).json();
        if page["data"][0]["stock"]["available"] == 20 { Ok(()) } else { Err(page["data"].to_string()) }
    })
    .await;
    customer.places(&Checkout::of(&[(&mug.sku, 3)])).await;
    shown(17).await;
    assert!(shop.reads_product(&mug).await["flash"].is_null(), "only admins should see the buckets");
    let seen = shop.looks_up_product(&mug.id).await.json();
    assert_eq!((&seen["stock"]["available"], &seen["flash"]), (&json!(17), &divided["flash"]), "{seen}");
    customer.tries_to_add(json!({ "sku": mug.sku, "quantity": 30 })).await.expect_problem(409, "insufficient_stock");
    // The cart's own piece.
    customer.checks_out().await;
    shop.has_exact_stock(&mug, 16).await;
}

#[tokio::test]
async fn stock_by_hand_is_right_in_all_its_forms() {
    let shop = Shop::open().await;
    let mug = shop.sells_in_buckets(20, 4).await;
    let counts = async |body: Value| shop.counts_stock(&mug, &body).await.json()["stock"]["available"].clone();
    assert_eq!(counts(json!({ "delta": 5 })).await, 25);
    // More than is outside of the buckets.
    assert_eq!(counts(json!({ "delta": -10 })).await, 15);
    assert_eq!(counts(json!({ "set": 40 })).await, 40);
    let rows = shop.awaits_rows(&mug, 4, 40).await;
    assert!(rows.buckets.iter().all(|pieces| *pieces > 0), "counted pieces should be divided: {rows:?}");

    let path = format!("/api/v1/products/{}/stock", mug.id);
    let below = shop.admin().await.call(Method::PATCH, &path).json(&json!({ "delta": -41 })).send().await;
    let below = below.expect_problem(409, "stock_negative").names_field("delta");
    assert!(below.errors().iter().any(|error| error["available"] == 40), "{}", below.body);
    let rows = shop.awaits_rows(&mug, 4, 40).await;
    assert!(rows.buckets.iter().all(|pieces| *pieces > 0), "a refusal should leave the buckets alone: {rows:?}");
    shop.awaits_movements(&mug, &[("initial", 20), ("delta", 5), ("delta", -10), ("set", 25)]).await;
    shop.has_exact_stock(&mug, 40).await;

    // The buckets are emptied for it, which makes no expected version wrong.
    let tag = shop.looks_up_product(&mug.id).await.expect_header("etag").to_owned();
    let count = shop.admin().await.call(Method::PATCH, &path).header("If-Match", &tag);
    count.json(&json!({ "set": 44 })).send().await.expect(200);
    shop.has_exact_stock(&mug, 44).await;
}

#[tokio::test]
async fn repeated_change_of_stock_gets_the_same_answer() {
    let shop = Shop::open().await;
    let mug = shop.sells_in_buckets(12, 4).await;
    shop.new_customer().await.places(&Checkout::of(&[(&mug.sku, 1)])).await;
    let (admin, path, key) = (shop.admin().await, format!("/api/v1/products/{}/stock", mug.id), unique("stock"));
    let adds_one = async || {
        let call = admin.call(Method::PATCH, &path).idempotency_key(&key);
        call.json(&json!({ "delta": 1 })).send().await.expect(200)
    };
    let (first, again) = (adds_one().await, adds_one().await);
    assert_eq!(first.json()["stock"]["available"], 12, "{}", first.text);
    assert_eq!((again.json(), again.expect_header("etag")), (first.json(), first.expect_header("etag")));
    shop.has_exact_stock(&mug, 12).await;
}

#[tokio::test]
async fn export_counts_the_buckets_and_its_line_can_be_imported() {
    let shop = Shop::open().await;
    let mug = shop.sells_in_buckets(20, 4).await;
    shop.new_customer().await.places(&Checkout::of(&[(&mug.sku, 3)])).await;
    let mut line = exported(&shop, &mug.sku).await;
    assert_eq!(line["stock"]["available"], 17, "{line}");
    line["stock"]["available"] = json!(9);
    let job = shop.imports("ndjson", format!("{line}\n")).await;
    assert_eq!((&job["status"], &job["counts"]["rejected"]), (&json!("done"), &json!(0)), "{job}");
    let rows = shop.awaits_rows(&mug, 4, 9).await;
    assert!(rows.buckets.iter().all(|pieces| *pieces > 0), "imported pieces should be divided: {rows:?}");
    assert_eq!(exported(&shop, &mug.sku).await["stock"]["available"], 9);
    shop.has_exact_stock(&mug, 9).await;
}

#[tokio::test]
async fn low_stock_is_mailed_once_after_housekeeping_has_counted_the_buckets() {
    let shop = Shop::open().await;
    let mug = shop.sells_in_buckets(7, 2).await;
    shop.new_customer().await.places(&Checkout::of(&[(&mug.sku, 3)])).await;
    await_until("a mail says that few are left", SOON, async || {
        shop.rebalances().await;
        let mails = shop.mailbox.of(OPERATOR).await;
        let about = format!("left of {}", mug.sku);
        if mails.iter().any(|mail| mail.subject.contains(&about)) {
            Ok(())
        } else {
            Err(format!("{} mails", mails.len()))
        }
    })
    .await;
    shop.has_exact_stock(&mug, 4).await;
}

#[tokio::test]
async fn few_pieces_return_to_one_row_and_many_are_divided_by_housekeeping() {
    let shop = Shop::open().await;
    let mug = shop.sells_in_buckets(8, 8).await;
    shop.new_customer().await.places(&Checkout::of(&[(&mug.sku, 3)])).await;
    await_until("five pieces are in one row", SOON, async || {
        shop.rebalances().await;
        let rows = shop.stock_rows(&mug, 8).await;
        if rows.tail == 5 && rows.bounds == [0] { Ok(()) } else { Err(format!("{rows:?}")) }
    })
    .await;
    shop.counts_stock(&mug, &json!({ "delta": 19 })).await;
    await_until("each bucket has three pieces", SOON, async || {
        shop.rebalances().await;
        let rows = shop.stock_rows(&mug, 8).await;
        if rows.buckets == [3; 8] && rows.bounds == [24] { Ok(()) } else { Err(format!("{rows:?}")) }
    })
    .await;
    shop.has_exact_stock(&mug, 24).await;
}

#[tokio::test]
async fn new_terms_hold_in_every_bucket() {
    let shop = Shop::open().await;
    let (mug, customer) = (shop.sells_in_buckets(8, 4).await, shop.new_customer().await);
    customer.adds(&mug.sku, 1).await;
    shop.reprices(&mug, 1499).await;
    let rows = shop.stock_rows(&mug, 4).await;
    assert_eq!(rows.prices, [1499; 4].map(Value::from), "the change was answered: {rows:?}");
    customer.tries_to_place(&Checkout::of_cart()).await.expect_problem(409, "price_changed");
    let order = customer.places(&Checkout::of(&[(&mug.sku, 2)])).await;
    assert_eq!(order.total(), 2 * 1499);
    shop.tries_to_patch(&mug.id, &json!({ "maxPerOrder": 2 })).await.expect(200);
    customer.tries_to_place(&Checkout::of(&[(&mug.sku, 3)])).await.expect_problem(422, "max_per_order");
    customer.places(&Checkout::of(&[(&mug.sku, 2)])).await;
    shop.awaits_rows(&mug, 4, 4).await;
}

#[tokio::test]
async fn bucket_that_is_not_in_use_limits_no_order() {
    let shop = Shop::open().await;
    let (mug, customer) = (shop.sells_in_buckets(8, 4).await, shop.new_customer().await);
    // The line of the cart remembers the buckets.
    customer.adds(&mug.sku, 3).await;
    shop.tries_to_patch(&mug.id, &json!({ "maxPerOrder": 2 })).await.expect(200);
    shop.divides(&mug, 0).await;
    shop.tries_to_patch(&mug.id, &json!({ "maxPerOrder": 3 })).await.expect(200);
    customer.checks_out().await;
    shop.awaits_stock(&mug, 5).await;
}

#[tokio::test]
async fn archived_product_keeps_its_pieces_in_closed_buckets() {
    let shop = Shop::open().await;
    let (mug, customer) = (shop.sells_in_buckets(8, 4).await, shop.new_customer().await);
    customer.adds(&mug.sku, 1).await;
    shop.archives(&mug).await;
    customer.tries_to_place(&Checkout::of_cart()).await.expect_problem(409, "product_unavailable");
    shop.tries_to_divide(&mug, 8).await.expect_problem(409, "product_archived");
    let rows = shop.awaits_rows(&mug, 4, 8).await;
    assert!(rows.statuses.iter().all(|status| status == "archived"), "{rows:?}");
    await_until("housekeeping has no more work", SOON, async || {
        shop.rebalances().await;
        let offer = shop.rows.reads("catalog", &format!("SKU#{}", mug.sku), "OFFER").await;
        if offer["gsi3pk"].is_null() { Ok(()) } else { Err(offer.to_string()) }
    })
    .await;
}

#[tokio::test]
async fn variants_are_divided_one_by_one() {
    let shop = Shop::open().await;
    let shirt = shop.sells_shirts(&[("S", 6, 1000), ("M", 6, 1000), ("L", 0, 1000), ("XL", 0, 1000)]).await;
    let (small, path) = (shirt.size("S"), shirt.product().flash_path());
    let divided = shop.divides(small, 3).await;
    assert_eq!(divided["flash"], json!([{ "sku": small.sku, "buckets": 3 }]), "{divided}");
    shop.new_customer().await.places(&Checkout::of(&[(&small.sku, 2), (&shirt.size("M").sku, 1)])).await;
    shop.has_exact_stock(small, 4).await;
    shop.has_exact_stock(shirt.size("M"), 5).await;

    let admin = shop.admin().await;
    let tries = async |body: Value| admin.put(&path, &body).await;
    tries(json!({ "buckets": 2 })).await.expect_refusal(422).names_field("sku").has_error_code("variant_required");
    tries(json!({ "sku": shirt.sku, "buckets": 2 })).await.expect_refusal(422).names_field("sku");
    tries(json!({ "sku": "NO-SUCH-SKU", "buckets": 2 })).await.expect_fault("sku", "sku_unknown");
    // 1,024 in all variants of a product.
    shop.divides(shirt.size("L"), 512).await;
    tries(json!({ "sku": shirt.size("XL").sku, "buckets": 512 })).await.expect_fault("buckets", "too_many_buckets");
    shop.divides(shirt.size("L"), 0).await;
    let divided = shop.divides(small, 0).await;
    assert!(divided["flash"].is_null(), "{divided}");
}

#[tokio::test]
async fn switch_is_a_version_of_the_product_and_dividing_again_is_none() {
    let shop = Shop::open().await;
    let mug = shop.sells(Draft::with_stock(12)).await;
    let (admin, path) = (shop.admin().await, mug.flash_path());
    let divide = async |tag: &str, buckets: u32| {
        let call = admin.call(Method::PUT, &path).header("If-Match", tag);
        call.json(&json!({ "buckets": buckets })).send().await
    };
    let before = shop.looks_up_product(&mug.id).await.expect_header("etag").to_owned();
    let divided = divide(&before, 4).await.expect(200);
    assert_ne!(divided.expect_header("etag"), before);
    divide(&before, 6).await.expect_problem(412, "version_mismatch");
    for buckets in [4, 4, 1, 0] {
        shop.divides(&mug, buckets).await;
    }
    let history = admin.get(&format!("/api/v1/products/{}/history", mug.id)).await.expect(200).json();
    let revisions = history["data"].as_array().into_iter().flatten();
    assert_eq!(revisions.filter(|revision| revision["kind"] == "flash_changed").count(), 2, "{history}");
    let rows = shop.awaits_rows(&mug, 4, 12).await;
    assert_eq!((rows.tail, rows.bounds.len()), (12, 0), "{rows:?}");
}

#[tokio::test]
async fn invalid_divisions_are_refused() {
    let shop = Shop::open().await;
    let mug = shop.sells(Draft::with_stock(3)).await;
    let admin = shop.admin().await;
    let tries = async |body: Value| admin.put(&mug.flash_path(), &body).await;
    tries(json!({ "buckets": 513 })).await.expect_fault("buckets", "buckets_out_of_range");
    tries(json!({})).await.expect_refusal(422).names_field("buckets");
    tries(json!({ "buckets": "many" })).await.expect_fault("buckets", "wrong_type");
    tries(json!({ "buckets": 2, "bounds": [3] })).await.expect_fault("bounds", "unknown_field");
    tries(json!({ "sku": "NO-SUCH-SKU", "buckets": 2 })).await.expect_fault("sku", "sku_unknown");
    let nobody = "/api/v1/products/prd_01h455vb4pex5vsknk084sn02q/flash";
    admin.put(nobody, &json!({ "buckets": 2 })).await.expect_problem(404, "not_found");
    let mut product = shop.looks_up_product(&mug.id).await.json();
    product["flash"] = json!([{ "sku": mug.sku, "buckets": 2 }]);
    shop.tries_to_replace(&mug.id, &product).await.expect_refusal(422).has_error_code("read_only");
    shop.divides(&mug, 2).await;
    let product = shop.looks_up_product(&mug.id).await.json();
    shop.tries_to_replace(&mug.id, &product).await.expect(200);
}

#[tokio::test]
async fn sale_from_a_bucket_changes_the_tag_of_the_product() {
    let shop = Shop::open().await;
    let mug = shop.sells_in_buckets(12, 4).await;
    // An admin reads the current version. Others may get one that is seconds old.
    let (admin, path) = (shop.admin().await, format!("/api/v1/products/{}", mug.id));
    let unless = async |known: &str| admin.call(Method::GET, &path).header("If-None-Match", known).send().await;
    let before = shop.looks_up_product(&mug.id).await.expect_header("etag").to_owned();
    unless(&before).await.expect(304);
    shop.new_customer().await.places(&Checkout::of(&[(&mug.sku, 1)])).await;
    assert_eq!(unless(&before).await.expect(200).json()["stock"]["available"], 11);
    let count = admin.call(Method::PATCH, &format!("{path}/stock")).header("If-Match", &before);
    count.json(&json!({ "set": 12 })).send().await.expect_problem(412, "version_mismatch");
    shop.has_exact_stock(&mug, 11).await;
}
