//! The bodies of requests and responses of the cart API.

use aws_kit::{fault, sha256_hex};
use cart::{CartView, Change, ItemRef, Line, Owner};
use catalog::ShownStock;
use http_kit::Replaceable;
use serde::{Deserialize, Serialize};
use values::{Currency, Error, Money, ProductId, Quantity, Result, Sku, Timestamp};

/// Characters of the digest in an entity tag: 48 bits, enough for the cache of one cart.
const DIGEST_LENGTH: usize = 12;

/// An item to add. Send either `sku` or `productId`.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(
    feature = "openapi",
    schemars(rename = "AddItem", extend("oneOf" = values::schema::either("sku", "productId")))
)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct AddIn {
    pub(crate) sku: Option<Sku>,
    /// Only for a product that has one SKU.
    #[cfg_attr(feature = "openapi", schemars(with = "Option<values::schema::ProductId>"))]
    pub(crate) product_id: Option<ProductId>,
    pub(crate) quantity: Quantity,
}

/// The quantity that an item shall have.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "SetQuantity"))]
#[serde(deny_unknown_fields)]
pub(crate) struct SetIn {
    /// 0 removes the item.
    #[cfg_attr(feature = "openapi", schemars(range(max = Quantity::MAX)))]
    pub(crate) quantity: u32,
}

impl Replaceable for SetIn {
    const READ_ONLY: &'static [&'static str] = &["sku", "productId", "name", "unitPrice", "lineTotal", "available"];
}

/// What sales change of an item without a new version of the cart.
pub(crate) const COUNTED: &[&str] = &["available"];

/// The cart to merge.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "CartMerge"))]
#[serde(deny_unknown_fields)]
pub(crate) struct MergeIn {
    /// The id of the guest's cart.
    #[cfg_attr(feature = "openapi", schemars(with = "values::schema::CartId"))]
    pub(crate) from: String,
}

/// A cart.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "Cart"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct CartOut {
    /// An account's id, or the id of a guest's cart (`crt_…`). Everyone who knows a guest's cart id can use the cart.
    owner: Owner,
    #[cfg_attr(feature = "openapi", schemars(length(max = cart::Cart::MAX_LINES)))]
    items: Vec<ItemOut>,
    /// What has changed since the owner last read the cart. Each change is shown once.
    changes: Vec<Change>,
    subtotal: Money,
    discount: Money,
    total: Money,
    /// Increases with every change.
    version: u64,
    /// The time when the cart is deleted if it is not used.
    expires_at: Timestamp,
}

/// A line of a cart.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "CartItem"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct ItemOut {
    sku: Sku,
    /// The id of the product.
    #[cfg_attr(feature = "openapi", schemars(with = "values::schema::ProductId"))]
    product_id: ProductId,
    name: String,
    quantity: Quantity,
    unit_price: Money,
    line_total: Money,
    /// The number of pieces that can be sold now.
    available: u32,
}

impl CartOut {
    /// The cart with its prices, and as much of the stock as the caller may see.
    pub(crate) fn new(view: CartView, currency: Currency, shown: ShownStock) -> Result<Self> {
        let mut priced = view.cart.price(currency)?;
        if fault::mutant("cart_miscounted") {
            priced.subtotal.amount += 1;
        }
        let items = view.cart.lines.into_iter().zip(priced.line_totals);
        Ok(Self {
            owner: view.cart.owner,
            items: items.map(|(line, line_total)| ItemOut::new(line, line_total, shown)).collect(),
            changes: view.changes.into_iter().map(|change| change.shown(shown)).collect(),
            subtotal: priced.subtotal,
            discount: priced.discount,
            total: priced.total,
            version: view.cart.version,
            expires_at: view.cart.expires_at,
        })
    }

    /// The item of the cart that a reference names.
    pub(crate) fn into_item(self, named: &ItemRef) -> Option<ItemOut> {
        self.items.into_iter().find(|item| match named {
            ItemRef::Sku(sku) => *sku == item.sku,
            ItemRef::Product(product) => *product == item.product_id,
        })
    }

    /// The entity tag: the version and, after a dot, a digest of the content, because stock changes without a new
    /// version of the cart.
    pub(crate) fn tag(&self) -> Result<String> {
        let shown = serde_json::to_vec(&(&self.items, &self.changes)).map_err(Error::internal)?;
        Ok(format!("{}.{:.DIGEST_LENGTH$}", self.version, sha256_hex(&shown)))
    }
}

impl ItemOut {
    fn new(line: Line, line_total: Money, shown: ShownStock) -> Self {
        let Line { sku, product_id, name, quantity, unit_price, available, .. } = line;
        Self { sku, product_id, name, quantity, unit_price, line_total, available: shown.pieces(available) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cart::Cart;
    use serde_json::{from_value, json};
    use values::Clock;

    fn cart_out(available: u32) -> CartOut {
        let clock = Clock::fixed(Timestamp::from_millis(1_764_000_000_000));
        let eur = "EUR".parse().unwrap();
        let line = Line {
            sku: "MUG".parse().unwrap(),
            product_id: clock.mint(),
            name: "Mug".into(),
            quantity: Quantity::new(2).unwrap(),
            unit_price: Money::new(450, eur),
            price_version: 1,
            available,
            buckets: None,
        };
        let cart = Cart { lines: vec![line], version: 4, ..Cart::empty(Owner::Guest(clock.mint()), clock.now()) };
        CartOut::new(CartView { cart, changes: Vec::new() }, eur, ShownStock::ALL).unwrap()
    }

    #[test]
    fn cart_shows_its_prices() {
        let cart = serde_json::to_value(cart_out(9)).unwrap();
        assert_eq!(cart["items"][0]["lineTotal"], json!({ "amount": 900, "currency": "EUR" }));
        assert_eq!((&cart["subtotal"], &cart["total"]["amount"]), (&cart["total"], &json!(900)));
        assert!(cart["items"][0].get("priceVersion").is_none(), "the version of a price is internal");
    }

    #[test]
    fn tag_is_version_and_content() {
        let (many, few) = (cart_out(9).tag().unwrap(), cart_out(3).tag().unwrap());
        assert!(many.starts_with("4.") && many.len() == 2 + DIGEST_LENGTH && many != few, "{many} {few}");
        assert_eq!(many, cart_out(9).tag().unwrap());
    }

    #[test]
    fn request_with_unknown_fields_is_refused() {
        assert!(from_value::<AddIn>(json!({ "sku": "MUG", "quantity": 1 })).is_ok());
        for bad in [json!({ "sku": "MUG", "quantity": 0 }), json!({ "sku": "MUG", "quantity": 1, "price": 1 })] {
            assert!(from_value::<AddIn>(bad.clone()).is_err(), "{bad} must be refused");
        }
        assert!(from_value::<SetIn>(json!({ "quantity": -1 })).is_err());
    }
}
