//! Invalid documents for the catalog and the search: each mistake has a status, a code and the name of its
//! field, and changes nothing.

use e2e::{Api, Product, Response, Shop, with};
use reqwest::Method;
use serde_json::{Value, json};

const MERGE_PATCH: &str = "application/merge-patch+json";
/// Well-formed, but no product.
const NO_PRODUCT: &str = "prd_01h455vb4pex5vsknk084sn02q";
/// The field of an attribute whose name has one character too many.
const LONG_NAME: &str = "attributes.xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";

fn words(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("word {n}")).collect()
}

/// Mistakes in a product, whether created or replaced: pointer, value, reported field, code.
fn invalid_contents() -> Vec<(&'static str, Value, &'static str, &'static str)> {
    let long = |length: usize| json!("x".repeat(length));
    let attributes = |count: usize| (0..count).map(|n| (format!("a{n}"), json!(n))).collect::<serde_json::Map<_, _>>();
    vec![
        ("/name", json!(""), "name", "invalid_value"),
        ("/name", json!("   "), "name", "invalid_value"),
        ("/name", long(201), "name", "invalid_value"),
        ("/name", json!("a\nb"), "name", "invalid_value"),
        ("/name", json!("a\u{0}b"), "name", "invalid_value"),
        ("/name", json!("a\u{202E}b"), "name", "invalid_value"),
        ("/name", json!(7), "name", "wrong_type"),
        ("/description", long(5001), "description", "invalid_value"),
        ("/description", json!("a\u{0}b"), "description", "invalid_value"),
        ("/description", json!("a\u{1b}[2J"), "description", "invalid_value"),
        ("/description", json!(["x"]), "description", "wrong_type"),
        ("/category", json!(""), "category", "invalid_value"),
        ("/category", json!("a/b"), "category", "invalid_value"),
        ("/category", json!("a#b"), "category", "invalid_value"),
        ("/category", json!(" a"), "category", "invalid_value"),
        ("/category", json!("a\u{7f}"), "category", "invalid_value"),
        ("/category", long(65), "category", "invalid_value"),
        ("/category", json!(1), "category", "wrong_type"),
        ("/brand", json!(""), "brand", "invalid_value"),
        ("/brand", long(101), "brand", "invalid_value"),
        ("/brand", json!("a\tb"), "brand", "invalid_value"),
        ("/brand", json!(true), "brand", "wrong_type"),
        ("/tags", json!("blue"), "tags", "wrong_type"),
        ("/tags", json!(words(21)), "tags", "invalid_value"),
        ("/tags", json!(["blue", "x".repeat(51)]), "tags[1]", "invalid_value"),
        ("/tags", json!(["a\u{0}b"]), "tags[0]", "invalid_value"),
        ("/tags", json!([1]), "tags[0]", "wrong_type"),
        ("/attributes", json!(attributes(51)), "attributes", "invalid_value"),
        ("/attributes", json!({ (LONG_NAME.replace("attributes.", "")): 1 }), LONG_NAME, "invalid_value"),
        ("/attributes", json!({ "": 1 }), "attributes", "invalid_value"),
        ("/attributes", json!({ "a\nb": 1 }), "attributes.a\nb", "invalid_value"),
        ("/attributes", json!({ "a": "x".repeat(501) }), "attributes.a", "invalid_value"),
        ("/attributes", json!({ "a": "b\u{0}" }), "attributes.a", "invalid_value"),
        ("/attributes", json!({ "a": {} }), "attributes.a", "invalid_value"),
        ("/attributes", json!({ "a": [1] }), "attributes.a", "invalid_value"),
        ("/attributes", json!({ "a": 1e300 }), "attributes.a", "invalid_value"),
        ("/attributes", json!([]), "attributes", "wrong_type"),
        ("/price", json!(1490), "price", "wrong_type"),
        ("/price", json!("14.90 EUR"), "price", "wrong_type"),
        ("/price/amount", json!(-1), "price.amount", "price_out_of_range"),
        ("/price/amount", json!(i64::MIN), "price.amount", "price_out_of_range"),
        ("/price/amount", json!(100_000_001), "price.amount", "price_out_of_range"),
        ("/price/amount", json!(14.9), "price.amount", "wrong_type"),
        ("/price/amount", json!("1490"), "price.amount", "wrong_type"),
        ("/price/amount", json!(1e30), "price.amount", "wrong_type"),
        ("/price/currency", json!("USD"), "price.currency", "currency_mismatch"),
        ("/price/currency", json!("eur"), "price.currency", "invalid_value"),
        ("/price/currency", json!("AAA"), "price.currency", "invalid_value"),
        ("/price/currency", json!("EURO"), "price.currency", "invalid_value"),
        ("/price/currency", json!(978), "price.currency", "wrong_type"),
        ("/price/cents", json!(0), "price.cents", "unknown_field"),
        ("/compareAtPrice/amount", json!(1_490), "compareAtPrice", "compare_at_price_too_low"),
        ("/compareAtPrice/amount", json!(-1), "compareAtPrice.amount", "price_out_of_range"),
        ("/compareAtPrice/amount", json!(100_000_001), "compareAtPrice.amount", "price_out_of_range"),
        ("/compareAtPrice/currency", json!("USD"), "compareAtPrice.currency", "currency_mismatch"),
        ("/compareAtPrice", json!(1_990), "compareAtPrice", "wrong_type"),
        ("/weight", json!(0), "weight", "weight_out_of_range"),
        ("/weight", json!(1_000_001), "weight", "weight_out_of_range"),
        ("/weight", json!(-1), "weight", "invalid_value"),
        ("/weight", json!(0.5), "weight", "wrong_type"),
        ("/weight", json!("380 g"), "weight", "wrong_type"),
        ("/taxClass", json!("Reduced!"), "taxClass", "invalid_value"),
        ("/taxClass", long(33), "taxClass", "invalid_value"),
        ("/colour", json!("red"), "colour", "unknown_field"),
    ]
}

