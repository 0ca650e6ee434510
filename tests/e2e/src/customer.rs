//! Buyers: customers with an account, and guests.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{Api, Order, Response, Shop, unique, unique_email};

/// A customer with an account, logged in.
#[derive(Debug, Clone)]
pub struct Customer {
    /// A client with the customer's access token.
    pub api: Api,
    pub email: String,
    pub password: String,
    /// The response to the registration or login: `user`, `accessToken`, `refreshToken`.
    pub welcome: Value,
    payment_method: Value,
}

/// A buyer without an account.
#[derive(Debug, Clone)]
pub struct Guest {
    /// A client without credentials.
    pub api: Api,
    pub email: String,
    payment_method: Value,
}

/// A request to `POST /orders`.
#[derive(Debug, Clone)]
pub struct Checkout {
    pub body: Value,
    pub key: String,
}

impl Checkout {
    /// Orders everything in the customer's cart.
    pub fn of_cart() -> Self {
        Self::new(json!({ "cart": "me" }))
    }

    /// Orders these SKUs and quantities without a cart.
    pub fn of(lines: &[(&str, u32)]) -> Self {
        let items: Vec<Value> =
            lines.iter().map(|(sku, quantity)| json!({ "sku": sku, "quantity": quantity })).collect();
        Self::new(json!({ "items": items }))
    }

    /// Orders everything in a guest's cart.
    pub fn of_guest_cart(cart: &str) -> Self {
        Self::new(json!({ "cart": cart }))
    }

    fn new(mut body: Value) -> Self {
        body["shippingAddress"] = an_address();
        Self { body, key: unique("checkout") }
    }

    /// Pays with this provider token instead of the stack's good card.
    #[must_use]
    pub fn paid_with(mut self, token: &str) -> Self {
        self.body["paymentMethod"] = json!({ "token": token });
        self
    }

    /// Sets the expected total.
    #[must_use]
    pub fn expecting(mut self, total: &Value) -> Self {
        self.body["expectedTotal"] = total.clone();
        self
    }
}

/// A shipping address.
fn an_address() -> Value {
    json!({ "name": "Ada Lovelace", "line1": "12 St James's Square", "city": "London", "postalCode": "SW1Y 4JH", "country": "GB" })
}

impl Shop {
    /// Registers a new customer.
    pub async fn new_customer(&self) -> Customer {
        self.registers(&unique_email("ada"), "Ada Lovelace", "e2e").await
    }

    /// Registers a new customer with a verified email address.
    pub async fn new_verified_customer(&self) -> Customer {
        let customer = self.new_customer().await;
        self.verifies(&customer).await;
        customer
    }

    /// Marks the customer's email address as verified, as the mailed link would.
    pub async fn verifies(&self, customer: &Customer) {
        let account = format!("USER#{}", customer.id());
        self.rows.sets("identity", &account, "ACCOUNT", "emailVerified", json!({ "BOOL": true })).await;
    }

    /// Registers a customer with that email address, name and `User-Agent`.
    pub async fn registers(&self, email: &str, name: &str, device: &str) -> Customer {
        let (email, password) = (email.to_owned(), unique("a long password"));
        let body = json!({ "email": email, "password": password, "name": name });
        let call =
            self.anonymous().call(Method::POST, "/api/v1/auth/register").header("User-Agent", device).json(&body);
        let welcome = call.send().await.expect(201).json();
        self.customer(email, password, welcome)
    }

    fn customer(&self, email: String, password: String, welcome: Value) -> Customer {
        let token = welcome["accessToken"].as_str().unwrap_or_else(|| panic!("a login should give a token: {welcome}"));
        let api = self.anonymous().with_token(token);
        Customer { api, email, password, welcome, payment_method: self.stack.payment_method.clone() }
    }

    /// Logs in to an account.
    pub async fn logs_in(&self, email: &str, password: &str) -> Customer {
        let body = json!({ "email": email, "password": password });
        let welcome = self.anonymous().post("/api/v1/auth/login", &body).await.expect(200).json();
        self.customer(email.to_owned(), password.to_owned(), welcome)
    }

