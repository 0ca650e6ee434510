//! What a method costs.

use serde::{Deserialize, Serialize};
use values::{Error, Money, Result};

use crate::destination::Destination;
use crate::markets::market::Market;

const MAX_BANDS: usize = 20;
/// Above the heaviest order: 50 lines of 999 pieces of a ton.
const MAX_GRAMS: i64 = 100_000_000_000;

/// What a method costs before promotions, in the currency and the net or gross prices of its market.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "ShippingRate"))]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Rate {
    /// The same for all parcels.
    Flat { price: Money },
    /// By the weight of the parcel. Not offered if no band has the weight, or if it is not known.
    Weight { bands: Vec<WeightBand> },
    /// By the value of the goods before discounts. Not offered if no band has the value.
    Price { bands: Vec<PriceBand> },
    /// The buyer comes to a place, where the goods are taxed.
    PickUp { price: Money, location: Destination },
}

/// The price of a range of weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "ShippingWeightBand"))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WeightBand {
    /// The first weight of the band.
    pub from_grams: i64,
    /// The first weight above the band. None: it has no end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_grams: Option<i64>,
    pub price: Money,
}

/// The price of a range of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "ShippingPriceBand"))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PriceBand {
    /// The first value of the band.
    pub from: Money,
    /// The first value above the band. None: it has no end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Money>,
    pub price: Money,
}

/// A range from its first number to the one above its last.
#[derive(Debug, Clone, Copy)]
struct Range {
    from: i64,
    to: Option<i64>,
}

impl Rate {
    /// Checks input. 422 `currency_mismatch`, `amount_out_of_range`, `step_mismatch`, `weight_out_of_range`, `bands_out_of_range`,
    /// `band_empty`, `bands_overlap`, `country_unknown` or `invalid_value`.
    pub(crate) fn check(&self, market: &Market) -> Result<()> {
        match self {
            Self::Flat { price } => market.check_amount(*price, "rate.price"),
            Self::PickUp { price, location } => {
                market.check_amount(*price, "rate.price")?;
                location.check("rate.location")
            }
            Self::Weight { bands } => {
                for band in bands {
                    market.check_amount(band.price, "rate.bands")?;
                    check_weights(band)?;
                }
                check_ranges(bands.iter().map(WeightBand::range).collect())
            }
            Self::Price { bands } => {
                for amount in bands.iter().flat_map(|band| [Some(band.price), Some(band.from), band.to]).flatten() {
                    market.check_amount(amount, "rate.bands")?;
                }
                check_ranges(bands.iter().map(PriceBand::range).collect())
            }
        }
    }

    /// The price of a parcel of that weight with goods of that value. None if the method does not ship it.
    pub(crate) fn price(&self, weight_grams: Option<u64>, goods: Money) -> Option<Money> {
        match self {
            Self::Flat { price } | Self::PickUp { price, .. } => Some(*price),
            Self::Weight { bands } => {
                let weight = i64::try_from(weight_grams?).ok()?;
                bands.iter().find(|band| band.range().contains(weight)).map(|band| band.price)
            }
            Self::Price { bands } => {
                bands.iter().find(|band| band.range().contains(goods.amount)).map(|band| band.price)
            }
        }
    }

    /// Where the buyer picks the goods up.
    pub(crate) fn location(&self) -> Option<&Destination> {
        match self {
            Self::PickUp { location, .. } => Some(location),
            _ => None,
        }
    }
}

impl WeightBand {
    fn range(&self) -> Range {
        Range { from: self.from_grams, to: self.to_grams }
    }
}

impl PriceBand {
    fn range(&self) -> Range {
        Range { from: self.from.amount, to: self.to.map(|to| to.amount) }
    }
}

impl Range {
    fn contains(self, number: i64) -> bool {
        number >= self.from && self.to.is_none_or(|to| number < to)
    }
}

fn check_weights(band: &WeightBand) -> Result<()> {
    let is_weight = |grams: i64| (0..=MAX_GRAMS).contains(&grams);
    match is_weight(band.from_grams) && band.to_grams.is_none_or(is_weight) {
        true => Ok(()),
        false => {
            let message = format!("weights must be from 0 to {MAX_GRAMS} grams");
            Err(Error::invalid("rate.bands", "weight_out_of_range", message))
        }
    }
}

