//! The main flow through every function: real work on real rows, where each step uses the results of the one before.
//! The bench plays the HTTP API, the streams and the queues. Nothing is random.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::bench_resources::BenchResources;
use crate::budgets::{ADD_TRIPS, PLACE_TRIPS, READ_TRIPS};
use crate::events::{Request, event_type, sqs_batch};
use crate::function_fleet::{FunctionFleet, Operation};
use crate::start::HELLO;
use crate::streams::Streams;

/// Argon2 makes accounts expensive, and more of them would add nothing.
const MAX_CUSTOMERS: usize = 30;
/// The length of a page.
const PRODUCTS: usize = 20;
/// Each task of housekeeping reads up to 64 partitions, so it runs only this often.
const MAX_TASKS: usize = 30;
const HOUSEKEEPING: &str = "expire-holds republish-outbox reconcile-orders reconcile-payments remind-mails rebalance-buckets walk-orders \
                     normalize-texts";
/// An order passes through about five workers, so more rounds of deliveries than this are an endless loop.
const MAX_ROUNDS: usize = 20;
const PASSWORD: &str = "a long password of the bench";

const KEYS: Operation = operation("keys", "publish keys");
/// The requests of a customer who looks around. They reach one execution environment; in several, each one leases for itself.
pub(crate) const CUSTOMER_REQUESTS: usize = 6;
/// These requests, which no other request of the customer precedes there.
pub(crate) const CUSTOMER: Operation = operation("cart", "six requests of a new customer");

const fn operation(function: &'static str, name: &'static str) -> Operation {
    Operation { function, name, max_trips: None }
}

const fn with_budget(trips: usize, operation: Operation) -> Operation {
    Operation { max_trips: Some(trips), ..operation }
}

const CREATE_PRODUCT: Operation = operation("products", "create a product");
const ADD: Operation = with_budget(ADD_TRIPS, operation("cart", "add to a cart"));
const PLACE: Operation = with_budget(PLACE_TRIPS, operation("orders", "place an order"));
/// The same for a SKU whose stock is in buckets.
const ADD_FROM_BUCKETS: Operation = with_budget(ADD_TRIPS, operation("cart", "add to a cart, in a flash sale"));
const PLACE_FROM_BUCKETS: Operation = with_budget(PLACE_TRIPS, operation("orders", "place an order, in a flash sale"));
/// The buckets of that SKU.
const BUCKETS: u32 = 32;

/// Publishes the signing keys, as after a deployment. This comes before any other function starts, because functions
/// cache the keys.
pub(crate) async fn publish_keys(fleet: &mut FunctionFleet) -> Result<()> {
    fleet.perform(KEYS, vec![json!({ "task": "begin" })]).await.map(drop)
}

pub(crate) struct MainFlow<'a> {
    resources: &'a BenchResources,
    fleet: &'a mut FunctionFleet,
    /// Distinguishes accounts and products of this run from those of other runs.
    name: &'static str,
    invocations: usize,
}

/// The data of a flow, which other measurements use.
#[derive(Debug)]
pub(crate) struct ShopData {
    /// The access token of an admin.
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

struct PlacedOrder {
    order: String,
    payment: String,
    token: String,
}

impl<'a> MainFlow<'a> {
    pub(crate) fn new(
        resources: &'a BenchResources,
        fleet: &'a mut FunctionFleet,
        name: &'static str,
        invocations: usize,
    ) -> Self {
        Self { resources, fleet, name, invocations }
    }

    pub(crate) async fn run(mut self) -> Result<ShopData> {
        let hello = self.each(|_| Request::get("/"));
        self.fleet.perform(operation(HELLO, "say hello"), hello).await?;
        let data = self.create_shop().await?;
        self.browse(&data).await?;
        let flash = self.create_flash_sale(&data.admin).await?;
        let mut streams = Streams::new(self.resources);
        streams.skip().await?;
        self.resources.empty_queues().await?;
        let orders = self.buy(&data).await?;
        let buyers: Vec<_> = data.customers.iter().map(|customer| (customer, flash.sku.as_str())).collect();
        self.buy_once(&buyers, [ADD_FROM_BUCKETS, PLACE_FROM_BUCKETS], "flash").await?;
        self.process_events(&mut streams).await?;
        self.read_orders(&orders).await?;
        self.run_tasks().await?;
        Ok(data)
    }

    /// The first part of the flow: customers, an admin and products.
    pub(crate) async fn create_shop(&mut self) -> Result<ShopData> {
        let customers = self.create_customers().await?;
        let (admin, products) = self.create_products().await?;
        Ok(ShopData { admin, customers, products })
    }

