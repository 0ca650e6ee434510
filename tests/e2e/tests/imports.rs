//! Imports and exports of many products: the files, and the result of each line.

use e2e::{Shop, unique};
use serde_json::{Value, json};

fn line(shop: &Shop, sku: &str, price: i64, stock: u32) -> Value {
    json!({
        "sku": sku, "name": format!("Mug {sku}"), "description": "Holds 350 ml.\nOf anything.", "category": "imported-mugs",
        "brand": "Kiln & Co", "tags": ["mug", "a|b"], "price": shop.money(price), "stock": { "available": stock },
        "attributes": { "glazed": true, "volumeMl": 350 },
    })
}

fn ndjson(lines: &[Value]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

fn skus(of: usize) -> Vec<String> {
    let mark = unique("IMP").to_uppercase();
    (0..of).map(|n| format!("{mark}-{n}")).collect()
}

fn job_counts(job: &Value) -> [u64; 5] {
    assert_eq!(job["status"], "done", "{job}");
    let count = |name: &str| job["counts"][name].as_u64().unwrap_or_else(|| panic!("{name} should be counted: {job}"));
    ["lines", "created", "updated", "unchanged", "rejected"].map(count)
}

/// A product as an export has it.
async fn exported(shop: &Shop, sku: &str) -> Value {
    let file = shop.exports("ndjson").await;
    let lines = file
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap_or_else(|error| panic!("{line} is JSON: {error}")));
    let mut found = lines.filter(|line| line["sku"] == sku);
    found.next().unwrap_or_else(|| panic!("{sku} should be exported"))
}

#[tokio::test]
async fn ndjson_file_becomes_products_and_repetition_changes_nothing() {
    let shop = Shop::open().await;
    let skus = skus(3);
    let mut lines: Vec<Value> = skus.iter().map(|sku| line(&shop, sku, 1_290, 4)).collect();
    let job = shop.imports("ndjson", ndjson(&lines)).await;
    assert_eq!(job_counts(&job), [3, 3, 0, 0, 0]);
    assert!(job["report"].is_null(), "nothing should be rejected: {job}");

    let first = exported(&shop, &skus[0]).await;
    for (field, value) in lines[0].as_object().expect("a line should be an object") {
        assert_eq!(first[field], *value, "{field} of {first}");
    }
    assert_eq!(job_counts(&shop.imports("ndjson", ndjson(&lines)).await), [3, 0, 0, 3, 0]);

    // Line 0 has another price and count, line 1 has no stock, line 2 is unchanged.
    (lines[0]["price"]["amount"], lines[0]["stock"]["available"]) = (json!(1_190), json!(9));
    lines[1].as_object_mut().expect("a line should be an object").remove("stock");
    assert_eq!(job_counts(&shop.imports("ndjson", ndjson(&lines)).await), [3, 0, 1, 2, 0]);
    let now = exported(&shop, &skus[0]).await;
    assert_eq!((&now["price"]["amount"], &now["stock"]["available"]), (&json!(1_190), &json!(9)));
}

#[tokio::test]
async fn lines_of_one_sku_are_imported_in_order() {
    let shop = Shop::open().await;
    let sku = &skus(1)[0];
    let lines: Vec<Value> = (1..=7).map(|n| line(&shop, sku, n * 100, 1)).collect();
    assert_eq!(job_counts(&shop.imports("ndjson", ndjson(&lines)).await), [7, 1, 6, 0, 0]);
    assert_eq!(exported(&shop, sku).await["price"]["amount"], 700);
}

#[tokio::test]
async fn rejected_lines_are_reported_and_others_imported() {
    let shop = Shop::open().await;
    let sku = skus(8);
    let with = |sku: &str, field: &str, value: Value| {
        let mut line = line(&shop, sku, 1_290, 4);
        line[field] = value;
        line.to_string()
    };
    let file: Vec<u8> = [
        line(&shop, &sku[0], 1_290, 4).to_string().into_bytes(),
        b"{\"sku\": \"half".to_vec(),
        with(&sku[1], "price", shop.money(-1)).into_bytes(),
        with(&sku[2], "price", json!({ "amount": 100, "currency": "euro" })).into_bytes(),
        with(&sku[3], "colour", json!("red")).into_bytes(),
        with(&sku[4], "stock", json!({ "available": 1_000_001 })).into_bytes(),
        with("no sku!", "name", json!("Mug")).into_bytes(),
        b"{\"sku\": \"caf\xe9\"}".to_vec(),
        with(&sku[5], "description", json!("x".repeat(300 * 1024))).into_bytes(),
        Vec::new(),
        with(&sku[6], "status", json!("archived")).into_bytes(),
        line(&shop, &sku[7], 1_290, 4).to_string().into_bytes(),
    ]
    .join(&b'\n');
    let job = shop.imports("ndjson", file).await;
    assert_eq!(job_counts(&job), [11, 2, 0, 0, 9]);

    let report = shop.report(&job).await;
    let value: Vec<(u64, &str, &str)> = report
        .iter()
        .map(|line| {
            assert!(line["message"].as_str().is_some_and(|message| !message.is_empty()), "{line}");
            (
                line["line"].as_u64().unwrap_or_default(),
                line["code"].as_str().unwrap_or_default(),
                line["field"].as_str().unwrap_or_default(),
            )
        })
        .collect();
    let expected = [
        (2, "json_malformed", ""),
        (3, "price_out_of_range", "price.amount"),
        (4, "invalid_value", "price.currency"),
        (5, "unknown_field", "colour"),
        (6, "stock_out_of_range", "stock.available"),
        (7, "invalid_value", "sku"),
        (8, "not_utf8", ""),
        (9, "line_too_long", ""),
        (11, "status_not_imported", "status"),
    ];
    assert_eq!(value, expected, "{report:#?}");
    assert_eq!(report[1]["sku"], *sku[1]);
}

