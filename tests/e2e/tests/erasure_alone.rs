//! Exports and erasures whose workers are killed. They run alone.

use e2e::{EVENTUALLY, SOON, Shop, await_until};
use serde_json::json;

const PROFILE: &str = "/api/v1/users/profile";

#[tokio::test]
async fn erasure_with_workers_killed_at_every_point_leaves_nothing() {
    let shop = Shop::open_alone().await;
    let person = shop.new_person().await;
    shop.exports_personal_data(&person.customer).await;
    let points = shop.stack.points_of("erasure");
    assert!(points.len() >= 4, "the sources should name the points: {points:?}");
    for point in &points {
        shop.stack.kills_at(point);
    }
    person.customer.api.delete(PROFILE).await.expect(202);
    for point in &points {
        await_until(format_args!("a worker is killed at {point}"), EVENTUALLY, async || {
            if shop.stack.has_killed(point) { Ok(()) } else { Err("not killed yet".to_owned()) }
        })
        .await;
    }
    shop.awaits_erased(person.customer.id(), &person.values).await;
    let rated = shop.rating(&person.mug).await;
    assert_eq!((rated.sum, rated.count), (0, 0), "the review should be counted out once");
}

#[tokio::test]
async fn export_with_its_worker_killed_at_any_point_is_complete() {
    let shop = Shop::open_alone().await;
    let customer = shop.new_customer().await;
    let points = shop.stack.points_of("export");
    assert!(points.len() >= 4, "the sources should name the points: {points:?}");
    // The five queries of an export take longer than one slice of 5 s, so that a checkpoint is reached.
    let slow = json!({ "operation": "Query", "kind": "delay", "ms": 1_100 });
    for point in &points {
        shop.stack.kills_at(point);
        let export = shop.proxy.failing(&slow, shop.exports_personal_data(&customer)).await;
        assert!(shop.stack.has_killed(point), "a worker should be killed at {point}");
        assert_eq!(export["account"]["email"], customer.email.as_str(), "{export}");
    }
}

#[tokio::test]
async fn deletion_event_delivered_three_times_removes_a_review_once() {
    let shop = Shop::open_alone().await;
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