    async fn create_customers(&mut self) -> Result<Vec<Customer>> {
        self.fleet.perform(KEYS, vec![json!({ "task": "begin" })]).await?;
        let count = self.invocations.min(MAX_CUSTOMERS);
        let emails: Vec<String> = (0..count).map(|index| self.email(index)).collect();
        let register = |email: &String| {
            let body = json!({ "email": email, "password": PASSWORD, "name": "Ada Lovelace" });
            Request::post("/api/v1/auth/register", &body).event()
        };
        self.fleet.perform(operation("auth", "register"), emails.iter().map(register).collect()).await?;
        let sessions =
            self.fleet.perform(operation("auth", "log in"), emails.iter().map(|email| login(email)).collect()).await?;
        let refresh = |session: &Value| {
            Request::post("/api/v1/auth/refresh", &json!({ "refreshToken": session["refreshToken"] })).event()
        };
        self.fleet.perform(operation("auth", "refresh"), sessions.iter().map(refresh).collect()).await?;
        let customers: Vec<Customer> = sessions
            .iter()
            .map(|session| Ok(Customer { token: text(session, "accessToken")? }))
            .collect::<Result<_>>()?;
        let me = self.each(|index| Request::get("/api/v1/auth/me").with_token(token(&customers, index)));
        self.fleet.perform(with_budget(READ_TRIPS, operation("auth", "read own account")), me).await?;
        let profile = self.each(|index| Request::get("/api/v1/users/profile").with_token(token(&customers, index)));
        self.fleet.perform(with_budget(READ_TRIPS, operation("users", "read own profile")), profile).await?;
        let add = |customer: &Customer| {
            Request::post("/api/v1/users/addresses", &address()).with_token(&customer.token).event()
        };
        self.fleet.perform(operation("users", "add an address"), customers.iter().map(add).collect()).await?;
        Ok(customers)
    }

    /// Creates an admin, who creates products.
    async fn create_products(&mut self) -> Result<(String, Vec<Product>)> {
        let task = json!({ "task": "grant-role", "email": self.email(0), "role": "admin" });
        self.fleet.perform(operation("housekeeping", "grant a role"), vec![task]).await?;
        // A token contains the role at the time of its issue, so the admin needs a new one.
        let session = self.fleet.perform(operation("auth", "log in"), vec![login(&self.email(0))]).await?;
        let admin = text(session.first().context("the login returned no session")?, "accessToken")?;
        let products = (0..PRODUCTS).map(|index| self.new_product(index, &admin)).collect();
        let products = self.fleet.perform(CREATE_PRODUCT, products).await?;
        Ok((admin, products.iter().map(created_product).collect::<Result<_>>()?))
    }

    /// The request for the product with this number.
    fn new_product(&self, index: usize, admin: &str) -> Value {
        let body = json!({
            "sku": format!("BENCH-{}-{index}", self.name),
            "name": format!("Glazed Terracotta Tagine, {index} cm"),
            "description": "A wide-bellied tagine in amber-glazed terracotta that feeds four from one pot.",
            "category": "kitchen",
            "tags": ["tagine", "terracotta"],
            "attributes": { "material": "glazed terracotta", "serves": 4 },
            "price": { "amount": 5450, "currency": self.resources.stack.currency },
            "stock": { "available": 1_000_000 },
        });
        Request::post("/api/v1/products", &body).with_token(admin).event()
    }

    /// One more product, whose stock is in buckets.
    async fn create_flash_sale(&mut self, admin: &str) -> Result<Product> {
        let product = vec![self.new_product(PRODUCTS, admin)];
        let created = self.fleet.perform(CREATE_PRODUCT, product).await?;
        let product = created_product(created.first().context("the product was not created")?)?;
        let divide = Request::new("PUT", format!("/api/v1/products/{}/flash", product.id));
        let divide = divide.with_text(json!({ "buckets": BUCKETS }).to_string()).with_token(admin).event();
        self.fleet.perform(operation("products", "divide stock into buckets"), vec![divide]).await?;
        Ok(product)
    }

