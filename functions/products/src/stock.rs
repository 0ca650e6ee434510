//! Routes of stock: adjust it, and list its movements.

use axum::Router;
use axum::extract::State as AxumState;
use axum::response::IntoResponse;
use axum::routing::{get, patch};
use catalog::{MovementKind, StockAdjustment, StockChange, StockMovement};
use http_kit::{
    ApiResult, Authorized, Cursors, IdempotencyKey, IfMatch, Json, PageQuery, Path, Query, idempotent_response, list,
};
use serde::{Deserialize, Serialize};
use values::permit::ManageStock;
use values::{Actor, Error, OrderId, ProductId, Result, Sku, Text, Timestamp};

use crate::state::State;

pub(crate) fn routes() -> Router<State> {
    Router::new()
        .route("/api/v1/products/{id}/stock", patch(adjust))
        .route("/api/v1/products/{id}/stock/movements", get(movements))
}

/// Either `set` or `delta`.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "StockChange", extend("oneOf" = values::schema::either("set", "delta"))))]
#[serde(deny_unknown_fields)]
pub(crate) struct StockAdjustmentIn {
    /// Required if the product has variants; otherwise the default is the product's own SKU.
    sku: Option<Sku>,
    /// The new number of pieces.
    #[cfg_attr(feature = "openapi", schemars(range(max = catalog::MAX_PIECES)))]
    set: Option<u32>,
    /// The number of pieces to add. Negative to remove.
    #[cfg_attr(feature = "openapi", schemars(range(min = i32::MIN, max = catalog::MAX_PIECES)))]
    delta: Option<i32>,
    /// A note for the record.
    reason: Option<Text<200>>,
}

impl StockAdjustmentIn {
    /// Exactly one of `set` and `delta`.
    fn read(self, if_match: &IfMatch) -> Result<StockAdjustment> {
        let change = match (self.set, self.delta) {
            (Some(pieces), None) => StockChange::Set(pieces),
            (None, Some(delta)) => StockChange::Delta(delta),
            _ => return Err(Error::invalid("set", "required", "send either `set` or `delta`")),
        };
        let version = if_match.version()?.cloned();
        Ok(StockAdjustment { sku: self.sku, reason: self.reason, version, ..StockAdjustment::new(change) })
    }
}

async fn adjust(
    AxumState(state): AxumState<State>,
    Authorized(context, _): Authorized<ManageStock>,
    Path(id): Path<ProductId>,
    if_match: IfMatch,
    key: IdempotencyKey,
    Json(body): Json<StockAdjustmentIn>,
) -> ApiResult {
    let idempotency = key.of(&context.trace.actor.0, &format!("PATCH /products/{id}/stock"), &body)?;
    let adjusted =
        state.products.adjust_stock(id, &body.read(&if_match)?, &context.trace, idempotency.as_ref()).await?;
    Ok(idempotent_response(adjusted, |listing| state.product_response(listing)))
}

/// The query of `GET /products/{id}/stock/movements`.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct MovementsIn {
    /// Required if the product has variants; otherwise the default is the product's own SKU.
    sku: Option<Sku>,
    limit: Option<u32>,
    cursor: Option<String>,
}

/// A movement of stock as clients see it.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "StockMovement"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct MovementOut {
    /// The time. For an order, the time when it was placed or cancelled.
    at: Timestamp,
    sku: Sku,
    /// The number of pieces added. Negative for pieces removed.
    delta: i64,
    kind: MovementKind,
    /// The reason that the admin gave.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Text<200>>,
    /// The order that reserved the pieces, or that returned them when it was cancelled.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<values::schema::OrderId>"))]
    order_id: Option<OrderId>,
    /// Who changed the stock. Missing for an order.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "openapi",
        schemars(with = "Option<String>", example = "admin:usr_01h455vb4pex5vsknk084sn02q")
    )]
    actor: Option<Actor>,
}

impl From<StockMovement> for MovementOut {
    fn from(movement: StockMovement) -> Self {
        let StockMovement { sku, at, delta, kind, reason, order_id, actor, .. } = movement;
        Self { at, sku, delta, kind, reason, order_id, actor }
    }
}

async fn movements(
    AxumState(state): AxumState<State>,
    AxumState(cursors): AxumState<Cursors>,
    _: Authorized<ManageStock>,
    Path(id): Path<ProductId>,
    Query(MovementsIn { sku, limit, cursor }): Query<MovementsIn>,
) -> ApiResult {
    let name = format!("movements of {id} {}", sku.as_ref().map_or("", Sku::as_str));
    let page = cursors.open(&PageQuery { limit, cursor }, &name)?;
    let rows = state.products.movements(id, sku, &page).await?;
    Ok(Json(list(rows.map(MovementOut::from), &cursors, &name)).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn adjustment_is_set_or_delta_and_not_both() {
        let read = |body: Value| serde_json::from_value::<StockAdjustmentIn>(body).unwrap().read(&IfMatch::default());
        assert_eq!(read(json!({ "set": 4 })).unwrap().change, StockChange::Set(4));
        assert_eq!(read(json!({ "delta": -4, "reason": "broken" })).unwrap().change, StockChange::Delta(-4));
        assert!(read(json!({})).is_err() && read(json!({ "set": 1, "delta": 1 })).is_err());
    }
}
