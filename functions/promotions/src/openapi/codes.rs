//! Codes.

use http_kit::openapi::{Access, Api};
use promotions::{CodePrefix, NewCode};
use values::schema::PromotionId;

use super::texts::{ADMINS, NO_CODES, PROMOTION};
use crate::codes::{BatchOut, CodeOut, GenerateIn, GeneratedIn, GeneratedOut};

pub(super) fn openapi(api: &mut Api) {
    let path = "/api/v1/promotions/{id}/codes";
    api.operation("post", path, Access::Account, "addCode", "Add a code")
        .describe(
            "Admins only. A code belongs to its promotion for ever. Sent again, it changes nothing, not even `maxUses`. Buyers can enter \
             the code at once.",
        )
        .path_param::<PromotionId>("id", PROMOTION)
        .body::<NewCode>()
        .answer_empty(204, "The promotion has the code.")
        .error(409, &format!("`code_exists`: another promotion has it. {NO_CODES}"))
        .done();
    api.operation("get", path, Access::Account, "listCodes", "List codes")
        .describe("Admins only. Generated codes are not in the list.")
        .path_param::<PromotionId>("id", PROMOTION)
        .paged()
        .answer_page::<CodeOut>("The codes that were added or imported, in alphabetical order.")
        .done();
    api.operation(
        "post",
        "/api/v1/promotions/{id}/codes/generate",
        Access::Account,
        "generateCodes",
        "Generate codes",
    )
    .describe(
        "Admins only. Each code is the prefix and 12 characters that nobody can guess. Up to a million codes are there at once. Sent again, \
         it changes nothing.",
    )
    .path_param::<PromotionId>("id", PROMOTION)
    .body::<GenerateIn>()
    .answer::<BatchOut>(201, "The batch. `GET` on its prefix shows the codes.")
    .error(409, &format!("`prefix_exists`: another batch has the prefix. {NO_CODES}"))
    .done();
    let path = "/api/v1/promotions/{id}/codes/batches";
    api.operation("get", path, Access::Account, "listCodeBatches", "List the batches of generated codes")
        .describe(ADMINS)
        .path_param::<PromotionId>("id", PROMOTION)
        .paged()
        .answer_page::<BatchOut>("The batches, by prefix.")
        .done();
    api.operation(
        "get",
        "/api/v1/promotions/{id}/codes/batches/{prefix}",
        Access::Account,
        "readGeneratedCodes",
        "Read generated codes",
    )
    .describe(ADMINS)
    .path_param::<PromotionId>("id", PROMOTION)
    .path_param::<CodePrefix>("prefix", "The prefix of the batch.")
    .queries::<GeneratedIn>()
    .answer::<GeneratedOut>(200, "Codes of the batch.")
    .done();
}
