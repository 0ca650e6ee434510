//! CSV files as spreadsheets and people write them: delimiters, decimal commas, empty cells, and the report of rejected rows.

use e2e::{Shop, unique};
use serde_json::{Value, json};

fn skus(of: usize) -> Vec<String> {
    let mark = unique("XLS").to_uppercase();
    (0..of).map(|n| format!("{mark}-{n}")).collect()
}

/// The prices of products in minor units, as an export has them.
async fn prices_of(shop: &Shop, skus: &[String]) -> Vec<Value> {
    let file = shop.exports("ndjson").await;
    let read = |line| serde_json::from_str::<Value>(line).unwrap_or_else(|error| panic!("{line} is JSON: {error}"));
    let products: Vec<Value> = file.lines().map(read).collect();
    let product = |sku: &String| products.iter().find(|product| product["sku"] == *sku);
    let price = |sku| product(sku).unwrap_or_else(|| panic!("{sku} should be exported"))["price"]["amount"].clone();
    skus.iter().map(price).collect()
}

/// Status, rejected lines, and all lines that count.
fn outcome(job: &Value) -> (&str, u64, u64) {
    let count = |name: &str| job["counts"][name].as_u64().unwrap_or_default();
    (job["status"].as_str().unwrap_or_default(), count("rejected"), count("lines"))
}

#[tokio::test]
async fn delimiter_of_a_file_is_seen_named_or_requested() {
    let shop = Shop::open().await;
    let (sku, currency) = (skus(5), &shop.stack.currency);
    let files = [
        format!(
            "\u{feff}SKU; Name ;category;Price;CURRENCY;;\r\n{};Tasse;files;12,90;{currency};;\r\n;;;;;;\r\n;;;;;;\r\n",
            sku[0]
        ),
        format!("sku\tname\tcategory\tprice\tcurrency\r\n{}\tTasse\tfiles\t12.90\t{currency}\r\n\t\t\t\t\r\n", sku[1]),
        format!("sep=;\r\nsku;name;category;price;currency\r\n{};Tasse;files;12,9;{currency}\r\n", sku[2]),
        format!("sku,name,category,price,currency,,\n{},Tasse,files,12.90,{currency},,\n,,,,,,\n", sku[3]),
    ];
    for file in files {
        let job = shop.imports("csv", file.clone()).await;
        assert_eq!(outcome(&job), ("done", 0, 1), "{file}: {job}");
    }
    let header = "sku;name;category;price;currency";
    let tabs = json!({ "format": "csv", "delimiter": "\t" });
    let path = shop.begins_import_with(&tabs, format!("{header}\n")).await;
    assert_eq!(shop.awaits_job(&path).await["failure"]["code"], "csv_column", "the request decides");
    let path = shop.begins_import_with(&tabs, format!("sep=;\n{header}\n")).await;
    assert_eq!(shop.awaits_job(&path).await["failure"]["code"], "csv_delimiter");
    let semicolons = json!({ "format": "csv", "delimiter": ";" });
    let path = shop.begins_import_with(&semicolons, format!("{header}\n{};Tasse;files;7,5;{currency}\n", sku[4])).await;
    assert_eq!(outcome(&shop.awaits_job(&path).await), ("done", 0, 1));
    assert_eq!(prices_of(&shop, &sku).await, [1_290, 1_290, 1_290, 1_290, 750]);
}

#[tokio::test]
async fn delimiter_and_excel_are_for_csv() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let import = async |body: Value| admin.post("/api/v1/products/imports", &body).await;
    import(json!({ "format": "ndjson", "delimiter": ";" })).await.expect_fault("delimiter", "not_csv");
    import(json!({ "format": "csv", "delimiter": "|" })).await.expect_refusal(422).names_field("delimiter");
    let export = async |body: Value| admin.post("/api/v1/products/exports", &body).await;
    export(json!({ "format": "ndjson", "excel": true })).await.expect_fault("excel", "not_csv");
    export(json!({ "format": "csv", "excel": "yes" })).await.expect_fault("excel", "wrong_type");
    export(json!({ "format": "ndjson", "excel": false })).await.expect(202);
}

