//! Codes of promotions: added, generated and imported.

use std::collections::BTreeSet;

use e2e::{Draft, Shop, unique, unique_prefix, with};
use serde_json::{Value, json};

/// The market of these tests.
const MARKET: &str = "e2e-codes";

async fn shop_with_market() -> Shop {
    let shop = Shop::open().await;
    shop.has_market(MARKET, &json!({ "currency": shop.stack.currency, "prices": "net" })).await;
    shop
}

/// A live promotion that needs a code; returns its path.
async fn coded(shop: &Shop) -> String {
    let mug = shop.sells(Draft::with_stock(1)).await;
    shop.publishes_promotion(&with(&shop.ten_percent_off(&mug, MARKET), "/trigger", json!("code"))).await
}

fn names(codes: &[Value]) -> Vec<&str> {
    codes.iter().filter_map(|row| row["code"].as_str()).collect()
}

#[tokio::test]
async fn code_belongs_to_one_promotion_for_ever() {
    let shop = shop_with_market().await;
    let (one, other) = (coded(&shop).await, coded(&shop).await);
    let code = unique("ONE").to_uppercase();
    let lower = json!({ "code": code.to_lowercase(), "maxUses": 3 });
    shop.tries_to_add_code(&one, &lower).await.expect(204);
    shop.tries_to_add_code(&one, &json!({ "code": code, "maxUses": 9 })).await.expect(204);
    let stored = json!([{ "code": code, "maxUses": 3, "used": 0 }]);
    assert_eq!(json!(shop.codes_of(&one).await), stored, "the first limit stays");
    shop.tries_to_add_code(&other, &lower).await.expect_problem(409, "code_exists").has_error_code("code_exists");

    shop.tries_to_move_promotion(&one, "stop").await.expect(200);
    shop.tries_to_add_code(&other, &lower).await.expect_problem(409, "code_exists");
    shop.tries_to_add_code(&one, &json!({ "code": unique("TWO") })).await.expect_problem(409, "promotion_not_live");
}

#[tokio::test]
async fn malformed_code_is_refused() {
    let shop = shop_with_market().await;
    let path = coded(&shop).await;
    let valid = json!({ "code": unique("GOOD"), "maxUses": 1 });
    let too_long = "A".repeat(33);
    for bad in ["", "AB", "TEN OFF", "TEN_OFF", "ZEHN€", too_long.as_str()] {
        shop.tries_to_add_code(&path, &with(&valid, "/code", json!(bad))).await.expect_fault("code", "invalid_value");
    }
    for (member, value, code) in [
        ("code", Value::Null, "required"),
        ("maxUses", json!(0), "uses_out_of_range"),
        ("maxUses", json!(1_000_001), "uses_out_of_range"),
        ("uses", json!(1), "unknown_field"),
    ] {
        shop.tries_to_add_code(&path, &with(&valid, &format!("/{member}"), value)).await.expect_fault(member, code);
    }
    assert!(shop.codes_of(&path).await.is_empty());
}

#[tokio::test]
async fn only_a_live_promotion_with_codes_gets_codes() {
    let shop = shop_with_market().await;
    let mug = shop.sells(Draft::with_stock(1)).await;
    let body = shop.ten_percent_off(&mug, MARKET);
    let draft = shop.drafts_promotion(&with(&body, "/trigger", json!("code"))).await;
    let automatic = shop.publishes_promotion(&body).await;
    let admin = shop.admin().await;
    let batch = json!({ "prefix": unique_prefix(), "count": 1, "maxUses": 1 });
    for (path, code) in [(&draft, "promotion_not_live"), (&automatic, "promotion_automatic")] {
        shop.tries_to_add_code(path, &json!({ "code": unique("NO") })).await.expect_problem(409, code);
        admin.post(&format!("{path}/codes/generate"), &batch).await.expect_problem(409, code);
        let import = json!({ "format": "csv" });
        admin.post(&format!("{path}/codes/imports"), &import).await.expect_problem(409, code);
    }
}

