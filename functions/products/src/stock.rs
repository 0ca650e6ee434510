//! Stock counted or moved by hand, and the log of all that moved it.

use axum::Router;
use axum::extract::State as AxumState;
use axum::response::IntoResponse;
use axum::routing::{get, patch};
use catalog::{Cause, Moved, Movement, Recount};
use http_kit::{
    ApiResult, Authorized, Cursors, IdempotencyKey, IfMatch, Json, PageQuery, Path, Query, idempotent_response, list,
};
use serde::{Deserialize, Serialize};
use values::permit::ManageStock;
use values::{Actor, Error, OrderId, ProductId, Result, Sku, Text, Timestamp};

use crate::State;

pub(crate) fn routes() -> Router<State> {
    Router::new()
        .route("/api/v1/products/{id}/stock", patch(recount))
        .route("/api/v1/products/{id}/stock/movements", get(movements))
}

/// The body of `PATCH /products/{id}/stock`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RecountIn {
    sku: Option<Sku>,
    set: Option<u32>,
    delta: Option<i32>,
    reason: Option<Text<200>>,
}

impl RecountIn {
    /// Exactly one of `set` and `delta`.
    fn read(self, held: &IfMatch) -> Result<Recount> {
        let movement = match (self.set, self.delta) {
            (Some(pieces), None) => Movement::Set(pieces),
            (None, Some(delta)) => Movement::Delta(delta),
            _ => return Err(Error::invalid("set", "required", "name either `set` or `delta`")),
        };
        let version = held.version()?.cloned();
        Ok(Recount { sku: self.sku, reason: self.reason, version, ..Recount::of(movement) })
    }
}

async fn recount(
    AxumState(state): AxumState<State>,
    Authorized(visitor, _): Authorized<ManageStock>,
    Path(id): Path<ProductId>,
    held: IfMatch,
    key: IdempotencyKey,
    Json(body): Json<RecountIn>,
) -> ApiResult {
    let idempotency = key.of(&visitor.trace.actor.0, &format!("PATCH /products/{id}/stock"), &body)?;
    let counted = state.products.recount(id, &body.read(&held)?, &visitor.trace, idempotency.as_ref()).await?;
    Ok(idempotent_response(counted, |listing| state.shown(listing)))
}

/// The query of `GET /products/{id}/stock/movements`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct MovementsIn {
    sku: Option<Sku>,
    limit: Option<u32>,
    cursor: Option<String>,
}

/// A line of the log.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct MovementOut {
    at: Timestamp,
    sku: Sku,
    delta: i64,
    kind: Cause,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Text<200>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    order_id: Option<OrderId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    actor: Option<Actor>,
}

impl From<Moved> for MovementOut {
    fn from(moved: Moved) -> Self {
        let Moved { sku, at, delta, kind, reason, order_id, actor, .. } = moved;
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
    fn a_count_is_set_or_moved_and_not_both() {
        let read = |body: Value| serde_json::from_value::<RecountIn>(body).unwrap().read(&IfMatch::default());
        assert_eq!(read(json!({ "set": 4 })).unwrap().movement, Movement::Set(4));
        assert_eq!(read(json!({ "delta": -4, "reason": "broken" })).unwrap().movement, Movement::Delta(-4));
        assert!(read(json!({})).is_err() && read(json!({ "set": 1, "delta": 1 })).is_err());
    }
}
