//! Products that a test makes for itself.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{Answer, Api, Checkout, SOON, Shop, await_until, unique};

/// A product to be made.
#[derive(Debug, Clone)]
pub struct Draft {
    /// Pieces that can be sold.
    pub stock: u32,
    /// Minor units.
    pub price: u64,
    /// A category of its own unless told.
    pub category: String,
}

impl Draft {
    /// So many pieces, 12.99 each.
    pub fn with_stock(stock: u32) -> Self {
        Self { stock, price: 1299, category: unique("e2e") }
    }

    /// In that category.
    #[must_use]
    pub fn in_category(self, category: &str) -> Self {
        Self { category: category.to_owned(), ..self }
    }
}

/// A product of a test.
#[derive(Debug, Clone)]
pub struct Product {
    /// `prd_…`.
    pub id: String,
    /// Nobody else's.
    pub sku: String,
    /// Nobody else's.
    pub name: String,
    /// Minor units.
    pub price: u64,
}

impl Shop {
    /// The admin puts a new product into the shop.
    pub async fn sells(&self, draft: Draft) -> Product {
        let mark = unique("MUG").to_uppercase();
        let name = format!("Mug {mark}");
        let body = json!({
            "sku": mark, "name": name, "description": "Holds 350 ml of anything.", "category": draft.category,
            "price": { "amount": draft.price, "currency": self.stack.currency }, "stock": { "available": draft.stock },
        });
        let made = self.admin().await.post("/api/v1/products", &body).await.expect(201).json();
        let id = made["id"].as_str().unwrap_or_else(|| panic!("a new product has an id: {made}")).to_owned();
        Product { id, sku: mark, name, price: draft.price }
    }

    /// A product as anybody sees it.
    pub async fn shows(&self, product: &Product) -> Value {
        self.anyone().get(&format!("/api/v1/products/{}", product.id)).await.expect(200).json()
    }

    /// Waits until so many pieces of a product can be sold. (A reader may be served from a cache that is seconds old.)
    pub async fn awaits_stock(&self, product: &Product, pieces: u32) {
        await_until(format_args!("{pieces} of {} are left", product.sku), SOON, async || {
            let shown = self.shows(product).await;
            if shown["stock"]["available"] == pieces { Ok(()) } else { Err(shown["stock"].to_string()) }
        })
        .await
    }

    /// Fails unless exactly so many pieces of a product can be sold, now: somebody tries to buy one more, and is told.
    pub async fn has_exactly(&self, product: &Product, pieces: u32) {
        let greedy = Checkout::of(&[(&product.sku, pieces + 1)]);
        let problem = self.new_guest().tries_to_place(&greedy).await.expect_problem(409, "insufficient_stock");
        let told = problem.errors().iter().any(|error| error["available"] == pieces);
        assert!(told, "{pieces} of {} are left: {}", product.sku, problem.body);
    }

    /// The admin gives a product another price.
    pub async fn reprices(&self, product: &Product, price: u64) {
        let patch = json!({ "price": { "amount": price } });
        let change = async |admin: &Api, path: &str, tag: &str| {
            let call = admin.call(Method::PATCH, path).header("If-Match", tag);
            call.text("application/merge-patch+json", patch.to_string()).send().await
        };
        self.changes(product, change).await;
    }

    /// The admin takes a product out of the shop.
    pub async fn archives(&self, product: &Product) {
        let change = async |admin: &Api, path: &str, tag: &str| {
            admin.call(Method::DELETE, path).header("If-Match", tag).send().await
        };
        self.changes(product, change).await;
    }

    /// Changes a product as it is now: a reader's version may be some seconds old, so it may need a second look.
    async fn changes(&self, product: &Product, change: impl AsyncFn(&Api, &str, &str) -> Answer) {
        let (admin, path) = (self.admin().await, format!("/api/v1/products/{}", product.id));
        await_until(format_args!("{} is changed", product.sku), SOON, async || {
            let tag = admin.get(&path).await.expect(200).expect_header("etag").to_owned();
            let answer = change(&admin, &path, &tag).await;
            if answer.status == 412 { Err(answer.text) } else { Ok(answer.expect_success()) }
        })
        .await;
    }
}
