//! Nobody can flood another person's mailbox through the shop, or send them a text of their own.

use e2e::envelope::{batch, new_event, new_id};
use e2e::{Checkout, Draft, Mail, SOON, Shop, await_until, unique, unique_email, with};
use futures::future::join_all;
use reqwest::Method;
use serde_json::json;

const ASKS: &str = "pm_card_authenticationRequired";
const DECLINED: &str = "pm_card_chargeDeclined";
/// Mails to one email address about declined payments in a day.
const MAX_DECLINED: usize = 5;
/// The operator's email address in the test stack.
const OPERATOR: &str = "operator@souk.local";
const PHISHING: &str = "Your account is locked. Unlock it at evil.example/unlock now";

/// Waits until messages of this event type were handled for all these subjects; returns how many were sent.
async fn awaits_sent(shop: &Shop, event: &str, subjects: &[String], count: usize) -> usize {
    await_until(format_args!("{count} messages about {event} are handled"), SOON, async || {
        let mut handled = Vec::new();
        for subject in subjects {
            handled.extend(shop.rows.message_statuses(event, subject).await);
        }
        let sent = handled.iter().filter(|status| *status == "sent").count();
        let is_done = handled.len() == count && !handled.iter().any(|status| status == "sending");
        if is_done { Ok(sent) } else { Err(format!("{handled:?}")) }
    })
    .await
}

fn about<'a>(mails: &'a [Mail], words: &str) -> Vec<&'a str> {
    mails.iter().map(|mail| mail.subject.as_str()).filter(|subject| subject.contains(words)).collect()
}

#[tokio::test]
async fn cancelled_guest_orders_send_a_stranger_no_mails() {
    let shop = Shop::open().await;
    let mug = shop.sells(Draft::with_stock(40)).await;
    let stranger = shop.new_guest();
    let mut cancelled = Vec::new();
    for _ in 0..15 {
        let (order, token) = stranger.places(&Checkout::of(&[(&mug.sku, 1)]).paid_with(ASKS)).await;
        shop.anonymous().with_order_token(&token).cancels(&order, "Changed my mind").await.expect_success();
        cancelled.push(order.id().to_owned());
    }
    let (order, _) = stranger.places(&Checkout::of(&[(&mug.sku, 1)])).await;
    shop.mailbox.awaits(&stranger.email, &[order.number(), "confirmed and paid"]).await;
    let sent = awaits_sent(&shop, "order.cancelled", &cancelled, 15).await;
    let mails = shop.mailbox.of(&stranger.email).await;
    assert_eq!((sent, mails.len()), (0, 1), "only the paid order should send a mail: {mails:#?}");
}

#[tokio::test]
async fn declined_guest_orders_send_a_stranger_few_mails() {
    let shop = Shop::open().await;
    let mug = shop.sells(Draft::with_stock(40)).await;
    // Subaddresses reach the same mailbox.
    let name = unique("stranger");
    let address = |tag: usize| format!("{name}+{tag}@example.com");
    let mut payments = Vec::new();
    for tag in 0..=MAX_DECLINED {
        let stranger = shop.new_guest().with_email(&address(tag));
        let (order, token) = stranger.places(&Checkout::of(&[(&mug.sku, 1)]).paid_with(DECLINED)).await;
        let holder = shop.anonymous().with_order_token(&token);
        holder.awaits(&order, "pending", "failed").await;
        holder.cancels(&order, "Changed my mind").await.expect_success();
        payments.push(order.payment_id().to_owned());
    }
    let sent = awaits_sent(&shop, "payment.failed", &payments, MAX_DECLINED + 1).await;
    let mails = shop.mailbox.of(&name).await;
    assert_eq!((sent, about(&mails, "did not go through").len()), (MAX_DECLINED, MAX_DECLINED), "{mails:#?}");
}

