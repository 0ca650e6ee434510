//! What carts look like on the wire, in and out.

use aws_kit::{fault, sha256_hex};
use cart::{Change, Line, Owner, View};
use serde::{Deserialize, Serialize};
use values::{Currency, Error, Money, ProductId, Quantity, Result, Sku, Timestamp};

/// Characters of the digest in a tag: 48 bits, for a cache of one cart.
const DIGEST: usize = 12;

/// The body of `POST /cart/{owner}/items`: a SKU or a product, and how many.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct AddIn {
    pub(crate) sku: Option<Sku>,
    #[cfg_attr(feature = "openapi", schemars(with = "Option<values::schema::ProductId>"))]
    pub(crate) product_id: Option<ProductId>,
    pub(crate) quantity: Quantity,
}

/// The body of `PUT /cart/{owner}/items/{item}`.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct SetIn {
    pub(crate) quantity: u32,
}

/// The body of `POST /cart/me/merge`: the id of the cart that was a guest's.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct MergeIn {
    pub(crate) from: String,
}

/// A cart as its owner sees it.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct CartOut {
    #[cfg_attr(feature = "openapi", schemars(with = "String"))]
    owner: Owner,
    items: Vec<ItemOut>,
    changes: Vec<Change>,
    subtotal: Money,
    discount: Money,
    total: Money,
    version: u64,
    expires_at: Timestamp,
}

#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
struct ItemOut {
    sku: Sku,
    #[cfg_attr(feature = "openapi", schemars(with = "values::schema::ProductId"))]
    product_id: ProductId,
    name: String,
    quantity: Quantity,
    unit_price: Money,
    line_total: Money,
    available: u32,
}

impl CartOut {
    /// With its sums.
    pub(crate) fn of(view: View, currency: Currency) -> Result<Self> {
        let mut priced = view.cart.price(currency)?;
        if fault::mutant("cart_miscounted") {
            priced.subtotal.amount += 1;
        }
        let items = view.cart.lines.into_iter().zip(priced.line_totals);
        Ok(Self {
            owner: view.cart.owner,
            items: items.map(|(line, line_total)| ItemOut::of(line, line_total)).collect(),
            changes: view.changes,
            subtotal: priced.subtotal,
            discount: priced.discount,
            total: priced.total,
            version: view.cart.version,
            expires_at: view.cart.expires_at,
        })
    }

    /// The version and, after a dot, a digest of what is shown: stock moves under a cart without making a version.
    pub(crate) fn tag(&self) -> Result<String> {
        let shown = serde_json::to_vec(&(&self.items, &self.changes)).map_err(Error::internal)?;
        Ok(format!("{}.{:.DIGEST$}", self.version, sha256_hex(&shown)))
    }
}

impl ItemOut {
    fn of(line: Line, line_total: Money) -> Self {
        let Line { sku, product_id, name, quantity, unit_price, available, .. } = line;
        Self { sku, product_id, name, quantity, unit_price, line_total, available }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cart::Cart;
    use serde_json::{from_value, json};
    use values::Clock;

    fn shown(available: u32) -> CartOut {
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
        };
        let cart = Cart { lines: vec![line], version: 4, ..Cart::empty(Owner::Guest(clock.mint()), clock.now()) };
        CartOut::of(View { cart, changes: Vec::new() }, eur).unwrap()
    }

    #[test]
    fn a_cart_shows_its_sums() {
        let cart = serde_json::to_value(shown(9)).unwrap();
        assert_eq!(cart["items"][0]["lineTotal"], json!({ "amount": 900, "currency": "EUR" }));
        assert_eq!((&cart["subtotal"], &cart["total"]["amount"]), (&cart["total"], &json!(900)));
        assert!(cart["items"][0].get("priceVersion").is_none(), "a version is nobody's business but the order's");
    }

    #[test]
    fn the_tag_is_the_version_and_what_is_shown() {
        let (many, few) = (shown(9).tag().unwrap(), shown(3).tag().unwrap());
        assert!(many.starts_with("4.") && many.len() == 2 + DIGEST && many != few, "{many} {few}");
        assert_eq!(many, shown(9).tag().unwrap());
    }

    #[test]
    fn a_request_is_strict() {
        assert!(from_value::<AddIn>(json!({ "sku": "MUG", "quantity": 1 })).is_ok());
        for bad in [json!({ "sku": "MUG", "quantity": 0 }), json!({ "sku": "MUG", "quantity": 1, "price": 1 })] {
            assert!(from_value::<AddIn>(bad.clone()).is_err(), "{bad} must be refused");
        }
        assert!(from_value::<SetIn>(json!({ "quantity": -1 })).is_err());
    }
}
