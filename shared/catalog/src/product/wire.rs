//! Products in requests and responses. Everything that reads or writes products for clients uses these types.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use values::{Error, Money, ProductId, Result, Sku, Timestamp};

use crate::product::spelling::read_variant_set;
use crate::product::wire_out::{FlashOut, RatingOut, StockOut, VariantOut};
use crate::{
    Attributes, Brand, Category, Description, Draft, ImageOut, Listing, Media, Name, Offer, OfferTerms, OptionValue,
    Product, ProductContent, ProductKind, ProductOption, ShownStock, Status, StockLevels, Tags, TaxClass, Variant,
};
#[cfg(feature = "openapi")]
use crate::{MAX_PIECES, MAX_VARIANTS, product::terms::MAX_WEIGHT_GRAMS, product::variants::MAX_OPTIONS};
#[cfg(feature = "openapi")]
use values::schema::sent;

/// A product to create, and a line of an import or an export. Without `options`, `price` is required. With `options`,
/// `variants` are required: each has its own price or the product's, and the product has no `stock` of its own.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(
    feature = "openapi",
    derive(schemars::JsonSchema),
    schemars(rename = "NewProduct", extend("anyOf" = [sent(&["price"]), sent(&["options", "variants"])]))
)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProductIn {
    /// 1 to 64 characters of `A-Z a-z 0-9 . _ -`. No other product can ever have the same SKU, or one that differs in letter case only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(required))]
    pub sku: Option<Sku>,
    pub name: Name,
    #[serde(default)]
    pub description: Description,
    /// Its category. Letter case and Unicode form make no difference; the answer has the key. An unknown category is created.
    pub category: Category,
    /// The brand of the product.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub brand: Option<Brand>,
    #[serde(default)]
    pub tags: Tags,
    #[serde(default)]
    pub attributes: Attributes,
    /// The default is `standard`.
    #[serde(default)]
    pub tax_class: TaxClass,
    /// The price of one piece, in the shop's currency. Variants without a price have this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<crate::schema::Price>"))]
    pub price: Option<Money>,
    /// The earlier price, or the price elsewhere. It is higher than `price`. Variants without a price have this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<crate::schema::Price>"))]
    pub compare_at_price: Option<Money>,
    /// The weight of one piece in grams. Variants without a weight have this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(range(min = 1, max = MAX_WEIGHT_GRAMS)))]
    pub weight: Option<u32>,
    /// The most pieces that one order may have. Variants without it have this one. Without any, a guest's order may have 20.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(range(min = 1, max = values::Quantity::MAX)))]
    pub max_per_order: Option<u32>,
    /// The initial stock of a product without variants.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stock: Option<StockIn>,
    /// The options that a customer chooses from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schemars(length(max = MAX_OPTIONS)))]
    pub options: Vec<ProductOption>,
    /// Only with `options`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schemars(length(max = MAX_VARIANTS)))]
    pub variants: Vec<VariantIn>,
}

/// A variant to create or to change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "NewVariant"))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VariantIn {
    /// A SKU that no other product has or had, in upper or lower case.
    pub sku: Sku,
    #[cfg_attr(feature = "openapi", schemars(with = "crate::schema::OptionValues"))]
    pub options: BTreeMap<String, OptionValue>,
    /// The price of one piece. The default is the price of the product. In a patch it is required.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<crate::schema::Price>"))]
    pub price: Option<Money>,
    /// The earlier price, or the price elsewhere. It is higher than `price`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<crate::schema::Price>"))]
    pub compare_at_price: Option<Money>,
    /// The weight of one piece in grams.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(range(min = 1, max = MAX_WEIGHT_GRAMS)))]
    pub weight: Option<u32>,
    /// The most pieces that one order may have.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(range(min = 1, max = values::Quantity::MAX)))]
    pub max_per_order: Option<u32>,
    /// The initial stock of a new variant. The stock of an existing variant does not change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stock: Option<StockIn>,
}

