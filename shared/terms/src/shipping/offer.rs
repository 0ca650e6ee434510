//! The shipping methods that a buyer can choose from.

use serde::{Deserialize, Serialize};
use values::{Error, Money, Result, Text, Timestamp};

use crate::destination::Destination;
use crate::markets::market::Market;
use crate::shipping::delivery::DeliveryEstimate;
use crate::shipping::method::FreeOver;
use crate::shipping::zone_set::ZoneSet;
use crate::slug::MethodKey;

/// What shipping methods are offered for.
#[derive(Debug, Clone, Copy)]
pub struct ShippingQuery<'a> {
    pub market: &'a Market,
    pub destination: &'a Destination,
    /// None: the weight of a piece is not known.
    pub weight_grams: Option<u64>,
    /// The value of the goods before discounts.
    pub goods: Money,
    /// When the order is placed.
    pub at: Timestamp,
}

/// A shipping method that serves a destination.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct OfferedMethod {
    /// The id by which an order names it. It means the same method only for destinations in the same zone.
    pub id: MethodKey,
    pub name: Text<100>,
    /// Before promotions, and before `freeOver`.
    pub price: Money,
    /// The caller decides whether it is reached, because the value after discounts is known only then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub free_over: Option<FreeOver>,
    pub delivery: DeliveryEstimate,
    /// Where the buyer picks the goods up. They are taxed there and not at the destination.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pick_up: Option<Destination>,
}

/// The methods of the destination's zone for the market, the weight and the value, the cheapest first. None if there are no zones. 422
/// `destination_unserved` if there are, and none of their methods serves the query; `currency_mismatch` for goods in another currency.
pub(crate) fn offers(zones: &ZoneSet, query: &ShippingQuery<'_>) -> Result<Vec<OfferedMethod>> {
    let ShippingQuery { market, destination, weight_grams, goods, at } = *query;
    if zones.is_empty() {
        return Ok(Vec::new());
    }
    market.check_amount(goods, "items")?;
    let zone = zones.find(destination).filter(|_| market.sells_to(&destination.country)).ok_or_else(unserved)?;
    let mut offered = Vec::new();
    for method in zone.methods.iter().filter(|method| method.content.is_offered_in(market)) {
        let content = &method.content;
        let Some(price) = content.rate.price(weight_grams, goods) else { continue };
        offered.push(OfferedMethod {
            id: method.id.clone(),
            name: content.name.clone(),
            price,
            free_over: content.free_over,
            delivery: content.delivery.estimate(at, zone.content.working_days())?,
            pick_up: content.rate.location().cloned(),
        });
    }
    offered.sort_by(|a, b| (a.price.amount, &a.id).cmp(&(b.price.amount, &b.id)));
    if offered.is_empty() { Err(unserved()) } else { Ok(offered) }
}

