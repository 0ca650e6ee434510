//! What can be done with an order and its payment: by customers with an account, by guests with its token, by the
//! admin.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{Api, EVENTUALLY, Order, Response, SOON, await_until, unique};

/// A page of a list holds no more.
const MAX_PAGE: usize = 100;

impl Api {
    /// Asks what an order would cost.
    pub async fn quotes(&self, body: &Value) -> Response {
        self.call(Method::POST, "/api/v1/orders/quote").json(body).send().await
    }

    /// Reads an order.
    pub async fn reads(&self, order: &Order) -> Response {
        self.get(&format!("/api/v1/orders/{}", order.id())).await
    }

    /// Reads an order's payment.
    pub async fn reads_payment(&self, order: &Order) -> Response {
        self.get(&format!("/api/v1/payments/{}", order.payment_id())).await
    }

    /// Reads an order's refunds.
    pub async fn reads_refunds(&self, order: &Order) -> Response {
        self.get(&format!("/api/v1/payments/{}/refunds?limit={MAX_PAGE}", order.payment_id())).await
    }

    /// Pays a pending order with another card.
    pub async fn pays(&self, order: &Order, token: &str) -> Response {
        let body = json!({ "paymentMethod": { "token": token } });
        self.post(&format!("/api/v1/orders/{}/pay", order.id()), &body).await
    }

    /// Says that the bank's page was dealt with.
    pub async fn confirms(&self, order: &Order) -> Response {
        self.post(&format!("/api/v1/payments/{}/confirm", order.payment_id()), &json!({})).await
    }

    /// Cancels an order.
    pub async fn cancels(&self, order: &Order, reason: &str) -> Response {
        self.post(&format!("/api/v1/orders/{}/cancel", order.id()), &json!({ "reason": reason })).await
    }

    /// Says how far an order has come.
    pub async fn moves(&self, order: &Order, status: &str) -> Response {
        self.tries_to_move(order, &json!({ "status": status })).await
    }

    /// Sends that as a move of an order.
    pub async fn tries_to_move(&self, order: &Order, body: &Value) -> Response {
        let path = format!("/api/v1/orders/{}/status", order.id());
        self.call(Method::PATCH, &path).idempotency_key(&unique("move")).json(body).send().await
    }

    /// Takes the reserved money of an order.
    pub async fn captures(&self, order: &Order) -> Response {
        self.post(&format!("/api/v1/payments/{}/capture", order.payment_id()), &json!({})).await
    }

    /// Gives money back: that body with a reason.
    pub async fn refunds(&self, order: &Order, part: Value) -> Response {
        let mut body = part;
        if body["reason"].is_null() {
            body["reason"] = json!("The lid was chipped");
        }
        self.post(&format!("/api/v1/payments/{}/refunds", order.payment_id()), &body).await
    }

    /// The order as it is now.
    pub async fn looks_up(&self, order: &Order) -> Order {
        Order(self.reads(order).await.expect(200).json())
    }

    /// Waits until an order has this status and this payment status.
    pub async fn awaits(&self, order: &Order, status: &str, payment_status: &str) -> Order {
        await_until(format_args!("order {} is {status} and {payment_status}", order.id()), EVENTUALLY, async || {
            let seen = self.looks_up(order).await;
            match (seen.status(), seen.payment_status()) {
                there if there == (status, payment_status) => Ok(seen),
                other => Err(format!("{other:?}")),
            }
        })
        .await
    }

    /// Waits until an order has this status, whatever its payment status.
    pub async fn awaits_status(&self, order: &Order, status: &str) -> Order {
        await_until(format_args!("order {} is {status}", order.id()), EVENTUALLY, async || {
            let seen = self.looks_up(order).await;
            if seen.status() == status { Ok(seen) } else { Err(seen.status().to_owned()) }
        })
        .await
    }

    /// Waits until an order's payment has this status.
    pub async fn awaits_payment(&self, order: &Order, status: &str) -> Value {
        await_until(format_args!("the payment of {} is {status}", order.id()), SOON, async || {
            let payment = self.reads_payment(order).await.expect(200).json();
            if payment["status"] == status { Ok(payment) } else { Err(payment.to_string()) }
        })
        .await
    }

    /// Waits until no refund of an order is on its way any more; all of them, oldest first.
    pub async fn awaits_refunds(&self, order: &Order) -> Vec<Value> {
        await_until(format_args!("the refunds of {} have ended", order.id()), EVENTUALLY, async || {
            let listed = self.reads_refunds(order).await.expect(200).json();
            let refunds = listed["data"].as_array().cloned().unwrap_or_default();
            let pending = refunds.iter().any(|refund| refund["status"] == "pending");
            if refunds.is_empty() || pending { Err(listed.to_string()) } else { Ok(refunds) }
        })
        .await
    }

    /// All of a list, page by page.
    pub async fn walks(&self, path: &str, limit: usize) -> Vec<Vec<Value>> {
        let joint = if path.contains('?') { '&' } else { '?' };
        let first = format!("{path}{joint}limit={limit}");
        let (mut pages, mut next) = (Vec::new(), Some(first.clone()));
        while let Some(path) = next {
            assert!(pages.len() < MAX_PAGE, "{first} has no end");
            let page = self.get(&path).await.expect(200).json();
            let rows = page["data"].as_array().unwrap_or_else(|| panic!("{path} is a list: {page}"));
            assert!(rows.len() <= limit, "{path} has {limit} rows at most: {}", rows.len());
            pages.push(rows.clone());
            let cursor = page["pagination"]["cursor"].as_str();
            assert_eq!(page["pagination"]["hasMore"], cursor.is_some(), "{page}");
            next = cursor.map(|cursor| format!("{first}&cursor={cursor}"));
        }
        pages
    }
}
