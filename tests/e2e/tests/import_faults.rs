//! Imports whose workers are killed or whose messages are lost or repeated, and a large import, which has thousands of events.

use std::collections::{HashMap, HashSet};

use e2e::{Checkout, Shop, unique};
use serde_json::{Value, json};

fn lines(shop: &Shop, of: usize) -> (Vec<String>, String) {
    let mark = unique("IMP").to_uppercase();
    let skus: Vec<String> = (0..of).map(|n| format!("{mark}-{n}")).collect();
    let line = |sku: &String| json!({ "sku": sku, "name": format!("Mug {sku}"), "category": "imported-alone", "price": shop.money(100), "stock": { "available": 1 } });
    let file = skus.iter().map(|sku| format!("{}\n", line(sku))).collect();
    (skus, file)
}

fn is_done(job: &Value, lines: usize) {
    let counts = &job["counts"];
    assert_eq!(
        (&job["status"], &counts["lines"], &counts["rejected"]),
        (&json!("done"), &json!(lines), &json!(0)),
        "{job}"
    );
    let sum: u64 = ["created", "updated", "unchanged"].iter().filter_map(|count| counts[count].as_u64()).sum();
    assert_eq!(sum, lines as u64, "{job}");
}

/// All products of the shop by SKU.
async fn products(shop: &Shop) -> HashMap<String, Value> {
    let file = shop.exports("ndjson").await;
    let lines = file
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap_or_else(|error| panic!("{line} is JSON: {error}")));
    lines.map(|line| (line["sku"].as_str().unwrap_or_default().to_owned(), line)).collect()
}

#[tokio::test]
async fn import_with_its_worker_killed_at_any_point_loses_no_line() {
    let shop = Shop::open_disturbing(["catalog"]).await;
    let points = shop.stack.points_of("job");
    assert!(points.len() >= 4, "the sources should name the points: {points:?}");
    // A killed worker's message returns after its visibility timeout. The next import does not wait for that.
    let (mut imports, mut skus) = (Vec::new(), Vec::new());
    for point in &points {
        shop.stack.kills_at(point);
        // A checkpoint is reached by more lines than one slice of 5 s handles: 100 lines take 0.7 s at least on any machine.
        let reaches_a_checkpoint = point == "job.after_checkpoint";
        let (names, file) = lines(&shop, if reaches_a_checkpoint { 1_000 } else { 10 });
        let begin = async {
            imports.push((shop.begins_import("ndjson", file).await, names.len()));
            shop.stack.awaits_kill(point).await;
        };
        if reaches_a_checkpoint {
            let slow = json!({ "operation": "BatchGetItem", "table_contains": "Catalog", "kind": "delay", "ms": 700 });
            shop.proxy.failing(&slow, begin).await;
        } else {
            begin.await;
        }
        skus.extend(names);
    }
    for (job, count) in imports {
        is_done(&shop.awaits_job(&job).await, count);
    }
    let products_now = products(&shop).await;
    assert!(skus.iter().all(|sku| products_now[sku]["stock"]["available"] == 1), "each product should exist");
}

#[tokio::test]
async fn line_repeated_after_a_crash_does_not_restore_sold_stock() {
    let shop = Shop::open_disturbing(["catalog"]).await;
    let (skus, file) = lines(&shop, 1);
    shop.stack.kills_at("job.after_slice");
    let job = shop.begins_import("ndjson", file).await;
    shop.stack.awaits_kill("job.after_slice").await;
    let order = shop.new_customer().await.places(&Checkout::of(&[(&skus[0], 1)])).await;
    // A test may stop the worker that would have it paid, so its hold must not end.
    let (row, later) = (format!("ORDER#{}", order.id()), json!({ "S": "2099-01-01T00:00:00.000Z" }));
    shop.rows.sets("orders", &row, "ORDER", "holdExpiresAt", later).await;
    is_done(&shop.awaits_job(&job).await, 1);
    assert_eq!(products(&shop).await[&skus[0]]["stock"]["available"], 0, "the only unit should stay sold");
}

#[tokio::test]
async fn import_message_delivered_three_times_counts_every_line_once() {
    let shop = Shop::open_disturbing(["catalog"]).await;
    let (skus, file) = lines(&shop, 120);
    let url = shop.queues.url("catalog");
    let job = shop
        .functions
        .while_stopped(url, async {
            let job = shop.begins_import("ndjson", file).await;
            let id = job.rsplit('/').next().unwrap_or_default();
            let envelope = shop.queues.takes(url, id).await;
            for _ in 0..3 {
                shop.queues.send(url, &envelope).await;
            }
            job
        })
        .await;
    let job = shop.awaits_job(&job).await;
    is_done(&job, skus.len());
    assert_eq!(job["counts"]["created"], skus.len(), "one worker at a time should count: {job}");
}

#[tokio::test]
async fn import_with_a_lost_message_continues_when_it_is_read() {
    let shop = Shop::open_disturbing(["catalog"]).await;
    let (skus, file) = lines(&shop, 10);
    let url = shop.queues.url("catalog");
    let job = shop
        .functions
        .while_stopped(url, async {
            let job = shop.begins_import("ndjson", file).await;
            let id = job.rsplit('/').next().unwrap_or_default();
            shop.queues.takes(url, id).await;
            let long_ago = json!({ "S": "2026-01-01T00:00:00.000Z" });
            shop.rows.sets("catalog", &format!("JOB#{id}"), "JOB", "updatedAt", long_ago).await;
            job
        })
        .await;
    is_done(&shop.awaits_job(&job).await, skus.len());
}

#[tokio::test]
async fn import_succeeds_while_every_third_transaction_conflicts() {
    let shop = Shop::open_disturbing(["catalog"]).await;
    let (skus, file) = lines(&shop, 60);
    let fault = json!({ "operation": "TransactWriteItems", "table_contains": "Catalog", "every": 3, "kind": "transaction_conflict" });
    let job = shop.proxy.failing(&fault, shop.imports("ndjson", file)).await;
    // A slice that a busy machine does not finish in time is repeated, and its lines count as unchanged.
    is_done(&job, skus.len());
}

#[tokio::test]
async fn real_catalog_is_imported_and_exported_exactly() {
    let shop = Shop::open_disturbing(["catalog"]).await;
    let Some(real) = samples::real(&shop.stack.currency).unwrap_or_else(|error| panic!("SOUK_DATA: {error:#}")) else {
        eprintln!("skipped: SOUK_DATA is not set");
        return;
    };
    let file: String = real.iter().map(|line| format!("{line}\n")).collect();
    let job = shop.imports("ndjson", file).await;
    is_done(&job, 2_465);
    let products_now = products(&shop).await;
    for line in &real {
        let out = &products_now[line["sku"].as_str().expect("a line has a SKU")];
        for (field, value) in line.as_object().expect("a line should be an object") {
            assert_eq!(out[field], *value, "{field} of {out}");
        }
    }
    // The same as CSV: importing the export changes nothing.
    let csv = shop.exports("csv").await;
    let (head, rows) = csv.split_once("\r\n").expect("a file should have lines");
    let skus: HashSet<&str> = real.iter().filter_map(|line| line["sku"].as_str()).collect();
    let own = rows.split("\r\n").filter(|row| row.split(',').next().is_some_and(|sku| skus.contains(sku)));
    let own: Vec<&str> = own.collect();
    let job = shop.imports("csv", format!("{head}\r\n{}\r\n", own.join("\r\n"))).await;
    is_done(&job, 2_465);
    assert_eq!(job["counts"]["unchanged"], 2_465, "{job}");
}
