//! The actors: an admin who manages products, and buyers who fill carts and place orders.

use std::time::{Duration, Instant};

use e2e::{unique, unique_email};
use serde_json::{Value, json};

use crate::client::{Client, Outcome};
use crate::history::Effect;
use crate::run::Run;

/// How often a client sends a call whose response is lost.
const MAX_ATTEMPTS: u32 = 12;

/// Card tokens of the fake provider.
pub mod card {
    /// Succeeds.
    pub const VALID: &str = "pm_card_visa";
    /// Is declined.
    pub const DECLINED: &str = "pm_card_chargeDeclined";
    /// Requires the customer to authenticate.
    pub const REQUIRES_AUTHENTICATION: &str = "pm_card_threeDSecure2Required";
    /// Succeeds, but the first confirmation is answered with a 500.
    pub const RESPONSE_LOST: &str = "pm_test_fail_after_once";
    /// Fails at the first confirmation and succeeds at the second.
    pub const FAILS_ONCE: &str = "pm_test_fail_before_once";
    /// Succeeds; the response comes 2.5 seconds late.
    pub const SLOW: &str = "pm_test_delay_2500";
}

/// A product of a run.
#[derive(Debug, Clone)]
pub struct Product {
    pub id: String,
    /// Unique in the stack.
    pub sku: String,
    /// The initial price, in minor units.
    pub price: i64,
}

/// A customer with an account, or a guest.
#[derive(Debug, Clone)]
pub struct Buyer {
    /// The device that the buyer uses.
    pub client: Client,
    /// A guest's email address. None for accounts, because the shop knows it.
    email: Option<String>,
    /// `me`, or the id of a guest's cart. Empty for a guest without one.
    pub cart: String,
    currency: String,
}

/// An order that has not been placed yet. Its idempotency key is also in its postal address, which no part of souk interprets.
#[derive(Debug, Clone)]
#[must_use]
pub struct OrderRequest {
    body: Value,
    key: String,
    first_timeout: Option<Duration>,
}

/// An order as the shop answered it.
#[derive(Debug, Clone)]
pub struct PlacedOrder {
    pub id: String,
    /// The payment's id.
    pub payment: String,
    /// In minor units.
    pub total: i64,
    token: Option<String>,
}

impl Run {
    /// The admin creates a product.
    pub async fn create_product(&self, stock: u32, price: i64) -> Product {
        let sku = unique("MUG").to_uppercase();
        let body = json!({
            "sku": sku, "name": format!("Mug {sku}"), "category": "concurrency",
            "price": { "amount": price, "currency": self.test_stack.stack.currency }, "stock": { "available": stock },
        });
        let response = self.admin.post("/products", body).key(&unique("product")).retry_until_known(MAX_ATTEMPTS).await;
        let id = response.body["id"].as_str().unwrap_or_else(|| panic!("the product was not created: {response:?}"));
        Product { id: id.to_owned(), sku, price }
    }

    /// The admin changes the stock by `delta` pieces.
    pub async fn change_stock(&self, product: &Product, delta: i64) -> Outcome {
        let path = format!("/products/{}/stock", product.id);
        self.admin.patch(&path, json!({ "delta": delta })).key(&unique("stock")).retry_until_known(MAX_ATTEMPTS).await
    }

    /// The admin changes the price, and retries when another change came first.
    pub async fn change_price(&self, product: &Product, price: i64) {
        let path = format!("/products/{}", product.id);
        for _ in 0..MAX_ATTEMPTS {
            let current = self.admin.get(&path).retry_until_known(MAX_ATTEMPTS).await;
            let body = json!({ "price": { "amount": price, "currency": self.test_stack.stack.currency } });
            let call = self.admin.patch(&path, body).if_match(&current.body["version"]).key(&unique("price"));
            if call.retry_until_known(MAX_ATTEMPTS).await.is_success() {
                return;
            }
        }
    }

    /// The admin divides the stock into this many buckets; 0 ends the flash sale. Repeats the request while buyers are faster.
    pub async fn set_flash(&self, product: &Product, buckets: u32) {
        let path = format!("/products/{}/flash", product.id);
        let body = json!({ "sku": product.sku, "buckets": buckets });
        for _ in 0..MAX_ATTEMPTS {
            let outcome = self.admin.put(&path, body.clone()).retry_until_known(MAX_ATTEMPTS).await;
            if outcome.is_success() {
                return;
            }
            if outcome.code() != "too_many_concurrent_updates" {
                self.add_violation(
                    "flash_set",
                    format!("{buckets} buckets of {} were not set: {outcome:?}", product.sku),
                );
                return;
            }
        }
        self.add_violation("flash_set", format!("{} never got {buckets} buckets", product.sku));
    }