/// The stock of a new SKU.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "StockInput"))]
#[serde(deny_unknown_fields)]
pub struct StockIn {
    /// The number of pieces that can be sold.
    #[cfg_attr(feature = "openapi", schemars(range(max = MAX_PIECES)))]
    pub available: u32,
}

impl ProductIn {
    /// A draft of a new product. The use case checks its rules.
    pub fn draft(self) -> Result<Draft> {
        let sku = self.sku.clone().ok_or_else(|| Error::invalid("sku", "required", "is missing"))?;
        let (content, stock) = self.read_content()?;
        Ok(Draft { sku, content, stock, import_line: None })
    }

    /// The new content of a product, and the first pieces of new variants. Rejects a SKU, and stock without variants:
    /// neither can be replaced here.
    pub fn content(self) -> Result<(ProductContent, StockLevels)> {
        if self.sku.is_some() {
            return Err(Error::invalid("sku", "unknown_field", "cannot be replaced; leave it out"));
        }
        if self.stock.is_some() && !self.has_variants() {
            let message = "cannot be replaced; leave it out, and use PATCH /products/{id}/stock";
            return Err(Error::invalid("stock", "unknown_field", message));
        }
        self.read_content()
    }

    fn has_variants(&self) -> bool {
        !(self.options.is_empty() && self.variants.is_empty())
    }

    fn read_content(self) -> Result<(ProductContent, StockLevels)> {
        self.attributes.check_distinct()?;
        let mut stock = StockLevels::new();
        let kind = if self.has_variants() {
            if self.stock.is_some() {
                let message = "belongs to each variant; leave it out";
                return Err(Error::invalid("stock", "stock_of_variants", message));
            }
            let Self { price, compare_at_price, weight, max_per_order, .. } = self;
            // The product's terms are the defaults of its variants.
            let with_defaults = |variant: VariantIn| VariantIn {
                compare_at_price: variant.compare_at_price.or(compare_at_price.filter(|_| variant.price.is_none())),
                price: variant.price.or(price),
                weight: variant.weight.or(weight),
                max_per_order: variant.max_per_order.or(max_per_order),
                ..variant
            };
            let variants = self.variants.into_iter().map(with_defaults);
            let (variants, levels) = read_variants(variants)?;
            stock = levels;
            read_variant_set(self.options, variants)?
        } else {
            let price = self.price.ok_or_else(|| Error::invalid("price", "required", "is missing"))?;
            stock.extend(self.sku.zip(self.stock).map(|(sku, stock)| (sku, stock.available)));
            let (compare_at_price, weight, max_per_order) = (self.compare_at_price, self.weight, self.max_per_order);
            ProductKind::Single(OfferTerms { price, compare_at_price, weight, max_per_order })
        };
        let Self { name, description, category, brand, tags, attributes, tax_class, .. } = self;
        Ok((ProductContent { name, description, category, brand, tags, attributes, tax_class, kind }, stock))
    }
}

/// Variants with their terms, and the pieces that the request states.
pub(crate) fn read_variants(
    requested: impl Iterator<Item = VariantIn>,
) -> Result<(Vec<(Variant, OfferTerms)>, StockLevels)> {
    let (mut variants, mut pieces) = (Vec::new(), StockLevels::new());
    for (at, variant) in requested.enumerate() {
        let VariantIn { sku, options, price, compare_at_price, weight, max_per_order, stock } = variant;
        let price = price.ok_or_else(|| Error::invalid(&format!("variants[{at}].price"), "required", "is missing"))?;
        pieces.extend(stock.map(|stock| (sku.clone(), stock.available)));
        variants.push((Variant { sku, options }, OfferTerms { price, compare_at_price, weight, max_per_order }));
    }
    Ok((variants, pieces))
}

