//! Those who act: an admin who fills the shelves, and buyers who fill their carts.

use std::time::{Duration, Instant};

use e2e::unique;
use serde_json::{Value, json};

use crate::client::{Client, Outcome};
use crate::history::Effect;
use crate::run::Run;

/// How often a client asks again that gets no answer.
const MAX_ATTEMPTS: u32 = 12;

/// Cards of the fake provider.
pub mod card {
    /// Pays.
    pub const VALID: &str = "pm_card_visa";
    /// Is declined.
    pub const DECLINED: &str = "pm_card_chargeDeclined";
    /// Asks its owner to authenticate first.
    pub const REQUIRES_AUTHENTICATION: &str = "pm_card_threeDSecure2Required";
    /// Pays, and the answer to the first confirmation is a 500.
    pub const RESPONSE_LOST: &str = "pm_test_fail_after_once";
    /// Pays at the second try.
    pub const FAILS_ONCE: &str = "pm_test_fail_before_once";
    /// Pays, and takes its time.
    pub const SLOW: &str = "pm_test_delay_2500";
}

/// A product of a run.
#[derive(Debug, Clone)]
pub struct Product {
    /// `prd_…`.
    pub id: String,
    /// Nobody else's.
    pub sku: String,
    /// Minor units, in the beginning.
    pub price: i64,
}

/// Somebody who buys, with an account or without.
#[derive(Debug, Clone)]
pub struct Buyer {
    /// The device in hand.
    pub client: Client,
    /// Of a guest; an account knows its own.
    email: Option<String>,
    /// `me`, or a guest's cart.
    pub cart: String,
    currency: String,
}

/// An order to be placed. Its key is also in its address, where no part of souk looks.
#[derive(Debug, Clone)]
#[must_use]
pub struct OrderRequest {
    body: Value,
    key: String,
    first_timeout: Option<Duration>,
}

/// An order that was placed.
#[derive(Debug, Clone)]
pub struct PlacedOrder {
    /// `ord_…`.
    pub id: String,
    /// `pay_…`.
    pub payment: String,
    /// Minor units.
    pub total: i64,
    token: Option<String>,
}

impl Run {
    /// The admin puts a product on the shelf.
    pub async fn create_product(&self, stock: u32, price: i64) -> Product {
        let sku = unique("MUG").to_uppercase();
        let body = json!({
            "sku": sku, "name": format!("Mug {sku}"), "category": "concurrency",
            "price": { "amount": price, "currency": self.test_stack.stack.currency }, "stock": { "available": stock },
        });
        let response = self.admin.post("/products", body).key(&unique("product")).retry_until_known(MAX_ATTEMPTS).await;
        let id = response.body["id"].as_str().unwrap_or_else(|| panic!("a product is made: {response:?}"));
        Product { id: id.to_owned(), sku, price }
    }

    /// The admin moves its stock.
    pub async fn change_stock(&self, product: &Product, delta: i64) -> Outcome {
        let path = format!("/products/{}/stock", product.id);
        self.admin.patch(&path, json!({ "delta": delta })).key(&unique("stock")).retry_until_known(MAX_ATTEMPTS).await
    }

    /// The admin changes its price, on top of whatever another admin did meanwhile.
    pub async fn change_price(&self, product: &Product, price: i64) {
        let path = format!("/products/{}", product.id);
        for _ in 0..MAX_ATTEMPTS {
            let shown = self.admin.get(&path).retry_until_known(MAX_ATTEMPTS).await;
            let body = json!({ "price": { "amount": price, "currency": self.test_stack.stack.currency } });
            let call = self.admin.patch(&path, body).if_match(&shown.body["version"]).key(&unique("price"));
            if call.retry_until_known(MAX_ATTEMPTS).await.is_success() {
                return;
            }
        }
    }

    /// Somebody registers; with another address if nobody said whether the first was taken.
    pub async fn register_customer(&self, name: &str) -> Buyer {
        let client = self.admin.guest(name);
        for _ in 0..MAX_ATTEMPTS {
            let (email, password) = (format!("{}@example.com", unique("ada")), unique("a long password"));
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
        panic!("{name} could not register, {MAX_ATTEMPTS} times");
    }

    /// Somebody who does not want an account, and has a cart.
    pub async fn create_guest(&self, name: &str) -> Buyer {
        let client = self.admin.guest(name);
        let response = client.post("/cart", json!({})).retry_until_known(MAX_ATTEMPTS).await;
        let cart =
            response.body["owner"].as_str().unwrap_or_else(|| panic!("{name} gets a cart: {response:?}")).to_owned();
        let email = Some(format!("{}@example.com", unique("guest")));
        Buyer { client, email, cart, currency: self.test_stack.stack.currency.clone() }
    }
}

impl OrderRequest {
    /// Everything in the cart.
    pub fn from_cart() -> Self {
        // Whose cart it is, the buyer adds.
        Self::new(json!({ "cart": null }))
    }

    /// These, past any cart; a SKU may come in several lines.
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

    /// With this card.
    pub fn with_card(mut self, token: &str) -> Self {
        self.body["paymentMethod"] = json!({ "token": token });
        self
    }

