//! What carts look like on the wire, in and out.

use aws_kit::sha256_hex;
use cart::{Change, Line, Owner, View};
use serde::{Deserialize, Serialize};
use values::{Currency, Error, Money, ProductId, Quantity, Result, Sku, Timestamp};

/// Characters of the digest in a tag: 48 bits, for a cache of one cart.
const DIGEST: usize = 12;

/// The body of `POST /cart/{owner}/items`: a SKU or a product, and how many.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct AddIn {
    pub(crate) sku: Option<Sku>,
    pub(crate) product_id: Option<ProductId>,
    pub(crate) quantity: Quantity,
}

/// The body of `PUT /cart/{owner}/items/{item}`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SetIn {
    pub(crate) quantity: u32,
}

/// A cart as its owner sees it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CartOut {
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
#[serde(rename_all = "camelCase")]
struct ItemOut {
    sku: Sku,
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
        let priced = view.cart.price(currency)?;
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