fn unserved() -> Error {
    let message = "is not served: no shipping method of this market takes these goods there";
    Error::invalid("shippingAddress", "destination_unserved", message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::destination::tests::destination;
    use crate::markets::market::tests::market;
    use crate::shipping::method::Method;
    use crate::shipping::method::tests::method;
    use crate::shipping::rate::tests::eur;
    use crate::shipping::rate::{Rate, WeightBand};
    use crate::shipping::zone::Zone;
    use crate::shipping::zone::tests::zone_of;
    use crate::shipping::zone_set::tests::no_zones;
    use crate::slug::tests::slug;
    use serde_json::json;

    /// One zone of Belgium and Luxembourg with these methods.
    fn zones(methods: Vec<Method>) -> ZoneSet {
        let content = zone_of(&["BE", "LU"]);
        no_zones().with(Zone { key: slug("near"), content, methods, version: 1 })
    }

    fn flat(id: &str, market: &str, price: i64) -> Method {
        method(id, market, Rate::Flat { price: eur(price) })
    }

    fn by_weight(id: &str) -> Method {
        let band = WeightBand { from_grams: 0, to_grams: Some(1_000), price: eur(290) };
        method(id, "eu", Rate::Weight { bands: vec![band] })
    }

    /// The ids of the offered methods, or the code of the error.
    fn offered(zones: &ZoneSet, country: &str, weight_grams: Option<u64>) -> Result<Vec<String>, &'static str> {
        let (mut market, destination) = (market("eu", "EUR"), destination(country, "", "1000"));
        market.content.countries = ["BE", "FR"].map(str::to_owned).into();
        let at = "2026-11-18T10:00:00Z".parse().unwrap();
        let query = ShippingQuery { market: &market, destination: &destination, weight_grams, goods: eur(2_000), at };
        let offered = offers(zones, &query).map_err(|error| error.fields[0].code)?;
        Ok(offered.into_iter().map(|method| method.id.to_string()).collect())
    }

    #[test]
    fn methods_of_the_market_are_offered_the_cheapest_first() {
        let zones = zones(vec![flat("b", "eu", 490), flat("a", "eu", 490), flat("c", "eu", 300), flat("d", "us", 100)]);
        assert_eq!(offered(&zones, "BE", None).unwrap(), ["c", "a", "b"]);
    }

    #[test]
    fn unknown_weight_gets_the_methods_that_need_none() {
        let zones = zones(vec![by_weight("light"), flat("parcel", "eu", 490)]);
        assert_eq!(offered(&zones, "BE", Some(500)).unwrap(), ["light", "parcel"]);
        assert_eq!(offered(&zones, "BE", Some(1_000)).unwrap(), ["parcel"]);
        assert_eq!(offered(&zones, "BE", None).unwrap(), ["parcel"]);
    }

    #[test]
    fn destination_without_a_method_is_unserved() {
        let near = zones(vec![flat("parcel", "eu", 490)]);
        assert_eq!(offered(&near, "FR", None), Err("destination_unserved"), "it is in no zone");
        assert_eq!(offered(&near, "LU", None), Err("destination_unserved"), "the market does not sell there");
        let elsewhere = zones(vec![flat("parcel", "us", 490)]);
        assert_eq!(offered(&elsewhere, "BE", None), Err("destination_unserved"), "of another market");
        assert_eq!(offered(&zones(vec![by_weight("light")]), "BE", None), Err("destination_unserved"));
    }

    #[test]
    fn shop_without_zones_offers_nothing_and_refuses_nothing() {
        assert_eq!(offered(&no_zones(), "BE", None), Ok(Vec::new()));
    }

    #[test]
    fn goods_are_in_the_currency_of_the_market() {
        let (market, destination) = (market("us", "USD"), destination("BE", "", "1000"));
        let zones = zones(vec![flat("parcel", "us", 490)]);
        let at = "2026-11-18T10:00:00Z".parse().unwrap();
        let query = ShippingQuery { market: &market, destination: &destination, weight_grams: None, goods: eur(1), at };
        assert_eq!(offers(&zones, &query).unwrap_err().fields[0].code, "currency_mismatch");
    }

    #[test]
    fn place_of_pick_up_and_days_are_in_the_offer() {
        let (market, location) = (market("eu", "EUR"), destination("BE", "", "1000"));
        let zones = zones(vec![method("shop", "eu", Rate::PickUp { price: eur(0), location: location.clone() })]);
        let destination = destination("LU", "", "1111");
        let at = "2026-11-18T10:00:00Z".parse().unwrap();
        let query = ShippingQuery { market: &market, destination: &destination, weight_grams: None, goods: eur(1), at };
        let offer = offers(&zones, &query).unwrap().remove(0);
        assert_eq!(offer.pick_up, Some(location));
        let expected = json!({
            "id": "shop", "name": "Parcel", "price": { "amount": 0, "currency": "EUR" },
            "delivery": { "earliest": "2026-11-19", "latest": "2026-11-23" },
            "pickUp": { "country": "BE", "postalCode": "1000" },
        });
        assert_eq!(serde_json::to_value(&offer).unwrap(), expected);
    }
}
