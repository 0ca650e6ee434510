//! Texts have one Unicode form, and keys that differ only in form or letter case are one key: categories, tags, attributes, options, SKUs,
//! and names of people. Joiners are kept where they join.

use e2e::search::{awaits, sells, word};
use e2e::{Api, SOON, Shop, await_until, unique};
use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

const CATEGORIES: &str = "/api/v1/categories";
const PRODUCTS: &str = "/api/v1/products";

/// A product body with these members.
fn body(shop: &Shop, members: Value) -> Value {
    let mut product = json!({
        "sku": unique("FORM").to_uppercase(), "name": "Mug", "category": "one-form", "price": shop.money(900),
    });
    for (name, value) in members.as_object().into_iter().flatten() {
        product[name] = value.clone();
    }
    product
}

async fn creates(shop: &Shop, members: Value) -> Value {
    shop.admin().await.post(PRODUCTS, &body(shop, members)).await.expect(201).json()
}

/// The categories whose keys contain a text, at any depth.
fn keys_with(branches: &Value, text: &str) -> Vec<String> {
    let branches = branches.as_array().map(Vec::as_slice).unwrap_or_default();
    let keys = branches.iter().flat_map(|branch| {
        let own = branch["key"].as_str().filter(|key| key.contains(text)).map(str::to_owned);
        own.into_iter().chain(keys_with(&branch["children"], text))
    });
    keys.collect()
}

#[tokio::test]
async fn texts_are_stored_and_answered_in_nfc() {
    let shop = Shop::open().await;
    let members = json!({
        "name": "Cafe\u{301}", "description": "Zoe\u{308}\nשלום\u{200f}", "brand": "Bru\u{308}hl", "tags": ["The\u{301}"],
        "attributes": { "Gro\u{308}ße": "Gro\u{308}ß" },
    });
    let created = creates(&shop, members).await;
    let shown =
        (&created["name"], &created["description"], &created["brand"], &created["tags"], &created["attributes"]);
    let expected =
        (&json!("Café"), &json!("Zoë\nשלום\u{200f}"), &json!("Brühl"), &json!(["Thé"]), &json!({ "Größe": "Größ" }));
    assert_eq!(shown, expected);
    // The length is that of the form: 200 letters with an accent of their own each.
    creates(&shop, json!({ "name": "e\u{301}".repeat(200) })).await;
    let long = body(&shop, json!({ "name": "e\u{301}".repeat(201) }));
    shop.admin().await.post(PRODUCTS, &long).await.expect_fault("name", "invalid_value");
}

#[tokio::test]
async fn spellings_of_a_category_are_one_category() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let (mark, letters) = (unique("cat"), word());
    let key = format!("{mark} café straße");
    let spellings = [
        format!("{} Café Straße", mark.to_uppercase()),
        format!("{mark} cafe\u{301} STRASSE"),
        format!("{mark}  ｃａｆé straße"),
    ];
    let key = key.replace('ß', "ss");
    for spelling in &spellings {
        let product = sells(&shop, json!({ "name": format!("Mug {letters}"), "category": spelling })).await;
        assert_eq!(product["category"], key, "{spelling}");
    }
    let tree = admin.get(CATEGORIES).await.expect(200).json();
    assert_eq!(keys_with(&tree["data"], &mark), [key.as_str()]);
    let category = admin.get(&format!("{CATEGORIES}/{key}")).await.expect(200).json();
    assert_eq!(
        (&category["key"], &category["name"]),
        (&json!(key), &json!(spellings[0])),
        "named as it was first written"
    );

    for spelling in spellings.iter().chain([&key]) {
        awaits(&shop, &format!("search={letters}&category={spelling}"), 3).await;
        let again = admin.post(CATEGORIES, &json!({ "key": spelling, "name": "Again" })).await;
        again.expect_problem(409, "category_exists").names_field("key");
    }
}

