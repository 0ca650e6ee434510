//! Room of taxes: the rates of places, where the shop is registered, which buyers pay no tax, and VAT ids.
//!
//! Invariants:
//!
//! - The shop collects a tax only where it is registered. Everywhere else the rate is 0, for the reason `not_collecting`.
//! - Of the rates of a tax class that apply to a destination, the most specific one counts: the longest postal prefix, then a region, then
//!   the country. Of those, the one that began last. No two rates of one place and class claim the same day, and a country has at most
//!   1,000 rates. So each write of a rate is conditioned on the version of all rates of its country.
//! - A plausible VAT id changes nothing. A verified one of another member state exempts a supply to another member state (Directive
//!   2006/112/EC, Art. 138). A sale inside the country of dispatch is taxed.
//! - A provider decides the taxes of its countries, if the shop has one. Each answer of it is checked, and an outage of it never makes a sale
//!   wait for more than about two seconds.
//! - Gross prices are the same for every destination. They include the tax of the destination, which an exempt buyer does not pay.

mod buyer;
mod check_digits;
pub(crate) mod custom_provider;
mod delete_rate;
#[cfg(test)]
mod demo_rates;
mod eu;
mod postal_prefix;
pub(crate) mod provider;
pub(crate) mod provider_taxes;
mod put_rate;
mod put_registrations;
mod rate;
mod rate_component;
mod rate_key;
mod read_rates;
mod read_registrations;
mod registrations;
pub(crate) mod rules;
mod shipping_rule;
mod store;
mod tax_key;
pub(crate) mod taxation;
mod vat_id;
mod vat_rules;

pub use buyer::{BuyerTax, TaxStatus};
pub use provider::{TaxRecord, TaxRefund};
pub use rate::{MAX_RATES, RateContent, TaxRate};
pub use rate_component::{MAX_COMPONENTS, RateComponent};
pub use rate_key::RateKey;
pub use registrations::{MAX_REGISTRATIONS, Registration, RegistrationKind, Registrations, RegistrationsContent};
pub use shipping_rule::{ShippingRule, ShippingRuleKind};
pub use tax_key::TaxKey;
pub use taxation::{INTRA_COMMUNITY_SUPPLY, NOT_COLLECTING, TaxQuery, Taxation};
pub use vat_id::VatId;