    async fn browse(&mut self, data: &ShopData) -> Result<()> {
        let created = json!({ "events": self.events_of_type("SOUK_TABLE_CATALOG", "product.created").await? });
        self.fleet.perform(operation("indexer", "index 20 products"), vec![sqs_batch(&created.to_string())]).await?;
        let list = self.each(|_| Request::get("/api/v1/products?search=tagine&limit=20"));
        self.fleet.perform(operation("search", "find 20 products"), list).await?;
        let suggest = self.each(|_| Request::get("/api/v1/products/suggest?q=terr"));
        self.fleet.perform(operation("search", "suggest"), suggest).await?;
        // Few products, so that the last reads hit the cache of the execution environment.
        let few_products = &data.products[..data.products.len().min((self.invocations / 2).max(1))];
        let read = self.each(|index| Request::get(format!("/api/v1/products/{}", cycled(few_products, index).id)));
        self.fleet.perform(with_budget(READ_TRIPS, operation("products", "read a product")), read).await?;
        let new = data.customers.last().context("the flow has no customers")?;
        let six = vec![Request::get("/api/v1/cart/me").with_token(&new.token).event(); CUSTOMER_REQUESTS];
        self.fleet.perform(CUSTOMER, six).await?;
        let cart = self.each(|index| Request::get("/api/v1/cart/me").with_token(token(&data.customers, index)));
        self.fleet.perform(with_budget(READ_TRIPS, operation("cart", "read a cart")), cart).await?;
        Ok(())
    }

    /// Every customer adds to the cart and orders, until there are enough orders.
    async fn buy(&mut self, data: &ShopData) -> Result<Vec<PlacedOrder>> {
        let mut orders = Vec::new();
        while orders.len() < self.invocations {
            let customers = data.customers.iter().enumerate().take(self.invocations - orders.len());
            let buyers: Vec<_> =
                customers.map(|(index, customer)| (customer, cycled(&data.products, index).sku.as_str())).collect();
            orders.extend(self.buy_once(&buyers, [ADD, PLACE], &orders.len().to_string()).await?);
        }
        Ok(orders)
    }

    /// Each of these customers adds a SKU to the cart and orders. `keys` tells their idempotency keys from those of other calls.
    async fn buy_once(
        &mut self,
        buyers: &[(&Customer, &str)],
        [add, place]: [Operation; 2],
        keys: &str,
    ) -> Result<Vec<PlacedOrder>> {
        let to_cart = buyers.iter().map(|(customer, sku)| add_to_cart("me", sku).with_token(&customer.token).event());
        self.fleet.perform(add, to_cart.collect()).await?;
        let body =
            json!({ "cart": "me", "shippingAddress": address(), "paymentMethod": self.resources.stack.payment_method });
        let name = self.name;
        let order = |(index, (customer, _)): (usize, &(&Customer, &str))| {
            place_order(&body, format!("{name}-{keys}-{index}")).with_token(&customer.token).event()
        };
        let placed = self.fleet.perform(place, buyers.iter().enumerate().map(order).collect()).await?;
        let placed = placed.iter().zip(buyers).map(|(order, (customer, _))| {
            let (id, payment) = (text(order, "id")?, text(order, "paymentId")?);
            Ok(PlacedOrder { order: id, payment, token: customer.token.clone() })
        });
        placed.collect()
    }

    /// Runs everything behind the API: delivers the stream records and messages, until none are left but delayed ones. In the end each
    /// worker gets its last messages again.
    async fn process_events(&mut self, streams: &mut Streams<'_>) -> Result<()> {
        let mut last: BTreeMap<&'static str, Vec<Value>> = BTreeMap::new();
        for _ in 0..MAX_ROUNDS {
            let mut records = EventGroups::default();
            for change in streams.read().await? {
                for delivery in change.deliveries(self.resources)? {
                    records.add(delivery.function, &delivery.operation, delivery.batch);
                }
            }
            let are_records = !records.0.is_empty();
            for (operation, events) in records.0 {
                self.fleet.perform(operation, events).await?;
            }
            let mut messages = EventGroups::default();
            for (consumer, body) in self.resources.receive_messages().await? {
                messages.add(consumer, &event_type(&body)?, sqs_batch(&body));
            }
            if !are_records && messages.0.is_empty() {
                for (worker, events) in last {
                    self.fleet.perform(operation(worker, "handle a redelivery"), events).await?;
                }
                return Ok(());
            }
            for (operation, events) in messages.0 {
                last.insert(operation.function, events.clone());
                self.fleet.perform(operation, events).await?;
            }
        }
        anyhow::bail!("the messages of the orders do not end: {MAX_ROUNDS} rounds")
    }

