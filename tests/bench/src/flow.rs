//! The main flow, step by step, through every function: what is measured is real work on real rows, and every step lives on
//! what the one before it left. The bench plays the HTTP API, the streams and the queues. Nothing is drawn at random.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::budgets::{ADD_TRIPS, PLACE_TRIPS, READ_TRIPS};
use crate::company::{Company, Step};
use crate::events::{Request, inserted, message};
use crate::start::HELLO;
use crate::world::World;

/// Argon2 makes accounts dear; more of them would measure nothing new.
const MOST_CUSTOMERS: usize = 30;
/// A page of the list.
const PRODUCTS: usize = 20;
/// A task of housekeeping reads up to 64 partitions.
const MOST_TASKS: usize = 30;
const PASSWORD: &str = "a long password of the bench";

const KEYS: Step = step("keys", "see that there are keys");

const fn step(function: &'static str, does: &'static str) -> Step {
    Step { function, does, trips: None }
}

const fn within(trips: usize, step: Step) -> Step {
    Step { trips: Some(trips), ..step }
}

/// As when a stack is made: before any other function starts, which would remember for a while that there is no key.
pub(crate) async fn publish_keys(company: &mut Company) -> Result<()> {
    company.perform(KEYS, vec![json!({ "task": "begin" })]).await.map(drop)
}

/// One run of the flow.
pub(crate) struct Flow<'a> {
    world: &'a World,
    company: &'a mut Company,
    /// Tells this run's accounts and products from another's.
    name: &'static str,
    invocations: usize,
}

/// What a flow leaves behind that others can go on with, in all functions of its world.
#[derive(Debug)]
pub(crate) struct Shop {
    /// An admin's access token.
    pub(crate) admin: String,
    pub(crate) customers: Vec<Customer>,
    pub(crate) products: Vec<Product>,
}

#[derive(Debug)]
pub(crate) struct Customer {
    pub(crate) token: String,
}

#[derive(Debug)]
pub(crate) struct Product {
    pub(crate) id: String,
    pub(crate) sku: String,
}

struct Bought {
    order: String,
    payment: String,
    token: String,
}

impl<'a> Flow<'a> {
    pub(crate) fn new(world: &'a World, company: &'a mut Company, name: &'static str, invocations: usize) -> Self {
        Self { world, company, name, invocations }
    }

    pub(crate) async fn run(mut self) -> Result<Shop> {
        let hello = self.each(|_| Request::get("/"));
        self.company.perform(step(HELLO, "say hello"), hello).await?;
        let customers = self.sign_up().await?;
        let (admin, products) = self.stock_up().await?;
        let shop = Shop { admin, customers, products };
        self.look_around(&shop).await?;
        let bought = self.buy(&shop).await?;
        self.settle().await?;
        self.look_back(&bought).await?;
        self.keep_house().await?;
        Ok(shop)
    }

    async fn sign_up(&mut self) -> Result<Vec<Customer>> {
        self.company.perform(KEYS, vec![json!({ "task": "begin" })]).await?;
        let count = self.invocations.min(MOST_CUSTOMERS);
        let emails: Vec<String> = (0..count).map(|index| self.email(index)).collect();
        let register = |email: &String| {
            let body = json!({ "email": email, "password": PASSWORD, "name": "Ada Lovelace" });
            Request::post("/api/v1/auth/register", &body).event()
        };
        self.company.perform(step("auth", "register"), emails.iter().map(register).collect()).await?;
        let sessions =
            self.company.perform(step("auth", "log in"), emails.iter().map(|email| login(email)).collect()).await?;
        let refresh = |session: &Value| {
            Request::post("/api/v1/auth/refresh", &json!({ "refreshToken": session["refreshToken"] })).event()
        };
        self.company.perform(step("auth", "refresh"), sessions.iter().map(refresh).collect()).await?;
        let customers: Vec<Customer> = sessions
            .iter()
            .map(|session| Ok(Customer { token: text(session, "accessToken")? }))
            .collect::<Result<_>>()?;
        let me = self.each(|index| Request::get("/api/v1/auth/me").by(token(&customers, index)));
        self.company.perform(within(READ_TRIPS, step("auth", "read who I am")), me).await?;
        let profile = self.each(|index| Request::get("/api/v1/users/profile").by(token(&customers, index)));
        self.company.perform(within(READ_TRIPS, step("users", "read my profile")), profile).await?;
        let add =
            |customer: &Customer| Request::post("/api/v1/users/addresses", &address()).by(&customer.token).event();
        self.company.perform(step("users", "add an address"), customers.iter().map(add).collect()).await?;
        Ok(customers)
    }

