//! Routes of the registrations for taxes.

use axum::Router;
use axum::extract::State as AxumState;
use axum::response::Response;
use axum::routing::get;
use http_kit::{ApiResult, Authorized, IfMatch, IfNoneMatch, Replaceable, Replacement, with_etag};
use serde::Deserialize;
use terms::tax::{Registrations, RegistrationsContent};
use values::permit::ManageTerms;

use crate::state::State;

pub(crate) fn routes() -> Router<State> {
    Router::new().route("/api/v1/registrations", get(show).put(put))
}

/// Where the shop is registered from now on: the body of `PUT /registrations`.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub(crate) struct RegistrationsReplacement(RegistrationsContent);

impl Replaceable for RegistrationsReplacement {
    const READ_ONLY: &'static [&'static str] = &["version"];
}

async fn show(AxumState(state): AxumState<State>, _: Authorized<ManageTerms>, if_none_match: IfNoneMatch) -> ApiResult {
    Ok(response(state.terms.registrations().await?, &if_none_match))
}

async fn put(
    AxumState(state): AxumState<State>,
    _: Authorized<ManageTerms>,
    if_match: IfMatch,
    body: Replacement<RegistrationsReplacement>,
) -> ApiResult {
    let expected = if_match.required()?;
    let stored = async {
        let registrations = state.terms.registrations().await?;
        if_match.check("list of registrations", registrations.version)?;
        Ok(registrations)
    };
    let RegistrationsReplacement(content) = body.checked(stored).await?;
    Ok(response(state.terms.put_registrations(&content, expected).await?, &IfNoneMatch::default()))
}

fn response(registrations: Registrations, if_none_match: &IfNoneMatch) -> Response {
    with_etag(registrations.version, if_none_match, registrations)
}
