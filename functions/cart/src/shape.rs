//! The bodies of requests and responses of the cart API.

use aws_kit::{fault, sha256_hex};
use cart::{CartView, Change, ItemRef, Line, Owner, PricedCart};
use catalog::ShownStock;
use http_kit::Replaceable;
use promotions::CouponCode;
use serde::{Deserialize, Serialize};
use terms::MarketKey;
use values::{Error, Money, ProductId, Quantity, Result, Sku, Timestamp};

use crate::price_shape::{DiscountOut, HintOut, RefusedCouponOut};

/// Characters of the digest in an entity tag: 48 bits, enough for the cache of one cart.
const DIGEST_LENGTH: usize = 12;

/// The cart to create.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "NewCart"))]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateIn {
    /// The key of a market. Without it, the cart is of the default market.
    pub(crate) market: Option<MarketKey>,
}

/// A coupon to add.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "AddCoupon"))]
#[serde(deny_unknown_fields)]
pub(crate) struct CouponIn {
    pub(crate) code: CouponCode,
}

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
    const READ_ONLY: &'static [&'static str] =
        &["sku", "productId", "name", "unitPrice", "lineTotal", "discount", "available"];
}

/// What sales and promotions change of an item without a new version of the cart.
pub(crate) const COUNTED: &[&str] = &["discount", "available"];

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
    /// The key of the market whose prices the cart has.
    market: MarketKey,
    #[cfg_attr(feature = "openapi", schemars(length(max = cart::Cart::MAX_LINES)))]
    items: Vec<ItemOut>,
    /// What has changed since the owner last read the cart. Each change is shown once.
    changes: Vec<Change>,
    /// The coupons that were added.
    #[cfg_attr(feature = "openapi", schemars(length(max = promotions::MAX_COUPONS)))]
    coupons: Vec<CouponCode>,
    /// Those of `coupons` that do not apply now, and why. Other coupons without a discount need a shipping method or a destination, which a
    /// quote knows.
    refused_coupons: Vec<RefusedCouponOut>,
    /// The promotions that apply.
    discounts: Vec<DiscountOut>,
    /// What could be added to get more.
    hints: Vec<HintOut>,
    /// The sum of the items before discounts.
    subtotal: Money,
    /// The sum of `discounts`.
    discount: Money,
    /// `subtotal` less `discount`. Taxes that are added to prices, and shipping, are known in a quote only.
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
    /// `unitPrice` times `quantity`.
    line_total: Money,
    /// What promotions take off `lineTotal`.
    discount: Money,
    /// The number of pieces that can be sold now.
    available: u32,
}

impl CartOut {
    /// The cart with its price, and as much of the stock as the caller may see.
    pub(crate) fn new(view: CartView, priced: PricedCart, shown: ShownStock) -> Self {
        let mut price = priced.breakdown;
        if fault::mutant("cart_miscounted") {
            price.subtotal.amount += 1;
        }
        // Its lines are in the order of the cart.
        let items = view.cart.lines.into_iter().zip(price.lines);
        Self {
            owner: view.cart.owner,
            market: priced.market,
            items: items.map(|(line, price)| ItemOut::new(line, price.subtotal, price.discount, shown)).collect(),
            changes: view.changes.into_iter().map(|change| change.shown(shown)).collect(),
            coupons: view.cart.coupons,
            refused_coupons: priced.refused_coupons.into_iter().map(RefusedCouponOut::from).collect(),
            discounts: priced.discounts.into_iter().map(DiscountOut::from).collect(),
            hints: priced.hints.into_iter().map(HintOut::from).collect(),
            subtotal: price.subtotal,
            discount: price.discount,
            total: price.total,
            version: view.cart.version,
            expires_at: view.cart.expires_at,
        }
    }

    /// The item of the cart that a reference names.
    pub(crate) fn into_item(self, named: &ItemRef) -> Option<ItemOut> {
        self.items.into_iter().find(|item| match named {
            ItemRef::Sku(sku) => *sku == item.sku,
            ItemRef::Product(product) => *product == item.product_id,
        })
    }

    /// The entity tag: the version and, after a dot, a digest of the content, because stock and promotions change without a new
    /// version of the cart.
    pub(crate) fn tag(&self) -> Result<String> {
        let price = (&self.market, &self.discounts, &self.hints, &self.refused_coupons);
        let shown = serde_json::to_vec(&(&self.items, &self.changes, price)).map_err(Error::internal)?;
        Ok(format!("{}.{:.DIGEST_LENGTH$}", self.version, sha256_hex(&shown)))
    }
}

