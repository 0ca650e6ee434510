//! An order, as the API shows it.

use serde_json::Value;

/// An order's document.
#[derive(Debug, Clone)]
pub struct Order(pub Value);

impl Order {
    fn text(&self, member: &str) -> &str {
        self.0[member].as_str().unwrap_or_else(|| panic!("an order has a {member}: {}", self.0))
    }

    /// `ord_…`.
    pub fn id(&self) -> &str {
        self.text("id")
    }

    /// What the customer calls it.
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

    /// `pay_…`.
    pub fn payment_id(&self) -> &str {
        self.text("paymentId")
    }

    /// Minor units.
    pub fn total(&self) -> u64 {
        self.0["total"]["amount"].as_u64().unwrap_or_else(|| panic!("an order has a total: {}", self.0))
    }

    /// The lines.
    pub fn items(&self) -> &[Value] {
        self.0["items"].as_array().map(Vec::as_slice).unwrap_or_default()
    }
}

/// Minor units as people write them: 1299 EUR is `12.99`.
pub fn decimal(amount: u64, currency: &str) -> String {
    // ISO 4217 exponents that are not 2, of the currencies a test stack may have.
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
