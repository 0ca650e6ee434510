//! The operations of this function in the OpenAPI document.

use http_kit::openapi::{Access, Api};
use terms::markets::Market;
use terms::tax::{Registrations, TaxKey, TaxRate};
use terms::{Day, MarketKey, MethodKey, ZoneKey};

use crate::markets::MarketReplacement;
use crate::registrations::RegistrationsReplacement;
use crate::shipping::{MethodReplacement, ZoneOut, ZoneReplacement};
use crate::tax_rates::{ListIn, PartIn, RateIn};

const ADMINS: &str = "Admins only.";
const CONFLICT: &str = "`too_many_concurrent_updates`.";
const CREATED: &str = "It is created.";
const CHANGED: &str = "The result of the change.";

/// Adds the operations.
pub fn openapi(api: &mut Api) {
    markets(api);
    rates(api);
    registrations(api);
    zones(api);
    methods(api);
}

fn markets(api: &mut Api) {
    const KEY: &str = "The key of the market, such as `eu`.";
    api.operation("get", "/api/v1/markets", Access::Optional, "listMarkets", "List the markets")
        .describe(
            "A market has a currency, prices with or without tax, countries, languages and a price list. A shop without a market of its \
             own has one with the key `default`, in the shop's currency, without taxes. Admins see the markets that are not active, too.",
        )
        .if_none_match()
        .answer_page::<Market>("All active markets, by key. At most 30 seconds old; admins get the current ones.")
        .done();
    let path = "/api/v1/markets/{key}";
    api.operation("get", path, Access::Optional, "readMarket", "Read a market")
        .path_param::<MarketKey>("key", KEY)
        .if_none_match()
        .answer::<Market>(200, "The market.")
        .done();
    api.operation("put", path, Access::Account, "putMarket", "Create or change a market")
        .describe(
            "Admins only. Without `If-Match` the market must be new. Buyers see a change within 30 seconds. The first market becomes the \
             default market, which is in the shop's currency. The key `default` always means the default market.",
        )
        .path_param::<MarketKey>("key", KEY)
        .if_match(false)
        .idempotency_key(false)
        .replacement::<MarketReplacement>("MarketContent")
        .answer::<Market>(200, CHANGED)
        .answer::<Market>(201, CREATED)
        .error(
            409,
            "`market_exists`: send `If-Match` to change it; `too_many_markets` (at most 20); `market_currency_fixed`; `market_step_fixed`: \
             a step can only become finer; `market_is_default`: make another market the default instead; `too_many_concurrent_updates`.",
        )
        .error(
            422,
            "`market_key_reserved`, `currency_mismatch`: the default market is in the shop's currency; `step_out_of_range`, \
             `country_unknown`, `too_many_languages`, `language_invalid`; `read_only`, `validation_failed`, `idempotency_mismatch`.",
        )
        .done();
    api.operation("delete", path, Access::Account, "deleteMarket", "Delete a market")
        .describe("Admins only. Its carts can no longer be ordered.")
        .path_param::<MarketKey>("key", KEY)
        .if_match(true)
        .answer_empty(204, "The market is deleted. Its orders do not change.")
        .error(409, "`market_is_default`: make another market the default first; `too_many_concurrent_updates`.")
        .done();
}

fn rates(api: &mut Api) {
    const COUNTRY: &str = "The country code (ISO 3166-1 alpha-2), or `XK` for Kosovo.";
    const CLASS: &str = "The tax class of products, such as `standard`.";
    const FROM: &str = "The first day of the rate, in UTC.";
    const UNKNOWN: &str = "`country_unknown`, `invalid_value`.";
    api.operation("get", "/api/v1/taxes/rates", Access::Account, "listTaxRates", "List the tax rates of a country")
        .describe(ADMINS)
        .queries::<ListIn>()
        .answer_page::<TaxRate>("By region, postal prefix, class and first day.")
        .done();
    let path = "/api/v1/taxes/rates/{country}/{taxClass}/{from}";
    api.operation("get", path, Access::Account, "readTaxRate", "Read a tax rate")
        .describe(ADMINS)
        .path_param::<String>("country", COUNTRY)
        .path_param::<TaxKey>("taxClass", CLASS)
        .path_param::<Day>("from", FROM)
        .queries::<PartIn>()
        .if_none_match()
        .answer::<TaxRate>(200, "The tax rate.")
        .error(422, UNKNOWN)
        .done();
    api.operation("put", path, Access::Account, "putTaxRate", "Create or change a tax rate")
        .describe(
            "Admins only. Without `If-Match` the rate must be new. Of the rates of a class that apply to a destination, the most specific \
             one counts: that of the longest postal prefix, then of the region, then of the country; and of those, the one that began \
             last. Sales know a change within 30 seconds, and orders keep the taxes that they were placed with.",
        )
        .path_param::<String>("country", COUNTRY)
        .path_param::<TaxKey>("taxClass", CLASS)
        .path_param::<Day>("from", FROM)
        .queries::<PartIn>()
        .if_match(false)
        .idempotency_key(false)
        .replacement::<RateIn>("TaxRateUpdate")
        .answer::<TaxRate>(200, CHANGED)
        .answer::<TaxRate>(201, CREATED)
        .error(409, "`tax_rate_exists`: send `If-Match` to change it; `too_many_concurrent_updates`.")
        .error(
            422,
            "`tax_overlap`: another rate of this place and class claims the same day; `ends_before_start`, `components_out_of_range` (1 to \
             8), `tax_rate_out_of_range`: more than 100 % together; `shipping_rule_misplaced`, `too_many_tax_rates` (at most 1,000 of a \
             country), `country_unknown`; `read_only`, `validation_failed`, `idempotency_mismatch`.",
        )
        .done();
    api.operation("delete", path, Access::Account, "deleteTaxRate", "Delete a tax rate")
        .describe(ADMINS)
        .path_param::<String>("country", COUNTRY)
        .path_param::<TaxKey>("taxClass", CLASS)
        .path_param::<Day>("from", FROM)
        .queries::<PartIn>()
        .if_match(true)
        .answer_empty(204, "The tax rate is deleted. Orders keep the taxes that they were placed with.")
        .error(409, CONFLICT)
        .error(422, UNKNOWN)
        .done();
}