#[tokio::test]
async fn other_spelling_of_a_category_in_a_path_is_redirected() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let key = unique("cat-é");
    let created = admin.post(CATEGORIES, &json!({ "key": key.to_uppercase(), "name": "Old" })).await.expect(201).json();
    assert_eq!(created["key"], key);
    let put = json!({ "name": "New" });
    let call = |method: &Method, path: &str| admin.call(method.clone(), path).header("If-Match", "\"1\"").json(&put);
    for spelling in [key.to_uppercase(), key.replace('é', "e\u{301}")] {
        for method in [Method::GET, Method::PUT, Method::DELETE] {
            let moved = call(&method, &format!("{CATEGORIES}/{spelling}")).send().await.expect(308);
            // Relative to the path of the request (RFC 3986, 5.2).
            let path = format!("{CATEGORIES}/{}", moved.expect_header("location"));
            assert_eq!(admin.get(&path).await.expect(200).json()["key"], key, "{method} {spelling}");
        }
        shop.anonymous().put(&format!("{CATEGORIES}/{spelling}"), &put).await.expect_problem(401, "unauthenticated");
    }
    let path = format!("{CATEGORIES}/{key}");
    assert_eq!(call(&Method::PUT, &path).send().await.expect(200).json()["name"], "New");
    let read = shop.anonymous().call(Method::GET, &path).header("If-None-Match", "\"2\"").send().await;
    assert!(matches!(read.status, 200 | 304), "{} {}", read.status, read.text);
    admin.get(&format!("{CATEGORIES}/{}", unique("none"))).await.expect_problem(404, "not_found");
}

#[tokio::test]
async fn spellings_of_tags_attributes_and_options_are_one() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let created = creates(&shop, json!({ "tags": ["Tea", "tea", "ＴＥＡ", "Café", "CAFE\u{301}"] })).await;
    assert_eq!(created["tags"], json!(["Tea", "Café"]), "the first spelling should be shown");

    let refused = async |members: Value, code: &str| {
        admin.post(PRODUCTS, &body(&shop, members)).await.expect_refusal(422).has_error_code(code);
    };
    refused(json!({ "attributes": { "Colour": "red", "colour": "blue" } }), "attribute_twice").await;
    refused(json!({ "attributes": { "Straße": 1, "STRASSE": 2 } }), "attribute_twice").await;
    let twice = "{\"attributes\":{\"Café\":1,\"Cafe\u{301}\":2}}";
    let call = admin.call(Method::POST, PRODUCTS).text("application/json", twice.to_owned());
    call.send().await.expect_problem(400, "duplicate_field");

    let product = creates(&shop, json!({ "attributes": { "Colour": "red" } })).await;
    let id = product["id"].as_str().unwrap_or_default();
    let patched = shop.tries_to_patch(id, &json!({ "attributes": { "COLOUR": "blue" } })).await.expect(200).json();
    assert_eq!(patched["attributes"], json!({ "Colour": "blue" }));

    let with_sizes = |values: Value, chosen: [&str; 2]| {
        let mut shirt = shop.shirt(&[("S", 1, 900), ("M", 1, 900)]);
        shirt["options"][0]["values"] = values;
        for (at, size) in chosen.into_iter().enumerate() {
            shirt["variants"][at]["options"] = json!({ "Size": size });
        }
        shirt
    };
    let post = async |shirt: &Value| admin.post(PRODUCTS, shirt).await;
    post(&with_sizes(json!(["S", "s"]), ["S", "s"])).await.expect_refusal(422).has_error_code("option_value_twice");
    post(&with_sizes(json!(["S", "M"]), ["S", "s"])).await.expect_refusal(422).has_error_code("variant_twice");
    let shirt = post(&with_sizes(json!(["Größe S", "M"]), ["gro\u{308}sse s", "m"])).await.expect(201).json();
    let chosen = [0, 1].map(|at| shirt["variants"][at]["options"].clone());
    assert_eq!(chosen, [json!({ "size": "Größe S" }), json!({ "size": "M" })], "as the options are written");
}

