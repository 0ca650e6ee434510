//! Every event type. The data of an event is in the file of its context.

use serde::{Deserialize, Serialize};
use values::{JobId, OrderId, SessionId, TokenId, UserId};

use crate::catalog::{JobDue, ProductChanged, ReviewChanged, StockChanged, StockLow};
use crate::orders::{OrderCancelled, OrderConfirmed, OrderCreated, OrderDelivered, OrderStatusChanged};
use crate::payments::{
    PaymentChanged, PaymentFailed, PaymentMismatched, PaymentNeedsAction, PaymentRefunded, PaymentRequested,
    RefundRequested,
};

/// What happened. As JSON: `{"eventType": "order.created", "data": {…}}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "eventType", content = "data")]
pub enum Event {
    /// An account was created.
    #[serde(rename = "user.registered")]
    UserRegistered(UserRegistered),
    /// A refresh token was used a second time. It may be stolen, so its session was ended.
    #[serde(rename = "user.refresh_reused")]
    RefreshReused(RefreshReused),
    /// A password reset was requested. The notifier mails the token.
    #[serde(rename = "user.password_reset_requested")]
    UserPasswordResetRequested(TokenRequested),
    /// An email address has to be verified. The notifier mails the token.
    #[serde(rename = "user.email_verification_requested")]
    UserEmailVerificationRequested(TokenRequested),
    /// Something that protects an account changed. The notifier mails the account's owner, and all admins about a new admin.
    #[serde(rename = "user.security_changed")]
    UserSecurityChanged(SecurityChanged),
    /// An account was closed. Every listener erases the personal data that it holds, except what the law requires it to keep.
    #[serde(rename = "user.deleted")]
    UserDeleted(UserDeleted),
    /// An export of personal data was requested, or its next step is due.
    #[serde(rename = "user.export_requested")]
    UserExportRequested(UserExportRequested),
    /// A product was created.
    #[serde(rename = "product.created")]
    ProductCreated(ProductChanged),
    /// A product was changed.
    #[serde(rename = "product.updated")]
    ProductUpdated(ProductChanged),
    /// A product was archived.
    #[serde(rename = "product.archived")]
    ProductArchived(ProductChanged),
    /// The stock of a SKU changed: by a sale, a return or a count. Derived from the offer's stream.
    #[serde(rename = "stock.changed")]
    StockChanged(StockChanged),
    /// The stock of a SKU fell to its threshold. Sent once per crossing; derived like `stock.changed`.
    #[serde(rename = "stock.low")]
    StockLow(StockLow),
    /// A customer posted a review.
    #[serde(rename = "review.posted")]
    ReviewPosted(ReviewChanged),
    /// A review was changed, hidden, shown again or withdrawn.
    #[serde(rename = "review.changed")]
    ReviewChanged(ReviewChanged),
    /// The file of an import was uploaded, or the next step of the import is due.
    #[serde(rename = "import.uploaded")]
    ImportUploaded(JobDue),
    /// An export was requested, or its next step is due.
    #[serde(rename = "export.requested")]
    ExportRequested(JobDue),
    /// An order was placed. It holds its stock. The row of the order is the event; a message with it is about the end of the hold, or
    /// of the release before.
    #[serde(rename = "order.created")]
    OrderCreated(OrderCreated),
    /// The payment of an order of the release before was authorised, so the order will be delivered. For other orders no event says so.
    #[serde(rename = "order.confirmed")]
    OrderConfirmed(OrderConfirmed),
    /// An order is being packed. Only the release before wrote it.
    #[serde(rename = "order.processing")]
    OrderProcessing(OrderStatusChanged),
    /// An order was handed to the carrier, and its payment is to be captured.
    #[serde(rename = "order.shipped")]
    OrderShipped(OrderStatusChanged),
    /// An order arrived.
    #[serde(rename = "order.delivered")]
    OrderDelivered(OrderDelivered),
    /// An order was cancelled. Its stock is released.
    #[serde(rename = "order.cancelled")]
    OrderCancelled(OrderCancelled),
    /// The customer submitted another payment method for a pending order.
    #[serde(rename = "payment.requested")]
    PaymentRequested(PaymentRequested),
    /// The provider authorised the payment. Only the release before wrote it.
    #[serde(rename = "payment.authorized")]
    PaymentAuthorized(PaymentChanged),
    /// The payment was captured. The row of the payment is the event.
    #[serde(rename = "payment.completed")]
    PaymentCompleted(PaymentChanged),
    /// The provider declined the payment. The row of the payment is the event.
    #[serde(rename = "payment.failed")]
    PaymentFailed(PaymentFailed),
    /// The payment was voided. Nothing was or will be captured. Only the release before wrote it.
    #[serde(rename = "payment.cancelled")]
    PaymentCancelled(PaymentChanged),
    /// The customer has to complete a step on the provider's page. Only the release before wrote it: the customer's front end polls the
    /// payment.
    #[serde(rename = "payment.requires_action")]
    PaymentRequiresAction(PaymentNeedsAction),
    /// An admin requested the capture of an authorised payment.
    #[serde(rename = "payment.capture_requested")]
    PaymentCaptureRequested(PaymentRequested),
    /// A refund was requested.
    #[serde(rename = "payment.refund_requested")]
    PaymentRefundRequested(RefundRequested),
    /// A refund succeeded.
    #[serde(rename = "payment.refunded")]
    PaymentRefunded(PaymentRefunded),
    /// The provider's amount or currency differs from ours, which raises an alarm. Nothing was or will be captured.
    #[serde(rename = "payment.mismatched")]
    PaymentMismatched(PaymentMismatched),
}

