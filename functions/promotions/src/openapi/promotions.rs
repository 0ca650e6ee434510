//! Promotions.

use http_kit::openapi::{Access, Api};
use promotions::PromotionContent;
use values::schema::PromotionId;

use super::texts::{ADMINS, PROMOTION};
use crate::preview::SampleIn;
use crate::preview_out::PreviewOut;
use crate::promotions::{ChangeOut, PromotionOut, PromotionReplacement, PromotionsIn, UsageOut};

const CHANGED: &str = "The result of the change.";
const CONTENT: &str = "`validation_failed`, with the code of the field. Market: `market_unknown`, `currency_mismatch`, `step_mismatch`. \
    Scope: `scope_empty`, `scope_ambiguous`, `scope_unknown` (a SKU, a product or a category that the catalog does not have), \
    `too_many_names`. Effect: `required`, `effect_ambiguous`, `effect_of_other_stage`, `percentage_out_of_range`, `amount_out_of_range`, \
    `quantity_out_of_range`, `too_many_parts`, `too_many_tiers`, `tiers_overlap`. Conditions and limits: `customer_group_invalid`, \
    `country_invalid`, `uses_out_of_range`, `ends_before_start`, `end_required` (what counts customers is deleted 30 days after the end).";

pub(super) fn openapi(api: &mut Api) {
    operations_of_all(api);
    operations_of_one(api);
    operations_of_live(api);
}

fn operations_of_all(api: &mut Api) {
    let path = "/api/v1/promotions";
    api.operation("post", path, Access::Account, "createPromotion", "Draft a promotion")
        .describe(
            "Admins only. A draft changes no price until it is published. All amounts are in the currency and in the net or gross mode of \
             its market. `GET` shows the key that the market has itself, if `default` was sent.",
        )
        .idempotency_key(false)
        .body::<PromotionContent>()
        .answer::<PromotionOut>(201, "The draft.")
        .error(422, &format!("{CONTENT} `idempotency_mismatch`."))
        .done();
    api.operation("get", path, Access::Account, "listPromotions", "List promotions")
        .describe("Admins only. A promotion that was changed a moment ago may be shown as it was before.")
        .queries::<PromotionsIn>()
        .answer_page::<PromotionOut>("Drafts, live and stopped promotions, newest first.")
        .done();
}

fn operations_of_one(api: &mut Api) {
    let path = "/api/v1/promotions/{id}";
    api.operation("get", path, Access::Account, "readPromotion", "Read a promotion")
        .describe(ADMINS)
        .path_param::<PromotionId>("id", PROMOTION)
        .if_none_match()
        .answer::<PromotionOut>(200, "The promotion.")
        .done();
    api.operation("put", path, Access::Account, "replacePromotion", "Change a promotion")
        .describe(
            "Admins only. A draft can change in everything. A live promotion cannot change its market, its trigger, and whether it has a \
             limit: its uses are counted. An order that was priced before the change is refused (`promotion_changed`) if the promotion \
             has the limit `total`; other orders may have the old terms for 30 seconds.",
        )
        .path_param::<PromotionId>("id", PROMOTION)
        .if_match(true)
        .replacement::<PromotionReplacement>("PromotionUpdate")
        .answer::<PromotionOut>(200, CHANGED)
        .error(409, "`promotion_stopped`: create another promotion.")
        .error(
            422,
            &format!(
                "{CONTENT} Of a live promotion also `fixed_when_live`, `limit_lowered`, `end_later`, `too_many_promotions` and \
                 `too_many_competing`."
            ),
        )
        .done();
    api.operation("delete", path, Access::Account, "deletePromotion", "Delete a draft")
        .describe(ADMINS)
        .path_param::<PromotionId>("id", PROMOTION)
        .if_match(true)
        .answer_empty(204, "The draft is deleted.")
        .error(409, "`promotion_published`: orders may refer to it; stop it instead.")
        .done();
    api.operation(
        "post",
        "/api/v1/promotions/{id}/preview",
        Access::Account,
        "previewPromotion",
        "Price a sample cart with a promotion",
    )
    .describe(
        "Admins only. Nothing is stored. The cart is priced at the current prices, now or at the start of the promotion, for a buyer who \
         has not ordered before. Taxes are by the shop's own rates. No limit is looked at.",
    )
    .path_param::<PromotionId>("id", PROMOTION)
    .body::<SampleIn>()
    .answer::<PreviewOut>(200, "The price without and with the promotion.")
    .error(
        422,
        "`validation_failed`, with codes such as `items_out_of_range`, `product_unknown`, `variant_required`, `price_missing` (the market \
         has no price for it), `country_invalid`, `tax_rate_missing`, `coupon_unknown`, `coupon_expired`, `coupon_doubled` and \
         `too_many_coupons`.",
    )
    .done();
}

fn operations_of_live(api: &mut Api) {
    api.operation(
        "post",
        "/api/v1/promotions/{id}/publish",
        Access::Account,
        "publishPromotion",
        "Publish a draft",
    )
    .describe("Admins only. Carts and orders may be priced without it for 30 seconds. A market has at most 100 live automatic promotions.")
    .path_param::<PromotionId>("id", PROMOTION)
    .if_match(true)
    .answer::<PromotionOut>(200, "The promotion, which is live.")
    .error(409, "`promotion_published`: it was published before.")
    .error(
        422,
        "`validation_failed`, with codes such as `ends_in_past`, `market_unknown`, `too_many_promotions` and `too_many_competing` (stop \
         another promotion of its kind first).",
    )
    .done();
    api.operation("post", "/api/v1/promotions/{id}/stop", Access::Account, "stopPromotion", "Stop a promotion")
        .describe(
            "Admins only. It ends for good, with all its codes. No order counts it any more if it has the limit `total`; otherwise orders \
             may have it for 30 seconds. Orders that have it do not change. Sent again at the new version, it completes a stop that was \
             interrupted.",
        )
        .path_param::<PromotionId>("id", PROMOTION)
        .if_match(true)
        .answer::<PromotionOut>(200, "The promotion, which is stopped.")
        .error(409, "`promotion_not_live`: it is a draft; delete it instead.")
        .done();
    api.operation(
        "get",
        "/api/v1/promotions/{id}/history",
        Access::Account,
        "promotionHistory",
        "List the changes of a promotion",
    )
    .describe("Admins only. A draft has no history.")
    .path_param::<PromotionId>("id", PROMOTION)
    .paged()
    .answer_page::<ChangeOut>("The changes since it was published, newest first.")
    .done();
    api.operation(
        "get",
        "/api/v1/promotions/{id}/usage",
        Access::Account,
        "promotionUsage",
        "Read the uses of a promotion",
    )
    .describe(ADMINS)
    .path_param::<PromotionId>("id", PROMOTION)
    .answer::<UsageOut>(200, "Its limit and its uses.")
    .done();
}
