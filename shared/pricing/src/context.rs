//! What an order is priced for: its market, its buyer, its destination and its time.

use values::{Currency, Money, Timestamp};

use crate::step::{Scale, Step};

/// Whether the prices of a market include tax.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PriceMode {
    /// Tax is added to the prices.
    Net,
    /// The prices include tax.
    Gross,
}

/// A market. All amounts of an order are in its currency, and multiples of its step.
#[derive(Debug, Clone, Copy)]
pub struct Market {
    pub currency: Currency,
    pub step: Step,
    pub prices: PriceMode,
}

impl Market {
    pub(crate) fn scale(self) -> Scale {
        Scale::new(self.currency, self.step)
    }
}

/// A shipping method, with its price before promotions, in the net or gross mode of the market.
#[derive(Debug, Clone)]
pub struct ShippingMethod {
    pub id: String,
    pub price: Money,
}

/// What lines are priced for.
#[derive(Debug, Clone)]
pub struct Context {
    pub market: Market,
    /// The price lists that the buyer may use. The first one that has a price is used: that of the customer group before that of the
    /// market.
    pub price_lists: Vec<String>,
    /// The country of the destination (ISO 3166-1 alpha-2), if it is known.
    pub country: Option<String>,
    pub customer_group: Option<String>,
    pub is_first_order: bool,
    /// Why the buyer pays no tax; none if they pay it.
    pub exemption: Option<String>,
    pub now: Timestamp,
    /// The codes that the buyer has entered, in upper case.
    pub codes: Vec<String>,
    /// None until the buyer has chosen.
    pub shipping: Option<ShippingMethod>,
}