    /// At this total or not at all: money as a cart shows it.
    pub fn with_expected_total(mut self, total: &Value) -> Self {
        self.body["expectedTotal"] = total.clone();
        self
    }

    /// The first time, the buyer hangs up after that long.
    pub fn with_first_timeout(self, timeout: Duration) -> Self {
        Self { first_timeout: Some(timeout), ..self }
    }
}

impl PlacedOrder {
    /// The order in an answer.
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
    /// The same person at another device.
    #[must_use]
    pub fn on_device(&self, device: &str) -> Self {
        Self { client: self.client.on_device(device), ..self.clone() }
    }

    fn item_path(&self, product: &Product) -> String {
        format!("/cart/{}/items/{}", self.cart, product.sku)
    }

    /// Puts something into the cart, once, however often the answer is lost.
    pub async fn add(&self, product: &Product, quantity: u32) -> Outcome {
        let body = json!({ "sku": product.sku, "quantity": quantity });
        self.client
            .post(&format!("/cart/{}/items", self.cart), body)
            .key(&unique("add"))
            .retry_until_known(MAX_ATTEMPTS)
            .await
    }

    /// Puts something into the cart, hangs up at once, and does not ask again.
    pub async fn add_and_disconnect(&self, product: &Product, quantity: u32, timeout: Duration) {
        let body = json!({ "sku": product.sku, "quantity": quantity });
        let call = self.client.post(&format!("/cart/{}/items", self.cart), body).key(&unique("add"));
        call.with_timeout(timeout).send_once().await;
    }

    /// Sets how many there are.
    pub async fn set_quantity(&self, product: &Product, quantity: u32) -> Outcome {
        self.client.put(&self.item_path(product), json!({ "quantity": quantity })).retry_until_known(MAX_ATTEMPTS).await
    }

    /// Takes something out.
    pub async fn remove(&self, product: &Product) -> Outcome {
        self.client.delete(&self.item_path(product)).retry_until_known(MAX_ATTEMPTS).await
    }

    /// Looks into the cart.
    pub async fn read_cart(&self) -> Outcome {
        self.client.get(&format!("/cart/{}", self.cart)).retry_until_known(MAX_ATTEMPTS).await
    }

    /// Takes a guest's cart over.
    pub async fn merge_cart(&self, guest: &Buyer) -> Outcome {
        self.client
            .post("/cart/me/merge", json!({ "from": guest.cart }))
            .key(&unique("merge"))
            .retry_until_known(MAX_ATTEMPTS)
            .await
    }

    /// Places an order, and asks until it is known what became of it.
    pub async fn place_order(&self, request: &OrderRequest) -> Outcome {
        self.place_order_with_attempts(request, MAX_ATTEMPTS).await
    }

    /// Places an order and asks so often.
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

    /// Tries another card.
    pub async fn pay(&self, order: &PlacedOrder, token: &str) -> Outcome {
        let body = json!({ "paymentMethod": { "token": token } });
        let call = self.client.post(&format!("/orders/{}/pay", order.id), body).key(&unique("pay"));
        call.order_token(order.token.as_deref()).retry_until_known(MAX_ATTEMPTS).await
    }

    /// Gives an order up.
    pub async fn cancel(&self, order: &PlacedOrder) -> Outcome {
        let call = self.client.post(&format!("/orders/{}/cancel", order.id), json!({ "reason": "changed my mind" }));
        call.key(&unique("cancel")).order_token(order.token.as_deref()).retry_until_known(MAX_ATTEMPTS).await
    }

    /// Says that the bank was satisfied.
    pub async fn confirm(&self, order: &PlacedOrder) -> Outcome {
        let call = self.client.post(&format!("/payments/{}/confirm", order.payment), json!({}));
        call.key(&unique("confirm")).order_token(order.token.as_deref()).retry_until_known(MAX_ATTEMPTS).await
    }

    /// The order as it is.
    pub async fn read_order(&self, order: &PlacedOrder) -> Outcome {
        let call = self.client.get(&format!("/orders/{}", order.id));
        call.order_token(order.token.as_deref()).retry_until_known(MAX_ATTEMPTS).await
    }

    /// Its payment.
    pub async fn read_payment(&self, order: &PlacedOrder) -> Outcome {
        let call = self.client.get(&format!("/payments/{}", order.payment));
        call.order_token(order.token.as_deref()).retry_until_known(MAX_ATTEMPTS).await
    }

    /// Looks until the order is as wanted, or for that long; was it?
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

    /// Looks until the payment is as wanted, or for that long; as it was then.
    pub async fn await_payment(&self, order: &PlacedOrder, timeout: Duration, is_expected: &[&str]) -> Option<Value> {
        let started = Instant::now();
        loop {
            let response = self.read_payment(order).await;
            if response.body["status"].as_str().is_some_and(|status| is_expected.contains(&status)) {
                return Some(response.body);
            }
            if started.elapsed() > timeout || response.effect() == Effect::Rejected {
                return None;
            }
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
    }

    /// Money as the shop writes it.
    pub fn money(&self, amount: i64) -> Value {
        json!({ "amount": amount, "currency": self.currency })
    }
}