fn registrations(api: &mut Api) {
    let path = "/api/v1/registrations";
    api.operation("get", path, Access::Account, "readRegistrations", "Read where the shop is registered for taxes")
        .describe("Admins only. Before the first change there are none, at version 0.")
        .if_none_match()
        .answer::<Registrations>(200, "The registrations.")
        .done();
    api.operation("put", path, Access::Account, "putRegistrations", "Change where the shop is registered for taxes")
        .describe(
            "Admins only. The shop collects a tax only where it is registered. Everywhere else the rate is 0, for the reason \
             `not_collecting`.",
        )
        .if_match(true)
        .replacement::<RegistrationsReplacement>("TaxRegistrationsContent")
        .answer::<Registrations>(200, CHANGED)
        .error(409, CONFLICT)
        .error(
            422,
            "`too_many_registrations` (at most 200), `country_unknown`, `registration_doubled`, `oss_outside_eu`: the one-stop shop is in a \
             member state of the EU; `read_only`, `validation_failed`.",
        )
        .done();
}

const ZONE: &str = "The key of the zone.";

fn zones(api: &mut Api) {
    api.operation("get", "/api/v1/shipping/zones", Access::Account, "listShippingZones", "List the shipping zones")
        .describe(ADMINS)
        .answer_page::<ZoneOut>("All zones with their methods, by key.")
        .done();
    let path = "/api/v1/shipping/zones/{key}";
    api.operation("get", path, Access::Account, "readShippingZone", "Read a shipping zone")
        .describe(ADMINS)
        .path_param::<ZoneKey>("key", ZONE)
        .if_none_match()
        .answer::<ZoneOut>(200, "The zone with its methods.")
        .done();
    api.operation("put", path, Access::Account, "putShippingZone", "Create or change a shipping zone")
        .describe(
            "Admins only. Without `If-Match` the zone must be new. A changed zone keeps its methods. As soon as the shop has a zone, it \
             refuses orders to places that no method serves; `servedMarkets` shows for which markets a zone has a method. A destination \
             is in the zone of its postal code, else of its region, else of its country, else in the rest of the world.",
        )
        .path_param::<ZoneKey>("key", ZONE)
        .if_match(false)
        .idempotency_key(false)
        .replacement::<ZoneReplacement>("ShippingZoneContent")
        .answer::<ZoneOut>(200, CHANGED)
        .answer::<ZoneOut>(201, CREATED)
        .error(
            409,
            "`zone_exists`: send `If-Match` to change it; `zones_overlap`: another zone has one of these places; `too_many_zones` (at most \
             50); `too_many_concurrent_updates`.",
        )
        .error(
            422,
            "`places_empty`, `country_unknown`, `too_many_places` (at most 100 regions and 100 ranges), `postal_range_invalid`, \
             `time_zone_unknown`, `too_many_holidays` (at most 100); `read_only`, `validation_failed`, `idempotency_mismatch`.",
        )
        .done();
    api.operation("delete", path, Access::Account, "deleteShippingZone", "Delete a shipping zone with its methods")
        .describe("Admins only. Without any zone the shop has no shipping methods, and refuses no destination.")
        .path_param::<ZoneKey>("key", ZONE)
        .if_match(true)
        .answer_empty(204, "The zone is deleted. Orders keep what they were placed with.")
        .error(409, CONFLICT)
        .done();
}

fn methods(api: &mut Api) {
    const METHOD: &str = "The id of the method, which is unique in its zone.";
    let path = "/api/v1/shipping/zones/{key}/methods/{method}";
    api.operation("put", path, Access::Account, "putShippingMethod", "Create or change a shipping method")
        .describe(
            "Admins only. A method is offered in one market, and its amounts are in the currency of that market. `If-Match` is the `ETag` \
             of the zone. Of overlapping bands none would be the right one, so they are refused.",
        )
        .path_param::<ZoneKey>("key", ZONE)
        .path_param::<MethodKey>("method", METHOD)
        .if_match(true)
        .idempotency_key(false)
        .replacement::<MethodReplacement>("ZoneMethodContent")
        .answer::<ZoneOut>(200, "The zone with the method.")
        .error(409, "`too_many_methods` (at most 20 of a zone), `too_many_concurrent_updates`.")
        .error(
            422,
            "`market_unknown`, `currency_mismatch`, `amount_out_of_range`, `step_mismatch`, `weight_out_of_range`, `bands_out_of_range` \
             (1 to 20), `band_empty`, `bands_overlap`, `delivery_days_out_of_range` (0 to 60), `country_unknown`; `read_only`, \
             `validation_failed`, `idempotency_mismatch`.",
        )
        .done();
    api.operation("delete", path, Access::Account, "deleteShippingMethod", "Delete a shipping method")
        .describe("Admins only. `If-Match` is the `ETag` of the zone.")
        .path_param::<ZoneKey>("key", ZONE)
        .path_param::<MethodKey>("method", METHOD)
        .if_match(true)
        .answer::<ZoneOut>(200, "The zone without the method. Orders keep what they were placed with.")
        .error(409, CONFLICT)
        .done();
}