    /// An admin, who puts products into the shop.
    async fn stock_up(&mut self) -> Result<(String, Vec<Product>)> {
        let task = json!({ "task": "grant-role", "email": self.email(0), "role": "admin" });
        self.company.perform(step("housekeeping", "give a role"), vec![task]).await?;
        // A token says the role that its account had when it was given.
        let session = self.company.perform(step("auth", "log in"), vec![login(&self.email(0))]).await?;
        let admin = text(session.first().context("no session")?, "accessToken")?;
        let product = |index: usize| {
            let body = json!({
                "sku": format!("BENCH-{}-{index}", self.name),
                "name": format!("Glazed Terracotta Tagine, {index} cm"),
                "description": "A wide-bellied tagine in amber-glazed terracotta that feeds four from one pot.",
                "category": "kitchen",
                "tags": ["tagine", "terracotta"],
                "attributes": { "material": "glazed terracotta", "serves": 4 },
                "price": { "amount": 5450, "currency": self.world.stack.currency },
                "stock": { "available": 1_000_000 },
            });
            Request::post("/api/v1/products", &body).by(&admin).event()
        };
        let products = (0..PRODUCTS).map(product).collect();
        let products = self.company.perform(step("products", "create a product"), products).await?;
        let product = |product: &Value| Ok(Product { id: text(product, "id")?, sku: text(product, "sku")? });
        Ok((admin, products.iter().map(product).collect::<Result<_>>()?))
    }

    async fn look_around(&mut self, shop: &Shop) -> Result<()> {
        let created = json!({ "events": self.told("SOUK_TABLE_CATALOG", "product.created").await? });
        self.company.perform(step("indexer", "index 20 products"), vec![message(&created.to_string())]).await?;
        let list = self.each(|_| Request::get("/api/v1/products?search=tagine&limit=20"));
        self.company.perform(step("search", "find 20 products"), list).await?;
        let suggest = self.each(|_| Request::get("/api/v1/products/suggest?q=terr"));
        self.company.perform(step("search", "suggest"), suggest).await?;
        // So few that the last reads are of products that the sandbox has seen before.
        let seen = &shop.products[..shop.products.len().min((self.invocations / 2).max(1))];
        let read = self.each(|index| Request::get(format!("/api/v1/products/{}", cycled(seen, index).id)));
        self.company.perform(within(READ_TRIPS, step("products", "read a product")), read).await?;
        let cart = self.each(|index| Request::get("/api/v1/cart/me").by(token(&shop.customers, index)));
        self.company.perform(within(READ_TRIPS, step("cart", "read a cart")), cart).await?;
        Ok(())
    }

    /// Every customer puts something into the cart and buys it, until there are enough orders.
    async fn buy(&mut self, shop: &Shop) -> Result<Vec<Bought>> {
        let mut bought = Vec::new();
        while bought.len() < self.invocations {
            let round: Vec<(usize, &Customer)> =
                shop.customers.iter().enumerate().take(self.invocations - bought.len()).collect();
            let add = |(index, customer): &(usize, &Customer)| {
                add_to_cart("me", &cycled(&shop.products, *index).sku).by(&customer.token).event()
            };
            let add = round.iter().map(add).collect();
            self.company.perform(within(ADD_TRIPS, step("cart", "add to a cart")), add).await?;
            let body =
                json!({ "cart": "me", "shippingAddress": address(), "paymentMethod": self.world.stack.payment_method });
            let place = |(index, customer): &(usize, &Customer)| {
                let key = format!("{}-{}", self.name, bought.len() + index);
                place_order(&body, key).by(&customer.token).event()
            };
            let place = round.iter().map(place).collect();
            let orders = self.company.perform(within(PLACE_TRIPS, step("orders", "place an order")), place).await?;
            for (order, (_, customer)) in orders.iter().zip(&round) {
                let (id, payment) = (text(order, "id")?, text(order, "paymentId")?);
                bought.push(Bought { order: id, payment, token: customer.token.clone() });
            }
        }
        Ok(bought)
    }

    /// What happens behind the API, from event to event.
    async fn settle(&mut self) -> Result<()> {
        let created = self.publish("SOUK_TABLE_ORDERS", "order.created", "send order.created").await?;
        self.company.perform(step("payments-worker", "authorise"), messages(&created)).await?;
        let authorized = self.publish("SOUK_TABLE_PAYMENTS", "payment.authorized", "send pay.authorized").await?;
        self.company.perform(step("orders-worker", "confirm"), messages(&authorized)).await?;
        let confirmed = self.publish("SOUK_TABLE_ORDERS", "order.confirmed", "send order.confirmed").await?;
        self.company.perform(step("payments-worker", "capture"), messages(&confirmed)).await?;
        let completed = self.publish("SOUK_TABLE_PAYMENTS", "payment.completed", "send pay.completed").await?;
        self.company.perform(step("orders-worker", "mark as paid"), messages(&completed)).await?;
        self.company.perform(step("orders-worker", "ignore a redelivery"), messages(&completed)).await?;
        self.company.perform(step("notifier", "tell by mail"), messages(&completed)).await?;
        self.company.perform(step("notifier", "ignore a redelivery"), messages(&completed)).await?;
        Ok(())
    }

