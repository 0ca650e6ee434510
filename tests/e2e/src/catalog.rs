//! Products that a test creates.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::{Value, json};

use crate::{Api, Checkout, Response, SOON, Shop, await_until, unique};

/// A product to create.
#[derive(Debug, Clone)]
pub struct Draft {
    /// Units that can be sold.
    pub stock: u32,
    /// In minor units.
    pub price: u64,
    /// The suite's category by default. There is room for 1,000 categories.
    pub category: String,
}

impl Draft {
    /// A draft with that stock, at 12.99 each.
    pub fn with_stock(stock: u32) -> Self {
        Self { stock, price: 1299, category: "e2e".to_owned() }
    }

    /// The same draft in another category.
    #[must_use]
    pub fn in_category(self, category: &str) -> Self {
        Self { category: category.to_owned(), ..self }
    }
}

/// A product of a test. Its SKU and name are unique.
#[derive(Debug, Clone)]
pub struct Product {
    pub id: String,
    pub sku: String,
    pub name: String,
    /// In minor units.
    pub price: u64,
}

/// A product with variants: a T-shirt in several sizes. Its SKU and name are unique.
#[derive(Debug, Clone)]
pub struct Shirt {
    pub id: String,
    /// The product's own SKU, which cannot be ordered.
    pub sku: String,
    pub name: String,
    sizes: BTreeMap<String, Product>,
}

impl Shirt {
    /// The variant of that size.
    pub fn size(&self, size: &str) -> &Product {
        self.sizes.get(size).unwrap_or_else(|| panic!("{} should have that size: {:?}", self.name, self.sizes.keys()))
    }

    /// The product itself, for helpers that take a product. It has no price.
    pub fn product(&self) -> Product {
        Product { id: self.id.clone(), sku: self.sku.clone(), name: self.name.clone(), price: 0 }
    }
}

impl Shop {
    /// The body of a shirt with these sizes: stock and price in minor units of each.
    pub fn shirt(&self, sizes: &[(&str, u32, i64)]) -> Value {
        let sku = unique("TEE").to_uppercase();
        let variant = |(size, pieces, price): &(&str, u32, i64)| {
            json!({
                "sku": format!("{sku}-{size}"), "options": { "size": size }, "price": self.money(*price),
                "stock": { "available": pieces },
            })
        };
        let values: Vec<&str> = sizes.iter().map(|(size, ..)| *size).collect();
        json!({
            "sku": sku, "name": format!("T-Shirt {sku}"), "category": "e2e", "brand": "Loom",
            "options": [{ "name": "size", "values": values }],
            "variants": sizes.iter().map(variant).collect::<Vec<_>>(),
        })
    }

    /// The admin creates a shirt.
    pub async fn sells_shirts(&self, sizes: &[(&str, u32, i64)]) -> Shirt {
        let body = self.shirt(sizes);
        let created = self.admin().await.post("/api/v1/products", &body).await.expect(201).json();
        let text = |value: &Value| {
            value.as_str().unwrap_or_else(|| panic!("a new product should have id, SKU and name: {created}")).to_owned()
        };
        let of_size = |((size, _, price), variant): (&(&str, u32, i64), &Value)| {
            let (sku, name) = (text(&variant["sku"]), text(&variant["name"]));
            (size.to_string(), Product { id: text(&created["id"]), sku, name, price: price.unsigned_abs() })
        };
        let variants = created["variants"].as_array().map(Vec::as_slice).unwrap_or_default();
        let sizes: BTreeMap<_, _> = sizes.iter().zip(variants).map(of_size).collect();
        Shirt { id: text(&created["id"]), sku: text(&created["sku"]), name: text(&created["name"]), sizes }
    }

    /// Reads a product as the admin, who gets the current version.
    pub async fn looks_up_product(&self, id: &str) -> Response {
        self.admin().await.get(&format!("/api/v1/products/{id}")).await.expect(200)
    }

    /// The admin replaces a product at its current version.
    pub async fn tries_to_replace(&self, id: &str, body: &Value) -> Response {
        let tag = self.looks_up_product(id).await.expect_header("etag").to_owned();
        let (admin, path) = (self.admin().await, format!("/api/v1/products/{id}"));
        admin.call(Method::PUT, &path).header("If-Match", &tag).json(body).send().await
    }

    /// The admin patches a product at its current version.
    pub async fn tries_to_patch(&self, id: &str, patch: &Value) -> Response {
        let tag = self.looks_up_product(id).await.expect_header("etag").to_owned();
        let (admin, path) = (self.admin().await, format!("/api/v1/products/{id}"));
        let call = admin.call(Method::PATCH, &path).header("If-Match", &tag);
        call.text("application/merge-patch+json", patch.to_string()).send().await
    }

    /// The admin creates a product.
    pub async fn sells(&self, draft: Draft) -> Product {
        let sku = unique("MUG").to_uppercase();
        let name = format!("Mug {sku}");
        let body = json!({
            "sku": sku, "name": name, "description": "Holds 350 ml of anything.", "category": draft.category,
            "price": { "amount": draft.price, "currency": self.stack.currency }, "stock": { "available": draft.stock },
        });
        let created = self.admin().await.post("/api/v1/products", &body).await.expect(201).json();
        let id =
            created["id"].as_str().unwrap_or_else(|| panic!("a new product should have an id: {created}")).to_owned();
        Product { id, sku, name, price: draft.price }
    }

    /// Reads a product as an anonymous caller.
    pub async fn reads_product(&self, product: &Product) -> Value {
        self.anonymous().get(&format!("/api/v1/products/{}", product.id)).await.expect(200).json()
    }

    /// Waits until a product has that stock. A reader may get a cached stock that is seconds old.
    pub async fn awaits_stock(&self, product: &Product, pieces: u32) {
        await_until(format_args!("{pieces} of {} are left", product.sku), SOON, async || {
            let shown = self.reads_product(product).await;
            if shown["stock"]["available"] == pieces { Ok(()) } else { Err(shown["stock"].to_string()) }
        })
        .await
    }

    /// Panics unless a product has exactly that stock now. The refusal of an order for one more says how many there are. It is an
    /// admin's, because the pieces of other orders are limited.
    pub async fn has_exact_stock(&self, product: &Product, pieces: u32) {
        let greedy = Checkout::of(&[(&product.sku, pieces + 1)]).paid_with("pm_card_visa");
        let refused = self.admin().await.post("/api/v1/orders", &greedy.body).await;
        let problem = refused.expect_problem(409, "insufficient_stock");
        let has_stock = problem.errors().iter().any(|error| error["available"] == pieces);
        assert!(has_stock, "{pieces} of {} are left: {}", product.sku, problem.body);
    }

    /// The admin changes a product's price.
    pub async fn reprices(&self, product: &Product, price: u64) {
        let patch = json!({ "price": { "amount": price } });
        let change = async |admin: &Api, path: &str, tag: &str| {
            let call = admin.call(Method::PATCH, path).header("If-Match", tag);
            call.text("application/merge-patch+json", patch.to_string()).send().await
        };
        self.changes(product, change).await;
    }

    /// The admin archives a product.
    pub async fn archives(&self, product: &Product) {
        let change = async |admin: &Api, path: &str, tag: &str| {
            admin.call(Method::DELETE, path).header("If-Match", tag).send().await
        };
        self.changes(product, change).await;
    }

    /// Changes a product at its current version. Retries, because a cached version may be some seconds old.
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
