//! The result of pricing.

use values::{Currency, Money, Quantity, Sku};

/// What an order costs, and why. `total = subtotal - discount + shipping + tax`.
///
/// If gross prices are paid by an exempt buyer, all amounts but unit prices are without tax.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breakdown {
    pub currency: Currency,
    /// In the order of the input.
    pub lines: Vec<PricedLine>,
    /// None without a shipping method, or without lines.
    pub shipping_method: Option<PricedShipping>,
    /// The promotions that apply, in the order in which they apply.
    pub promotions: Vec<AppliedPromotion>,
    /// The promotions that do not apply, by id.
    pub refused: Vec<RefusedPromotion>,
    /// The gifts that the buyer could add to the cart, in the order of their promotions.
    pub rewards: Vec<Reward>,
    /// One for each tax group and jurisdiction.
    pub taxes: Vec<TaxSum>,
    /// The lines before discounts.
    pub subtotal: Money,
    /// Of the lines. The discount of shipping is in `shipping`.
    pub discount: Money,
    /// After its discount.
    pub shipping: Money,
    /// The tax that is added. Zero if the prices include tax.
    pub tax: Money,
    /// The tax that the total includes. Zero if tax is added.
    pub included_tax: Money,
    /// The amount to be paid.
    pub total: Money,
}

/// A priced line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PricedLine {
    pub sku: Sku,
    pub quantity: Quantity,
    /// The price of its price list.
    pub unit_price: Money,
    pub subtotal: Money,
    /// The sum of `discounts`.
    pub discount: Money,
    pub discounts: Vec<DiscountShare>,
    /// `subtotal - discount`. Includes tax if the prices do.
    pub total: Money,
    /// Without tax.
    pub net: Money,
    pub taxes: Vec<TaxShare>,
}

/// The priced shipping method.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PricedShipping {
    pub id: String,
    /// Before its discount.
    pub price: Money,
    pub discount: Money,
    /// The index in [`Breakdown::promotions`] of the promotion that gives the discount.
    pub promotion: Option<usize>,
    /// `price - discount`. Includes tax if the prices do.
    pub total: Money,
    /// Without tax.
    pub net: Money,
    pub taxes: Vec<TaxShare>,
}

/// What a line gets of the discount of a promotion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DiscountShare {
    /// The index in [`Breakdown::promotions`].
    pub promotion: usize,
    pub amount: Money,
}

/// The share of a line or of shipping in a tax.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TaxShare {
    /// The index in [`Breakdown::taxes`].
    pub tax: usize,
    /// The value without tax.
    pub base: Money,
    pub amount: Money,
}

/// A promotion that applies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppliedPromotion {
    pub id: String,
    /// The code that the buyer has entered for it.
    pub code: Option<String>,
    /// Off the lines or off shipping.
    pub amount: Money,
}

/// A promotion that does not apply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedPromotion {
    pub id: String,
    pub refusal: Refusal,
}

/// Why a promotion does not apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    NotStarted,
    Expired,
    FirstOrderOnly,
    /// For other customer groups.
    OtherGroup,
    /// For other countries, or the country is not known.
    OtherCountry,
    /// No line in scope can have a discount; or it is for shipping, no method is chosen, and no amount is missing.
    NothingInScope,
    /// The lines in scope cost too little by this amount.
    BelowMinimum {
        missing: Money,
    },
    /// More promotions compete than are tried.
    TooManyCompeting,
    /// It would change nothing, or others together are better for the buyer.
    Excluded,
}

/// A gift that would be free if it were in the cart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reward {
    /// The id of its promotion.
    pub promotion: String,
    pub sku: Sku,
    /// The pieces that are not in the cart yet.
    pub quantity: u32,
}

/// The tax of one tax group in one jurisdiction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaxSum {
    pub jurisdiction: String,
    /// In parts per million.
    pub ppm: u32,
    pub reason: String,
    /// The value of the group without tax.
    pub base: Money,
    pub amount: Money,
}