#[tokio::test]
async fn csv_file_becomes_products() {
    let shop = Shop::open().await;
    let (sku, currency) = (skus(6), &shop.stack.currency);
    let shirt = format!(
        "{},Shirt,imported,,,,,,\"[{{\"\"name\"\":\"\"size\"\",\"\"values\"\":[\"\"M\"\"]}}]\",\
         \"[{{\"\"sku\"\":\"\"{}-M\"\",\"\"options\"\":{{\"\"size\"\":\"\"M\"\"}},\"\"price\"\":{{\"\"amount\"\":900,\"\"currency\"\":\"\"{currency}\"\"}},\
         \"\"stock\"\":{{\"\"available\"\":3}}}}]\"",
        sku[1], sku[1]
    );
    let rows = [
        "\u{feff}sku,name,category,description,tags,price,currency,stock,options,variants".to_owned(),
        format!("{},\"Mug, \"\"blue\"\" ☕\",imported,\"Two\r\nlines\",a|b\\|c,12.99,{currency},4,,", sku[0]),
        shirt,
        format!("{},\"broken\"quote,imported,,,1.00,{currency},1,,", sku[2]),
        format!("{},Cup,imported,,,1.005,{currency},1,,", sku[3]),
        format!("{},Cup,imported,,,1.00,EURO,1,,", sku[3]),
        format!("{},Cup,imported,,,1.00,{currency},1", sku[4]),
        format!("{},Cup,imported,,,7,{currency},,,", sku[5]),
        format!("{},Cup,imported,,,1.00,AAA,1,,", sku[4]),
    ];
    let job = shop.imports("csv", rows.join("\n")).await;
    let report = shop.report(&job).await;
    let value: Vec<(&Value, &Value)> = report.iter().map(|line| (&line["line"], &line["code"])).collect();
    let expected = [(5, "csv_quote"), (6, "price_ambiguous"), (7, "currency_unknown"), (10, "currency_unknown")];
    assert_eq!(
        value,
        expected
            .map(|(line, code)| (json!(line), json!(code)))
            .iter()
            .map(|(line, code)| (line, code))
            .collect::<Vec<_>>()
    );
    assert_eq!(job_counts(&job), [8, 4, 0, 0, 4]);

    let mug = exported(&shop, &sku[0]).await;
    assert_eq!((&mug["name"], &mug["description"]), (&json!("Mug, \"blue\" ☕"), &json!("Two\r\nlines")));
    assert_eq!((&mug["price"], &mug["tags"]), (&shop.money(1_299), &json!(["a", "b|c"])));
    let shirt = exported(&shop, &sku[1]).await;
    assert_eq!(
        (&shirt["variants"][0]["stock"], &shirt["variants"][0]["price"]),
        (&json!({ "available": 3 }), &shop.money(900))
    );
    assert_eq!(exported(&shop, &sku[4]).await["stock"], json!({ "available": 1 }), "cells at the end may be missing");
    assert_eq!(exported(&shop, &sku[5]).await["price"], shop.money(700));
}