#[tokio::test]
async fn skus_that_differ_in_letter_case_only_are_the_same_for_new_products() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let existing = unique("Bug-X");
    creates(&shop, json!({ "sku": existing })).await;
    for other in [existing.to_uppercase(), existing.to_lowercase()] {
        let refused = admin.post(PRODUCTS, &body(&shop, json!({ "sku": other }))).await;
        let problem = refused.expect_problem(409, "sku_taken").names_field("sku");
        assert_eq!(problem.errors()[0]["existingSku"], json!(existing), "{}", problem.body);
        let customer = shop.new_customer().await;
        let unknown = customer.tries_to_add(json!({ "sku": other, "quantity": 1 })).await;
        assert!(unknown.status >= 400, "{other} is another text than {existing}: {}", unknown.text);
    }
    admin.post(PRODUCTS, &body(&shop, json!({ "sku": existing }))).await.expect_problem(409, "sku_taken");

    // Of variants, in a new product and in a patch.
    let mut shirt = shop.shirt(&[("S", 1, 900), ("M", 1, 900)]);
    let own = shirt["sku"].as_str().unwrap_or_default().to_owned();
    shirt["variants"][1]["sku"] = json!(existing.to_uppercase());
    admin.post(PRODUCTS, &shirt).await.expect_problem(409, "sku_taken").names_field("sku");
    shirt["variants"][1]["sku"] = json!(format!("{own}-s").to_lowercase());
    admin.post(PRODUCTS, &shirt).await.expect_refusal(422).has_error_code("sku_twice");
    shirt["variants"][1]["sku"] = json!(format!("{own}-M"));
    let created = admin.post(PRODUCTS, &shirt).await.expect(201).json();
    let mut variants = shirt["variants"].clone();
    variants[1]["sku"] = json!(existing.to_uppercase());
    let id = created["id"].as_str().unwrap_or_default();
    let patched = shop.tries_to_patch(id, &json!({ "variants": variants })).await;
    patched.expect_problem(409, "sku_taken").mentions(&existing);
    variants[1]["sku"] = json!(format!("{own}-X"));
    shop.tries_to_patch(id, &json!({ "variants": variants })).await.expect(200);

    // Of the lines of a file, the first one wins.
    let sku = unique("Imp");
    let line = |sku: &str, name: &str| format!("{}\n", body(&shop, json!({ "sku": sku, "name": name })));
    let file = line(&sku, "First") + &line(&sku.to_uppercase(), "Second") + &line(&existing.to_uppercase(), "Third");
    let job = shop.imports("ndjson", file).await;
    assert_eq!((&job["counts"]["created"], &job["counts"]["rejected"]), (&json!(1), &json!(2)), "{job}");
    let report = shop.report(&job).await;
    assert!(report.iter().all(|line| line["code"] == "sku_taken"), "{report:#?}");
    assert!(report[0]["message"].as_str().is_some_and(|message| message.contains(&sku)), "{report:#?}");
}

#[tokio::test]
async fn of_concurrent_skus_that_differ_in_letter_case_one_is_created() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    for _ in 0..4 {
        let sku = unique("race");
        let spellings = [sku.clone(), sku.to_uppercase(), sku.replace("race", "Race"), sku.replace("race", "rACE")];
        let posts = spellings.iter().map(async |sku| admin.post(PRODUCTS, &body(&shop, json!({ "sku": sku }))).await);
        let mut statuses: Vec<u16> = join_all(posts).await.iter().map(|response| response.status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 409, 409, 409], "{spellings:?}");
    }
}

/// More SKUs than fit into one transaction with their claims.
#[tokio::test]
async fn product_with_forty_variants_claims_all_its_skus() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let sizes: Vec<String> = (0..28).map(|size| format!("s{size}")).collect();
    let sizes: Vec<(&str, u32, i64)> = sizes.iter().map(|size| (size.as_str(), 1, 900)).collect();
    let colours = |shirt: &mut Value| {
        let variants = shirt["variants"].as_array().cloned().unwrap_or_default();
        let coloured = |colour: &str| {
            variants
                .iter()
                .cloned()
                .map(move |mut variant| {
                    variant["options"]["colour"] = json!(colour);
                    variant["sku"] = json!(format!("{}-{colour}", variant["sku"].as_str().unwrap_or_default()));
                    variant
                })
                .collect::<Vec<_>>()
        };
        let mut all = [coloured("red"), coloured("blue")].concat();
        all.truncate(40);
        shirt["options"][1] = json!({ "name": "colour", "values": ["red", "blue"] });
        shirt["variants"] = json!(all);
    };
    let mut shirt = shop.shirt(&sizes);
    shirt["options"] = json!([shirt["options"][0], null]);
    colours(&mut shirt);
    let created = admin.post(PRODUCTS, &shirt).await.expect(201).json();
    assert_eq!(created["variants"].as_array().map(Vec::len), Some(40));
    let last = created["variants"][39]["sku"].as_str().unwrap_or_default().to_owned();
    let other = body(&shop, json!({ "sku": last.to_lowercase() }));
    admin.post(PRODUCTS, &other).await.expect_problem(409, "sku_taken").mentions(&last);

    // A second one with an SKU of the first is refused, whichever of its claims came first.
    let mut second = shop.shirt(&sizes);
    second["options"] = json!([second["options"][0], null]);
    colours(&mut second);
    let free = second["variants"][39]["sku"].clone();
    second["variants"][39]["sku"] = json!(last.to_lowercase());
    admin.post(PRODUCTS, &second).await.expect_problem(409, "sku_taken").mentions(&last);
    second["variants"][39]["sku"] = json!(last);
    admin.post(PRODUCTS, &second).await.expect_problem(409, "sku_taken");
    second["variants"][39]["sku"] = free;
    admin.post(PRODUCTS, &second).await.expect(201);
}

