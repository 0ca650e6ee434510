//! Those who act: an admin who fills the shelves, and buyers who fill their carts.

use std::time::{Duration, Instant};

use e2e::unique;
use serde_json::{Value, json};

use crate::client::{Client, Outcome};
use crate::history::Verdict;
use crate::run::Run;

/// How often a client asks again that gets no answer.
const TRIES: u32 = 12;

/// Cards of the fake provider.
pub mod card {
    /// Pays.
    pub const GOOD: &str = "pm_card_visa";
    /// Is declined.
    pub const BAD: &str = "pm_card_chargeDeclined";
    /// Asks its owner to authenticate first.
    pub const ASKS: &str = "pm_card_threeDSecure2Required";
    /// Pays, and the answer to the first confirmation is a 500.
    pub const LOST: &str = "pm_test_fail_after_once";
    /// Pays at the second try.
    pub const SHAKY: &str = "pm_test_fail_before_once";
    /// Pays, and takes its time.
    pub const SLOW: &str = "pm_test_delay_2500";
}

/// A product of a run.
#[derive(Debug, Clone)]
pub struct Mug {
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
pub struct Purchase {
    body: Value,
    key: String,
    patience: Option<Duration>,
}

/// An order that was placed.
#[derive(Debug, Clone)]
pub struct Bought {
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
    pub async fn sells(&self, stock: u32, price: i64) -> Mug {
        let sku = unique("MUG").to_uppercase();
        let body = json!({
            "sku": sku, "name": format!("Mug {sku}"), "category": "concurrency",
            "price": { "amount": price, "currency": self.site.stack.currency }, "stock": { "available": stock },
        });
        let made = self.admin.post("/products", body).key(&unique("product")).until_known(TRIES).await;
        let id = made.body["id"].as_str().unwrap_or_else(|| panic!("a product is made: {made:?}"));
        Mug { id: id.to_owned(), sku, price }
    }

    /// The admin moves its stock.
    pub async fn moves_stock(&self, mug: &Mug, delta: i64) -> Outcome {
        let path = format!("/products/{}/stock", mug.id);
        self.admin.patch(&path, json!({ "delta": delta })).key(&unique("stock")).until_known(TRIES).await
    }

    /// The admin changes its price, on top of whatever another admin did meanwhile.
    pub async fn reprices(&self, mug: &Mug, price: i64) {
        let path = format!("/products/{}", mug.id);
        for _ in 0..TRIES {
            let shown = self.admin.get(&path).until_known(TRIES).await;
            let body = json!({ "price": { "amount": price, "currency": self.site.stack.currency } });
            let changed = self.admin.patch(&path, body).if_match(&shown.body["version"]).key(&unique("price"));
            if changed.until_known(TRIES).await.is_done() {
                return;
            }
        }
    }

    /// Somebody registers; with another address if nobody said whether the first was taken.
    pub async fn customer(&self, name: &str) -> Buyer {
        let nobody = self.admin.guest(name);
        for _ in 0..TRIES {
            let (email, password) = (format!("{}@example.com", unique("ada")), unique("a long password"));
            let body = json!({ "email": email, "password": password, "name": name });
            let welcome = nobody.post("/auth/register", body).once().await;
            if let Some(client) = nobody.logged_in(&welcome.body) {
                return Buyer {
                    client,
                    email: None,
                    cart: "me".to_owned(),
                    currency: self.site.stack.currency.clone(),
                };
            }
        }
        panic!("{name} could not register, {TRIES} times");
    }

    /// Somebody who does not want an account, and has a cart.
    pub async fn guest(&self, name: &str) -> Buyer {
        let client = self.admin.guest(name);
        let made = client.post("/cart", json!({})).until_known(TRIES).await;
        let cart = made.body["owner"].as_str().unwrap_or_else(|| panic!("{name} gets a cart: {made:?}")).to_owned();
        let email = Some(format!("{}@example.com", unique("guest")));
        Buyer { client, email, cart, currency: self.site.stack.currency.clone() }
    }
}

impl Purchase {
    /// Everything in the cart.
    pub fn of_cart() -> Self {
        // Whose cart it is, the buyer adds.
        Self::new(json!({ "cart": null }))
    }

    /// These, past any cart; a SKU may come in several lines.
    pub fn of(lines: &[(&Mug, u32)]) -> Self {
        let items: Vec<Value> =
            lines.iter().map(|(mug, quantity)| json!({ "sku": mug.sku, "quantity": quantity })).collect();
        Self::new(json!({ "items": items }))
    }

    fn new(mut body: Value) -> Self {
        let key = unique("buy");
        body["shippingAddress"] = json!({
            "name": "Ada Lovelace", "line1": "12 St James's Square", "line2": key, "city": "London",
            "postalCode": "SW1Y 4JH", "country": "GB",
        });
        Self { body, key, patience: None }.by(card::GOOD)
    }

    /// With this card.
    pub fn by(mut self, token: &str) -> Self {
        self.body["paymentMethod"] = json!({ "token": token });
        self
    }

    /// At this total or not at all: money as a cart shows it.
    pub fn expecting(mut self, total: &Value) -> Self {
        self.body["expectedTotal"] = total.clone();
        self
    }