#[tokio::test]
async fn generated_codes_are_read_in_parts() {
    let shop = shop_with_market().await;
    let (path, other) = (coded(&shop).await, coded(&shop).await);
    let (admin, prefix) = (shop.admin().await, unique_prefix());
    let batch = json!({ "prefix": prefix.to_lowercase(), "count": 2_500, "maxUses": 2 });
    let generate = format!("{path}/codes/generate");
    let made = admin.post(&generate, &batch).await.expect(201).json();
    assert_eq!([&made["prefix"], &made["count"], &made["maxUses"]], [&json!(prefix), &json!(2_500), &json!(2)]);
    assert_eq!(admin.post(&generate, &batch).await.expect(201).json(), made, "again it is the same batch");
    admin.post(&generate, &with(&batch, "/count", json!(9))).await.expect_problem(409, "prefix_exists");
    admin.post(&format!("{other}/codes/generate"), &batch).await.expect_problem(409, "prefix_exists");

    let (mut codes, mut from) = (BTreeSet::new(), 0);
    loop {
        let place = format!("{path}/codes/batches/{prefix}?from={from}&limit=1000");
        let part = admin.get(&place).await.expect(200).json();
        codes
            .extend(part["codes"].as_array().into_iter().flatten().filter_map(|code| code.as_str().map(str::to_owned)));
        match part["next"].as_u64() {
            Some(next) => from = next,
            None => break,
        }
    }
    assert_eq!(codes.len(), 2_500, "all codes are different");
    assert!(codes.iter().all(|code| code.starts_with(&prefix) && code.len() == prefix.len() + 12));
    let listed = admin.get(&format!("{path}/codes/batches")).await.expect(200).json();
    assert_eq!(listed["data"], json!([made]));
    admin.get(&format!("{other}/codes/batches/{prefix}")).await.expect_problem(404, "not_found");
    for (member, value, code) in [
        ("prefix", json!("TOO-LONG-A-PREFIX"), "invalid_value"),
        ("count", json!(1_000_001), "uses_out_of_range"),
        ("maxUses", json!(0), "uses_out_of_range"),
    ] {
        admin.post(&generate, &with(&batch, &format!("/{member}"), value)).await.expect_fault(member, code);
    }
    let too_many = format!("{path}/codes/batches/{prefix}?limit=1001");
    admin.get(&too_many).await.expect_fault("limit", "limit_out_of_range");
}

#[tokio::test]
async fn codes_are_imported_and_rejected_lines_reported() {
    let shop = shop_with_market().await;
    let (path, other) = (coded(&shop).await, coded(&shop).await);
    let mark = unique("IMP").to_uppercase();
    let foreign = format!("{mark}-OTHER");
    shop.tries_to_add_code(&other, &json!({ "code": foreign })).await.expect(204);
    shop.tries_to_add_code(&path, &json!({ "code": format!("{mark}-0") })).await.expect(204);
    let good: String = (0..120).map(|number| format!("{mark}-{number};{}\n", number + 1)).collect();
    let file = format!("Code;MAXUSES\n{good}{foreign};1\nno code;1\n{mark}-7;1\n{mark}-X;many\n");
    let job = shop.begins_code_import(&path, "csv", &file).await;
    let job = shop.awaits_job(&job).await;
    assert_eq!(job["status"], "done", "{job}");
    let counts = json!({ "lines": 124, "added": 119, "unchanged": 2, "rejected": 3 });
    assert_eq!(job["counts"], counts, "one was there before, and one is there twice: {job}");
    let report = shop.report(&job).await;
    let lines: Vec<_> = report.iter().map(|line| (line["line"].as_u64(), line["code"].as_str())).collect();
    let expected = [(122, "code_exists"), (123, "code_invalid"), (125, "wrong_type")];
    assert_eq!(lines, expected.map(|(line, code)| (Some(line), Some(code))), "{report:?}");
    assert_eq!(report[0]["coupon"], foreign.as_str());

    let stored = shop.codes_of(&path).await;
    assert_eq!(stored.len(), 120);
    let limit = |name: &str| stored.iter().find(|row| row["code"] == name).map(|row| row["maxUses"].clone());
    assert_eq!(limit(&format!("{mark}-119")), Some(json!(120)));
    assert_eq!(limit(&format!("{mark}-0")), Some(Value::Null), "a limit that was there stays");
    assert!(!names(&shop.codes_of(&other).await).contains(&format!("{mark}-1").as_str()));
    let elsewhere = format!("{other}/codes/imports/{}", job["id"].as_str().unwrap_or_default());
    shop.admin().await.get(&elsewhere).await.expect_problem(404, "not_found");
}

#[tokio::test]
async fn codes_are_imported_from_lines_of_json() {
    let shop = shop_with_market().await;
    let (path, mark) = (coded(&shop).await, unique("JSON").to_uppercase());
    let file = format!("{{\"code\":\"{mark}-A\"}}\n{{\"code\":\"{mark}-B\",\"maxUses\":2}}\n");
    let job = shop.begins_code_import(&path, "ndjson", &file).await;
    let job = shop.awaits_job(&job).await;
    let done = (&json!("done"), &json!(2), &json!(0));
    assert_eq!((&job["status"], &job["counts"]["added"], &job["counts"]["rejected"]), done, "{job}");
    assert!(job.get("report").is_none(), "{job}");
    assert_eq!(names(&shop.codes_of(&path).await), [format!("{mark}-A"), format!("{mark}-B")]);
}

#[tokio::test]
async fn import_of_a_file_without_codes_fails() {
    let shop = shop_with_market().await;
    let path = coded(&shop).await;
    for (file, code) in [("voucher,uses\nA,1\n", "csv_column"), ("maxUses\n1\n", "csv_column")] {
        let job = shop.begins_code_import(&path, "csv", file).await;
        let job = shop.awaits_job(&job).await;
        assert_eq!((&job["status"], &job["failure"]["code"]), (&json!("failed"), &json!(code)), "{job}");
    }
    let imports = format!("{path}/codes/imports");
    let too_large = json!({ "format": "csv", "bytes": 20 * 1024 * 1024 + 1 });
    shop.admin().await.post(&imports, &too_large).await.expect_fault("bytes", "file_too_large");
}