/// Members of a product that no request sets. A replacement may have them if they say what is stored.
fn read_only_members() -> Vec<(&'static str, Value)> {
    vec![("rating", json!(5)), ("images", json!([{}])), ("version", json!(7)), ("status", json!("archived"))]
}

/// Mistakes in options and variants.
fn invalid_variants(shop: &Shop, shirt: &Value) -> Vec<(&'static str, Value, &'static str, &'static str)> {
    let option = |name: &str, values: &[String]| json!({ "name": name, "values": values });
    let many: Vec<Value> = words(41)
        .iter()
        .enumerate()
        .map(|(n, _)| json!({ "sku": format!("{}-{n}", shirt["sku"]).replace('"', ""), "options": { "size": "S" }, "price": shop.money(1) }))
        .collect();
    let four: Vec<Value> = words(4).iter().map(|name| option(name, &words(1))).collect();
    vec![
        ("/options", json!(four), "options", "options_out_of_range"),
        ("/options", json!([]), "options", "options_out_of_range"),
        ("/options", json!([option("size", &[])]), "options[0].values", "option_values_out_of_range"),
        ("/options", json!([option("size", &words(31))]), "options[0].values", "option_values_out_of_range"),
        ("/options/0/values", json!(["S", "M", "S"]), "options[0].values", "option_value_twice"),
        ("/options/0/values/0", json!("x".repeat(41)), "options[0].values[0]", "invalid_value"),
        ("/options/0/values/0", json!("a\u{0}"), "options[0].values[0]", "invalid_value"),
        ("/options/0/name", json!(""), "options[0].name", "invalid_value"),
        ("/options/0/colour", json!("red"), "options[0].colour", "unknown_field"),
        ("/variants", json!([]), "variants", "variants_out_of_range"),
        ("/variants", json!(many), "variants", "variants_out_of_range"),
        ("/variants", json!({}), "variants", "wrong_type"),
        ("/variants/0/options", json!({}), "variants[0].options.size", "required"),
        ("/variants/0/options/size", json!("XL"), "variants[0].options.size", "option_value_unknown"),
        ("/variants/0/options/cut", json!("slim"), "variants[0].options.cut", "option_unknown"),
        ("/variants/1/options/size", json!("S"), "variants[1].options", "variant_twice"),
        ("/variants/1/sku", shirt["variants"][0]["sku"].clone(), "variants[1].sku", "sku_twice"),
        ("/variants/1/sku", shirt["sku"].clone(), "variants[1].sku", "sku_twice"),
        ("/variants/1/sku", json!("a b"), "variants[1].sku", "invalid_value"),
        ("/variants/1/price", Value::Null, "variants[1].price", "required"),
        ("/variants/1/price/amount", json!(-1), "variants[1].price.amount", "price_out_of_range"),
        ("/variants/1/price/currency", json!("USD"), "variants[1].price.currency", "currency_mismatch"),
        ("/variants/1/compareAtPrice", shop.money(1), "variants[1].compareAtPrice", "compare_at_price_too_low"),
        ("/variants/1/weight", json!(0), "variants[1].weight", "weight_out_of_range"),
        ("/variants/1/stock/available", json!(1_000_001), "variants[1].stock.available", "stock_out_of_range"),
        ("/variants/1/stock/available", json!(-1), "variants[1].stock.available", "invalid_value"),
    ]
}

