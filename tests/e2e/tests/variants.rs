//! Products with options: each variant has its own price and stock and is sold by itself; the product that groups them is not sold.

use e2e::{Checkout, Shop, pieces, unique};
use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

/// A body with one member changed, by a JSON pointer; null removes the member.
fn with(body: &Value, pointer: &str, value: Value) -> Value {
    let mut body = body.clone();
    match body.pointer_mut(pointer) {
        Some(member) => *member = value,
        None => {
            let (parent, name) = pointer.rsplit_once('/').unwrap_or_default();
            body.pointer_mut(parent).unwrap_or_else(|| panic!("the document should have {parent}"))[name] = value;
        }
    }
    body
}

/// The body of a `PUT` from the body of a `POST`.
fn replacement(mut body: Value) -> Value {
    if let Some(members) = body.as_object_mut() {
        members.remove("sku");
    }
    body
}

#[tokio::test]
async fn variant_is_bought_by_its_sku() {
    let shop = Shop::open().await;
    let shirt = shop.sells_shirts(&[("S", 2, 1_800), ("M", 4, 2_000)]).await;
    let shown = shop.reads_product(&shirt.product()).await;
    assert_eq!((&shown["price"]["amount"], &shown["stock"]["available"]), (&json!(1_800), &json!(6)), "{shown}");
    let names: Vec<_> = shown["variants"].as_array().into_iter().flatten().map(|variant| &variant["name"]).collect();
    assert_eq!(names, [&json!(format!("{} (S)", shirt.name)), &json!(format!("{} (M)", shirt.name))]);

    let customer = shop.new_customer().await;
    let medium = shirt.size("M");
    customer.adds(&medium.sku, 3).await;
    let cart = customer.looks_into_cart().await;
    assert_eq!((&cart["items"][0]["name"], &cart["total"]["amount"]), (&json!(medium.name), &json!(6_000)), "{cart}");
    let order = customer.checks_out().await;
    assert_eq!((&order.items()[0]["sku"], &order.items()[0]["productId"]), (&json!(medium.sku), &json!(shirt.id)));
    customer.awaits(&order, "confirmed", "paid").await;
    shop.has_exact_stock(medium, 1).await;
    shop.has_exact_stock(shirt.size("S"), 2).await;
    let now = shop.looks_up_product(&shirt.id).await.json();
    assert_eq!(now["stock"]["available"], 3);
}

#[tokio::test]
async fn product_with_variants_needs_a_variant() {
    let shop = Shop::open().await;
    let shirt = shop.sells_shirts(&[("S", 2, 1_800), ("M", 4, 2_000)]).await;
    let customer = shop.new_customer().await;
    for (field, item) in [
        ("sku", json!({ "sku": shirt.sku, "quantity": 1 })),
        ("productId", json!({ "productId": shirt.id, "quantity": 1 })),
    ] {
        customer.tries_to_add(item).await.expect_problem(422, "variant_required").names_field(field);
    }
    for item in [&shirt.sku, &shirt.id] {
        let path = format!("/api/v1/cart/me/items/{item}");
        customer.api.put(&path, &json!({ "quantity": 1 })).await.expect_problem(422, "variant_required");
    }
    let checkout = Checkout::of(&[(&shirt.sku, 1)]);
    customer.tries_to_place(&checkout).await.expect_problem(422, "variant_required");
    customer.api.quotes(&checkout.body).await.expect_problem(422, "variant_required");

    // A product id in a cart item names its line, unless there are two lines of it.
    let line = format!("/api/v1/cart/me/items/{}", shirt.id);
    customer.adds(&shirt.size("S").sku, 1).await;
    customer.adds(&shirt.size("M").sku, 1).await;
    customer.api.delete(&line).await.expect_problem(422, "variant_required");
    customer.api.delete(&format!("/api/v1/cart/me/items/{}", shirt.size("M").sku)).await.expect_success();
    customer.api.delete(&line).await.expect_success();
    assert!(pieces(&customer.looks_into_cart().await).is_empty());

    let stock = format!("/api/v1/products/{}/stock", shirt.id);
    let counts = async |body: Value| shop.admin().await.call(Method::PATCH, &stock).json(&body).send().await;
    counts(json!({ "set": 9 })).await.expect_problem(422, "variant_required");
    counts(json!({ "set": 9, "sku": shirt.sku })).await.expect_problem(422, "variant_required");
    counts(json!({ "set": 9, "sku": "ANOTHER" })).await.expect_refusal(422).has_error_code("sku_unknown");
    counts(json!({ "set": 9, "sku": shirt.size("M").sku })).await.expect(200);
    shop.has_exact_stock(shirt.size("M"), 9).await;
    shop.has_exact_stock(shirt.size("S"), 2).await;
}

