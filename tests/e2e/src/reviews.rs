//! Customers' reviews of products, and the resulting ratings.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{Api, Checkout, Customer, EVENTUALLY, Product, Response, SOON, Shop, await_until, unique};

/// A product's rating from its row. It is exact; the product's page may be some seconds old.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rating {
    /// Sum of all stars.
    pub sum: u64,
    /// Number of reviews.
    pub count: u64,
}

impl Product {
    /// The path of the product's reviews.
    pub fn reviews(&self) -> String {
        format!("/api/v1/products/{}/reviews", self.id)
    }

    /// The path of one review.
    pub fn review(&self, review: &Value) -> String {
        let id = review["id"].as_str().unwrap_or_else(|| panic!("a review should have an id: {review}"));
        format!("{}/{id}", self.reviews())
    }
}

impl Api {
    /// Tries to post this review.
    pub async fn tries_to_review(&self, product: &Product, opinion: &Value) -> Response {
        self.post(&product.reviews(), opinion).await
    }

    /// Posts a review with so many stars; returns the response.
    pub async fn reviews(&self, product: &Product, stars: u64) -> Value {
        let opinion = json!({ "rating": stars, "title": "After a week", "text": "It holds tea.\nNothing leaks." });
        self.tries_to_review(product, &opinion).await.expect(201).json()
    }

    /// Hides a review or shows it again.
    pub async fn moderates(&self, product: &Product, review: &Value, verdict: &Value) -> Response {
        let path = format!("{}/status", product.review(review));
        self.call(Method::PATCH, &path).idempotency_key(&unique("verdict")).json(verdict).send().await
    }
}

impl Shop {
    /// A customer buys one unit and receives it.
    pub async fn delivers(&self, customer: &Customer, product: &Product) {
        self.delivers_order(customer, product, &Checkout::of(&[(&product.sku, 1)])).await;
    }

    /// The same with another checkout.
    pub async fn delivers_order(&self, customer: &Customer, product: &Product, checkout: &Checkout) {
        let order = customer.places(checkout).await;
        let order = customer.awaits(&order, "confirmed", "paid").await;
        for step in ["processing", "shipped", "delivered"] {
            self.admin().await.moves(&order, step).await.expect(200);
        }
        let (pk, sk) = (format!("PRODUCT#{}", product.id), format!("RECEIVED#{}", customer.id()));
        await_until("the catalog knows who received it", EVENTUALLY, async || {
            let row = self.rows.reads("catalog", &pk, &sk).await;
            if row.is_object() { Ok(()) } else { Err(format!("{pk} has no {sk}")) }
        })
        .await
    }

    /// A new customer who has received a product.
    pub async fn new_owner(&self, product: &Product) -> Customer {
        let customer = self.new_customer().await;
        self.delivers(&customer, product).await;
        customer
    }

    /// The rating from its row.
    pub async fn rating(&self, product: &Product) -> Rating {
        let row = self.rows.reads("catalog", &format!("PRODUCT#{}", product.id), "RATING").await;
        let number = |name: &str| row[name]["N"].as_str().map_or(0, |text| text.parse().unwrap_or(u64::MAX));
        Rating { sum: number("sum"), count: number("count") }
    }

    /// Waits until a product's page shows that rating.
    pub async fn awaits_rating(&self, product: &Product, average: Option<f64>, count: u64) {
        await_until(format_args!("{} is rated {average:?} by {count}", product.sku), SOON, async || {
            let rating = self.reads_product(product).await["rating"].clone();
            if rating == json!({ "average": average, "count": count }) { Ok(()) } else { Err(rating.to_string()) }
        })
        .await
    }

    /// Waits until a list has exactly these reviews in this order; returns the list.
    pub async fn awaits_listed(&self, api: &Api, path: &str, reviews: &[&Value]) -> Vec<Value> {
        let expected: Vec<&Value> = reviews.iter().map(|review| &review["id"]).collect();
        await_until(format_args!("{path} lists {} reviews", expected.len()), SOON, async || {
            let listed = api.get(path).await.expect(200).json()["data"].as_array().cloned().unwrap_or_default();
            let ids: Vec<&Value> = listed.iter().map(|review| &review["id"]).collect();
            if ids == expected { Ok(listed) } else { Err(format!("{listed:?}")) }
        })
        .await
    }
}
