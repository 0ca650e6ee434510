//! Every event type of souk. What each carries stands in the file of its context.

use serde::{Deserialize, Serialize};
use values::{JobId, OrderId, SessionId, TokenId, UserId};

use crate::catalog::{JobAdvanced, ProductChanged, ReviewChanged, StockChanged, StockLow};
use crate::orders::{OrderCancelled, OrderConfirmed, OrderCreated, OrderDelivered, OrderMoved};
use crate::payments::{
    PaymentDone, PaymentFailed, PaymentMismatched, PaymentNeedsAction, PaymentRefunded, PaymentRequested,
    RefundRequested,
};

/// What happened. On the wire: `{"eventType": "order.created", "data": {…}}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "eventType", content = "data")]
pub enum Event {
    /// An account was made.
    #[serde(rename = "user.registered")]
    UserRegistered(UserRegistered),
    /// A spent refresh token was shown again: somebody else may have the good one, and its session has ended.
    #[serde(rename = "user.refresh_reused")]
    RefreshReused(RefreshReused),
    /// Somebody wants another password: the token that lets them is to be mailed.
    #[serde(rename = "user.password_reset_requested")]
    UserPasswordResetRequested(TokenRequested),
    /// Somebody is to show that an address is theirs: the token that does is to be mailed.
    #[serde(rename = "user.email_verification_requested")]
    UserEmailVerificationRequested(TokenRequested),
    /// An account was closed: whoever holds anything of its person erases it, but for what the law keeps.
    #[serde(rename = "user.deleted")]
    UserDeleted(UserDeleted),
    /// Somebody wants all that is held of them, or the next slice of it is due.
    #[serde(rename = "user.export_requested")]
    UserExportRequested(UserExportRequested),
    /// A product was made.
    #[serde(rename = "product.created")]
    ProductCreated(ProductChanged),
    /// A product was changed.
    #[serde(rename = "product.updated")]
    ProductUpdated(ProductChanged),
    /// A product left the shop.
    #[serde(rename = "product.archived")]
    ProductArchived(ProductChanged),
    /// The stock of a SKU is another: sold, given back or counted. Derived from the offer's stream.
    #[serde(rename = "stock.changed")]
    StockChanged(StockChanged),
    /// The stock of a SKU fell to where somebody should order more. Once per crossing; derived like `stock.changed`.
    #[serde(rename = "stock.low")]
    StockLow(StockLow),
    /// A customer said what a product is like.
    #[serde(rename = "review.posted")]
    ReviewPosted(ReviewChanged),
    /// A review was changed, hidden, shown again or taken back.
    #[serde(rename = "review.changed")]
    ReviewChanged(ReviewChanged),
    /// The file of an import is there, or the next slice of it is due.
    #[serde(rename = "import.uploaded")]
    ImportUploaded(JobAdvanced),
    /// An export is wanted, or the next slice of it is due.
    #[serde(rename = "export.requested")]
    ExportRequested(JobAdvanced),
    /// An order was placed; its stock is held.
    #[serde(rename = "order.created")]
    OrderCreated(OrderCreated),
    /// Its money is authorised; it will be delivered.
    #[serde(rename = "order.confirmed")]
    OrderConfirmed(OrderConfirmed),
    /// It is being packed.
    #[serde(rename = "order.processing")]
    OrderProcessing(OrderMoved),
    /// It left.
    #[serde(rename = "order.shipped")]
    OrderShipped(OrderMoved),
    /// It arrived.
    #[serde(rename = "order.delivered")]
    OrderDelivered(OrderDelivered),
    /// It will not be delivered; its stock is free again.
    #[serde(rename = "order.cancelled")]
    OrderCancelled(OrderCancelled),
    /// The customer asks to charge another method for a pending order.
    #[serde(rename = "payment.requested")]
    PaymentRequested(PaymentRequested),
    /// The provider reserved the money.
    #[serde(rename = "payment.authorized")]
    PaymentAuthorized(PaymentDone),
    /// The money is captured.
    #[serde(rename = "payment.completed")]
    PaymentCompleted(PaymentDone),
    /// The provider declined.
    #[serde(rename = "payment.failed")]
    PaymentFailed(PaymentFailed),
    /// Nothing was or will be taken.
    #[serde(rename = "payment.cancelled")]
    PaymentCancelled(PaymentDone),
    /// The customer has to do something at the provider's page.
    #[serde(rename = "payment.requires_action")]
    PaymentRequiresAction(PaymentNeedsAction),
    /// Somebody who may wants the reserved money taken now.
    #[serde(rename = "payment.capture_requested")]
    PaymentCaptureRequested(PaymentRequested),
    /// Captured money is to be given back.
    #[serde(rename = "payment.refund_requested")]
    PaymentRefundRequested(RefundRequested),
    /// Money was given back.
    #[serde(rename = "payment.refunded")]
    PaymentRefunded(PaymentRefunded),
    /// The provider's object is of another amount or currency than ours: an alarm. Nothing was or will be taken.
    #[serde(rename = "payment.mismatched")]
    PaymentMismatched(PaymentMismatched),
}

