//! Routes of tax rates. The path and the query name a rate: its country, class and first day, and the part of the country.

use axum::Router;
use axum::extract::State as AxumState;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::StatusCode;
use http_kit::{
    ApiResult, Authorized, IdempotencyKey, IfMatch, IfNoneMatch, Json, PageQuery, Path, Query, Replaceable,
    Replacement, idempotent_response, list, with_etag,
};
use serde::Deserialize;
use serde_json::{Value, json};
use terms::Day;
use terms::tax::{RateComponent, RateContent, RateKey, ShippingRule, TaxKey, TaxRate};
use values::permit::ManageTerms;
use values::{Error, Result, Text};

use crate::put::status;
use crate::state::State;

pub(crate) fn routes() -> Router<State> {
    Router::new()
        .route("/api/v1/taxes/rates", get(list_rates))
        .route("/api/v1/taxes/rates/{country}/{taxClass}/{from}", get(show).put(put).delete(remove))
}

/// The query of `GET /taxes/rates`.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct ListIn {
    /// The country code (ISO 3166-1 alpha-2), or `XK` for Kosovo.
    country: String,
    limit: Option<u32>,
    cursor: Option<String>,
}

/// The part of a country that a rate is for: the query of a rate.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PartIn {
    /// The region as souk stores it in a postal address: the abbreviation that the country's post uses, or else its name. Letter case
    /// makes no difference.
    #[cfg_attr(feature = "openapi", schemars(with = "Option<Text<100>>"))]
    region: Option<String>,
    /// How the postal codes of the place begin: 1 to 10 capital letters and digits. Spaces and dashes in a code do not count.
    postal_prefix: Option<String>,
}

/// The new content of a tax rate: the body of `PUT /taxes/rates/{country}/{taxClass}/{from}`.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "TaxRateUpdate"))]
#[serde(deny_unknown_fields)]
pub(crate) struct RateIn {
    /// Its last day, in UTC. Without it, the rate is valid until a newer one of its place and class begins.
    until: Option<Day>,
    /// One for each jurisdiction, 1 to 8.
    components: Vec<RateComponent>,
    /// Why this rate, such as `reduced` or `zero_rated`.
    reason: TaxKey,
    /// How shipping is taxed, in orders of all classes: so only a rate of the class `standard` says it. The default is `proportional`.
    shipping: Option<ShippingRule>,
}

impl Replaceable for RateIn {
    const READ_ONLY: &'static [&'static str] = &["country", "region", "postalPrefix", "taxClass", "from", "version"];
}

/// A rate by the name that a request gives it.
#[derive(Debug)]
struct RateName {
    country: String,
    region: Option<Text<100>>,
    postal_prefix: Option<String>,
    tax_class: TaxKey,
    from: Day,
}

impl RateName {
    /// Reads a path and its query. 422 `invalid_value`: 404 would not say what is wrong with a new rate.
    fn read((country, tax_class, from): (String, String, String), part: PartIn) -> Result<Self> {
        let PartIn { region, postal_prefix } = part;
        let region =
            region.map(|region| Text::new(&region)).transpose().map_err(|message| invalid("region", message))?;
        let tax_class = TaxKey::try_from(tax_class).map_err(|message| invalid("taxClass", message))?;
        let from = from.parse::<Day>().map_err(|message| invalid("from", message))?;
        Ok(Self { country, region, postal_prefix, tax_class, from })
    }

    fn key(&self) -> RateKey {
        let (region, prefix) = (self.region.as_ref().map(Text::as_str), self.postal_prefix.as_deref());
        RateKey::new(&self.country, region, prefix, self.tax_class.clone(), self.from)
    }

    /// The members of a new rate that its body may repeat.
    fn members(&self) -> Value {
        let Self { country, region, postal_prefix, tax_class, from } = self;
        json!({
            "country": country, "region": region, "postalPrefix": postal_prefix, "taxClass": tax_class, "from": from,
        })
    }

    fn content(self, rate: RateIn) -> RateContent {
        let Self { country, region, postal_prefix, tax_class, from } = self;
        let RateIn { until, components, reason, shipping } = rate;
        RateContent { country, region, postal_prefix, tax_class, from, until, components, reason, shipping }
    }
}

