//! A payment that is to be opened with its order.

use events::Recipient;
use values::{Money, OrderId, PaymentId};

use crate::payment::PaidLine;
use crate::payment_method::PaymentMethod;

/// The payment that an order needs.
#[derive(Debug, Clone)]
pub struct NewPayment {
    /// As `Payment::id_of_order` names it.
    pub id: PaymentId,
    pub order_id: OrderId,
    pub order_number: String,
    pub payer: Recipient,
    pub amount: Money,
    pub method: PaymentMethod,
    pub lines: Vec<PaidLine>,
    /// The digest of a guest's order token.
    pub token_digest: Option<String>,
}