/// Refuses no bands, too many, an empty one, and two with a number in common.
fn check_ranges(mut ranges: Vec<Range>) -> Result<()> {
    if !(1..=MAX_BANDS).contains(&ranges.len()) {
        let message = format!("must be 1 to {MAX_BANDS} bands");
        return Err(Error::invalid("rate.bands", "bands_out_of_range", message));
    }
    if ranges.iter().any(|range| range.to.is_some_and(|to| to <= range.from)) {
        return Err(Error::invalid("rate.bands", "band_empty", "a band must end above its beginning"));
    }
    ranges.sort_by_key(|range| range.from);
    let overlap = |pair: &[Range]| pair[0].to.is_none_or(|to| to > pair[1].from);
    match ranges.windows(2).any(overlap) {
        false => Ok(()),
        true => {
            let message = "bands must not overlap; the end of a band does not belong to it";
            Err(Error::invalid("rate.bands", "bands_overlap", message))
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::destination::tests::destination;
    use crate::markets::market::tests::market;
    use proptest::prelude::*;
    use serde_json::json;

    pub(crate) fn eur(amount: i64) -> Money {
        Money::new(amount, "EUR".parse().unwrap())
    }

    fn by_weight(bands: &[(i64, Option<i64>)]) -> Rate {
        let band = |&(from_grams, to_grams): &(i64, Option<i64>)| WeightBand { from_grams, to_grams, price: eur(490) };
        Rate::Weight { bands: bands.iter().map(band).collect() }
    }

    fn by_value(bands: &[(i64, Option<i64>, i64)]) -> Rate {
        let band = |&(from, to, price): &(i64, Option<i64>, i64)| PriceBand {
            from: eur(from),
            to: to.map(eur),
            price: eur(price),
        };
        Rate::Price { bands: bands.iter().map(band).collect() }
    }

    fn code(rate: &Rate) -> Option<&'static str> {
        rate.check(&market("eu", "EUR")).err().map(|error| error.fields[0].code)
    }

    #[test]
    fn bands_have_no_number_in_common() {
        assert_eq!(code(&by_weight(&[(1_000, None), (0, Some(1_000))])), None, "their order makes no difference");
        assert_eq!(code(&by_weight(&[(0, Some(1_000)), (2_000, Some(3_000))])), None, "a gap is allowed");
        for bad in [[(0, Some(1_001)), (1_000, None)], [(0, None), (1_000, None)], [(0, Some(5)), (0, Some(5))]] {
            assert_eq!(code(&by_weight(&bad)), Some("bands_overlap"), "{bad:?}");
        }
        assert_eq!(code(&by_value(&[(0, Some(5_000), 490), (4_999, None, 0)])), Some("bands_overlap"));
    }

    #[test]
    fn weights_are_not_negative_and_bounded() {
        for bad in [(-1, None), (-2, Some(-1)), (0, Some(MAX_GRAMS + 1))] {
            assert_eq!(code(&by_weight(&[bad])), Some("weight_out_of_range"), "{bad:?}");
        }
        for bad in [(5, Some(5)), (5, Some(4))] {
            assert_eq!(code(&by_weight(&[bad])), Some("band_empty"), "{bad:?}");
        }
    }

    #[test]
    fn number_of_bands_is_limited() {
        let bands = |count: i64| by_weight(&(0..count).map(|n| (n, Some(n + 1))).collect::<Vec<_>>());
        assert_eq!([code(&bands(1)), code(&bands(20))], [None; 2]);
        assert_eq!([code(&bands(0)), code(&bands(21))], [Some("bands_out_of_range"); 2]);
    }

    #[test]
    fn prices_are_amounts_of_the_market() {
        let usd = Money::new(490, "USD".parse().unwrap());
        assert_eq!(code(&Rate::Flat { price: usd }), Some("currency_mismatch"));
        assert_eq!(code(&Rate::Flat { price: eur(-1) }), Some("amount_out_of_range"));
        assert_eq!(code(&by_value(&[(-1, None, 0)])), Some("amount_out_of_range"));
        let band = WeightBand { from_grams: 0, to_grams: None, price: usd };
        assert_eq!(code(&Rate::Weight { bands: vec![band] }), Some("currency_mismatch"));
        let location = destination("XX", "", "");
        assert_eq!(code(&Rate::PickUp { price: eur(0), location }), Some("country_unknown"));
    }

    #[test]
    fn parcel_of_unknown_weight_has_no_price_by_weight() {
        let rate = by_weight(&[(0, Some(1_000))]);
        let price = |grams: Option<u64>| rate.price(grams, eur(100));
        assert_eq!([price(Some(0)), price(Some(999))], [Some(eur(490)); 2]);
        assert_eq!([price(Some(1_000)), price(Some(u64::MAX)), price(None)], [None; 3]);
        assert_eq!(Rate::Flat { price: eur(300) }.price(None, eur(100)), Some(eur(300)));
    }

    #[test]
    fn price_follows_the_value_of_the_goods() {
        let rate = by_value(&[(0, Some(5_000), 490), (5_000, Some(10_000), 0)]);
        let price = |goods: i64| rate.price(None, eur(goods));
        assert_eq!([price(4_999), price(5_000), price(10_000)], [Some(eur(490)), Some(eur(0)), None]);
    }

    #[test]
    fn rate_is_named_by_its_kind() {
        let location = destination("BE", "", "1000");
        for (rate, kind) in [
            (Rate::Flat { price: eur(490) }, "flat"),
            (by_weight(&[(0, Some(5)), (5, None)]), "weight"),
            (by_value(&[(0, None, 1)]), "price"),
            (Rate::PickUp { price: eur(0), location }, "pick_up"),
        ] {
            let row = serde_json::to_value(&rate).unwrap();
            assert_eq!(row["kind"], json!(kind));
            assert_eq!(serde_json::from_value::<Rate>(row).unwrap(), rate);
        }
        let unknown = json!({ "kind": "flat", "price": { "amount": 1, "currency": "EUR" }, "colour": "red" });
        assert!(serde_json::from_value::<Rate>(unknown).is_err());
    }

    fn any_bands() -> impl Strategy<Value = Vec<(i64, Option<i64>)>> {
        prop::collection::vec((0i64..20, prop::option::of(0i64..20)), 1..5)
    }

    proptest! {
        #[test]
        fn bands_are_accepted_if_and_only_if_every_weight_is_in_one_at_most(bands in any_bands()) {
            let is_empty = bands.iter().any(|&(from, to)| to.is_some_and(|to| to <= from));
            let bands_of = |weight: i64| {
                bands.iter().filter(|&&(from, to)| weight >= from && to.is_none_or(|to| weight < to)).count()
            };
            let overlaps = (0..=20).any(|weight| bands_of(weight) > 1);
            let expected = if is_empty { Some("band_empty") } else { overlaps.then_some("bands_overlap") };
            prop_assert_eq!(code(&by_weight(&bands)), expected);
        }
    }
}
