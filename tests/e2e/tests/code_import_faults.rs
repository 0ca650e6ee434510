//! Imports of codes whose worker is killed, or whose messages are lost or repeated.

use e2e::{Draft, HOME, Shop, unique, with};
use serde_json::{Value, json};

async fn coded(shop: &Shop) -> String {
    shop.has_home_market().await;
    let mug = shop.sells(Draft::with_stock(1)).await;
    shop.publishes_promotion(&with(&shop.ten_percent_off(&mug, HOME), "/trigger", json!("code"))).await
}

/// A file of codes that no other test has.
fn file(codes: usize) -> String {
    let mark = unique("KILL").to_uppercase();
    let lines: String = (0..codes).map(|number| format!("{mark}-{number}\n")).collect();
    format!("code\n{lines}")
}

/// Makes an import old, so that its next reader finds it stuck, and does not wait for two minutes.
async fn ages(shop: &Shop, job: &str) {
    let row = format!("JOB#{}", job.rsplit('/').next().unwrap_or_default());
    let long_ago = json!({ "S": "2026-01-01T00:00:00.000Z" });
    shop.rows.sets("promotions", &row, "JOB", "updatedAt", long_ago).await;
}

/// Panics unless each line of a file was a code that was added, now or before the job was interrupted.
fn is_done(job: &Value, codes: usize) {
    let counts = &job["counts"];
    let all = (&json!("done"), &json!(codes), &json!(0));
    assert_eq!((&job["status"], &counts["lines"], &counts["rejected"]), all, "{job}");
    let sum: u64 = ["added", "unchanged"].iter().filter_map(|count| counts[count].as_u64()).sum();
    assert_eq!(sum, codes as u64, "{job}");
}

#[tokio::test]
async fn import_of_codes_with_its_worker_killed_at_any_point_loses_no_code() {
    let shop = Shop::open_disturbing(["promotions"]).await;
    let points = shop.stack.points_of("codes");
    assert!(points.len() >= 5, "the sources should name the points: {points:?}");
    // A killed worker's message returns after its visibility timeout. The next import does not wait for that.
    let mut imports = Vec::new();
    for point in &points {
        let promotion = coded(&shop).await;
        shop.stack.kills_at(point);
        // A checkpoint is reached by more transactions than one slice of 5 s has time for.
        let reaches_a_checkpoint = point == "codes.after_checkpoint";
        let codes = if reaches_a_checkpoint { 600 } else { 60 };
        let begin = async {
            let job = shop.begins_code_import(&promotion, "csv", &file(codes)).await;
            shop.stack.awaits_kill(point).await;
            if point == "codes.queued" {
                ages(&shop, &job).await;
            }
            job
        };
        let job = if reaches_a_checkpoint {
            let slow = json!({ "operation": "TransactWriteItems", "table_contains": "Promotions", "kind": "delay", "ms": 700 });
            shop.proxy.failing(&slow, begin).await
        } else {
            begin.await
        };
        imports.push((promotion, job, codes));
    }
    for (promotion, job, codes) in imports {
        is_done(&shop.awaits_job(&job).await, codes);
        assert_eq!(shop.codes_of(&promotion).await.len(), codes, "each code should be there once");
    }
}

#[tokio::test]
async fn import_of_codes_with_repeated_messages_counts_every_line_once() {
    let shop = Shop::open_disturbing(["promotions"]).await;
    let promotion = coded(&shop).await;
    let url = shop.queues.url("promotions");
    let job = shop
        .functions
        .while_stopped(url, async {
            let job = shop.begins_code_import(&promotion, "csv", &file(120)).await;
            let id = job.rsplit('/').next().unwrap_or_default();
            let envelope = shop.queues.takes(url, id).await;
            for _ in 0..3 {
                shop.queues.send(url, &envelope).await;
            }
            job
        })
        .await;
    let job = shop.awaits_job(&job).await;
    is_done(&job, 120);
    assert_eq!(job["counts"]["added"], 120, "one worker at a time should count: {job}");
}

#[tokio::test]
async fn import_of_codes_with_a_lost_message_continues_when_it_is_read() {
    let shop = Shop::open_disturbing(["promotions"]).await;
    let promotion = coded(&shop).await;
    let url = shop.queues.url("promotions");
    let job = shop
        .functions
        .while_stopped(url, async {
            let job = shop.begins_code_import(&promotion, "csv", &file(10)).await;
            let id = job.rsplit('/').next().unwrap_or_default();
            shop.queues.takes(url, id).await;
            ages(&shop, &job).await;
            job
        })
        .await;
    is_done(&shop.awaits_job(&job).await, 10);
}
