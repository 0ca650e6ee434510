//! Which taxes a sale has.

use std::collections::BTreeSet;

use pricing::{ShippingTax, TaxClass, TaxComponent};
use values::{Error, Result, TimeZone, Timestamp};

use crate::day::Day;
use crate::destination::Destination;
use crate::tax::buyer::{BuyerTax, TaxStatus};
use crate::tax::postal_prefix::bare_postal_code;
use crate::tax::rate::{RateContent, STANDARD, TaxRate};
use crate::tax::registrations::{RegistrationsContent, is_between_member_states};

/// The reason of a rate of 0 where the shop is not registered.
pub const NOT_COLLECTING: &str = "not_collecting";
/// The reason of the exemption of a supply to a business in another member state (Directive 2006/112/EC, Art. 138). Invoices have the category
/// K for it (EN 16931, UNCL5305). The buyer declares the tax in their own state, so people say reverse charge; but by law, and in the
/// category AE, that is the rule for other sales, such as services (Art. 196).
pub const INTRA_COMMUNITY_SUPPLY: &str = "intra_community_supply";

/// What the taxes of a sale depend on.
#[derive(Debug, Clone)]
pub struct TaxQuery {
    pub destination: Destination,
    /// The tax classes of the goods.
    pub classes: BTreeSet<String>,
    pub buyer: BuyerTax,
    /// When the order is placed.
    pub at: Timestamp,
}

/// The taxes of a sale, as its price uses them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taxation {
    /// One for each class of the query. For an exempt buyer, too: gross prices include these rates.
    pub classes: Vec<TaxClass>,
    pub shipping: ShippingTax,
    /// Why the buyer pays no tax; none if they pay it.
    pub exemption: Option<String>,
}

impl TaxQuery {
    /// The day of the sale, in UTC.
    pub(crate) fn day(&self) -> Result<Day> {
        Day::of(self.at, TimeZone::UTC)
    }
}

impl Taxation {
    /// The taxes of a sale that is taxed at `place`, by the rates of its country; `place` is none where the shop collects no tax. 422
    /// `tax_rate_missing` if a class has no rate.
    pub(crate) fn decide(
        query: &TaxQuery,
        registrations: &RegistrationsContent,
        place: Option<&Destination>,
        rates: &[TaxRate],
    ) -> Result<Self> {
        let exemption = exemption(query, registrations);
        let Some(place) = place else {
            let classes = query.classes.iter().map(|key| not_collecting(key, &query.destination.country)).collect();
            return Ok(Self { classes, shipping: ShippingTax::default(), exemption });
        };
        let valid = ValidRates::new(rates, place, query.day()?);
        let standard = valid.most_specific(STANDARD);
        let class = |key: &String| match valid.most_specific(key).or(standard) {
            Some(rate) => Ok(TaxClass { key: key.clone(), components: rate.tax_components() }),
            None => Err(missing(key, &place.country)),
        };
        let classes = query.classes.iter().map(class).collect::<Result<_>>()?;
        Ok(Self { classes, shipping: standard.map(RateContent::shipping_tax).unwrap_or_default(), exemption })
    }
}

/// The rates that apply to a destination on a day.
struct ValidRates<'a>(Vec<&'a RateContent>);

impl<'a> ValidRates<'a> {
    fn new(rates: &'a [TaxRate], place: &Destination, day: Day) -> Self {
        let postal_code = place.postal_code.as_deref().map(bare_postal_code).unwrap_or_default();
        let applies = |rate: &&RateContent| rate.is_valid_on(day) && rate.applies_to(place, &postal_code);
        Self(rates.iter().map(|rate| &rate.content).filter(applies).collect())
    }

    /// The rate of the most specific place. Of its rates, the one that began last.
    fn most_specific(&self, tax_class: &str) -> Option<&'a RateContent> {
        let of_class = self.0.iter().copied().filter(|rate| rate.tax_class.as_str() == tax_class);
        of_class.max_by_key(|rate| (rate.specificity(), rate.from))
    }
}

fn not_collecting(key: &str, country: &str) -> TaxClass {
    let component = TaxComponent { jurisdiction: country.to_owned(), ppm: 0, reason: NOT_COLLECTING.to_owned() };
    TaxClass { key: key.to_owned(), components: vec![component] }
}

fn missing(key: &str, country: &str) -> Error {
    let message = format!("cannot be taxed: the shop has no rate of the class {key} for {country}");
    Error::invalid("shippingAddress.country", "tax_rate_missing", message)
}

/// Why the buyer pays no tax.
fn exemption(query: &TaxQuery, registrations: &RegistrationsContent) -> Option<String> {
    if let TaxStatus::Exempt { reason } = &query.buyer.status {
        return Some(reason.as_str().to_owned());
    }
    let vat_id = query.buyer.verified_vat_id.as_ref()?;
    let dispatch = registrations.dispatch_country.as_deref()?;
    let is_supply = is_between_member_states(dispatch, &query.destination.country)
        && is_between_member_states(dispatch, vat_id.country());
    is_supply.then(|| INTRA_COMMUNITY_SUPPLY.to_owned())
}

#[cfg(test)]
#[path = "taxation_tests.rs"]
mod tests;
