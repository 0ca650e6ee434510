//! Room of shipping: zones, the methods that ship to them, and when goods arrive.
//!
//! Invariants: the shop has at most 50 zones with at most 20 methods each. No place is in two zones, so a destination is in one zone or in
//! none: in that of its postal code, else in that of its region, else in that of its country, else in the rest of the world. The bands of a
//! method do not overlap. A method is offered only in its market, in the currency and the steps of that market.
//!
//! **A method belongs to one market.** The other way was a price for each currency. But the same currency has net prices in one market and
//! gross prices in another, and a method's name is in the language of its buyers. So a method has one price, and one check against its
//! market.

mod delete_method;
mod delete_zone;
mod delivery;
mod method;
pub(crate) mod offer;
mod place;
mod put_method;
mod put_zone;
mod rate;
mod read_zones;
mod store;
mod zone;
pub(crate) mod zone_set;

pub use crate::day::Day;
pub use delivery::{DeliveryEstimate, DeliveryTime, TimeOfDay};
pub use method::{FreeOver, Method, MethodContent};
pub use offer::{OfferedMethod, ShippingQuery};
pub use place::{PostalRange, Region};
pub use rate::{PriceBand, Rate, WeightBand};
pub use zone::{Zone, ZoneContent};
pub use zone_set::{MAX_METHODS, MAX_ZONES};
