//! Promotions and coupons: what they are, when they apply, and how often they were used. What they do to a price is in `pricing`.
//!
//! Rooms: `promotions`, `codes`, `imports`, `limits`, `applicable`. Each `mod.rs` says what its room is for and what must stay true in it.
//! [`PromotionService`] has the use cases of admins, and [`CodeImportService`] those of imports. [`Promotions`] is what carts and orders
//! use: it finds the promotions for a price ([`Promotions::applicable`]), counts the uses of an order ([`Promotions::consume`]) and gives
//! them back ([`Promotions::release`]).
//! `store.rs` has the table and its access patterns; each room's `store.rs` has the rows of the room.
//!
//! Invariants:
//! - A use is counted in the transaction that places its order, under the limits of the promotion, the customer and the code. It is given
//!   back in the transaction that cancels the order, and nowhere else: exactly once.
//! - The quotas of the shards of a promotion add up to its limit. A limit is refused only after all shards were full at one moment.
//! - The row of a customer has the ids of the orders that it counts, so a return cannot count twice, and needs no row.
//! - A limit of a live promotion does not fall, and no limit appears or disappears: counts from before would be wrong.
//! - What counts customers expires 30 days after the end of the promotion. So such a promotion has an end, which never gets later.
//! - A code belongs to one promotion for ever. Only live promotions get codes, so a draft can be deleted without a trace.
//! - A market has at most 100 live automatic promotions, of which few compete: each change of the list rests on the version of the market.
//! - At most five promotions of an order have a limit, so their writes fit into its transaction.

mod applicable;
mod codes;
#[cfg(test)]
mod demo_promotions;
mod imports;
mod limits;
mod promotions;
#[cfg(feature = "openapi")]
mod schema;
mod service;
mod store;

pub use applicable::coupon_refusal::{CouponRefusal, RefusedCoupon, coupon_error};
pub use applicable::found::Found;
pub use codes::code::{AddedCodes, CodeUsage, NewCode};
pub use codes::coupon_code::{CouponCode, MAX_COUPONS, check_coupons};
pub use codes::generate_codes::MAX_GENERATED_PAGE;
pub use codes::generated_code::{CodeBatch, CodePrefix, MAX_GENERATED};
pub use codes::store::MAX_NEW_CODES;
pub use imports::begin::MAX_CODE_FILE_BYTES;
pub use imports::code_import::{CodeCounts, CodeImport};
pub use imports::service::CodeImportService;
pub use limits::customer_key::CustomerKey;
pub use limits::report_usage::PromotionUsage;
pub use limits::use_problem::{UseProblem, UseRefusal, use_error};
pub use limits::uses::{MAX_COUNTED, MAX_WRITES, OrderUses, Uses};
pub use promotions::content::{
    CombineRule, ConditionsContent, Limits, MAX_TOTAL, MinimumBasis, MinimumContent, PromotionContent, Trigger,
};
pub use promotions::effect::{EffectContent, EffectKind, PartContent, Stage, TierContent};
pub use promotions::preview::{Preview, Sample};
pub use promotions::promotion::{ChangeKind, Promotion, PromotionChange, Status};
pub use promotions::scope::{ScopeContent, ScopeNames, scope_key};
pub use service::PromotionService;
pub use store::Promotions;
pub use tabular::Format;