impl ItemOut {
    fn new(line: Line, line_total: Money, discount: Money, shown: ShownStock) -> Self {
        let Line { sku, product_id, name, quantity, unit_price, available, .. } = line;
        let available = shown.pieces(available);
        Self { sku, product_id, name, quantity, unit_price, line_total, discount, available }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cart::{Basket, Cart, Discount, price_basket};
    use promotions::Found;
    use serde_json::{from_value, json};
    use terms::markets::Market;
    use values::Clock;

    /// A cart of two mugs at 4.50, with these discounts.
    fn cart_out(available: u32, discounts: Vec<Discount>) -> CartOut {
        let clock = Clock::fixed(Timestamp::from_millis(1_764_000_000_000));
        let line = Line {
            sku: "MUG".parse().unwrap(),
            product_id: clock.mint(),
            name: "Mug".into(),
            quantity: Quantity::new(2).unwrap(),
            unit_price: Money::new(450, "EUR".parse().unwrap()),
            price_version: 1,
            available,
            buckets: None,
            scope_keys: None,
            tax_class: Default::default(),
            weight: None,
        };
        let market: Market =
            from_value(json!({ "key": "eu", "version": 1, "currency": "EUR", "prices": "gross" })).unwrap();
        let list = "default".to_owned();
        let lines = [pricing::Line {
            sku: line.sku.clone(),
            quantity: line.quantity,
            prices: vec![pricing::ListPrice { list, min_quantity: 1, price: line.unit_price }],
            product_id: None,
            categories: Vec::new(),
            tags: Vec::new(),
            brand: None,
            tax_class: "standard".to_owned(),
            is_discountable: true,
        }];
        let breakdown = price_basket(&Basket {
            lines: &lines,
            market: &market,
            group: None,
            taxation: None,
            country: None,
            found: &Found::nothing(),
            shipping: None,
            at: clock.now(),
        });
        let coupons = vec!["TEN".parse().unwrap()];
        let cart =
            Cart { lines: vec![line], coupons, version: 4, ..Cart::empty(Owner::Guest(clock.mint()), clock.now()) };
        let (market, hints, refused_coupons) = (market.key, Vec::new(), Vec::new());
        let priced = PricedCart { market, breakdown: breakdown.unwrap(), discounts, hints, refused_coupons };
        CartOut::new(CartView { cart, changes: Vec::new() }, priced, ShownStock::ALL)
    }

    #[test]
    fn cart_shows_its_prices() {
        let cart = serde_json::to_value(cart_out(9, Vec::new())).unwrap();
        let (zero, total) = (json!({ "amount": 0, "currency": "EUR" }), json!({ "amount": 900, "currency": "EUR" }));
        assert_eq!((&cart["items"][0]["lineTotal"], &cart["items"][0]["discount"]), (&total, &zero));
        assert_eq!((&cart["subtotal"], &cart["discount"], &cart["total"]), (&total, &zero, &total));
        assert_eq!((&cart["market"], &cart["coupons"]), (&json!("eu"), &json!(["TEN"])));
        for internal in ["priceVersion", "scopeKeys", "taxClass"] {
            assert!(cart["items"][0].get(internal).is_none(), "{internal} is internal");
        }
    }

    #[test]
    fn tag_is_version_and_content() {
        let tag = |available| cart_out(available, Vec::new()).tag().unwrap();
        let (many, few) = (tag(9), tag(3));
        assert!(many.starts_with("4.") && many.len() == 2 + DIGEST_LENGTH && many != few, "{many} {few}");
        let amount = Money::new(90, "EUR".parse().unwrap());
        let discount = Discount { promotion: "prm_1".into(), name: "Ten".into(), code: None, amount };
        assert_ne!(cart_out(9, vec![discount]).tag().unwrap(), many, "promotions change without a new version");
    }

    #[test]
    fn request_with_unknown_fields_is_refused() {
        assert!(from_value::<AddIn>(json!({ "sku": "MUG", "quantity": 1 })).is_ok());
        for bad in [json!({ "sku": "MUG", "quantity": 0 }), json!({ "sku": "MUG", "quantity": 1, "price": 1 })] {
            assert!(from_value::<AddIn>(bad.clone()).is_err(), "{bad} must be refused");
        }
        assert!(from_value::<SetIn>(json!({ "quantity": -1 })).is_err());
        assert!(from_value::<CreateIn>(json!({})).is_ok_and(|body| body.market.is_none()));
        assert!(from_value::<CreateIn>(json!({ "market": "EU" })).is_err());
        assert!(from_value::<CouponIn>(json!({ "code": "welcome10" })).is_ok());
        assert!(from_value::<CouponIn>(json!({ "code": "TEN", "amount": 1 })).is_err());
    }
}
