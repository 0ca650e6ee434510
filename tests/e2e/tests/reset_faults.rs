//! A one-time token is mailed once, however often its event arrives.

use e2e::Shop;
use serde_json::json;

#[tokio::test]
async fn reset_event_delivered_three_times_is_mailed_once_with_a_valid_token() {
    // A test of erasures, which disturbs "privacy", requests a reset, too.
    let shop = Shop::open_disturbing(["notifications", "privacy"]).await;
    let customer = shop.new_customer().await;
    shop.awaits_token(&customer.email, "verify-email", 1).await;
    let url = shop.queues.url("notifications");
    shop.functions
        .while_stopped(url, async {
            let request = json!({ "email": customer.email });
            shop.from_new_ip().post("/api/v1/auth/reset-password", &request).await.expect(202);
            let envelope = shop.queues.takes(url, "user.password_reset_requested").await;
            assert!(!envelope.contains(&customer.email) && !envelope.contains("secret"), "{envelope}");
            for _ in 0..3 {
                shop.queues.send(url, &envelope).await;
            }
        })
        .await;
    let token = shop.awaits_token(&customer.email, "reset-password", 1).await;
    shop.queues.awaits_empty(url).await;
    assert_eq!(shop.tokens_of(&customer.email, "reset-password").await.len(), 1);
    let body = json!({ "token": token, "newPassword": e2e::unique("a new password") });
    shop.anonymous().post("/api/v1/auth/reset-password/confirm", &body).await.expect(204);
}