impl Event {
    /// The type as the wire names it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::UserRegistered(_) => "user.registered",
            Self::RefreshReused(_) => "user.refresh_reused",
            Self::UserPasswordResetRequested(_) => "user.password_reset_requested",
            Self::UserEmailVerificationRequested(_) => "user.email_verification_requested",
            Self::UserDeleted(_) => "user.deleted",
            Self::UserExportRequested(_) => "user.export_requested",
            Self::ProductCreated(_) => "product.created",
            Self::ProductUpdated(_) => "product.updated",
            Self::ProductArchived(_) => "product.archived",
            Self::StockChanged(_) => "stock.changed",
            Self::StockLow(_) => "stock.low",
            Self::ReviewPosted(_) => "review.posted",
            Self::ReviewChanged(_) => "review.changed",
            Self::ImportUploaded(_) => "import.uploaded",
            Self::ExportRequested(_) => "export.requested",
            Self::OrderCreated(_) => "order.created",
            Self::OrderConfirmed(_) => "order.confirmed",
            Self::OrderProcessing(_) => "order.processing",
            Self::OrderShipped(_) => "order.shipped",
            Self::OrderDelivered(_) => "order.delivered",
            Self::OrderCancelled(_) => "order.cancelled",
            Self::PaymentRequested(_) => "payment.requested",
            Self::PaymentAuthorized(_) => "payment.authorized",
            Self::PaymentCompleted(_) => "payment.completed",
            Self::PaymentFailed(_) => "payment.failed",
            Self::PaymentCancelled(_) => "payment.cancelled",
            Self::PaymentRequiresAction(_) => "payment.requires_action",
            Self::PaymentCaptureRequested(_) => "payment.capture_requested",
            Self::PaymentRefundRequested(_) => "payment.refund_requested",
            Self::PaymentRefunded(_) => "payment.refunded",
            Self::PaymentMismatched(_) => "payment.mismatched",
        }
    }
}

/// Data of `user.registered`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserRegistered {
    /// The account.
    pub user_id: UserId,
}

/// See [`Event::RefreshReused`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RefreshReused {
    /// Whose session it was.
    pub user_id: UserId,
    /// The session.
    pub session_id: SessionId,
}

/// Data of `user.password_reset_requested` and `user.email_verification_requested`. Whom it is for stands in the token's row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TokenRequested {
    /// The token, which has no secret yet.
    pub token_id: TokenId,
}

/// Data of `user.deleted`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserDeleted {
    /// The account that was.
    pub user_id: UserId,
    /// In a message that orders-worker has sent to itself: the orders before this one are still to be looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub orders_before: Option<OrderId>,
    /// Likewise: this is the second look, after which nothing can come any more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub once_more: bool,
}

/// Data of `user.export_requested`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserExportRequested {
    /// Whose.
    pub user_id: UserId,
    /// The job that writes it all into one file.
    pub job_id: JobId,
}
