//! Search over HTTP finds what people type: SKUs, other spellings, other scripts.

use e2e::search::{awaits, found, sells, word};
use e2e::{SOON, Shop, await_until, unique};
use serde_json::{Value, json};

fn names(page: &Value) -> Vec<&str> {
    page["data"].as_array().into_iter().flatten().filter_map(|product| product["name"].as_str()).collect()
}

/// Waits until the first result of a search has this name.
async fn awaits_first(shop: &Shop, query: &str, name: &str) {
    await_until(format_args!("{query} finds {name} first"), SOON, async || {
        let page = found(&shop.anonymous(), query).await;
        if names(&page).first() == Some(&name) { Ok(()) } else { Err(format!("{:?}", names(&page))) }
    })
    .await;
}

#[tokio::test]
async fn product_is_found_by_its_sku_and_by_parts_of_it() {
    let shop = Shop::open().await;
    let (code, first, second) = (unique("NOR").to_uppercase(), word(), word());
    let digits: String = code.bytes().map(|byte| char::from(b'0' + byte % 10)).collect();
    let (small, large) = (format!("{code}.0707-60"), format!("{code}.0707-{digits}"));
    sells(&shop, json!({ "sku": small, "name": format!("Rug {first}") })).await;
    sells(&shop, json!({ "sku": large, "name": format!("Rug {second} of 60 by 90") })).await;
    awaits(&shop, &format!("search={first}"), 1).await;
    awaits(&shop, &format!("search={second}"), 1).await;
    for typed in [small.clone(), small.to_lowercase()] {
        awaits_first(&shop, &format!("search={typed}"), &format!("Rug {first}")).await;
    }
    awaits(&shop, &format!("search={code}"), 2).await;
    awaits(&shop, &format!("search={code}.0707"), 2).await;
    awaits_first(&shop, &format!("search={digits}"), &format!("Rug {second} of 60 by 90")).await;
    let unknown = found(&shop.anonymous(), &format!("search={}X.0707-60", code.to_lowercase())).await;
    assert_eq!((unknown["total"].as_u64(), names(&unknown)), (Some(0), vec![]), "60 alone is no reason");

    // Another execution environment of the function may have an older index.
    let path = format!("/api/v1/products/suggest?q={}", small.to_lowercase());
    await_until("the product is suggested", SOON, async || {
        let suggested = shop.anonymous().get(&path).await.expect(200).json();
        let mut products = suggested["data"].as_array().into_iter().flatten();
        let product = products.find(|suggestion| suggestion["kind"] == "product");
        let is_first = product.is_some_and(|product| product["text"] == json!(format!("Rug {first}")));
        if is_first { Ok(()) } else { Err(suggested.to_string()) }
    })
    .await;
}

#[tokio::test]
async fn skus_lead_to_products_at_once() {
    let shop = Shop::open().await;
    let (single, shirt) = (unique("One").to_uppercase(), unique("Tee").to_uppercase());
    let one = sells(&shop, json!({ "sku": single, "name": "One" })).await;
    let price = json!({ "amount": 1_000, "currency": shop.stack.currency });
    let variants = ["S", "M"].map(|size| {
        json!({ "sku": format!("{shirt}-{size}"), "options": { "size": size }, "price": price, "stock": { "available": 1 } })
    });
    let body = json!({
        "sku": shirt, "name": "Shirt", "category": "quokkas", "options": [{ "name": "size", "values": ["S", "M"] }],
        "variants": variants,
    });
    let tee = shop.admin().await.post("/api/v1/products", &body).await.expect(201).json();

    // Without waiting for the index.
    let page = found(&shop.anonymous(), &format!("sku={shirt}-M&sku={single}&sku={shirt}&sku=NO-SUCH-SKU")).await;
    let ids: Vec<&Value> = page["data"].as_array().into_iter().flatten().map(|product| &product["id"]).collect();
    assert_eq!(ids, [&tee["id"], &one["id"]], "each product once, in the order of the SKUs");
    assert_eq!((&page["total"], &page["pagination"]["hasMore"]), (&json!(2), &json!(false)));
    let listed = found(&shop.anonymous(), &format!("sku={single},{shirt}")).await;
    assert_eq!(listed["data"][0]["id"], one["id"]);
    assert_eq!(found(&shop.anonymous(), &format!("sku={}", single.to_lowercase())).await["total"], 0, "exactly");

    let first = found(&shop.anonymous(), &format!("sku={single},{shirt}&limit=1")).await;
    let cursor = first["pagination"]["cursor"].as_str().unwrap_or_default();
    let second = found(&shop.anonymous(), &format!("sku={single},{shirt}&limit=1&cursor={cursor}")).await;
    assert_eq!((names(&first), names(&second)), (vec!["One"], vec!["Shirt"]));
    assert_eq!(second["pagination"]["hasMore"], false);

    let tag = shop.admin().await.get(&format!("/api/v1/products/{}", one["id"].as_str().unwrap_or_default())).await;
    let tag = tag.expect(200).expect_header("etag").to_owned();
    let path = format!("/api/v1/products/{}", one["id"].as_str().unwrap_or_default());
    shop.admin().await.call(reqwest::Method::DELETE, &path).header("If-Match", &tag).send().await.expect_success();
    assert_eq!(
        found(&shop.anonymous(), &format!("sku={single}")).await["total"],
        0,
        "archived products are not for sale"
    );
}

