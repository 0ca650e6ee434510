//! An order as the API shows it.

use serde_json::Value;

/// An order's document.
#[derive(Debug, Clone)]
pub struct Order(pub Value);

impl Order {
    fn text(&self, member: &str) -> &str {
        self.0[member].as_str().unwrap_or_else(|| panic!("an order should have {member}: {}", self.0))
    }

    /// The order's id, `ord_…`.
    pub fn id(&self) -> &str {
        self.text("id")
    }

    /// The order number, which customers use.
    pub fn number(&self) -> &str {
        self.text("number")
    }

    /// `pending`, `confirmed`, …
    pub fn status(&self) -> &str {
        self.text("status")
    }

    /// `unpaid`, `paid`, …
    pub fn payment_status(&self) -> &str {
        self.text("paymentStatus")
    }

    /// The payment's id, `pay_…`.
    pub fn payment_id(&self) -> &str {
        self.text("paymentId")
    }

    /// The total in minor units.
    pub fn total(&self) -> u64 {
        self.0["total"]["amount"].as_u64().unwrap_or_else(|| panic!("an order should have a total: {}", self.0))
    }

    /// The order's lines.
    pub fn items(&self) -> &[Value] {
        self.0["items"].as_array().map(Vec::as_slice).unwrap_or_default()
    }
}

/// An amount of minor units in major units: 1299 EUR is `12.99`.
pub fn decimal(amount: u64, currency: &str) -> String {
    // The ISO 4217 exponents other than 2 of the currencies that a test stack may have.
    let digits = match currency {
        "JPY" | "KRW" | "CLP" => 0,
        "KWD" | "BHD" | "TND" => 3,
        _ => 2,
    };
    let unit = 10_u64.pow(digits);
    match digits {
        0 => amount.to_string(),
        _ => format!("{}.{:0width$}", amount / unit, amount % unit, width = digits as usize),
    }
}
