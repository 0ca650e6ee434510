//! What products look like on the wire, in and out.

use catalog::{
    Attributes, Category, Description, Draft, Listing, Movement, Name, Offer, Product, Recount, Sheet, Status, Tags,
    TaxClass, refuse_search,
};
use http_kit::PageQuery;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use values::{Error, Money, ProductId, Result, Sku, Text, Timestamp};

/// The body of `POST /products`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CreateIn {
    sku: Sku,
    name: Name,
    #[serde(default)]
    description: Description,
    category: Category,
    #[serde(default)]
    tags: Tags,
    #[serde(default)]
    attributes: Attributes,
    price: Money,
    #[serde(default)]
    stock: StockIn,
    #[serde(default)]
    tax_class: TaxClass,
}

/// How many there are in the beginning.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StockIn {
    available: u32,
}

impl From<CreateIn> for Draft {
    fn from(body: CreateIn) -> Self {
        let CreateIn { sku, name, description, category, tags, attributes, price, stock, tax_class } = body;
        let sheet = Sheet { name, description, category, tags, attributes, price, tax_class };
        Self { sku, sheet, available: stock.available }
    }
}

/// The body of `PUT /products/{id}`: what is left out is empty afterwards. SKU and stock are not replaced.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ReplaceIn {
    name: Name,
    #[serde(default)]
    description: Description,
    category: Category,
    #[serde(default)]
    tags: Tags,
    #[serde(default)]
    attributes: Attributes,
    price: Money,
    #[serde(default)]
    tax_class: TaxClass,
}

impl From<ReplaceIn> for Sheet {
    fn from(body: ReplaceIn) -> Self {
        let ReplaceIn { name, description, category, tags, attributes, price, tax_class } = body;
        Self { name, description, category, tags, attributes, price, tax_class }
    }
}

/// The body of `PATCH /products/{id}/stock`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RecountIn {
    sku: Option<Sku>,
    set: Option<u32>,
    delta: Option<i32>,
    reason: Option<Text<200>>,
}

impl RecountIn {
    /// Exactly one of `set` and `delta`.
    pub(crate) fn read(self, version: Option<u64>) -> Result<Recount> {
        let movement = match (self.set, self.delta) {
            (Some(pieces), None) => Movement::Set(pieces),
            (None, Some(delta)) => Movement::Delta(delta),
            _ => return Err(Error::invalid("set", "required", "name either `set` or `delta`")),
        };
        Ok(Recount { sku: self.sku, movement, reason: self.reason, version })
    }
}

/// The query of `GET /products`. Filters that only search can serve are refused, not ignored.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ListIn {
    category: Option<Category>,
    limit: Option<u32>,
    cursor: Option<String>,
    sort: Option<String>,
    search: Option<String>,
    tag: Option<String>,
    min_price: Option<String>,
    max_price: Option<String>,
    in_stock: Option<String>,
}

impl ListIn {
    /// The list's name with its filters, the category, and the page.
    pub(crate) fn read(self) -> Result<(String, Option<Category>, PageQuery)> {
        let filters = [
            ("search", self.search),
            ("tag", self.tag),
            ("minPrice", self.min_price),
            ("maxPrice", self.max_price),
            ("inStock", self.in_stock),
            ("sort", self.sort.filter(|sort| sort != "newest")),
        ];
        if let Some((filter, _)) = filters.iter().find(|(_, value)| value.is_some()) {
            return Err(refuse_search(filter));
        }
        let name = self.category.as_ref().map_or_else(|| "products".to_owned(), |of| format!("products of {of}"));
        Ok((name, self.category, PageQuery { limit: self.limit, cursor: self.cursor }))
    }
}

/// A product as everybody sees it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProductOut {
    id: ProductId,
    sku: Sku,
    name: Name,
    description: Description,
    price: Money,
    category: Category,
    tags: Tags,
    attributes: Attributes,
    /// Options, variants and images have their place, and are empty until they are built.
    options: [Value; 0],
    variants: [Value; 0],
    images: [Value; 0],
    stock: StockOut,
    rating: RatingOut,
    tax_class: TaxClass,
    status: Status,
    version: u64,
    created_at: Timestamp,
    updated_at: Timestamp,
}

#[derive(Debug, Serialize)]
struct StockOut {
    available: u32,
}

#[derive(Debug, Serialize)]
struct RatingOut {
    average: Option<f64>,
    count: u32,
}

impl From<Listing> for ProductOut {
    fn from(listing: Listing) -> Self {
        let Listing { product, offer } = listing;
        let Product { id, sku, name, description, category, tags, attributes, .. } = product;
        let Offer { price, available, tax_class, .. } = offer;
        let Product { status, version, created_at, updated_at, .. } = product;
        Self {
            id,
            sku,
            name,
            description,
            price,
            category,
            tags,
            attributes,
            options: [],
            variants: [],
            images: [],
            stock: StockOut { available },
            rating: RatingOut { average: None, count: 0 },
            tax_class,
            status,
            version,
            created_at,
            updated_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_count_is_set_or_moved_and_not_both() {
        let read = |body: Value| serde_json::from_value::<RecountIn>(body).unwrap().read(None);
        assert_eq!(read(json!({ "set": 4 })).unwrap().movement, Movement::Set(4));
        assert_eq!(read(json!({ "delta": -4, "reason": "broken" })).unwrap().movement, Movement::Delta(-4));
        assert!(read(json!({})).is_err() && read(json!({ "set": 1, "delta": 1 })).is_err());
    }

    #[test]
    fn filters_of_search_are_refused_by_name() {
        let tag = ListIn { tag: Some("mug".into()), ..ListIn::default() };
        assert_eq!(tag.read().unwrap_err().fields[0].field, "tag");
        let newest = ListIn { sort: Some("newest".into()), ..ListIn::default() };
        assert_eq!(newest.read().unwrap().0, "products");
    }

    #[test]
    fn a_new_product_needs_little_and_knows_its_fields() {
        let least = json!({ "sku": "A", "name": "A", "category": "a", "price": { "amount": 1, "currency": "EUR" } });
        let draft: Draft = serde_json::from_value::<CreateIn>(least.clone()).unwrap().into();
        assert_eq!((draft.available, draft.sheet.tax_class.as_str()), (0, "standard"));
        let mut more = least;
        more["id"] = json!("prd_x");
        assert!(serde_json::from_value::<CreateIn>(more).is_err());
    }
}