    /// Registers a customer. If a response is lost, registers again with another email address.
    pub async fn register_customer(&self, name: &str) -> Buyer {
        let client = self.admin.guest(name);
        for _ in 0..MAX_ATTEMPTS {
            let (email, password) = (unique_email("ada"), unique("a long password"));
            let body = json!({ "email": email, "password": password, "name": name });
            let response = client.post("/auth/register", body).send_once().await;
            if let Some(client) = client.with_session(&response.body) {
                return Buyer {
                    client,
                    email: None,
                    cart: "me".to_owned(),
                    currency: self.test_stack.stack.currency.clone(),
                };
            }
        }
        panic!("{name} could not register in {MAX_ATTEMPTS} attempts");
    }

    /// Creates a guest with a cart.
    pub async fn create_guest(&self, name: &str) -> Buyer {
        let guest = self.guest_without_cart(name);
        let response = guest.client.post("/cart", json!({})).retry_until_known(MAX_ATTEMPTS).await;
        let cart =
            response.body["owner"].as_str().unwrap_or_else(|| panic!("{name} got no cart: {response:?}")).to_owned();
        Buyer { cart, ..guest }
    }

    /// A guest who orders named items. Needs no call.
    pub fn guest_without_cart(&self, name: &str) -> Buyer {
        let (client, email) = (self.admin.guest(name), Some(unique_email("guest")));
        Buyer { client, email, cart: String::new(), currency: self.test_stack.stack.currency.clone() }
    }
}

impl OrderRequest {
    /// Orders the whole cart.
    pub fn from_cart() -> Self {
        // The buyer fills in the cart's id.
        Self::new(json!({ "cart": null }))
    }

    /// Orders these lines without a cart. A SKU may appear in several lines.
    pub fn of_lines(lines: &[(&Product, u32)]) -> Self {
        let items: Vec<Value> =
            lines.iter().map(|(product, quantity)| json!({ "sku": product.sku, "quantity": quantity })).collect();
        Self::new(json!({ "items": items }))
    }

    fn new(mut body: Value) -> Self {
        let key = unique("buy");
        body["shippingAddress"] = json!({
            "name": "Ada Lovelace", "line1": "12 St James's Square", "line2": key, "city": "London",
            "postalCode": "SW1Y 4JH", "country": "GB",
        });
        Self { body, key, first_timeout: None }.with_card(card::VALID)
    }

    /// Pays with this card.
    pub fn with_card(mut self, token: &str) -> Self {
        self.body["paymentMethod"] = json!({ "token": token });
        self
    }

    /// Rejects the order unless its total is this money, as a cart shows it.
    pub fn with_expected_total(mut self, total: &Value) -> Self {
        self.body["expectedTotal"] = total.clone();
        self
    }

    /// The first attempt closes the connection after this time.
    pub fn with_first_timeout(self, timeout: Duration) -> Self {
        Self { first_timeout: Some(timeout), ..self }
    }
}

impl PlacedOrder {
    /// The order in a response. None if there is no order in it.
    pub fn of(outcome: &Outcome) -> Option<Self> {
        let text = |member: &str| outcome.body[member].as_str().map(str::to_owned);
        Some(Self {
            id: text("id")?,
            payment: text("paymentId")?,
            total: outcome.body["total"]["amount"].as_i64()?,
            token: text("orderToken"),
        })
    }
}

impl Buyer {
    /// The same buyer at another device.
    #[must_use]
    pub fn on_device(&self, device: &str) -> Self {
        Self { client: self.client.on_device(device), ..self.clone() }
    }

    fn item_path(&self, product: &Product) -> String {
        format!("/cart/{}/items/{}", self.cart, product.sku)
    }

    /// Adds pieces to the cart, once, even if responses are lost.
    pub async fn add(&self, product: &Product, quantity: u32) -> Outcome {
        let body = json!({ "sku": product.sku, "quantity": quantity });
        self.client
            .post(&format!("/cart/{}/items", self.cart), body)
            .key(&unique("add"))
            .retry_until_known(MAX_ATTEMPTS)
            .await
    }

    /// Sends one request to add pieces, and closes the connection after `timeout`.
    pub async fn add_and_disconnect(&self, product: &Product, quantity: u32, timeout: Duration) {
        let body = json!({ "sku": product.sku, "quantity": quantity });
        let call = self.client.post(&format!("/cart/{}/items", self.cart), body).key(&unique("add"));
        call.with_timeout(timeout).send_once().await;
    }