#[tokio::test]
async fn other_spellings_and_scripts_are_found() {
    let shop = Shop::open().await;
    // A tag keeps the products of other tests out.
    let tag = word();
    for name in [
        "Ph\u{1edf} b\u{f2}",
        "\u{1f00}\u{3c1}\u{3c7}\u{1fc6}\u{3c2}",
        "手工制作的蓝色陶瓷咖啡杯",
        "抹茶ラテの素",
        "핸드드립커피세트",
        "กาแฟคั่วบด",
        "WD-40 oil",
        "Wellbeing book",
        "Rye 1 kg",
        "Memory 8GB",
        "Water proof sack",
        "Mouse toy",
        "H₂O bottle",
    ] {
        sells(&shop, json!({ "name": name, "tags": [tag] })).await;
    }
    awaits(&shop, &format!("tag={tag}"), 13).await;
    for (typed, name) in [
        ("pho", "Phở bò"),
        ("PHO\u{31b}\u{309}", "Phở bò"),
        ("αρχησ", "ἀρχῆς"),
        ("陶瓷", "手工制作的蓝色陶瓷咖啡杯"),
        ("ﾗﾃ", "抹茶ラテの素"),
        ("커피", "핸드드립커피세트"),
        ("กาแฟ", "กาแฟคั่วบด"),
        ("wd40", "WD-40 oil"),
        ("well-being", "Wellbeing book"),
        ("1kg", "Rye 1 kg"),
        ("8%20gb", "Memory 8GB"),
        ("waterproof", "Water proof sack"),
        ("mice", "Mouse toy"),
        ("h2o", "H₂O bottle"),
    ] {
        let page = awaits(&shop, &format!("tag={tag}&search={typed}"), 1).await;
        assert_eq!(names(&page), [name], "{typed}");
    }
}

#[tokio::test]
async fn every_offered_value_finds_what_its_count_says() {
    let shop = Shop::open().await;
    let (tag, parent, child) = (word(), unique("home"), unique("kitchen"));
    let admin = shop.admin().await;
    admin.post("/api/v1/categories", &json!({ "key": parent, "name": "Home" })).await.expect(201);
    admin.post("/api/v1/categories", &json!({ "key": child, "name": "Kitchen", "parent": parent })).await.expect(201);
    for (category, attributes, other) in [
        (&parent, json!({ "a:b": "c", "ratio": "16:9" }), "one"),
        (&child, json!({ "a": "b", "ratio": "4:3" }), "two"),
        (&child, json!({ "A:B": "C" }), "two"),
    ] {
        let tags = [tag.clone(), format!("{tag} {other}")];
        sells(&shop, json!({ "name": "Thing", "category": category, "attributes": attributes, "tags": tags })).await;
    }
    let query = format!("tag={tag}");
    let with_subcategory = json!({ "value": parent, "count": 3 });
    let page = await_until("the categories are known", SOON, async || {
        let page = found(&shop.anonymous(), &query).await;
        if page["facets"]["category"][0] == with_subcategory { Ok(page) } else { Err(page["facets"].to_string()) }
    })
    .await;
    let facets = &page["facets"];
    let encode = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    let mut offered = Vec::new();
    for (facet, parameter) in [("category", "category"), ("tag", "tag")] {
        for value in facets[facet].as_array().into_iter().flatten() {
            offered.push((
                format!("{parameter}={}", encode(value["value"].as_str().unwrap_or_default())),
                &value["count"],
            ));
        }
    }
    for attribute in facets["attributes"].as_array().into_iter().flatten() {
        for value in attribute["values"].as_array().into_iter().flatten() {
            let text = format!(
                "{}:{}",
                attribute["name"].as_str().unwrap_or_default(),
                value["value"].as_str().unwrap_or_default()
            );
            offered.push((format!("attribute={}", encode(&text)), &value["count"]));
        }
    }
    assert!(offered.len() >= 8, "{facets}");
    for (filter, count) in offered {
        awaits(&shop, &format!("{query}&{filter}"), count.as_u64().unwrap_or_default()).await;
    }
}

#[tokio::test]
async fn filters_look_at_one_variant() {
    let shop = Shop::open().await;
    let tag = word();
    let price = |amount: u32| json!({ "amount": amount, "currency": shop.stack.currency });
    let variant = |size: &str, amount: u32, pieces: u32| json!({ "sku": unique("V").to_uppercase(), "options": { "size": size }, "price": price(amount), "stock": { "available": pieces } });
    let body = json!({
        "sku": unique("SHOE").to_uppercase(), "name": "Shoe", "category": "quokkas", "tags": [tag],
        "options": [{ "name": "size", "values": ["40", "41"] }], "variants": [variant("40", 5_000, 0), variant("41", 9_000, 2)],
    });
    shop.admin().await.post("/api/v1/products", &body).await.expect(201);
    awaits(&shop, &format!("tag={tag}"), 1).await;
    for (filter, total) in [
        ("attribute=size:40", 1),
        ("attribute=size:40&inStock=true", 0),
        ("attribute=size:40&inStock=false", 1),
        ("attribute=size:41&inStock=true", 1),
        ("inStock=true", 1),
        ("inStock=false", 0),
        ("attribute=size:41&maxPrice=5000", 0),
        ("attribute=size:40&maxPrice=5000", 1),
        ("minPrice=6000", 1),
        ("attribute=size:40&attribute=size:41", 0),
    ] {
        awaits(&shop, &format!("tag={tag}&{filter}"), total).await;
    }
}