/// A product as clients see it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "Product"))]
#[serde(rename_all = "camelCase")]
pub struct ProductOut {
    /// The id of the product.
    #[cfg_attr(feature = "openapi", schemars(with = "values::schema::ProductId"))]
    id: ProductId,
    /// The SKU that is priced, counted and sold. For a product with variants, its own number, which cannot be bought.
    sku: Sku,
    name: Name,
    description: Description,
    #[serde(flatten)]
    terms: OfferTerms,
    /// The key of its category.
    category: Category,
    /// The brand of the product.
    #[serde(skip_serializing_if = "Option::is_none")]
    brand: Option<Brand>,
    tags: Tags,
    attributes: Attributes,
    /// The options that a customer chooses from. Empty if the product has one SKU.
    #[cfg_attr(feature = "openapi", schemars(length(max = MAX_OPTIONS)))]
    options: Vec<ProductOption>,
    /// Empty if the product has one SKU.
    #[cfg_attr(feature = "openapi", schemars(length(max = MAX_VARIANTS)))]
    variants: Vec<VariantOut>,
    /// Ordered by `position`.
    images: Vec<ImageOut>,
    /// The stock of all variants together.
    stock: StockOut,
    /// The SKUs whose stock is in buckets for a flash sale. Only admins see it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    flash: Vec<FlashOut>,
    rating: RatingOut,
    /// The tax class of the product.
    tax_class: TaxClass,
    status: Status,
    /// Increases with every change except of stock and reviews. The ETag for `If-Match` contains it.
    version: u64,
    /// The time when it was created.
    created_at: Timestamp,
    /// The time of the last change.
    updated_at: Timestamp,
}