impl Event {
    /// The event's type, as in `eventType`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::UserRegistered(_) => "user.registered",
            Self::RefreshReused(_) => "user.refresh_reused",
            Self::UserPasswordResetRequested(_) => "user.password_reset_requested",
            Self::UserEmailVerificationRequested(_) => "user.email_verification_requested",
            Self::UserSecurityChanged(_) => "user.security_changed",
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
    pub user_id: UserId,
}

/// Data of `user.refresh_reused`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RefreshReused {
    pub user_id: UserId,
    pub session_id: SessionId,
}

/// Data of `user.password_reset_requested` and `user.email_verification_requested`. The token's row has the recipient.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TokenRequested {
    /// The token. Its secret does not exist yet.
    pub token_id: TokenId,
}

/// Data of `user.security_changed`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SecurityChanged {
    pub user_id: UserId,
    pub change: SecurityChange,
}

/// What changed about the security of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecurityChange {
    /// A login from a device and a network that are new to the account.
    NewDevice,
    /// An API key was created.
    ApiKeyCreated,
    /// The account has another role.
    RoleChanged,
    /// The account has become an admin's. All admins are mailed.
    AdminAdded,
    /// The password was changed or reset.
    PasswordChanged,
    /// A provider can be used to log in.
    ProviderLinked,
    /// A provider can no longer be used to log in.
    ProviderUnlinked,
    /// A second factor was added.
    SecondFactorAdded,
    /// A second factor was removed.
    SecondFactorRemoved,
    /// A recovery code took the place of a second factor in a login.
    RecoveryCodeUsed,
    /// New recovery codes took the place of the old ones.
    RecoveryCodesReplaced,
    /// The API keys of an admin without a second factor end within 30 days.
    AdminKeysLimited,
}

/// Data of `user.deleted`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserDeleted {
    pub user_id: UserId,
    /// Only in a message that orders-worker sends to itself: the orders before this one still have to be erased.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub orders_before: Option<OrderId>,
    /// Only in such a message, too: this is the second erasure, after which no new data can appear.
    #[serde(default, rename = "onceMore", skip_serializing_if = "std::ops::Not::not")]
    pub is_second_pass: bool,
}

/// Data of `user.export_requested`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserExportRequested {
    pub user_id: UserId,
    /// The job that writes the export.
    pub job_id: JobId,
}