    /// The first time, the buyer hangs up after that long.
    pub fn hanging_up_after(self, patience: Duration) -> Self {
        Self { patience: Some(patience), ..self }
    }
}

impl Bought {
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
    pub fn at(&self, device: &str) -> Self {
        Self { client: self.client.at(device), ..self.clone() }
    }

    fn item(&self, mug: &Mug) -> String {
        format!("/cart/{}/items/{}", self.cart, mug.sku)
    }

    /// Puts something into the cart, once, however often the answer is lost.
    pub async fn adds(&self, mug: &Mug, quantity: u32) -> Outcome {
        let body = json!({ "sku": mug.sku, "quantity": quantity });
        self.client.post(&format!("/cart/{}/items", self.cart), body).key(&unique("add")).until_known(TRIES).await
    }

    /// Puts something into the cart, hangs up at once, and does not ask again.
    pub async fn adds_and_leaves(&self, mug: &Mug, quantity: u32, patience: Duration) {
        let body = json!({ "sku": mug.sku, "quantity": quantity });
        let add = self.client.post(&format!("/cart/{}/items", self.cart), body).key(&unique("add"));
        add.hangs_up_after(patience).once().await;
    }

    /// Sets how many there are.
    pub async fn sets(&self, mug: &Mug, quantity: u32) -> Outcome {
        self.client.put(&self.item(mug), json!({ "quantity": quantity })).until_known(TRIES).await
    }

    /// Takes something out.
    pub async fn removes(&self, mug: &Mug) -> Outcome {
        self.client.delete(&self.item(mug)).until_known(TRIES).await
    }

    /// Looks into the cart.
    pub async fn looks(&self) -> Outcome {
        self.client.get(&format!("/cart/{}", self.cart)).until_known(TRIES).await
    }

    /// Takes a guest's cart over.
    pub async fn merges(&self, guest: &Buyer) -> Outcome {
        self.client.post("/cart/me/merge", json!({ "from": guest.cart })).key(&unique("merge")).until_known(TRIES).await
    }

    /// Places an order, and asks until it is known what became of it.
    pub async fn buys(&self, purchase: &Purchase) -> Outcome {
        self.places(purchase, TRIES).await
    }

    /// Places an order and asks so often.
    pub async fn places(&self, purchase: &Purchase, tries: u32) -> Outcome {
        let mut body = purchase.body.clone();
        if body.get("cart").is_some() {
            body["cart"] = self.cart.as_str().into();
        }
        if let Some(email) = &self.email {
            body["email"] = email.as_str().into();
        }
        let ask = self.client.post("/orders", body).key(&purchase.key);
        match purchase.patience {
            Some(patience) => ask.hangs_up_after(patience).until_known(tries).await,
            None => ask.until_known(tries).await,
        }
    }

    /// Tries another card.
    pub async fn pays(&self, order: &Bought, token: &str) -> Outcome {
        let body = json!({ "paymentMethod": { "token": token } });
        let ask = self.client.post(&format!("/orders/{}/pay", order.id), body).key(&unique("pay"));
        ask.order_token(order.token.as_deref()).until_known(TRIES).await
    }

    /// Gives an order up.
    pub async fn cancels(&self, order: &Bought) -> Outcome {
        let ask = self.client.post(&format!("/orders/{}/cancel", order.id), json!({ "reason": "changed my mind" }));
        ask.key(&unique("cancel")).order_token(order.token.as_deref()).until_known(TRIES).await
    }

    /// Says that the bank was satisfied.
    pub async fn confirms(&self, order: &Bought) -> Outcome {
        let ask = self.client.post(&format!("/payments/{}/confirm", order.payment), json!({}));
        ask.key(&unique("confirm")).order_token(order.token.as_deref()).until_known(TRIES).await
    }

    /// The order as it is.
    pub async fn order(&self, order: &Bought) -> Outcome {
        let ask = self.client.get(&format!("/orders/{}", order.id));
        ask.order_token(order.token.as_deref()).until_known(TRIES).await
    }

    /// Its payment.
    pub async fn payment(&self, order: &Bought) -> Outcome {
        let ask = self.client.get(&format!("/payments/{}", order.payment));
        ask.order_token(order.token.as_deref()).until_known(TRIES).await
    }

    /// Looks until the order is as wanted, or for that long; was it?
    pub async fn awaits_order(&self, order: &Bought, patience: Duration, wanted: impl Fn(&Value) -> bool) -> bool {
        let begun = Instant::now();
        loop {
            let seen = self.order(order).await;
            if seen.is_done() && wanted(&seen.body) {
                return true;
            }
            if begun.elapsed() > patience {
                return false;
            }
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
    }

    /// Looks until the payment is as wanted, or for that long; as it was then.
    pub async fn awaits_payment(&self, order: &Bought, patience: Duration, wanted: &[&str]) -> Option<Value> {
        let begun = Instant::now();
        loop {
            let seen = self.payment(order).await;
            if seen.body["status"].as_str().is_some_and(|status| wanted.contains(&status)) {
                return Some(seen.body);
            }
            if begun.elapsed() > patience || seen.verdict() == Verdict::Refused {
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
