//! Imports of codes.

use http_kit::openapi::{Access, Api};
use values::schema::{JobId, PromotionId};

use super::texts::{NO_CODES, PROMOTION};
use crate::imports::{CodeImportIn, CodeImportOut};

pub(super) fn openapi(api: &mut Api) {
    api.operation(
        "post",
        "/api/v1/promotions/{id}/codes/imports",
        Access::Account,
        "importCodes",
        "Start an import of codes",
    )
    .describe(
        "Admins only. Upload the file with PUT to `upload`, with the headers in the answer; then the import starts by itself. NDJSON: each \
         line is a JSON object as in the body of `POST /promotions/{id}/codes`. CSV: the first line names the columns `code` and, if codes \
         have limits, `maxUses`; cells end at commas, semicolons or tabs. The file must be UTF-8. A code that the promotion has already \
         does not change. At most 20 MB, and 256 KB for a line.",
    )
    .path_param::<PromotionId>("id", PROMOTION)
    .idempotency_key(false)
    .body::<CodeImportIn>()
    .answer::<CodeImportOut>(202, "The import waits for its file.")
    .error(409, NO_CODES)
    .error(422, "`validation_failed`, with the code `file_too_large` of `bytes`; `idempotency_mismatch`.")
    .done();
    api.operation(
        "get",
        "/api/v1/promotions/{id}/codes/imports/{job}",
        Access::Account,
        "readCodeImport",
        "Read an import of codes",
    )
    .describe(
        "Admins only. If lines were rejected, a finished import has a `report`: the URL of a file with a JSON object for each rejected \
         line (`line`, `coupon`, `code`, `field`, `message`). `coupon` is null if it cannot be read, and `field` if the whole line is at \
         fault. The import is stored for a week.",
    )
    .path_param::<PromotionId>("id", PROMOTION)
    .path_param::<JobId>("job", "The id of the import.")
    .answer::<CodeImportOut>(200, "The current state.")
    .done();
}
