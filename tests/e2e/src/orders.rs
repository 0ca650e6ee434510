//! Operations on an order and its payment, by customers with an account, by guests with the order's token, and by the
//! admin.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{Api, Customer, EVENTUALLY, InvokeResult, Order, Response, SOON, Shop, await_until, unique};

/// The maximum number of rows on a page of a list.
const MAX_PAGE: usize = 100;
/// A time before every test.
const PAST: &str = "2026-01-01T00:00:00.000Z";

impl Shop {
    /// Moves the end of an order's hold into the past.
    pub async fn ends_hold(&self, order: &Order) {
        self.ends_hold_unlisted(order).await;
        // Housekeeping finds it by this index.
        let key = json!({ "S": format!("{PAST}#{}", order.id()) });
        self.rows.sets("orders", &format!("ORDER#{}", order.id()), "ORDER", "gsi3sk", key).await;
    }

    /// The same, but housekeeping does not find it: in its index, the hold lasts. So only the worker can end the order.
    pub async fn ends_hold_unlisted(&self, order: &Order) {
        let row = format!("ORDER#{}", order.id());
        self.rows.sets("orders", &row, "ORDER", "holdExpiresAt", json!({ "S": PAST })).await;
    }

    /// Ends an order's hold without waiting for it, and has the worker look at the order, as the message at that end does. Returns when
    /// the worker has handled that.
    pub async fn reaches_end_of_hold(&self, order: &Order) {
        self.ends_hold_unlisted(order).await;
        self.requests_payment_check(order).await;
    }

    /// Runs a task of housekeeping, instead of waiting for its schedule.
    pub async fn runs_task(&self, task: &str) -> InvokeResult {
        self.functions.invoke("housekeeping", json!({ "task": task }).to_string()).await
    }

    /// Lets housekeeping look for holds that have ended.
    pub async fn expires_holds(&self) {
        let result = self.runs_task("expire-holds").await;
        assert_eq!(result.error, None, "{}", result.payload);
    }

    /// Runs a task of housekeeping until the order is paid.
    pub async fn is_paid_by(&self, task: &str, customer: &Customer, order: &Order) -> Order {
        await_until(format_args!("{task} finds {}", order.id()), EVENTUALLY, async || {
            let report = self.runs_task(task).await;
            let now = customer.looks_up(order).await;
            if now.payment_status() == "paid" { Ok(now) } else { Err(format!("{} {}", now.0, report.payload)) }
        })
        .await
    }
}

impl Api {
    /// Quotes an order.
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

    /// Confirms that the customer has completed the bank's page.
    pub async fn confirms(&self, order: &Order) -> Response {
        self.post(&format!("/api/v1/payments/{}/confirm", order.payment_id()), &json!({})).await
    }

    /// Cancels an order.
    pub async fn cancels(&self, order: &Order, reason: &str) -> Response {
        self.post(&format!("/api/v1/orders/{}/cancel", order.id()), &json!({ "reason": reason })).await
    }

    /// Moves an order to a status.
    pub async fn moves(&self, order: &Order, status: &str) -> Response {
        self.tries_to_move(order, &json!({ "status": status })).await
    }

    /// Tries to move an order with this body.
    pub async fn tries_to_move(&self, order: &Order, body: &Value) -> Response {
        let path = format!("/api/v1/orders/{}/status", order.id());
        self.call(Method::PATCH, &path).idempotency_key(&unique("move")).json(body).send().await
    }

    /// Captures an order's authorised payment.
    pub async fn captures(&self, order: &Order) -> Response {
        self.post(&format!("/api/v1/payments/{}/capture", order.payment_id()), &json!({})).await
    }

    /// Requests a refund: this body, with a reason.
    pub async fn refunds(&self, order: &Order, part: Value) -> Response {
        let mut body = part;
        if body["reason"].is_null() {
            body["reason"] = json!("The lid was chipped");
        }
        self.post(&format!("/api/v1/payments/{}/refunds", order.payment_id()), &body).await
    }

    /// Reads the order's current document.
    pub async fn looks_up(&self, order: &Order) -> Order {
        Order(self.reads(order).await.expect(200).json())
    }

    /// Waits until an order has this status and this payment status.
    pub async fn awaits(&self, order: &Order, status: &str, payment_status: &str) -> Order {
        await_until(format_args!("order {} is {status} and {payment_status}", order.id()), EVENTUALLY, async || {
            let order_now = self.looks_up(order).await;
            match (order_now.status(), order_now.payment_status()) {
                there if there == (status, payment_status) => Ok(order_now),
                other => Err(format!("{other:?}")),
            }
        })
        .await
    }

    /// Waits until an order has this status, whatever its payment status.
    pub async fn awaits_status(&self, order: &Order, status: &str) -> Order {
        await_until(format_args!("order {} is {status}", order.id()), EVENTUALLY, async || {
            let order_now = self.looks_up(order).await;
            if order_now.status() == status { Ok(order_now) } else { Err(order_now.status().to_owned()) }
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

    /// Waits until no refund of an order is pending; returns all refunds, oldest first.
    pub async fn awaits_refunds(&self, order: &Order) -> Vec<Value> {
        await_until(format_args!("the refunds of {} have ended", order.id()), EVENTUALLY, async || {
            let listed = self.reads_refunds(order).await.expect(200).json();
            let refunds = listed["data"].as_array().cloned().unwrap_or_default();
            let pending = refunds.iter().any(|refund| refund["status"] == "pending");
            if refunds.is_empty() || pending { Err(listed.to_string()) } else { Ok(refunds) }
        })
        .await
    }

    /// Reads a list to its end; returns the pages.
    pub async fn walks(&self, path: &str, limit: usize) -> Vec<Vec<Value>> {
        let joint = if path.contains('?') { '&' } else { '?' };
        let first = format!("{path}{joint}limit={limit}");
        let (mut pages, mut next) = (Vec::new(), Some(first.clone()));
        while let Some(path) = next {
            assert!(pages.len() < MAX_PAGE, "{first} should end");
            let page = self.get(&path).await.expect(200).json();
            let rows = page["data"].as_array().unwrap_or_else(|| panic!("{path} should be a list: {page}"));
            assert!(rows.len() <= limit, "{path} should have at most {limit} rows: {}", rows.len());
            pages.push(rows.clone());
            let cursor = page["pagination"]["cursor"].as_str();
            assert_eq!(page["pagination"]["hasMore"], cursor.is_some(), "{page}");
            next = cursor.map(|cursor| format!("{first}&cursor={cursor}"));
        }
        pages
    }
}