#[tokio::test]
async fn flood_of_messages_at_once_sends_no_more_than_the_budget() {
    let shop = Shop::open().await;
    let customer = shop.new_customer().await;
    let payment = new_id("pay");
    let data = json!({
        "paymentId": payment, "orderId": new_id("ord"), "orderNumber": "7KQ4M-2XD9A", "recipient": customer.id(),
        "amount": shop.money(100), "code": "card_declined", "message": "Your card was declined.",
    });
    let batches: Vec<String> = (0..4)
        .map(|_| batch(&(0..8).map(|_| new_event("payment.failed", &payment, &data)).collect::<Vec<_>>()))
        .collect();
    // Twice: a message that was sent stays sent, and a message that was suppressed stays suppressed.
    for delivery in ["first", "second"] {
        join_all(batches.iter().map(|batch| shop.delivers_message("notifier", batch.clone()))).await;
        let sent = awaits_sent(&shop, "payment.failed", std::slice::from_ref(&payment), 32).await;
        let statuses = shop.rows.message_statuses("payment.failed", &payment).await;
        let suppressed = statuses.iter().filter(|status| *status == "suppressed").count();
        assert_eq!(
            (sent, suppressed),
            (MAX_DECLINED, 32 - MAX_DECLINED),
            "after the {delivery} delivery: {statuses:?}"
        );
        let mails = shop.mailbox.of(&customer.email).await;
        assert_eq!(
            about(&mails, "did not go through").len(),
            MAX_DECLINED,
            "after the {delivery} delivery: {mails:#?}"
        );
    }
}

#[tokio::test]
async fn name_with_a_url_is_refused() {
    let shop = Shop::open().await;
    let refused = |response: e2e::Response, field: &str| {
        let problem = response.expect_refusal(422);
        let error = &problem.errors()[0];
        assert_eq!((&error["field"], &error["code"]), (&json!(field), &json!("invalid_value")), "{}", problem.body);
    };
    for name in [PHISHING, "https://evil.example", "Win at evil.example", "Ada\r\nBcc: eve", "www.evil"] {
        let email = unique_email("stranger");
        let account = json!({ "email": email, "password": unique("a long password"), "name": name });
        refused(shop.from_new_ip().post("/api/v1/auth/register", &account).await, "name");
        assert!(shop.mailbox.of(&email).await.is_empty());
    }
    let ada = shop.new_customer().await;
    let rename = ada.api.call(Method::PUT, "/api/v1/users/profile").json(&json!({ "name": PHISHING }));
    refused(rename.header("If-Match", "\"1\"").send().await, "name");
    let mug = shop.sells(Draft::with_stock(4)).await;
    let checkout = Checkout::of(&[(&mug.sku, 1)]);
    let address = with(&checkout.body["shippingAddress"], "/name", json!(PHISHING));
    refused(ada.api.post("/api/v1/users/addresses", &address).await, "name");
    let named = Checkout { body: with(&checkout.body, "/shippingAddress", address), ..checkout };
    refused(shop.new_guest().tries_to_place(&named).await, "shippingAddress.name");
}

#[tokio::test]
async fn name_is_only_mailed_to_a_verified_address() {
    let shop = Shop::open().await;
    let mug = shop.sells(Draft::with_stock(4)).await;
    let email = unique_email("stranger");
    let person = shop.registers(&email, "You won a prize", "e2e").await;
    shop.awaits_token(&email, "verify-email", 1).await;
    let order = person.places(&Checkout::of(&[(&mug.sku, 1)])).await;
    shop.mailbox.awaits(&email, &[order.number(), "confirmed and paid"]).await;
    shop.resets(&email, 1).await;
    let mails = shop.mailbox.of(&email).await;
    assert!(mails.len() == 3 && mails.iter().all(|mail| !mail.mentions("You won")), "{mails:#?}");

    shop.verifies(&person).await;
    let order = person.places(&Checkout::of(&[(&mug.sku, 1)])).await;
    shop.mailbox.awaits(&email, &[order.number(), "Hello You won a prize,"]).await;
}

#[tokio::test]
async fn low_stock_mail_is_sent_once_a_day_for_each_sku() {
    let shop = Shop::open().await;
    let (mug, bowl) = (shop.sells(Draft::with_stock(7)).await, shop.sells(Draft::with_stock(7)).await);
    let customer = shop.new_customer().await;
    // From 7 to 4, below the threshold of 5, and back to 7 by the cancellation.
    for _ in 0..6 {
        let order = customer.places(&Checkout::of(&[(&mug.sku, 3)]).paid_with(ASKS)).await;
        customer.cancels(&order, "Changed my mind").await.expect_success();
    }
    shop.counts_stock(&bowl, &json!({ "set": 2 })).await;
    let sent = awaits_sent(&shop, "stock.low", std::slice::from_ref(&mug.sku), 6).await;
    awaits_sent(&shop, "stock.low", std::slice::from_ref(&bowl.sku), 1).await;
    let mails = shop.mailbox.of(OPERATOR).await;
    let of = |sku: &str| about(&mails, &format!("left of {sku}")).len();
    assert_eq!((sent, of(&mug.sku), of(&bowl.sku)), (1, 1, 1), "{:?}", about(&mails, "Low stock"));
}
