//! What a version of a payment tells its customer.

use serde::{Deserialize, Serialize};

/// The event that a version of a payment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Tells {
    #[serde(rename = "payment.completed")]
    Completed,
    #[serde(rename = "payment.failed")]
    Failed,
}