#[tokio::test]
async fn csv_formulas_are_escaped_in_exports_and_restored_by_imports() {
    let shop = Shop::open().await;
    let sku = skus(4);
    let names = ["=HYPERLINK(\"http://evil.example\",\"x\")", "@SUM(1+1)", "'tis a mug", "-2+3"];
    let lines: Vec<Value> = sku
        .iter()
        .zip(names)
        .map(|(sku, name)| {
            let mut line = line(&shop, sku, 1_290, 4);
            (line["name"], line["description"]) = (json!(name), json!("+cmd|' /C calc'!A0"));
            line
        })
        .collect();
    assert_eq!(job_counts(&shop.imports("ndjson", ndjson(&lines)).await), [4, 4, 0, 0, 0]);

    let file = shop.exports("csv").await;
    let (head, rows) = file.split_once("\r\n").expect("a file should have lines");
    let own: Vec<&str> = rows.split("\r\n").filter(|row| sku.iter().any(|sku| row.starts_with(sku.as_str()))).collect();
    assert_eq!(own.len(), 4, "{own:?}");
    for row in &own {
        let cells = ["=", "+", "-", "@"].map(|formula| [format!(",{formula}"), format!(",\"{formula}")]);
        assert!(!cells.iter().flatten().any(|cell| row.contains(cell)), "no cell should be a formula: {row}");
        assert!(
            row.contains(",\"'=HYPERLINK") || row.contains(",'@SUM") || row.contains(",''tis") || row.contains(",'-2"),
            "{row}"
        );
    }
    let again = format!("{head}\r\n{}\r\n", own.join("\r\n"));
    assert_eq!(job_counts(&shop.imports("csv", again).await), [4, 0, 0, 4, 0]);
}

#[tokio::test]
async fn unreadable_file_fails_as_a_whole() {
    let shop = Shop::open().await;
    for (file, code) in [
        ("sku,name,category,colour\nA,A,a,red\n", "csv_column"),
        ("sku|name|category\nA|A|a\n", "csv_column"),
        ("sku,price\n", "csv_column"),
        ("sep=|\nsku|name|category\n", "csv_delimiter"),
        ("", "csv_column"),
        ("\"sku\"x,name\n", "csv_quote"),
        ("\"sku\",\"name\"\r\"A\",\"A\"\r", "csv_column"),
    ] {
        let job = shop.begins_import_of_any_size("csv", file).await;
        let job = shop.awaits_job(&job).await;
        assert_eq!((&job["status"], &job["failure"]["code"]), (&json!("failed"), &json!(code)), "{file:?}: {job}");
        assert!(job["upload"].is_null() && job["report"].is_null(), "{job}");
    }
    let empty = shop.begins_import_of_any_size("ndjson", "\n\n").await;
    assert_eq!(job_counts(&shop.awaits_job(&empty).await), [0; 5]);
}

#[tokio::test]
async fn invalid_import_request_is_refused_and_only_admins_import() {
    let shop = Shop::open().await;
    let (admin, customer) = (shop.admin().await, shop.new_customer().await);
    for kind in ["imports", "exports"] {
        let path = format!("/api/v1/products/{kind}");
        let body = json!({ "format": "csv" });
        shop.anonymous().post(&path, &body).await.expect_refusal(401);
        customer.api.post(&path, &body).await.expect_refusal(403);
        admin.post(&path, &json!({ "format": "xlsx" })).await.expect_refusal(422).names_field("format");
        admin.post(&path, &json!({})).await.expect_refusal(422).names_field("format");
        admin.post(&path, &json!({ "format": "csv", "colour": "red" })).await.expect_refusal(422).names_field("colour");
        admin.get(&format!("{path}/job_01h455vb4pex5vsknk084sn02q")).await.expect_problem(404, "not_found");
        admin.get(&format!("{path}/prd_01h455vb4pex5vsknk084sn02q")).await.expect_problem(404, "not_found");
    }
    for bytes in [0, 200 * 1024 * 1024 + 1] {
        let body = json!({ "format": "csv", "bytes": bytes });
        admin.post("/api/v1/products/imports", &body).await.expect_refusal(422).has_error_code("file_too_large");
    }
    let job = admin.post("/api/v1/products/imports", &json!({ "format": "ndjson" })).await.expect(202).json();
    let id = job["id"].as_str().expect("a job should have an id");
    admin.get(&format!("/api/v1/products/exports/{id}")).await.expect_problem(404, "not_found");
    customer.api.get(&format!("/api/v1/products/imports/{id}")).await.expect_refusal(403);
    let waiting = admin.get(&format!("/api/v1/products/imports/{id}")).await.expect(200).json();
    assert_eq!((&waiting["status"], &waiting["upload"]["method"]), (&json!("waiting"), &json!("PUT")));
}

#[tokio::test]
async fn repeated_import_request_is_one_job() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let (key, body) = (unique("key"), json!({ "format": "ndjson" }));
    let ask = async || {
        let call = admin.call(reqwest::Method::POST, "/api/v1/products/imports").idempotency_key(&key);
        call.json(&body).send().await.expect(202)
    };
    let (first, second) = (ask().await, ask().await);
    assert!(!first.is_replayed() && second.is_replayed());
    assert_eq!(first.json()["id"], second.json()["id"]);
}
