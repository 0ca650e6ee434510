//! Payments: money is authorised, captured and refunded at a provider, exactly once, whatever crashes.
//!
//! Invariants:
//! - The transaction that places an order also opens its payment. `amount` never changes after that. The id of the payment has the
//!   UUID of the order, so one finds the other. Payments of earlier releases have another UUID, and are found by an index.
//! - An open, waiting or declined payment belongs to a pending order, which the index of holds finds. An authorised or cancelling
//!   payment, and a pending refund, are in an index of their own until a worker has settled them.
//! - No charge is posted before our row holds the id of the provider's object. An intent is created unconfirmed, which moves
//!   no money; its id is saved; only then is it confirmed by that id. A retry asks the provider for the state of the intent.
//!   An intent whose id was lost can never charge a customer.
//! - A refund has its attempt in our row before it is posted, and is found again by our id.
//! - A transition is a conditional write on the version from which it was decided. A worker that loses the race decides again
//!   by the new state.
//! - `captured = refunded + refunding + refundable`, and none of them is ever below 0. A refund is deducted from `refundable`
//!   under a condition before the provider is called.
//! - A webhook is a hint. The worker asks the provider, and the state decides.
//! - A capture and a decline are events without a row of their own: the version of the payment that is such an event says so (`tells`),
//!   and the stream brings it to the notifier. A captured payment stays in an index by the time of its capture, for a stream that failed.
//! - A worker's step is decided here and written by the orders context, in one transaction with the order of the payment. An authorised
//!   payment whose capture is due at once is in no index: its order is, until the capture.

mod attempt;
mod balance;
mod capture;
mod capture_at;
mod card_limit;
mod declines;
mod end;
mod erase_refund_reason;
mod export;
mod list_captured;
mod mail_progress;
mod new_payment;
mod open;
mod payment;
mod payment_method;
mod payment_row;
mod receive_webhook;
mod reconcile;
mod refund;
mod refund_amount;
mod refund_payment;
mod request_capture;
mod request_refund;
mod request_status_check;
mod service;
mod status;
mod step;
mod store;
mod stripe;
mod tell;
mod tells;
mod void;
mod webhook;

pub use attempt::{Attempt, AttemptOutcome, Failure, NextAction};
pub use balance::Balance;
pub use capture_at::CaptureAt;
pub use card_limit::CardLimit;
pub use declines::{Declines, SET_DECLINES};
pub use end::PaymentEnd;
pub use list_captured::PaymentPage;
pub use mail_progress::MailProgress;
pub use new_payment::NewPayment;
pub use payment::{ORDER_TOKEN_SECONDS, PaidLine, Payment};
pub use payment_method::PaymentMethod;
pub use refund::{Refund, RefundStatus};
pub use refund_amount::RefundAmount;
pub use service::PaymentService;
pub use status::Status;
pub use step::{Due, NextPayment, PaymentStep};
pub use store::Payments;
pub use stripe::Stripe;
pub use tell::{customer_event, customer_event_of_image};
pub use tells::Tells;
pub use webhook::StripeEvent;