#[tokio::test]
async fn replacement_keeps_stock_of_variants_and_retires_omitted_ones() {
    let shop = Shop::open().await;
    let body = shop.shirt(&[("S", 2, 1_800), ("M", 4, 2_000)]);
    let created = shop.admin().await.post("/api/v1/products", &body).await.expect(201).json();
    let (id, small, medium) =
        (created["id"].as_str().unwrap_or_default(), &created["variants"][0], &created["variants"][1]);
    let (small, medium) = (small["sku"].as_str().unwrap_or_default(), medium["sku"].as_str().unwrap_or_default());
    let customer = shop.new_customer().await;
    customer.adds(small, 1).await;
    customer.adds(medium, 1).await;

    let large = format!("{}-L", body["sku"].as_str().unwrap_or_default());
    let mut next = with(&replacement(body.clone()), "/options/0/values", json!(["M", "L"]));
    next["variants"] = json!([
        { "sku": medium, "options": { "size": "M" }, "price": shop.money(2_100), "stock": { "available": 99 } },
        { "sku": large, "options": { "size": "L" }, "price": shop.money(2_500), "stock": { "available": 7 } },
    ]);
    shop.tries_to_replace(id, &next).await.expect_fault("variants[0].stock", "read_only");
    let next = with(&next, "/variants/0/stock/available", json!(4));
    let replaced = shop.tries_to_replace(id, &next).await.expect(200).json();
    let stock: Vec<_> =
        replaced["variants"].as_array().into_iter().flatten().map(|v| (&v["sku"], &v["stock"]["available"])).collect();
    assert_eq!(
        stock,
        [(&json!(medium), &json!(4)), (&json!(large), &json!(7))],
        "a replacement should not change stock"
    );
    assert_eq!(replaced["price"]["amount"], 2_100, "the lowest remaining price should be shown");

    let cart = customer.looks_into_cart().await;
    let kinds: Vec<_> = cart["changes"].as_array().into_iter().flatten().map(|c| (&c["sku"], &c["kind"])).collect();
    assert_eq!(kinds, [(&json!(small), &json!("gone")), (&json!(medium), &json!("price"))], "{cart}");
    customer.tries_to_add(json!({ "sku": small, "quantity": 1 })).await.expect_problem(422, "product_unknown");
    let again = shop.tries_to_replace(id, &replacement(body.clone())).await.expect_problem(409, "sku_taken");
    again.names_field("variants[0].sku");
    let other = with(&shop.shirt(&[("S", 1, 1_000)]), "/variants/0/sku", json!(small));
    shop.admin().await.post("/api/v1/products", &other).await.expect_problem(409, "sku_taken");

    let one = json!({ "variants": [{ "sku": medium, "options": { "size": "M" }, "price": shop.money(1_500) }] });
    let patched = shop.tries_to_patch(id, &one).await.expect(200).json();
    assert_eq!(
        (patched["variants"].as_array().map(Vec::len), &patched["variants"][0]["stock"]["available"]),
        (Some(1), &json!(4))
    );
    assert_eq!(patched["options"], next["options"], "an omitted member should stay");
    for (field, value) in [("price", shop.money(5)), ("compareAtPrice", json!(null)), ("weight", json!(3))] {
        shop.tries_to_patch(id, &json!({ field: value }))
            .await
            .expect_refusal(422)
            .has_error_code("belongs_to_variants");
    }
}

#[tokio::test]
async fn product_cannot_gain_or_lose_all_options() {
    let shop = Shop::open().await;
    let shirt = shop.sells_shirts(&[("S", 2, 1_800)]).await;
    let plain = json!({ "name": "Shirt", "category": "e2e", "price": shop.money(1_000) });
    shop.tries_to_replace(&shirt.id, &plain).await.expect_problem(409, "options_fixed");
    shop.tries_to_patch(&shirt.id, &json!({ "options": null, "variants": null })).await.expect_refusal(422);
    let single =
        json!({ "sku": unique("MUG").to_uppercase(), "name": "Mug", "category": "e2e", "price": shop.money(1_000) });
    let mug = shop.admin().await.post("/api/v1/products", &single).await.expect(201).json();
    let id = mug["id"].as_str().unwrap_or_default();
    let shirts = shop.shirt(&[("S", 1, 1_000)]);
    shop.tries_to_replace(id, &replacement(shirts.clone())).await.expect_problem(409, "options_fixed");
    let patch = json!({ "options": shirts["options"], "variants": shirts["variants"] });
    shop.tries_to_patch(id, &patch).await.expect_problem(409, "options_fixed");
}

