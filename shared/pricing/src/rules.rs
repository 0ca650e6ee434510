//! The rules of a price: promotions, and the taxes at the destination.

use crate::promotion::Promotion;

/// The rules that may apply to an order. Rates are those of the destination and the time of the order; for an exempt buyer, those that
/// gross prices include.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    /// The automatic promotions of the market, and those of the codes that the buyer has entered. In any order.
    pub promotions: Vec<Promotion>,
    pub tax_classes: Vec<TaxClass>,
    pub shipping_tax: ShippingTax,
}

/// What a class of goods is taxed with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaxClass {
    pub key: String,
    /// One for each jurisdiction. Empty: no tax.
    pub components: Vec<TaxComponent>,
}

/// The tax of one jurisdiction.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct TaxComponent {
    pub jurisdiction: String,
    /// In parts per million.
    pub ppm: u32,
    /// Why this rate, such as `standard` or `not_collecting`.
    pub reason: String,
}

/// How shipping is taxed. Countries differ.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum ShippingTax {
    /// Like the goods, in proportion to their discounted value.
    #[default]
    Proportional,
    /// Like the goods with the largest discounted value. Of equal ones, the higher rate.
    Principal,
    /// With rates of its own.
    Always(Vec<TaxComponent>),
    /// Not at all.
    Never,
}