    /// A new guest.
    pub fn new_guest(&self) -> Guest {
        let email = unique_email("guest");
        Guest { api: self.anonymous(), email, payment_method: self.stack.payment_method.clone() }
    }
}

async fn place(api: &Api, checkout: &Checkout, payment_method: &Value, email: Option<&str>) -> Response {
    let mut body = checkout.body.clone();
    if body["paymentMethod"].is_null() {
        body["paymentMethod"] = payment_method.clone();
    }
    if let Some(email) = email {
        body["email"] = email.into();
    }
    api.call(Method::POST, "/api/v1/orders").idempotency_key(&checkout.key).json(&body).send().await
}

impl Customer {
    /// Adds a SKU to the cart.
    pub async fn adds(&self, sku: &str, quantity: u32) {
        self.tries_to_add(json!({ "sku": sku, "quantity": quantity })).await.expect_success();
    }

    /// Tries to add this item to the cart.
    pub async fn tries_to_add(&self, item: Value) -> Response {
        self.api.post("/api/v1/cart/me/items", &item).await
    }

    /// Orders what is in the cart, with a good card.
    pub async fn checks_out(&self) -> Order {
        self.places(&Checkout::of_cart()).await
    }

    /// Places an order; panics if it is refused.
    pub async fn places(&self, checkout: &Checkout) -> Order {
        Order(self.tries_to_place(checkout).await.expect(201).json())
    }

    /// Tries to place an order.
    pub async fn tries_to_place(&self, checkout: &Checkout) -> Response {
        place(&self.api, checkout, &self.payment_method, None).await
    }

    /// Pays a pending order with another card.
    pub async fn pays(&self, order: &Order, token: &str) -> Response {
        self.api.pays(order, token).await
    }

    /// Cancels an order.
    pub async fn cancels(&self, order: &Order, reason: &str) -> Response {
        self.api.cancels(order, reason).await
    }

    /// Reads an order.
    pub async fn looks_up(&self, order: &Order) -> Order {
        self.api.looks_up(order).await
    }

    /// Reads an order's payment.
    pub async fn looks_up_payment(&self, order: &Order) -> Value {
        self.api.reads_payment(order).await.expect(200).json()
    }

    /// Reads the cart.
    pub async fn looks_into_cart(&self) -> Value {
        self.api.get("/api/v1/cart/me").await.expect(200).json()
    }

    /// Waits until an order has this status and this payment status.
    pub async fn awaits(&self, order: &Order, status: &str, payment_status: &str) -> Order {
        self.api.awaits(order, status, payment_status).await
    }

    /// Waits until an order has this status, whatever its payment status.
    pub async fn awaits_status(&self, order: &Order, status: &str) -> Order {
        self.api.awaits_status(order, status).await
    }

    /// The same customer with another client: an API key, or the token of another login.
    #[must_use]
    pub fn through(&self, api: &Api) -> Self {
        Self { api: api.clone(), ..self.clone() }
    }

    /// The account's id, `usr_…`.
    pub fn id(&self) -> &str {
        self.welcome["user"]["id"].as_str().unwrap_or_else(|| panic!("an account should have an id: {}", self.welcome))
    }
}

impl Guest {
    /// The same guest with another email address.
    #[must_use]
    pub fn with_email(self, email: &str) -> Self {
        Self { email: email.to_owned(), ..self }
    }

    /// Places an order; returns the order and the token that reads it.
    pub async fn places(&self, checkout: &Checkout) -> (Order, String) {
        let order = Order(self.tries_to_place(checkout).await.expect(201).json());
        let token =
            order.0["orderToken"].as_str().unwrap_or_else(|| panic!("a guest should get an orderToken: {}", order.0));
        (order.clone(), token.to_owned())
    }

    /// Tries to place an order.
    pub async fn tries_to_place(&self, checkout: &Checkout) -> Response {
        place(&self.api, checkout, &self.payment_method, Some(&self.email)).await
    }

    /// Reads an order with a token, or without.
    pub async fn reads(&self, order: &Order, token: Option<&str>) -> Response {
        match token {
            Some(token) => self.api.with_order_token(token).reads(order).await,
            None => self.api.reads(order).await,
        }
    }
}