#[tokio::test]
async fn joiners_are_kept_where_they_join_and_refused_elsewhere() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let written =
        ["می\u{200c}خواهم", "ශ්\u{200d}රී ලංකා", "क्\u{200d}ष", "র\u{200d}্যাম", "👨\u{200d}👩\u{200d}👧", "👩🏽\u{200d}💻"];
    for name in written {
        let members = json!({ "name": name, "brand": name, "tags": [name], "attributes": { name: name } });
        assert_eq!(creates(&shop, members).await["name"], name);
    }
    let customer = shop.new_customer().await;
    let address = json!({
        "name": "سارا علی\u{200c}پور", "line1": "Rue du Marché 1", "city": "Bruxelles", "postalCode": "1000", "country": "BE",
    });
    let saved = customer.api.post("/api/v1/users/addresses", &address).await.expect(201).json();
    assert_eq!(saved["name"], address["name"]);
    customer.api.put("/api/v1/users/profile", &json!({ "name": "ශ්\u{200d}රීමා" })).await.expect(200);

    let lines = written.map(|name| format!("{}\n", body(&shop, json!({ "name": name })))).concat();
    let bad =
        ["mug\u{200d}", "a\u{200c}b", "\u{200d}", "a\u{202e}b", "a\u{2066}b", "a\u{200f}", "a\u{61c}b", "a\u{e0061}b"];
    let lines = lines + &bad.map(|name| format!("{}\n", body(&shop, json!({ "name": name })))).concat();
    let job = shop.imports("ndjson", lines).await;
    assert_eq!(
        (&job["counts"]["created"], &job["counts"]["rejected"]),
        (&json!(written.len()), &json!(bad.len())),
        "{job}"
    );
    for name in bad {
        admin.post(PRODUCTS, &body(&shop, json!({ "name": name }))).await.expect_fault("name", "invalid_value");
        let mut address = address.clone();
        address["name"] = json!(name);
        customer.api.post("/api/v1/users/addresses", &address).await.expect_fault("name", "invalid_value");
        customer.api.put("/api/v1/users/profile", &json!({ "name": name })).await.expect_fault("name", "invalid_value");
    }
    for (field, value) in [("description", json!("a\u{202e}b")), ("attributes", json!({ "a": "b\u{202e}" }))] {
        admin.post(PRODUCTS, &body(&shop, json!({ field: value }))).await.expect_refusal(422);
    }
}

async fn awaits_person(admin: &Api, search: &str, user: &Value) {
    await_until(format_args!("{search} finds {user}"), SOON, async || {
        let found = admin.get(&format!("/api/v1/users?search={search}")).await.expect(200).json();
        let is_found = found["data"].as_array().into_iter().flatten().any(|found| found["id"] == *user);
        if is_found { Ok(()) } else { Err(found.to_string()) }
    })
    .await;
}

#[tokio::test]
async fn people_are_found_by_every_spelling_of_their_names() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let mark = unique("weiß-zoe\u{308}");
    let customer = shop.new_customer().await;
    customer.api.put("/api/v1/users/profile", &json!({ "name": mark })).await.expect(200);
    let user = json!(customer.id());
    let composed = mark.replace("e\u{308}", "ë");
    for search in [
        composed.clone(),
        mark.clone(),
        composed.to_uppercase(),
        mark.replace('ß', "ss"),
        mark.replace("weiß", "ＷＥＩß"),
    ] {
        awaits_person(&admin, &search, &user).await;
    }
    admin.get("/api/v1/users?search=a%E2%80%AEb").await.expect_fault("search", "invalid_value");
}
