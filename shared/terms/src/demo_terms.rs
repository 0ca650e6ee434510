//! Are the markets and the shipping methods of the demo shop valid, and does every market have methods and prices?

use std::collections::BTreeSet;

use serde_json::Value;
use values::{Money, read_json_value};

use crate::destination::tests::destination;
use crate::markets::market_set::MarketSet;
use crate::markets::{Market, MarketContent};
use crate::shipping::offer::offers;
use crate::shipping::zone_set::ZoneSet;
use crate::shipping::{Method, MethodContent, ShippingQuery, Zone, ZoneContent};
use crate::slug::tests::slug;

const DEMO: &str = include_str!("../../../infra/local/demo/terms.json");

fn demo() -> Value {
    serde_json::from_str(DEMO).unwrap()
}

fn members(value: &Value) -> Vec<(String, Value)> {
    value.as_object().unwrap().iter().map(|(name, value)| (name.clone(), value.clone())).collect()
}

fn markets() -> MarketSet {
    let market = |(key, content): (String, Value)| {
        let content = read_json_value::<MarketContent>(content).unwrap();
        content.check().unwrap();
        Market { key: slug(&key), content, version: 1 }
    };
    let rows = members(&demo()["markets"]).into_iter().map(market).collect();
    MarketSet::new(rows, "EUR".parse().unwrap()).unwrap()
}

fn zones(markets: &MarketSet) -> Vec<Zone> {
    let method = |(id, content): (String, Value)| {
        let content = read_json_value::<MethodContent>(content).unwrap();
        content.check(markets.get(&content.market).unwrap()).unwrap();
        Method { id: slug(&id), content }
    };
    let zone = |(key, mut content): (String, Value)| {
        let methods = content.as_object_mut().unwrap().remove("methods").unwrap();
        let content = read_json_value::<ZoneContent>(content).unwrap();
        content.check().unwrap();
        Zone { key: slug(&key), content, methods: members(&methods).into_iter().map(method).collect(), version: 1 }
    };
    members(&demo()["zones"]).into_iter().map(zone).collect()
}

#[test]
fn demo_shop_has_one_default_market_in_its_currency() {
    let markets = markets();
    let defaults: Vec<&Market> = markets.all().filter(|market| market.content.is_default).collect();
    assert_eq!(defaults.len(), 1);
    assert_eq!((defaults[0].key.as_str(), defaults[0].content.currency.code()), ("eu", "EUR"));
}

#[test]
fn demo_zones_have_no_place_in_common() {
    let zones = zones(&markets());
    assert_eq!(zones.len(), 2);
    assert_eq!(zones[0].content.common_place(&zones[1].content), None);
}

#[test]
fn demo_shop_ships_to_the_countries_of_its_markets() {
    let markets = markets();
    let zones = ZoneSet::new(zones(&markets));
    let offered = |key: &str, country: &str, weight_grams: Option<u64>| -> Vec<String> {
        let (market, destination) = (markets.find(Some(&slug(key))).unwrap(), destination(country, "", ""));
        let goods = Money::new(2_000, market.content.currency);
        let at = "2026-11-18T10:00:00Z".parse().unwrap();
        let query = ShippingQuery { market, destination: &destination, weight_grams, goods, at };
        offers(&zones, &query).unwrap().into_iter().map(|method| method.id.to_string()).collect()
    };
    assert_eq!(offered("eu", "BE", Some(400)), ["pick-up", "by-weight", "standard", "express"]);
    assert_eq!(offered("eu", "IT", None), ["pick-up", "standard", "express"]);
    for (market, country, method) in
        [("uk", "GB", "airmail-uk"), ("us", "US", "airmail-us"), ("jp", "JP", "airmail-jp")]
    {
        assert_eq!(offered(market, country, None), [method]);
    }
    for market in markets.all() {
        let countries = market.content.countries.iter();
        countries.for_each(|country| assert!(!offered(market.key.as_str(), country, None).is_empty(), "{country}"));
    }
}

#[test]
fn demo_products_have_a_price_in_every_market() {
    let markets = markets();
    // The prices of the default market are those of the catalog.
    let others = markets.all().filter(|market| !market.content.is_default);
    let lists: BTreeSet<(&str, &str)> =
        others.map(|market| (market.price_list(), market.content.currency.code())).collect();
    let demo = demo();
    let terms = demo["productTerms"].as_object().unwrap().values();
    for terms in terms.chain(demo["products"].as_array().unwrap()) {
        let prices = terms["prices"].as_array().unwrap().iter();
        let priced: BTreeSet<(&str, &str)> = prices
            .map(|price| (price["list"].as_str().unwrap(), price["price"]["currency"].as_str().unwrap()))
            .collect();
        assert_eq!(priced, lists, "{terms}");
    }
}
