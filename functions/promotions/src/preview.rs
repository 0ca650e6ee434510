//! The route that prices a sample cart with a promotion.

use std::collections::{BTreeMap, BTreeSet};

use axum::Router;
use axum::extract::State as AxumState;
use axum::routing::post;
use catalog::Offer;
use http_kit::{ApiResult, Authorized, Json, Path};
use pricing::{Context, Line, Rules, ShippingMethod, ShippingTax, TaxClass};
use promotions::{CouponCode, Promotion, Sample};
use serde::Deserialize;
use terms::tax::{BuyerTax, TaxQuery, Taxation};
use terms::{Destination, Slug};
use values::permit::ManagePromotions;
use values::{Error, Money, PromotionId, Quantity, Result, Sku, Timestamp};

use crate::preview_out::PreviewOut;
use crate::state::State;

/// As many as an order may have.
const MAX_ITEMS: usize = 50;
/// The price list with the prices of products themselves.
const DEFAULT_LIST: &str = "default";

pub(crate) fn routes() -> Router<State> {
    Router::new().route("/api/v1/promotions/{id}/preview", post(preview))
}

/// A sample cart: the body of `POST /promotions/{id}/preview`.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "SampleCart"))]
#[serde(deny_unknown_fields)]
pub(crate) struct SampleIn {
    /// Items of the same SKU are added up.
    #[cfg_attr(feature = "openapi", schemars(length(min = 1, max = MAX_ITEMS)))]
    items: Vec<SampleItemIn>,
    /// The country of the destination (ISO 3166-1 alpha-2). Without it, no tax is computed, and a promotion for some countries does not
    /// apply.
    country: Option<String>,
    /// The key of the customer group of the buyer.
    group: Option<Slug<32>>,
    /// The codes of other promotions, at most 5. A promotion with codes is priced as if the buyer had entered one of its own.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schemars(length(max = promotions::MAX_COUPONS)))]
    coupons: Vec<CouponCode>,
    /// The price of the shipping method. Without it, none is chosen.
    shipping: Option<Money>,
}

/// An item of a sample cart.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "SampleItem"))]
#[serde(deny_unknown_fields)]
pub(crate) struct SampleItemIn {
    sku: Sku,
    quantity: Quantity,
}

async fn preview(
    AxumState(state): AxumState<State>,
    _: Authorized<ManagePromotions>,
    Path(id): Path<PromotionId>,
    Json(body): Json<SampleIn>,
) -> ApiResult<Json<PreviewOut>> {
    let promotion = state.promotions.get(id).await?;
    let sample = sample(&state, &promotion, body).await?;
    let preview = state.promotions.preview(&promotion, &sample).await;
    let preview = preview.map_err(|error| in_field(error, "shippingMethod", "shipping"))?;
    Ok(Json(PreviewOut::new(id, preview)))
}

/// A sample cart at the time when the promotion applies first: now, or at its start. The buyer has not ordered before. 0 to 5 round trips.
async fn sample(state: &State, promotion: &Promotion, body: SampleIn) -> Result<Sample> {
    let market = state.market(&promotion.content.market).await?;
    let now = state.clock.now();
    let lines = lines(state, &body.items, now).await?;
    let now = promotion.content.starts_at.map_or(now, |starts_at| starts_at.max(now));
    let country = body.country.map(checked_country).transpose()?;
    let taxation = taxation(state, country.as_deref(), &lines, now).await?;
    let group = body.group.map(|group| group.as_str().to_owned());
    let lists = [market.price_list(), DEFAULT_LIST].map(str::to_owned);
    let context = Context {
        market: market.pricing()?,
        price_lists: group.iter().cloned().chain(lists).collect(),
        country,
        customer_group: group,
        is_first_order: true,
        exemption: None,
        now,
        codes: Vec::new(),
        shipping: body.shipping.map(|price| ShippingMethod { id: "sample".to_owned(), price }),
    };
    let rules = Rules { tax_classes: taxation.classes, shipping_tax: taxation.shipping, ..Rules::default() };
    Ok(Sample { lines, context, rules, coupons: body.coupons })
}

/// The lines of a sample cart. 422 `items_out_of_range`, `product_unknown`, `variant_required`. 1 or 2 round trips.
async fn lines(state: &State, items: &[SampleItemIn], now: Timestamp) -> Result<Vec<Line>> {
    let wanted = add_up(items)?;
    let skus: Vec<Sku> = wanted.keys().map(|sku| (*sku).clone()).collect();
    let offers = state.catalog.offers(&skus).await?;
    let offers: BTreeMap<&Sku, &Offer> = offers.iter().map(|offer| (&offer.sku, offer)).collect();
    let mut lines = Vec::with_capacity(wanted.len());
    for (sku, (index, quantity)) in wanted {
        let field = format!("items[{index}]");
        let unknown = || Error::invalid(&field, "product_unknown", "is not a product of this shop");
        let offer = *offers.get(sku).ok_or_else(unknown)?;
        offer.check_single(&field)?;
        lines.push((offer, quantity));
    }
    state.catalog.lines(&lines, now).await
}