async fn puts(admin: &Api, product: &Product, body: &Value) -> Response {
    let path = format!("/api/v1/products/{}", product.id);
    admin.call(Method::PUT, &path).header("If-Match", "\"1\"").json(body).send().await
}

async fn patches(admin: &Api, product: &Product, body: &Value) -> Response {
    let path = format!("/api/v1/products/{}", product.id);
    admin.call(Method::PATCH, &path).header("If-Match", "\"1\"").text(MERGE_PATCH, body.to_string()).send().await
}

#[tokio::test]
async fn invalid_product_is_not_created() {
    let shop = Shop::open().await;
    let (admin, valid) = (shop.admin().await, shop.mug());
    for (place, value, field, code) in invalid_contents() {
        admin.post("/api/v1/products", &with(&valid, place, value)).await.expect_fault(field, code);
    }
    for (place, value, field, code) in [
        ("/sku", Value::Null, "sku", "required"),
        ("/sku", json!(""), "sku", "invalid_value"),
        ("/sku", json!("a b"), "sku", "invalid_value"),
        ("/sku", json!("x".repeat(65)), "sku", "invalid_value"),
        ("/sku", json!("prd_1"), "sku", "invalid_value"),
        ("/sku", json!("MUG\u{0}"), "sku", "invalid_value"),
        ("/sku", json!(7), "sku", "wrong_type"),
        ("/name", Value::Null, "name", "required"),
        ("/category", Value::Null, "category", "required"),
        ("/price", Value::Null, "price", "required"),
        ("/price/amount", Value::Null, "price.amount", "required"),
        ("/price/currency", Value::Null, "price.currency", "required"),
        ("/stock/available", json!(-1), "stock.available", "invalid_value"),
        ("/stock/available", json!(1_000_001), "stock.available", "stock_out_of_range"),
        ("/stock/available", json!(1.5), "stock.available", "wrong_type"),
        ("/stock/reserved", json!(1), "stock.reserved", "unknown_field"),
        ("/id", json!(NO_PRODUCT), "id", "unknown_field"),
    ] {
        admin.post("/api/v1/products", &with(&valid, place, value)).await.expect_fault(field, code);
    }
    for (name, value) in read_only_members() {
        let body = with(&valid, &format!("/{name}"), value);
        admin.post("/api/v1/products", &body).await.expect_fault(name, "unknown_field");
    }
    for (media, body, status) in [
        ("application/json", "{\"sku\":".to_owned(), 400),
        ("application/json", String::new(), 400),
        ("text/plain", valid.to_string(), 415),
        ("application/json", json!({ "description": "x".repeat(257 * 1024) }).to_string(), 413),
    ] {
        admin.call(Method::POST, "/api/v1/products").text(media, body).send().await.expect_refusal(status);
    }
    let twice = valid.to_string().replacen('{', "{\"name\":\"Bowl\",", 1);
    let twice = admin.call(Method::POST, "/api/v1/products").text("application/json", twice).send().await;
    twice.expect_problem(400, "duplicate_field").names_field("name");
    // None of them took the SKU.
    admin.post("/api/v1/products", &valid).await.expect(201);
    let conflict = admin.post("/api/v1/products", &valid).await.expect_problem(409, "sku_taken");
    conflict.names_field("sku");
}