    /// Sets the quantity of a cart line.
    pub async fn set_quantity(&self, product: &Product, quantity: u32) -> Outcome {
        self.client.put(&self.item_path(product), json!({ "quantity": quantity })).retry_until_known(MAX_ATTEMPTS).await
    }

    /// Removes a line from the cart.
    pub async fn remove(&self, product: &Product) -> Outcome {
        self.client.delete(&self.item_path(product)).retry_until_known(MAX_ATTEMPTS).await
    }

    /// Reads the cart.
    pub async fn read_cart(&self) -> Outcome {
        self.client.get(&format!("/cart/{}", self.cart)).retry_until_known(MAX_ATTEMPTS).await
    }

    /// Merges a guest's cart into the account's cart.
    pub async fn merge_cart(&self, guest: &Buyer) -> Outcome {
        self.client
            .post("/cart/me/merge", json!({ "from": guest.cart }))
            .key(&unique("merge"))
            .retry_until_known(MAX_ATTEMPTS)
            .await
    }

    /// Places an order, and retries until the effect is known.
    pub async fn place_order(&self, request: &OrderRequest) -> Outcome {
        self.place_order_with_attempts(request, MAX_ATTEMPTS).await
    }

    /// Places an order with at most `attempts` attempts.
    pub async fn place_order_with_attempts(&self, request: &OrderRequest, attempts: u32) -> Outcome {
        let mut body = request.body.clone();
        if body.get("cart").is_some() {
            body["cart"] = self.cart.as_str().into();
        }
        if let Some(email) = &self.email {
            body["email"] = email.as_str().into();
        }
        let call = self.client.post("/orders", body).key(&request.key);
        match request.first_timeout {
            Some(timeout) => call.with_timeout(timeout).retry_until_known(attempts).await,
            None => call.retry_until_known(attempts).await,
        }
    }

    /// Pays with another card.
    pub async fn pay(&self, order: &PlacedOrder, token: &str) -> Outcome {
        let body = json!({ "paymentMethod": { "token": token } });
        let call = self.client.post(&format!("/orders/{}/pay", order.id), body).key(&unique("pay"));
        call.order_token(order.token.as_deref()).retry_until_known(MAX_ATTEMPTS).await
    }

    /// Cancels an order.
    pub async fn cancel(&self, order: &PlacedOrder) -> Outcome {
        let call = self.client.post(&format!("/orders/{}/cancel", order.id), json!({ "reason": "changed my mind" }));
        call.key(&unique("cancel")).order_token(order.token.as_deref()).retry_until_known(MAX_ATTEMPTS).await
    }

    /// Tells the shop that the customer has authenticated.
    pub async fn confirm(&self, order: &PlacedOrder) -> Outcome {
        let call = self.client.post(&format!("/payments/{}/confirm", order.payment), json!({}));
        call.key(&unique("confirm")).order_token(order.token.as_deref()).retry_until_known(MAX_ATTEMPTS).await
    }

    /// Reads the order.
    pub async fn read_order(&self, order: &PlacedOrder) -> Outcome {
        let call = self.client.get(&format!("/orders/{}", order.id));
        call.order_token(order.token.as_deref()).retry_until_known(MAX_ATTEMPTS).await
    }

    /// Reads the order's payment.
    pub async fn read_payment(&self, order: &PlacedOrder) -> Outcome {
        let call = self.client.get(&format!("/payments/{}", order.payment));
        call.order_token(order.token.as_deref()).retry_until_known(MAX_ATTEMPTS).await
    }

    /// Reads the order until `is_expected` is true, at most for `timeout`. Returns whether it became true.
    pub async fn await_order(
        &self,
        order: &PlacedOrder,
        timeout: Duration,
        is_expected: impl Fn(&Value) -> bool,
    ) -> bool {
        let started = Instant::now();
        loop {
            let response = self.read_order(order).await;
            if response.is_success() && is_expected(&response.body) {
                return true;
            }
            if started.elapsed() > timeout {
                return false;
            }
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
    }

    /// Reads the payment until its status is one of `statuses`. None after `timeout`, or when the shop refuses to show it.
    pub async fn await_payment(&self, order: &PlacedOrder, timeout: Duration, statuses: &[&str]) -> Option<Value> {
        let started = Instant::now();
        loop {
            let response = self.read_payment(order).await;
            if response.body["status"].as_str().is_some_and(|status| statuses.contains(&status)) {
                return Some(response.body);
            }
            if started.elapsed() > timeout || response.effect() == Effect::Rejected {
                return None;
            }
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
    }

    /// Money in the format of the API.
    pub fn money(&self, amount: i64) -> Value {
        json!({ "amount": amount, "currency": self.currency })
    }
}