/// The quantity of each SKU, and the index of its last item. 422 `items_out_of_range`, `quantity_out_of_range`.
fn add_up(items: &[SampleItemIn]) -> Result<BTreeMap<&Sku, (usize, Quantity)>> {
    if items.is_empty() || items.len() > MAX_ITEMS {
        let message = format!("must have 1 to {MAX_ITEMS} items");
        return Err(Error::invalid("items", "items_out_of_range", message));
    }
    let mut wanted: BTreeMap<&Sku, (usize, Quantity)> = BTreeMap::new();
    for (index, SampleItemIn { sku, quantity }) in items.iter().enumerate() {
        let quantity = match wanted.get(sku) {
            Some((_, before)) => before.plus(*quantity)?,
            None => *quantity,
        };
        wanted.insert(sku, (index, quantity));
    }
    Ok(wanted)
}

/// The taxes at a destination. Without one, the classes of the lines without any tax. 422 `tax_rate_missing`. 0 to 2 round trips.
async fn taxation(state: &State, country: Option<&str>, lines: &[Line], at: Timestamp) -> Result<Taxation> {
    let classes = lines.iter().map(|line| line.tax_class.clone()).collect();
    let Some(country) = country else { return Ok(untaxed(classes)) };
    let destination = Destination { country: country.to_owned(), region: None, postal_code: None };
    let query = TaxQuery { destination, classes, buyer: BuyerTax::default(), at };
    state.terms.taxes(&query).await.map_err(|error| in_field(error, "shippingAddress.country", "country"))
}

fn untaxed(classes: BTreeSet<String>) -> Taxation {
    let classes = classes.into_iter().map(|key| TaxClass { key, components: Vec::new() }).collect();
    Taxation { classes, shipping: ShippingTax::default(), exemption: None }
}

/// 422 `country_invalid`.
fn checked_country(country: String) -> Result<String> {
    match country.len() == 2 && country.bytes().all(|byte| byte.is_ascii_uppercase()) {
        true => Ok(country),
        false => Err(Error::invalid("country", "country_invalid", "must be a country code of ISO 3166-1, such as BE")),
    }
}

/// An error about the field of an order, as it is about the field of a sample cart.
fn in_field(error: Error, of_order: &str, of_sample: &str) -> Error {
    let invalid = error.fields.first().filter(|invalid| invalid.field == of_order);
    let renamed = invalid.map(|invalid| Error::invalid(of_sample, invalid.code, invalid.message.clone()));
    renamed.unwrap_or(error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, from_value, json};

    fn added_up(items: Value) -> Result<Vec<(String, usize, u32)>, &'static str> {
        let items: Vec<SampleItemIn> = from_value(items).unwrap();
        let wanted = add_up(&items).map_err(|error| error.fields[0].code)?;
        let row = |(sku, (index, quantity)): (&Sku, (usize, Quantity))| (sku.to_string(), index, quantity.get());
        Ok(wanted.into_iter().map(row).collect())
    }

    #[test]
    fn items_of_one_sku_are_one_line() {
        let item = |sku: &str, quantity: u32| json!({ "sku": sku, "quantity": quantity });
        let items = json!([item("MUG", 2), item("BOWL", 1), item("MUG", 3)]);
        assert_eq!(added_up(items), Ok(vec![("BOWL".to_owned(), 1, 1), ("MUG".to_owned(), 2, 5)]));
        assert_eq!(added_up(json!([item("MUG", 999), item("MUG", 1)])), Err("quantity_out_of_range"));
    }

    #[test]
    fn sample_cart_has_1_to_50_items() {
        let items = |count: usize| Value::from(vec![json!({ "sku": "MUG", "quantity": 1 }); count]);
        assert_eq!(added_up(items(50)), Ok(vec![("MUG".to_owned(), 49, 50)]));
        assert_eq!(added_up(items(0)), Err("items_out_of_range"));
        assert_eq!(added_up(items(51)), Err("items_out_of_range"));
    }

    #[test]
    fn country_is_a_code() {
        let code = |country: &str| checked_country(country.to_owned()).err().map(|error| error.fields[0].code);
        assert_eq!(code("BE"), None);
        for bad in ["", "be", "BEL", "B1", "é"] {
            assert_eq!(code(bad), Some("country_invalid"), "{bad}");
        }
    }

    #[test]
    fn error_names_the_field_of_the_sample_cart() {
        let of_order = Error::invalid("shippingMethod", "step_mismatch", "must be a multiple of 0.05 EUR");
        let error = in_field(of_order, "shippingMethod", "shipping");
        assert_eq!((error.fields[0].field.as_str(), error.fields[0].code), ("shipping", "step_mismatch"));
        assert_eq!(error.detail, "`shipping`: must be a multiple of 0.05 EUR");
        let other = in_field(Error::not_found("promotion"), "shippingMethod", "shipping");
        assert_eq!(other.code, "not_found");
    }

    #[test]
    fn lines_without_a_destination_have_no_tax() {
        let taxation = untaxed(["reduced".to_owned(), "standard".to_owned()].into());
        let classes: Vec<&str> = taxation.classes.iter().map(|class| class.key.as_str()).collect();
        assert_eq!(classes, ["reduced", "standard"]);
        assert!(taxation.classes.iter().all(|class| class.components.is_empty()) && taxation.exemption.is_none());
    }
}
