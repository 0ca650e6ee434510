//! Exports and erasures whose workers are killed, and a deletion whose event is repeated.

use e2e::{SOON, Shop, await_until};
use serde_json::json;

const PROFILE: &str = "/api/v1/users/profile";

#[tokio::test]
async fn erasure_with_workers_killed_at_every_point_leaves_nothing() {
    let shop = Shop::open_disturbing(["catalog", "orders", "payments", "privacy"]).await;
    let person = shop.new_person().await;
    shop.exports_personal_data(&person.customer).await;
    let points = shop.stack.points_of("erasure");
    assert!(points.len() >= 4, "the sources should name the points: {points:?}");
    for point in &points {
        shop.stack.kills_at(point);
    }
    person.customer.api.delete(PROFILE).await.expect(202);
    for point in &points {
        shop.stack.awaits_kill(point).await;
    }
    shop.awaits_erased(person.customer.id(), &person.values).await;
    let rated = shop.rating(&person.mug).await;
    assert_eq!((rated.sum, rated.count), (0, 0), "the review should be counted out once");
}

#[tokio::test]
async fn export_with_its_worker_killed_at_any_point_is_complete() {
    let shop = Shop::open_disturbing(["privacy"]).await;
    let points = shop.stack.points_of("export");
    assert!(points.len() >= 4, "the sources should name the points: {points:?}");
    // The five queries of an export take longer than one slice of 5 s, so that a checkpoint is reached.
    let slow = json!({ "operation": "Query", "kind": "delay", "ms": 1_100 });
    // A killed worker's message returns after its visibility timeout. The next export does not wait for that.
    let mut exports = Vec::new();
    for point in &points {
        let customer = shop.new_customer().await;
        shop.stack.kills_at(point);
        let begin = async {
            let place = shop.begins_personal_export(&customer).await;
            shop.stack.awaits_kill(point).await;
            place
        };
        let place =
            if point == "export.after_checkpoint" { shop.proxy.failing(&slow, begin).await } else { begin.await };
        exports.push((customer, place));
    }
    for (customer, place) in exports {
        let export = shop.awaits_personal_export(&customer, &place).await;
        assert_eq!(export["account"]["email"], customer.email.as_str(), "{export}");
    }
}

#[tokio::test]
async fn deletion_event_delivered_three_times_removes_a_review_once() {
    // The reviewers buy first, so no other test may stop the payments.
    let shop = Shop::open_disturbing(["catalog", "orders", "payments"]).await;
    let mug = shop.sells(e2e::Draft::with_stock(9)).await;
    let (leaving, staying) = (shop.new_owner(&mug).await, shop.new_owner(&mug).await);
    leaving.api.reviews(&mug, 1).await;
    staying.api.reviews(&mug, 5).await;
    let url = shop.queues.url("catalog");
    shop.functions
        .while_stopped(url, async {
            leaving.api.delete(PROFILE).await.expect(202);
            let envelope = shop.queues.takes(url, leaving.id()).await;
            for _ in 0..3 {
                shop.queues.send(url, &envelope).await;
            }
        })
        .await;
    await_until("one review is left", SOON, async || {
        let rated = shop.rating(&mug).await;
        if (rated.sum, rated.count) == (5, 1) { Ok(()) } else { Err(format!("{rated:?}")) }
    })
    .await;
    shop.queues.awaits_empty(url).await;
    let rated = shop.rating(&mug).await;
    assert_eq!(json!([rated.sum, rated.count]), json!([5, 1]));
}