#[tokio::test]
async fn invalid_variants_are_refused_with_their_field() {
    let shop = Shop::open().await;
    let good = shop.shirt(&[("S", 2, 1_800), ("M", 4, 2_000)]);
    let many = |n: usize| {
        let variant = |at: usize| json!({ "sku": unique("T"), "options": { "size": format!("{at}"), "cut": "slim" }, "price": shop.money(1) });
        let sizes: Vec<_> = (0..n.min(30)).map(|at| at.to_string()).collect();
        let options = json!([{ "name": "size", "values": sizes }, { "name": "cut", "values": ["slim"] }]);
        with(&with(&good, "/options", options), "/variants", (0..n).map(variant).collect())
    };
    let option = |name: &str| json!({ "name": name, "values": ["x"] });
    let bad = [
        (with(&good, "/variants", json!([])), "variants", "variants_out_of_range"),
        (many(41), "variants", "variants_out_of_range"),
        (with(&good, "/options", json!([])), "options", "options_out_of_range"),
        (
            with(&good, "/options", json!([option("a"), option("b"), option("c"), option("d")])),
            "options",
            "options_out_of_range",
        ),
        (with(&good, "/options", json!([option("a"), option("a")])), "options[1].name", "option_twice"),
        (with(&good, "/options/0/values", json!([])), "options[0].values", "option_values_out_of_range"),
        (with(&good, "/options/0/values", json!(["S", "M", "S"])), "options[0].values", "option_value_twice"),
        (with(&good, "/variants/1/options", json!({})), "variants[1].options.size", "required"),
        (with(&good, "/variants/1/options/colour", json!("red")), "variants[1].options.colour", "option_unknown"),
        (with(&good, "/variants/1/options/size", json!("XL")), "variants[1].options.size", "option_value_unknown"),
        (with(&good, "/variants/1/options/size", json!("S")), "variants[1].options", "variant_twice"),
        (with(&good, "/variants/1/sku", good["variants"][0]["sku"].clone()), "variants[1].sku", "sku_twice"),
        (with(&good, "/variants/1/sku", good["sku"].clone()), "variants[1].sku", "sku_twice"),
        (with(&good, "/variants/0/price", shop.money(-1)), "variants[0].price.amount", "price_out_of_range"),
        (
            with(&good, "/variants/0/compareAtPrice", shop.money(1)),
            "variants[0].compareAtPrice",
            "compare_at_price_too_low",
        ),
        (
            with(&good, "/variants/0/stock/available", json!(1_000_001)),
            "variants[0].stock.available",
            "stock_out_of_range",
        ),
        (with(&good, "/stock", json!({ "available": 1 })), "stock", "stock_of_variants"),
        (with(&good, "/variants/0/price", json!(null)), "variants[0].price", "required"),
    ];
    let admin = shop.admin().await;
    join_all(bad.into_iter().map(async |(body, field, code)| {
        admin.post("/api/v1/products", &body).await.expect_refusal(422).has_error_code(code).names_field(field);
    }))
    .await;
    admin.post("/api/v1/products", &good).await.expect(201);
}

#[tokio::test]
async fn product_has_at_most_forty_variants_in_one_transaction() {
    let shop = Shop::open().await;
    let sizes: Vec<String> = (0..40).map(|size| format!("{}", 30 + size)).collect();
    let range: Vec<_> = sizes.iter().map(|size| (size.as_str(), 3, 9_000)).collect();
    // An option has 30 values at most, so two options share the 40 variants.
    let mut body = shop.shirt(&range);
    body["options"] =
        json!([{ "name": "size", "values": &sizes[..20] }, { "name": "cut", "values": ["slim", "wide"] }]);
    for (at, variant) in body["variants"].as_array_mut().into_iter().flatten().enumerate() {
        variant["options"] = json!({ "size": sizes[at % 20], "cut": if at < 20 { "slim" } else { "wide" } });
    }
    let created = shop.admin().await.post("/api/v1/products", &body).await.expect(201).json();
    let id = created["id"].as_str().unwrap_or_default();
    assert_eq!((created["variants"].as_array().map(Vec::len), &created["stock"]["available"]), (Some(40), &json!(120)));

    let renamed = shop.tries_to_patch(id, &json!({ "name": "Trousers" })).await.expect(200).json();
    let names = renamed["variants"].as_array().into_iter().flatten().filter_map(|variant| variant["name"].as_str());
    assert!(names.into_iter().all(|name| name.starts_with("Trousers (")), "{renamed}");
    // Removing all old variants and adding as many new ones does not fit into one transaction.
    let mut others = replacement(shop.shirt(&range));
    others["options"] = body["options"].clone();
    for (at, variant) in others["variants"].as_array_mut().into_iter().flatten().enumerate() {
        variant["options"] = body["variants"][at]["options"].clone();
    }
    shop.tries_to_replace(id, &others).await.expect_problem(422, "too_many_changes");
    assert_eq!(shop.looks_up_product(id).await.json()["version"], 2, "nothing should change");
}
