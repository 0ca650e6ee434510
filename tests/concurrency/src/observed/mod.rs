//! What is observed once all work has ended: the rows of all tables, the provider's ledger, the mail and the dead-letter queues.
//! Only what belongs to this run is included. The checks decide from it and from the history alone.

mod layout;
mod price_rows;
mod promotion_rows;
mod read;
mod read_promotions;
mod refund_rows;
mod rows;
mod state;

pub use price_rows::{
    AppliedPromotion, CountedPromotion, CountedUses, LineShares, PriceParts, ShippingPart, TaxPart, TaxShare,
};
pub use promotion_rows::{Code, CustomerUses, Limits, Promotion, Shard};
pub use read::{RawState, read};
pub use refund_rows::{Refund, RefundLine, RefundStatus, RefundSum};
pub use rows::{
    Attempt, Bucket, CartLine, Charge, Counter, Flash, Intent, IntentEvent, Item, Mail, Money, Movement, Notification,
    Offer, Order, OrderPaymentStatus, OrderStatus, PaidLine, Payment, PaymentStatus, ProviderRefund, ProviderRequest,
    RefundedLine, ShippingAmount, Step,
};
pub use state::ObservedState;