impl ProductOut {
    /// The response for a listing. `media` gives the URLs of its images, `shown` how much of the stock the caller may see.
    pub fn new(listing: Listing, media: &Media, shown: ShownStock) -> Self {
        let stock_out = |available| StockOut { available: shown.pieces(available) };
        let stock = stock_out(listing.available());
        let is_admin = shown == ShownStock::ALL;
        let flash = |offer: &Offer| Some(FlashOut { sku: offer.sku.clone(), buckets: offer.buckets()? });
        let flash = listing.offers().filter(|_| is_admin).filter_map(flash).collect();
        let Listing { product, main_offer, variants, rating, .. } = listing;
        let Product { id, sku, name, description, category, brand, tags, attributes, options, images, .. } = product;
        let Product { status, version, created_at, updated_at, .. } = product;
        let terms = main_offer.terms();
        let variant = |(Variant { sku, options }, offer): (Variant, Offer)| {
            let (terms, stock) = (offer.terms(), stock_out(offer.pieces()));
            VariantOut { sku, name: offer.name, options, terms, stock }
        };
        Self {
            id,
            sku,
            name,
            description,
            terms,
            category,
            brand,
            tags,
            attributes,
            options,
            variants: product.variants.into_iter().zip(variants).map(variant).collect(),
            images: images.into_iter().map(|image| media.image_out(image)).collect(),
            stock,
            flash,
            rating: rating.into(),
            tax_class: main_offer.tax_class,
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
    use crate::product::listing::tests::{listing, shirt};
    use serde_json::{Value, json};

    fn read(body: Value) -> ProductIn {
        serde_json::from_value(body).unwrap()
    }

    fn mug() -> Value {
        json!({ "sku": "A", "name": "A", "category": "a", "price": { "amount": 1, "currency": "EUR" } })
    }

    fn shirts() -> Value {
        let variant = |sku: &str, size: &str| json!({ "sku": sku, "options": { "size": size } });
        json!({
            "sku": "TEE", "name": "Tee", "category": "a", "options": [{ "name": "size", "values": ["S", "M"] }],
            "variants": [variant("TEE-S", "S"), variant("TEE-M", "M")], "price": { "amount": 9, "currency": "EUR" },
        })
    }

    fn with(mut body: Value, field: &str, value: Value) -> ProductIn {
        body[field] = value;
        read(body)
    }

    #[test]
    fn new_product_needs_few_fields_and_rejects_unknown_ones() {
        let draft = read(mug()).draft().unwrap();
        assert_eq!((draft.stock.len(), draft.content.tax_class.as_str()), (0, "standard"));
        assert_eq!(with(mug(), "stock", json!({ "available": 4 })).draft().unwrap().stock[&"A".parse().unwrap()], 4);
        let invalid_field = |body: ProductIn| body.draft().unwrap_err().fields.remove(0).field;
        assert_eq!(invalid_field(with(mug(), "sku", json!(null))), "sku");
        assert_eq!(invalid_field(with(mug(), "price", json!(null))), "price");
        let mut more = mug();
        more["id"] = json!("prd_x");
        assert!(serde_json::from_value::<ProductIn>(more).is_err());
    }

    #[test]
    fn variants_inherit_price_and_weight() {
        let mut body = shirts();
        body["weight"] = json!(200);
        body["variants"][1]["price"] = json!({ "amount": 12, "currency": "EUR" });
        body["variants"][1]["stock"] = json!({ "available": 7 });
        let draft = read(body).draft().unwrap();
        let ProductKind::Variants(variant_set) = &draft.content.kind else { panic!("it has variants") };
        let found: Vec<_> = variant_set.variants.iter().map(|(_, terms)| (terms.price.amount, terms.weight)).collect();
        assert_eq!(found, [(9, Some(200)), (12, Some(200))]);
        assert_eq!(draft.stock, StockLevels::from([("TEE-M".parse().unwrap(), 7)]));
    }

    #[test]
    fn product_with_variants_has_no_stock_and_needs_prices() {
        let stocked = with(shirts(), "stock", json!({ "available": 4 }));
        assert_eq!(stocked.draft().unwrap_err().fields[0].code, "stock_of_variants");
        let unpriced = with(shirts(), "price", json!(null));
        assert_eq!(unpriced.draft().unwrap_err().fields[0].field, "variants[0].price");
    }

    #[test]
    fn sku_and_stock_cannot_be_replaced() {
        assert_eq!(read(mug()).content().unwrap_err().fields[0].field, "sku");
        let stocked = with(mug(), "stock", json!({ "available": 4 }));
        assert_eq!(ProductIn { sku: None, ..stocked }.content().unwrap_err().fields[0].field, "stock");
        assert!(with(mug(), "sku", json!(null)).content().is_ok());
    }

    #[test]
    fn admins_see_buckets_and_no_others_do() {
        let mut sale = shirt();
        sale.variants[1].flash = Some(crate::FlashSale::new(32, 1));
        let shown = |shown| serde_json::to_value(ProductOut::new(sale.clone(), &Media::default(), shown)).unwrap();
        assert_eq!(shown(ShownStock::ALL)["flash"], json!([{ "sku": "TEE-S-BLUE", "buckets": 32 }]));
        assert!(shown(ShownStock::up_to(20)).get("flash").is_none());
    }

    #[test]
    fn response_shows_the_active_offers() {
        let shown =
            |listing| serde_json::to_value(ProductOut::new(listing, &Media::default(), ShownStock::ALL)).unwrap();
        let mug = shown(listing());
        assert_eq!(mug["stock"]["available"], 3);
        assert_eq!((&mug["variants"], &mug["options"]), (&json!([]), &json!([])));
        assert_eq!((&mug["brand"], &mug["weight"]), (&json!("Kiln & Co"), &json!(380)));
        assert_eq!(mug["rating"], json!({ "average": null, "count": 0 }));
        let shirt = shown(shirt());
        assert_eq!((&shirt["status"], &shirt["stock"]["available"]), (&json!("active"), &json!(4)));
        assert_eq!(shirt["price"]["amount"], 1_800);
        let variant = json!({
            "sku": "TEE-M-RED", "name": "Indigo Mug (M, red)", "options": { "colour": "red", "size": "M" },
            "price": { "amount": 2_000, "currency": "EUR" }, "stock": { "available": 4 },
        });
        assert_eq!(shirt["variants"][0], variant);
    }
}
