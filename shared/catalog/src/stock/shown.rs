//! How much of the stock callers see. Customers see a number up to a limit: competitors cannot read sales from it, and nobody
//! learns how many pieces are needed to empty the shop. Pure.

use aws_kit::Settings;
use values::{Caller, Error, Permission, Result};

/// The error code of a refusal that tells how many pieces are left.
const INSUFFICIENT: &str = "insufficient_stock";

/// The most pieces that a caller sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShownStock {
    up_to: u32,
}

impl ShownStock {
    /// All pieces, for those who manage the stock.
    pub const ALL: Self = Self { up_to: u32::MAX };

    #[cfg(test)]
    pub(crate) fn up_to(up_to: u32) -> Self {
        Self { up_to }
    }

    /// What customers see: `SOUK_STOCK_SHOWN_UP_TO`.
    pub fn from_env() -> Result<Self> {
        Ok(Self { up_to: Settings.parsed("SOUK_STOCK_SHOWN_UP_TO")? })
    }

    /// What this caller sees.
    #[must_use]
    pub fn to(self, caller: &Caller) -> Self {
        if caller.may(Permission::ManageProducts) { Self::ALL } else { self }
    }

    /// The number of pieces that is shown.
    pub fn pieces(self, available: u32) -> u32 {
        available.min(self.up_to)
    }

    /// The error that is shown: without a number of pieces above the limit.
    #[must_use]
    pub fn error(self, mut error: Error) -> Error {
        let mut is_changed = false;
        for field in error.fields.iter_mut().filter(|field| field.code == INSUFFICIENT) {
            let available = field.facts.get("available").and_then(serde_json::Value::as_u64);
            if available.is_some_and(|available| available > u64::from(self.up_to)) {
                let sku = field.facts.get("sku").and_then(serde_json::Value::as_str).unwrap_or_default();
                field.message =
                    format!("Fewer pieces of {sku} are available than you want, but at least {}.", self.up_to);
                if let Some(in_cart) = field.facts.get("inCart").and_then(serde_json::Value::as_u64) {
                    field.message = format!("{} {}", field.message, pieces_in_cart(in_cart));
                }
                field.facts.insert("available".to_owned(), self.up_to.into());
                is_changed = true;
            }
        }
        if is_changed {
            error.detail = error.fields.iter().map(|field| field.message.as_str()).collect::<Vec<_>>().join(" ");
        }
        error
    }
}

/// The sentence about pieces that the cart has already, beside a refusal of more.
pub fn pieces_in_cart(pieces: impl Into<u64>) -> String {
    let pieces = pieces.into();
    format!("{pieces} {} in the cart already.", if pieces == 1 { "is" } else { "are" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use values::{Clock, Role};

    const SHOWN: ShownStock = ShownStock { up_to: 20 };

    fn refusal(available: u32) -> Error {
        let message = format!("Only {available} of MUG are available, not 99.");
        let facts = json!({ "sku": "MUG", "available": available, "wanted": 99 });
        let facts = facts.as_object().unwrap().clone();
        Error::conflict(INSUFFICIENT, message.clone()).with_facts("items.MUG", INSUFFICIENT, message, facts)
    }

    #[test]
    fn customer_sees_20_pieces_and_an_admin_all() {
        assert_eq!((SHOWN.pieces(7), SHOWN.pieces(57)), (7, 20));
        let caller = |role| {
            let (id, session) = (Clock::System.mint(), Clock::System.mint());
            Caller::User { id, role, session, authenticated_at: None, assurance: values::Assurance::OneFactor }
        };
        assert_eq!(SHOWN.to(&caller(Role::Admin)).pieces(57), 57);
        assert_eq!((SHOWN.to(&caller(Role::Customer)), SHOWN.to(&Caller::Guest)), (SHOWN, SHOWN));
    }

    #[test]
    fn refusal_says_no_more() {
        let error = SHOWN.error(refusal(57));
        assert_eq!(error.fields[0].facts["available"], 20);
        assert!(!error.detail.contains("57") && !error.fields[0].message.contains("57"), "{error:?}");
        let mut more = refusal(57);
        more.fields[0].facts.insert("inCart".to_owned(), json!(15));
        assert!(SHOWN.error(more).detail.ends_with("at least 20. 15 are in the cart already."));
        assert_eq!(SHOWN.error(refusal(7)).detail, refusal(7).detail);
        assert_eq!(ShownStock::ALL.error(refusal(57)).detail, refusal(57).detail);
    }
}