    /// Returns the events of one type in the outbox of a table.
    async fn events_of_type(&self, table: &str, event_type: &str) -> Result<Vec<Value>> {
        let rows = self.resources.emulator.outbox(self.resources.table(table)?).await?;
        let events = rows.iter().filter_map(|row| serde_json::from_str::<Value>(row["event"]["S"].as_str()?).ok());
        Ok(events.filter(|envelope| envelope["eventType"] == event_type).collect())
    }

    async fn read_orders(&mut self, orders: &[PlacedOrder]) -> Result<()> {
        let of = |path: fn(&PlacedOrder) -> String| {
            move |index| {
                let orders = cycled(orders, index);
                Request::get(path(orders)).with_token(&orders.token)
            }
        };
        let read = self.each(of(|orders| format!("/api/v1/orders/{}", orders.order)));
        self.fleet.perform(with_budget(READ_TRIPS, operation("orders", "read an order")), read).await?;
        let own = self.each(of(|_| "/api/v1/orders?limit=20".to_owned()));
        self.fleet.perform(operation("orders", "list own orders"), own).await?;
        let history = self.each(of(|orders| format!("/api/v1/orders/{}/history", orders.order)));
        self.fleet.perform(operation("orders", "read order history"), history).await?;
        let payment = self.each(of(|orders| format!("/api/v1/payments/{}", orders.payment)));
        self.fleet.perform(with_budget(READ_TRIPS, operation("payments", "read a payment")), payment).await?;
        let of_order = self.each(of(|orders| format!("/api/v1/payments?orderId={}", orders.order)));
        self.fleet.perform(operation("payments", "list payments of an order"), of_order).await?;
        Ok(())
    }

    async fn run_tasks(&mut self) -> Result<()> {
        let health = self.each(|_| Request::get("/health"));
        self.fleet.perform(operation("ops", "health"), health).await?;
        let few = self.invocations.min(MAX_TASKS);
        self.fleet.perform(operation("ops", "ready"), vec![Request::get("/ready").event(); few]).await?;
        for task in HOUSEKEEPING.split(' ') {
            self.fleet.perform(operation("housekeeping", task), vec![json!({ "task": task }); few]).await?;
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

/// Adds two pieces of a SKU to the cart of an owner.
pub(crate) fn add_to_cart(owner: &str, sku: &str) -> Request {
    Request::post(format!("/api/v1/cart/{owner}/items"), &json!({ "sku": sku, "quantity": 2 }))
}

pub(crate) fn place_order(body: &Value, key: impl Into<String>) -> Request {
    Request::post("/api/v1/orders", body).header("idempotency-key", key)
}

pub(crate) fn address() -> Value {
    json!({ "name": "Ada Lovelace", "line1": "12 St James's Square", "city": "London", "postalCode": "SW1Y 4JH", "country": "GB" })
}

/// Events by the function that they invoke and by what they are about, in the order of their first one.
#[derive(Debug, Default)]
struct EventGroups(Vec<(Operation, Vec<Value>)>);

impl EventGroups {
    fn add(&mut self, function: &'static str, name: &str, event: Value) {
        let is_of = |group: &&mut (Operation, Vec<Value>)| group.0.function == function && group.0.name == name;
        match self.0.iter_mut().find(is_of) {
            Some((_, events)) => events.push(event),
            // The names of operations are constants elsewhere. These few live as long as the bench, too.
            None => self.0.push((operation(function, name.to_owned().leak()), vec![event])),
        }
    }
}

pub(crate) fn cycled<T>(items: &[T], index: usize) -> &T {
    &items[index % items.len()]
}

fn created_product(response: &Value) -> Result<Product> {
    Ok(Product { id: text(response, "id")?, sku: text(response, "sku")? })
}

fn token(customers: &[Customer], index: usize) -> &str {
    &cycled(customers, index).token
}

pub(crate) fn text(document: &Value, member: &str) -> Result<String> {
    let text = document[member].as_str().map(str::to_owned);
    text.with_context(|| format!("a response has no {member}: {document}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_grouped_by_function_and_name() {
        let mut groups = EventGroups::default();
        for (function, name, event) in [
            ("relay", "order.created", 1),
            ("notifier", "order.created", 2),
            ("relay", "order.created", 3),
            ("relay", "x", 4),
        ] {
            groups.add(function, name, event.into());
        }
        let groups: Vec<_> = groups.0.into_iter().map(|(of, events)| (of.function, of.name, events)).collect();
        let expected = [
            ("relay", "order.created", vec![json!(1), json!(3)]),
            ("notifier", "order.created", vec![json!(2)]),
            ("relay", "x", vec![json!(4)]),
        ];
        assert_eq!(groups, expected);
    }
}