fn invalid(field: &str, message: String) -> Error {
    Error::invalid(field, "invalid_value", message)
}

/// The country, the tax class and the first day in a path.
type RatePath = Path<(String, String, String)>;

async fn list_rates(
    AxumState(state): AxumState<State>,
    _: Authorized<ManageTerms>,
    Query(query): Query<ListIn>,
) -> ApiResult {
    let ListIn { country, limit, cursor } = query;
    let name = format!("tax rates of {country}");
    let request = state.cursors.open(&PageQuery { limit, cursor }, &name)?;
    let page = state.terms.tax_rates(&country, &request).await?;
    Ok(Json(list(page, &state.cursors, &name)).into_response())
}

async fn show(
    AxumState(state): AxumState<State>,
    _: Authorized<ManageTerms>,
    Path(path): RatePath,
    Query(part): Query<PartIn>,
    if_none_match: IfNoneMatch,
) -> ApiResult {
    let rate = state.terms.tax_rate(&RateName::read(path, part)?.key()).await?;
    Ok(response(rate, &if_none_match))
}

async fn put(
    AxumState(state): AxumState<State>,
    Authorized(context, _): Authorized<ManageTerms>,
    Path(path): RatePath,
    Query(part): Query<PartIn>,
    if_match: IfMatch,
    idempotency_key: IdempotencyKey,
    body: Replacement<RateIn>,
) -> ApiResult {
    let (name, expected) = (RateName::read(path, part)?, if_match.or_new()?);
    let stored = async {
        if expected.is_none() {
            return Ok(name.members());
        }
        let rate = state.terms.tax_rate(&name.key()).await?;
        if_match.check("tax rate", rate.version)?;
        Ok(json!(rate))
    };
    let rate = body.checked(stored).await?;
    let content = name.content(rate);
    // The content has the name of the rate, too.
    let idempotency = idempotency_key.of(&context.trace.actor.0, "PUT /taxes/rates", &content)?;
    let put = state.terms.put_tax_rate(&content, expected, idempotency.as_ref()).await?;
    Ok(idempotent_response(put, |rate| (status(expected), response(rate, &IfNoneMatch::default()))))
}

async fn remove(
    AxumState(state): AxumState<State>,
    _: Authorized<ManageTerms>,
    Path(path): RatePath,
    Query(part): Query<PartIn>,
    if_match: IfMatch,
) -> ApiResult<StatusCode> {
    let expected = if_match.required()?;
    state.terms.delete_tax_rate(&RateName::read(path, part)?.key(), expected).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn response(rate: TaxRate, if_none_match: &IfNoneMatch) -> Response {
    with_etag(rate.version, if_none_match, rate)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(tax_class: &str, from: &str, region: Option<&str>) -> Result<RateName, (String, &'static str)> {
        let part = PartIn { region: region.map(str::to_owned), postal_prefix: Some("35".to_owned()) };
        let path = ("ES".to_owned(), tax_class.to_owned(), from.to_owned());
        let fault = |error: Error| (error.fields[0].field.clone(), error.fields[0].code);
        RateName::read(path, part).map_err(fault)
    }

    #[test]
    fn path_and_query_name_a_rate() {
        let name = read("standard", "2026-01-01", Some("Las Palmas")).unwrap();
        let body = json!({ "components": [{ "jurisdiction": "ES", "ppm": 0 }], "reason": "outside_vat_area" });
        let members = name.members();
        let content = name.content(serde_json::from_value(body).unwrap());
        assert_eq!(content.key(), read("standard", "2026-01-01", Some("las palmas")).unwrap().key());
        let stored = serde_json::to_value(&content).unwrap();
        for member in ["country", "region", "postalPrefix", "taxClass", "from"] {
            assert_eq!((&members[member], members[member].is_null()), (&stored[member], false), "{member}");
        }
    }

    #[test]
    fn name_that_cannot_exist_is_refused_with_its_part() {
        for (tax_class, from, region, field) in [
            ("Standard", "2026-01-01", None, "taxClass"),
            ("standard", "2026-02-30", None, "from"),
            ("standard", "2026-01-01", Some(""), "region"),
        ] {
            let fault = read(tax_class, from, region).unwrap_err();
            assert_eq!((fault.0.as_str(), fault.1), (field, "invalid_value"));
        }
    }
}