#[tokio::test]
async fn rejected_row_is_reported_with_line_sku_field_code_and_a_sentence() {
    let shop = Shop::open().await;
    let (sku, currency) = (skus(9), &shop.stack.currency);
    let mut file = format!(
        "sep=;\nname;sku;category;price;currency;stock\n\
         Cup;{};files;1.234,50;{currency};\n\
         Cup;{};files;1.234;{currency};\n\
         Cup;;files;1;{currency};\n\
         Cup;no sku!;files;1;{currency};\n\
         ;;;;;\n\
         Cup;{};files;-1;{currency};\n\
         Cup;{};files;1;{currency};1,5\n\
         Cup;{};\"broken\"quote;1;{currency};\n\
         ;{};files;1;{currency};\n\
         Cup;{}\n",
        sku[0], sku[1], sku[2], sku[3], sku[4], sku[5], sku[6]
    )
    .into_bytes();
    // As Excel writes it without "UTF-8" in the name of the format.
    file.extend(format!("Mug;{};caf", sku[7]).bytes().chain(*b"\xe9;1;EUR;\n"));
    file.extend(format!("Cup;{};files;1;{currency};;;;\n", sku[8]).bytes());
    let job = shop.imports("csv", file).await;
    assert_eq!(outcome(&job), ("done", 10, 11), "{job}");
    let report = shop.report(&job).await;
    let found: Vec<_> =
        report.iter().map(|line| (&line["line"], &line["sku"], &line["field"], &line["code"])).collect();
    let expected = [
        (3, json!(sku[0]), json!("price"), "price_ambiguous"),
        (4, json!(sku[1]), json!("price"), "price_ambiguous"),
        (5, Value::Null, json!("sku"), "required"),
        (6, json!("no sku!"), json!("sku"), "invalid_value"),
        (8, json!(sku[2]), json!("price"), "price_out_of_range"),
        (9, json!(sku[3]), json!("stock"), "wrong_type"),
        (10, json!(sku[4]), Value::Null, "csv_quote"),
        (11, json!(sku[5]), json!("name"), "required"),
        (12, json!(sku[6]), Value::Null, "csv_cells"),
        (13, json!(sku[7]), Value::Null, "not_utf8"),
    ];
    let expected: Vec<_> =
        expected.iter().map(|(line, sku, field, code)| (json!(line), sku, field, json!(code))).collect();
    assert_eq!(found, expected.iter().map(|(line, sku, field, code)| (line, *sku, *field, code)).collect::<Vec<_>>());
    for line in &report {
        let message = line["message"].as_str().unwrap_or_default();
        let field = line["field"].as_str().unwrap_or("line");
        assert!(message.ends_with('.') && message.matches(&format!("`{field}`")).count() <= 1, "{line}");
        assert!(!message.contains("`: "), "{line}");
    }
    assert_eq!(prices_of(&shop, &sku[8..]).await, [100]);
}

#[tokio::test]
async fn export_for_excel_is_imported_unchanged() {
    let shop = Shop::open().await;
    let mark = unique("").chars().filter(char::is_ascii_digit).collect::<String>();
    // What Excel would read as a number, and a formula.
    let skus = [format!("00{mark}"), format!("{mark}E5")];
    let line = |sku: &String| {
        json!({
            "sku": sku, "name": "=1+1", "category": "0815", "brand": "007", "tags": ["2026"], "price": shop.money(1_290),
            "description": "a;b\n\"c\"", "stock": { "available": 4 },
        })
    };
    let file: String = skus.iter().map(|sku| format!("{}\n", line(sku))).collect();
    let job = shop.imports("ndjson", file).await;
    assert_eq!(outcome(&job), ("done", 0, 2), "{job}");

    let file = shop.exports_with(&json!({ "format": "csv", "excel": true })).await;
    let (header, rows) = file.split_once("\r\n").expect("a file should have lines");
    assert!(header.starts_with("\u{feff}sku;name;description;"), "{header:?}");
    let own: Vec<&str> =
        rows.split("\r\n").filter(|row| skus.iter().any(|sku| row.starts_with(&format!("'{sku};")))).collect();
    assert_eq!(own.len(), 2, "{skus:?}");
    for row in &own {
        assert!(row.contains(";'=1+1;") && row.contains(";'0815;'007;'2026;\"12,90\";"), "{row}");
    }
    let again = format!("{header}\r\n{}\r\n;;;;\r\n", own.join("\r\n"));
    let job = shop.imports("csv", again).await;
    assert_eq!((outcome(&job), &job["counts"]["unchanged"]), (("done", 0, 2), &json!(2)), "{job}");
}
