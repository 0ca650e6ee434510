//! Route of flash sales: put the stock of a SKU into buckets, or back into one row.

use axum::Router;
use axum::extract::State as AxumState;
use axum::routing::put;
use http_kit::{ApiResult, Authorized, IfMatch, Json, Path};
use serde::Deserialize;
use values::permit::ManageStock;
use values::{ProductId, Sku};

use crate::state::State;

pub(crate) fn routes() -> Router<State> {
    Router::new().route("/api/v1/products/{id}/flash", put(set))
}

/// The body of `PUT /products/{id}/flash`.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "FlashSaleInput"))]
#[serde(deny_unknown_fields)]
pub(crate) struct FlashIn {
    /// Required if the product has variants; otherwise the default is the product's own SKU.
    sku: Option<Sku>,
    /// The number of buckets. 0 and 1 mean one row.
    #[cfg_attr(feature = "openapi", schemars(range(max = catalog::MAX_BUCKETS)))]
    buckets: u32,
}

async fn set(
    AxumState(state): AxumState<State>,
    Authorized(context, _): Authorized<ManageStock>,
    Path(id): Path<ProductId>,
    if_match: IfMatch,
    Json(FlashIn { sku, buckets }): Json<FlashIn>,
) -> ApiResult {
    let changed = state.products.set_flash(id, sku.as_ref(), buckets, if_match.version()?, &context.trace).await?;
    Ok(state.product_response(changed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn number_of_buckets_is_required() {
        let read = |body: Value| serde_json::from_value::<FlashIn>(body).map(|body| (body.sku.is_some(), body.buckets));
        assert_eq!(read(json!({ "buckets": 32 })).unwrap(), (false, 32));
        assert_eq!(read(json!({ "sku": "MUG", "buckets": 0 })).unwrap(), (true, 0));
        assert!(read(json!({ "sku": "MUG" })).is_err() && read(json!({ "buckets": 2, "more": 1 })).is_err());
    }
}
