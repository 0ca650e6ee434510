//! Stock, and its movements.

use catalog::ProductOut;
use http_kit::openapi::{Access, Api};
use values::schema::ProductId;

use super::texts::PRODUCT;
use crate::stock::{MovementOut, MovementsIn, StockAdjustmentIn};

pub(super) fn openapi(api: &mut Api) {
    api.operation("patch", "/api/v1/products/{id}/stock", Access::Account, "changeStock", "Adjust stock")
        .describe(
            "Admins only. With the whole ETag of the product in `If-Match`, the request is refused if any of its stock has changed \
             since. With only the first number of the ETag (`\"3\"`), it is refused if the product has been edited since.",
        )
        .path_param::<ProductId>("id", PRODUCT)
        .if_match(false)
        .idempotency_key(false)
        .body::<StockAdjustmentIn>()
        .answer::<ProductOut>(200, "The product after the change.")
        .error(
            409,
            "`stock_negative`, `product_archived`, or `too_many_concurrent_updates` if orders of the SKU change its stock all the \
             time.",
        )
        .done();
    let path = "/api/v1/products/{id}/stock/movements";
    api.operation("get", path, Access::Account, "stockMovements", "List stock movements")
        .describe(
            "Admins only. The movements of a SKU add up to its stock once the events of all orders are processed, which takes \
             seconds.",
        )
        .path_param::<ProductId>("id", PRODUCT)
        .queries::<MovementsIn>()
        .answer_page::<MovementOut>("The movements, newest first.")
        .error(422, "`sku_unknown`, `variant_required`, or a parameter out of range.")
        .done();
}