#[tokio::test]
async fn product_with_invalid_variants_is_not_created() {
    let shop = Shop::open().await;
    let (admin, valid) = (shop.admin().await, shop.two_sizes());
    for (place, value, field, code) in invalid_variants(&shop, &valid) {
        admin.post("/api/v1/products", &with(&valid, place, value)).await.expect_fault(field, code);
    }
    let stocked = with(&valid, "/stock", json!({ "available": 1 }));
    admin.post("/api/v1/products", &stocked).await.expect_fault("stock", "stock_of_variants");
    let named = with(&valid, "/variants/1/name", json!("M"));
    admin.post("/api/v1/products", &named).await.expect_fault("variants[1].name", "unknown_field");
    let mug = shop.sells_this(&shop.mug()).await;
    let conflict = with(&valid, "/variants/1/sku", json!(mug.sku));
    admin.post("/api/v1/products", &conflict).await.expect_problem(409, "sku_taken").names_field("variants[1].sku");
    shop.sells_this(&valid).await;
}

#[tokio::test]
async fn invalid_replacement_leaves_the_product_unchanged() {
    let shop = Shop::open().await;
    let (admin, valid) = (shop.admin().await, shop.mug());
    let mug = shop.sells_this(&valid).await;
    let before = admin.get(&format!("/api/v1/products/{}", mug.id)).await.expect(200).json();
    let content = with(&with(&valid, "/sku", Value::Null), "/stock", Value::Null);
    for (place, value, field, code) in invalid_contents() {
        puts(&admin, &mug, &with(&content, place, value.clone())).await.expect_fault(field, code);
        // A patch of a single member.
        let (parents, name) = place[1..].rsplit_once('/').map_or((None, &place[1..]), |(up, name)| (Some(up), name));
        let patch = match parents {
            None => json!({ name: value }),
            Some(parent) => json!({ parent: { name: value } }),
        };
        patches(&admin, &mug, &patch).await.expect_fault(field, code);
    }
    for required in ["name", "category", "price"] {
        puts(&admin, &mug, &with(&content, &format!("/{required}"), Value::Null))
            .await
            .expect_fault(required, "required");
        patches(&admin, &mug, &json!({ required: null })).await.expect_fault(required, "required");
    }
    let fixed = [("sku", json!("ANOTHER")), ("stock", json!({ "available": 9 }))];
    for (name, value) in fixed.into_iter().chain(read_only_members()) {
        puts(&admin, &mug, &with(&content, &format!("/{name}"), value.clone())).await.expect_fault(name, "read_only");
        patches(&admin, &mug, &json!({ name: value })).await.expect_fault(name, "unknown_field");
    }
    for patch in [json!([]), json!("name"), json!(null), json!(7)] {
        patches(&admin, &mug, &patch).await.expect_fault("body", "wrong_type");
    }
    let shirt = with(&with(&shop.two_sizes(), "/sku", Value::Null), "/category", valid["category"].clone());
    puts(&admin, &mug, &shirt).await.expect_problem(409, "options_fixed");
    let after = admin.get(&format!("/api/v1/products/{}", mug.id)).await.expect(200).json();
    assert_eq!(after, before);
}