    /// Hands the events of one type that lie in a table's outbox to the relay; the events.
    async fn publish(&mut self, table: &str, event_type: &str, does: &'static str) -> Result<Vec<String>> {
        let table = self.world.table(table)?;
        let rows = self.world.emulator.outbox(table).await?;
        let (mut batches, mut events) = (Vec::new(), Vec::new());
        for row in &rows {
            let event = row["event"]["S"].as_str().context("an outbox row without an event: has aws-kit changed?")?;
            let envelope: Value = serde_json::from_str(event)?;
            if envelope["eventType"] == event_type {
                batches.push(inserted(table, row));
                events.push(event.to_owned());
            }
        }
        anyhow::ensure!(
            !events.is_empty(),
            "there is no {event_type} in the outbox of {table}: the flow broke off before it"
        );
        self.company.perform(step("relay", does), batches).await?;
        Ok(events)
    }

    /// The events of one type that lie in a table's outbox.
    async fn told(&self, table: &str, event_type: &str) -> Result<Vec<Value>> {
        let rows = self.world.emulator.outbox(self.world.table(table)?).await?;
        let events = rows.iter().filter_map(|row| serde_json::from_str::<Value>(row["event"]["S"].as_str()?).ok());
        Ok(events.filter(|envelope| envelope["eventType"] == event_type).collect())
    }

    async fn look_back(&mut self, bought: &[Bought]) -> Result<()> {
        let of = |path: fn(&Bought) -> String| {
            move |index| {
                let bought = cycled(bought, index);
                Request::get(path(bought)).by(&bought.token)
            }
        };
        let read = self.each(of(|bought| format!("/api/v1/orders/{}", bought.order)));
        self.company.perform(within(READ_TRIPS, step("orders", "read an order")), read).await?;
        let own = self.each(of(|_| "/api/v1/orders?limit=20".to_owned()));
        self.company.perform(step("orders", "list my orders"), own).await?;
        let history = self.each(of(|bought| format!("/api/v1/orders/{}/history", bought.order)));
        self.company.perform(step("orders", "read its history"), history).await?;
        let payment = self.each(of(|bought| format!("/api/v1/payments/{}", bought.payment)));
        self.company.perform(within(READ_TRIPS, step("payments", "read a payment")), payment).await?;
        let of_order = self.each(of(|bought| format!("/api/v1/payments?orderId={}", bought.order)));
        self.company.perform(step("payments", "list its payments"), of_order).await?;
        Ok(())
    }

    async fn keep_house(&mut self) -> Result<()> {
        let health = self.each(|_| Request::get("/health"));
        self.company.perform(step("ops", "health"), health).await?;
        let few = self.invocations.min(MOST_TASKS);
        self.company.perform(step("ops", "ready"), vec![Request::get("/ready").event(); few]).await?;
        for task in ["expire-holds", "republish-outbox", "reconcile-payments"] {
            self.company.perform(step("housekeeping", task), vec![json!({ "task": task }); few]).await?;
        }
        Ok(())
    }

    fn each(&self, request: impl Fn(usize) -> Request) -> Vec<Value> {
        (0..self.invocations).map(|index| request(index).event()).collect()
    }

    fn email(&self, index: usize) -> String {
        format!("{}-{index}@example.com", self.name)
    }
}

fn login(email: &str) -> Value {
    Request::post("/api/v1/auth/login", &json!({ "email": email, "password": PASSWORD })).event()
}

/// Two pieces of a SKU, into the cart of an owner.
pub(crate) fn add_to_cart(owner: &str, sku: &str) -> Request {
    Request::post(format!("/api/v1/cart/{owner}/items"), &json!({ "sku": sku, "quantity": 2 }))
}

pub(crate) fn place_order(body: &Value, key: impl Into<String>) -> Request {
    Request::post("/api/v1/orders", body).header("idempotency-key", key)
}

pub(crate) fn address() -> Value {
    json!({ "name": "Ada Lovelace", "line1": "12 St James's Square", "city": "London", "postalCode": "SW1Y 4JH", "country": "GB" })
}

fn messages(events: &[String]) -> Vec<Value> {
    events.iter().map(|event| message(event)).collect()
}

pub(crate) fn cycled<T>(things: &[T], index: usize) -> &T {
    &things[index % things.len()]
}

fn token(customers: &[Customer], index: usize) -> &str {
    &cycled(customers, index).token
}

pub(crate) fn text(document: &Value, member: &str) -> Result<String> {
    let text = document[member].as_str().map(str::to_owned);
    text.with_context(|| format!("an answer without {member}: {document}"))
}
