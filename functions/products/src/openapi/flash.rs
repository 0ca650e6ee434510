//! Buckets of a flash sale.

use catalog::ProductOut;
use http_kit::openapi::{Access, Api};
use values::schema::ProductId;

use super::texts::PRODUCT;
use crate::flash::FlashIn;

pub(super) fn openapi(api: &mut Api) {
    api.operation("put", "/api/v1/products/{id}/flash", Access::Account, "setFlashSale", "Put stock into buckets")
        .describe(
            "Admins only. The stock of a SKU is in one row, which serves about a hundred orders a second. In buckets it serves about a \
             hundred for each bucket, and no order is refused while a piece is left. The request states the end, so it can be sent again.",
        )
        .path_param::<ProductId>("id", PRODUCT)
        .if_match(false)
        .body::<FlashIn>()
        .answer::<ProductOut>(200, "The product. Its stock is in so many buckets.")
        .error(
            409,
            "`product_archived`, or `too_many_concurrent_updates` if the sale is too busy: the stock is right, and the same request \
             continues.",
        )
        .done();
}