#[tokio::test]
async fn invalid_variants_leave_the_product_unchanged() {
    let shop = Shop::open().await;
    let (admin, valid) = (shop.admin().await, shop.two_sizes());
    let shirt = shop.sells_this(&valid).await;
    let path = format!("/api/v1/products/{}", shirt.id);
    let before = admin.get(&path).await.expect(200).json();
    let content = with(&valid, "/sku", Value::Null);
    for (place, value, field, code) in invalid_variants(&shop, &valid) {
        let invalid = with(&content, place, value);
        puts(&admin, &shirt, &invalid).await.expect_fault(field, code);
        let patch = json!({ "options": invalid["options"], "variants": invalid["variants"] });
        patches(&admin, &shirt, &patch).await.expect_fault(field, code);
    }
    let named = with(&content, "/variants/1/name", json!("M"));
    puts(&admin, &shirt, &named).await.expect_fault("variants[1].name", "read_only");
    let patch = json!({ "options": named["options"], "variants": named["variants"] });
    patches(&admin, &shirt, &patch).await.expect_fault("variants[1].name", "unknown_field");
    let single = with(&with(&shop.mug(), "/sku", Value::Null), "/stock", Value::Null);
    puts(&admin, &shirt, &single).await.expect_problem(409, "options_fixed");
    assert_eq!(admin.get(&path).await.expect(200).json(), before);
    // The product that groups the variants is not sold itself.
    let cart = shop.new_customer().await;
    for item in [json!({ "sku": shirt.sku, "quantity": 1 }), json!({ "productId": shirt.id, "quantity": 1 })] {
        cart.tries_to_add(item).await.expect_problem(422, "variant_required");
    }
}

#[tokio::test]
async fn product_change_needs_an_admin_and_a_version() {
    let shop = Shop::open().await;
    let (admin, customer) = (shop.admin().await, shop.new_customer().await);
    let mug = shop.sells_this(&shop.mug()).await;
    let path = format!("/api/v1/products/{}", mug.id);
    let content = json!({ "name": "Bowl", "category": "bowls", "price": shop.money(1) });
    for method in [Method::PUT, Method::PATCH, Method::DELETE] {
        let call = |api: &Api, path: &str| api.call(method.clone(), path).json(&content);
        call(&shop.anonymous(), &path).header("If-Match", "\"1\"").send().await.expect_problem(401, "unauthenticated");
        call(&customer.api, &path).header("If-Match", "\"1\"").send().await.expect_problem(403, "forbidden");
        for tag in [None, Some("*")] {
            let call = call(&admin, &path);
            let call = if let Some(tag) = tag { call.header("If-Match", tag) } else { call };
            call.send().await.expect_problem(428, "if_match_required");
        }
        for tag in ["\"2\"", "\"0\"", "W/\"1\"", "1", "\"x\"", "\"99999999999999999999999\""] {
            let stale = call(&admin, &path).header("If-Match", tag).send().await;
            stale.expect_problem(412, "version_mismatch");
        }
        for nowhere in [NO_PRODUCT, "prd_nonsense", "nonsense"] {
            let call = call(&admin, &format!("/api/v1/products/{nowhere}")).header("If-Match", "\"1\"");
            call.send().await.expect_problem(404, "not_found");
        }
    }
    shop.archives(&mug).await;
    let archived = admin.call(Method::PUT, &path).header("If-Match", "\"2\"").json(&content).send().await;
    archived.expect_problem(409, "product_archived");
    let stock = admin.call(Method::PATCH, &format!("{path}/stock")).json(&json!({ "set": 1 })).send().await;
    stock.expect_problem(409, "product_archived");
}
