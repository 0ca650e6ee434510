//! A shipping method of a zone.

use pricing::{Minimum, MinimumOf};
use serde::{Deserialize, Serialize};
use values::{Money, Result, Text};

use crate::markets::market::Market;
use crate::shipping::delivery::DeliveryTime;
use crate::shipping::rate::Rate;
use crate::slug::{MarketKey, MethodKey};

/// What an admin sets about a shipping method.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "ZoneMethodContent"))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MethodContent {
    /// The name for buyers.
    pub name: Text<100>,
    /// The market in which it is offered, and whose currency its amounts have.
    pub market: MarketKey,
    pub rate: Rate,
    /// From this value on it costs nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub free_over: Option<FreeOver>,
    pub delivery: DeliveryTime,
}

/// A shipping method, as it is stored in the row of its zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "ZoneMethod"))]
pub struct Method {
    /// The key, which is unique in its zone.
    pub id: MethodKey,
    #[serde(flatten)]
    pub content: MethodContent,
}

/// The value of the goods from which on shipping is free.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
// A default would make `of` required in answers only, so that they had another schema.
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(extend("required" = ["amount"])))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FreeOver {
    pub amount: Money,
    /// Whether the value is that before or after discounts.
    #[serde(default = "discounted", with = "MinimumOfDef")]
    pub of: MinimumOf,
}

/// How serde reads and writes a [`MinimumOf`].
#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(remote = "MinimumOf", rename_all = "lowercase")]
enum MinimumOfDef {
    Listed,
    Discounted,
}

fn discounted() -> MinimumOf {
    MinimumOf::Discounted
}

impl From<FreeOver> for Minimum {
    fn from(FreeOver { amount, of }: FreeOver) -> Self {
        Self { amount, of }
    }
}

impl MethodContent {
    /// Checks input, and that the method still fits its market. 422 as [`Rate::check`], or `delivery_days_out_of_range`.
    pub(crate) fn check(&self, market: &Market) -> Result<()> {
        self.rate.check(market)?;
        if let Some(free_over) = &self.free_over {
            market.check_amount(free_over.amount, "freeOver.amount")?;
        }
        self.delivery.check()
    }

    /// Is it offered in this market? Not after the market was deleted and created again with another currency.
    pub(crate) fn is_offered_in(&self, market: &Market) -> bool {
        market.is_named(&self.market) && self.check(market).is_ok()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::markets::market::tests::market;
    use crate::shipping::delivery::tests::delivery;
    use crate::shipping::rate::tests::eur;
    use crate::slug::tests::slug;
    use serde_json::json;

    pub(crate) fn method(id: &str, market: &str, rate: Rate) -> Method {
        let name = Text::new("Parcel").unwrap();
        let delivery = delivery(1, 3, "14:00");
        let content = MethodContent { name, market: slug(market), rate, free_over: None, delivery };
        Method { id: slug(id), content }
    }

    #[test]
    fn all_parts_are_checked_against_the_market() {
        let good = method("parcel", "eu", Rate::Flat { price: eur(490) }).content;
        let code = |content: MethodContent| content.check(&market("eu", "EUR")).err().map(|error| error.fields[0].code);
        assert_eq!(code(good.clone()), None);
        assert_eq!(
            code(MethodContent { rate: Rate::Flat { price: eur(-1) }, ..good.clone() }),
            Some("amount_out_of_range")
        );
        let usd = FreeOver { amount: Money::new(5_000, "USD".parse().unwrap()), of: MinimumOf::Listed };
        assert_eq!(code(MethodContent { free_over: Some(usd), ..good.clone() }), Some("currency_mismatch"));
        assert_eq!(code(MethodContent { delivery: delivery(2, 1, ""), ..good }), Some("delivery_days_out_of_range"));
    }

    #[test]
    fn method_is_offered_in_its_market_and_currency() {
        let parcel = method("parcel", "eu", Rate::Flat { price: eur(490) }).content;
        assert!(parcel.is_offered_in(&market("eu", "EUR")));
        assert!(!parcel.is_offered_in(&market("b2b", "EUR")));
        assert!(!parcel.is_offered_in(&market("eu", "USD")), "the market was created again");
        let of_default = method("parcel", "default", Rate::Flat { price: eur(490) }).content;
        assert!(!of_default.is_offered_in(&market("eu", "EUR")));
        let mut default = market("eu", "EUR");
        default.content.is_default = true;
        assert!(of_default.is_offered_in(&default));
    }

    #[test]
    fn free_over_is_about_the_discounted_value_unless_it_says_more() {
        let read = |value| serde_json::from_value::<FreeOver>(value).unwrap();
        let amount = json!({ "amount": 5_000, "currency": "EUR" });
        assert_eq!(read(json!({ "amount": amount })).of, MinimumOf::Discounted);
        let listed = read(json!({ "amount": amount, "of": "listed" }));
        assert_eq!(Minimum::from(listed), Minimum { amount: eur(5_000), of: MinimumOf::Listed });
        assert_eq!(serde_json::to_value(listed).unwrap(), json!({ "amount": amount, "of": "listed" }));
    }
}
