//! Which bounded context makes an event. Its table is the only one whose outbox may hold the event.

use crate::Event;

/// A bounded context that makes events. Each has a table with an outbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Context {
    Identity,
    Catalog,
    Orders,
    Payments,
}

impl Event {
    /// The context that makes this event. An event in the outbox of another context's table is forged.
    pub fn context(&self) -> Context {
        match self {
            Self::UserRegistered(_)
            | Self::RefreshReused(_)
            | Self::UserPasswordResetRequested(_)
            | Self::UserEmailVerificationRequested(_)
            | Self::UserDeleted(_)
            | Self::UserExportRequested(_)
            | Self::UserSecurityChanged(_) => Context::Identity,
            Self::ProductCreated(_)
            | Self::ProductUpdated(_)
            | Self::ProductArchived(_)
            | Self::StockChanged(_)
            | Self::StockLow(_)
            | Self::ReviewPosted(_)
            | Self::ReviewChanged(_)
            | Self::ImportUploaded(_)
            | Self::ExportRequested(_) => Context::Catalog,
            Self::OrderCreated(_)
            | Self::OrderConfirmed(_)
            | Self::OrderProcessing(_)
            | Self::OrderShipped(_)
            | Self::OrderDelivered(_)
            | Self::OrderCancelled(_) => Context::Orders,
            Self::PaymentRequested(_)
            | Self::PaymentAuthorized(_)
            | Self::PaymentCompleted(_)
            | Self::PaymentFailed(_)
            | Self::PaymentCancelled(_)
            | Self::PaymentRequiresAction(_)
            | Self::PaymentCaptureRequested(_)
            | Self::PaymentRefundRequested(_)
            | Self::PaymentRefunded(_)
            | Self::PaymentMismatched(_) => Context::Payments,
        }
    }
}
