//! Products that a test makes for itself.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::{Value, json};

use crate::{Api, Checkout, Response, SOON, Shop, await_until, unique};

/// A product to be made.
#[derive(Debug, Clone)]
pub struct Draft {
    /// Pieces that can be sold.
    pub stock: u32,
    /// Minor units.
    pub price: u64,
    /// The suite's own unless told: there is room for 1,000.
    pub category: String,
}

impl Draft {
    /// So many pieces, 12.99 each.
    pub fn with_stock(stock: u32) -> Self {
        Self { stock, price: 1299, category: "e2e".to_owned() }
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

/// A product of a test that is sold in variants: T-shirts, by size.
#[derive(Debug, Clone)]
pub struct Shirt {
    /// `prd_…`.
    pub id: String,
    /// The product's own, under which nothing is sold.
    pub sku: String,
    /// Nobody else's.
    pub name: String,
    sizes: BTreeMap<String, Product>,
}

impl Shirt {
    /// What is sold in that size.
    pub fn size(&self, size: &str) -> &Product {
        self.sizes.get(size).unwrap_or_else(|| panic!("{} comes in {:?}", self.name, self.sizes.keys()))
    }

    /// What every variant of it is of, as the helpers of single products want it.
    pub fn product(&self) -> Product {
        Product { id: self.id.clone(), sku: self.sku.clone(), name: self.name.clone(), price: 0 }
    }
}

impl Shop {
    /// The body of a shirt that is sold in these sizes: pieces and minor units of each.
    pub fn shirt(&self, sizes: &[(&str, u32, i64)]) -> Value {
        let mark = unique("TEE").to_uppercase();
        let variant = |(size, pieces, price): &(&str, u32, i64)| {
            json!({
                "sku": format!("{mark}-{size}"), "options": { "size": size }, "price": self.money(*price),
                "stock": { "available": pieces },
            })
        };
        let values: Vec<&str> = sizes.iter().map(|(size, ..)| *size).collect();
        json!({
            "sku": mark, "name": format!("T-Shirt {mark}"), "category": "e2e", "brand": "Loom",
            "options": [{ "name": "size", "values": values }],
            "variants": sizes.iter().map(variant).collect::<Vec<_>>(),
        })
    }

    /// The admin puts a shirt into the shop.
    pub async fn sells_shirts(&self, sizes: &[(&str, u32, i64)]) -> Shirt {
        let body = self.shirt(sizes);
        let made = self.admin().await.post("/api/v1/products", &body).await.expect(201).json();
        let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("it has a name: {made}")).to_owned();
        let of_size = |((size, _, price), variant): (&(&str, u32, i64), &Value)| {
            let (sku, name) = (text(&variant["sku"]), text(&variant["name"]));
            (size.to_string(), Product { id: text(&made["id"]), sku, name, price: price.unsigned_abs() })
        };
        let variants = made["variants"].as_array().map(Vec::as_slice).unwrap_or_default();
        let sizes: BTreeMap<_, _> = sizes.iter().zip(variants).map(of_size).collect();
        Shirt { id: text(&made["id"]), sku: text(&made["sku"]), name: text(&made["name"]), sizes }
    }

    /// A product as the admin sees it: as it is now.
    pub async fn looks_up_product(&self, id: &str) -> Response {
        self.admin().await.get(&format!("/api/v1/products/{id}")).await.expect(200)
    }

    /// The admin tells a product anew, as it is now.
    pub async fn tries_to_replace(&self, id: &str, sheet: &Value) -> Response {
        let tag = self.looks_up_product(id).await.expect_header("etag").to_owned();
        let (admin, path) = (self.admin().await, format!("/api/v1/products/{id}"));
        admin.call(Method::PUT, &path).header("If-Match", &tag).json(sheet).send().await
    }

    /// The admin changes parts of a product, as it is now.
    pub async fn tries_to_patch(&self, id: &str, patch: &Value) -> Response {
        let tag = self.looks_up_product(id).await.expect_header("etag").to_owned();
        let (admin, path) = (self.admin().await, format!("/api/v1/products/{id}"));
        let call = admin.call(Method::PATCH, &path).header("If-Match", &tag);
        call.text("application/merge-patch+json", patch.to_string()).send().await
    }

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
    pub async fn reads_product(&self, product: &Product) -> Value {
        self.anonymous().get(&format!("/api/v1/products/{}", product.id)).await.expect(200).json()
    }

    /// Waits until so many pieces of a product can be sold. (A reader may be served from a cache that is seconds old.)
    pub async fn awaits_stock(&self, product: &Product, pieces: u32) {
        await_until(format_args!("{pieces} of {} are left", product.sku), SOON, async || {
            let shown = self.reads_product(product).await;
            if shown["stock"]["available"] == pieces { Ok(()) } else { Err(shown["stock"].to_string()) }
        })
        .await
    }

    /// Fails unless exactly so many pieces of a product can be sold, now: somebody tries to buy one more, and is told.
    pub async fn has_exact_stock(&self, product: &Product, pieces: u32) {
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
    async fn changes(&self, product: &Product, change: impl AsyncFn(&Api, &str, &str) -> Response) {
        let (admin, path) = (self.admin().await, format!("/api/v1/products/{}", product.id));
        await_until(format_args!("{} is changed", product.sku), SOON, async || {
            let tag = admin.get(&path).await.expect(200).expect_header("etag").to_owned();
            let response = change(&admin, &path, &tag).await;
            if response.status == 412 { Err(response.text) } else { Ok(response.expect_success()) }
        })
        .await;
    }
}
