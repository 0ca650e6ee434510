//! What an order must know of the account that buys. It decides which prices, promotions and taxes are the buyer's.

use crate::accounts::account::Account;
use crate::accounts::customer_group::CustomerGroup;
use crate::accounts::tax_status::TaxStatus;

/// The customer group and the tax status of an account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Buyer {
    pub group: Option<CustomerGroup>,
    pub tax_status: TaxStatus,
}

impl Buyer {
    pub(crate) fn of(account: &Account) -> Self {
        Self { group: account.group.clone(), tax_status: account.tax_status.clone() }
    }

    /// What an admin has changed since `before`, in the word of the log line; none if it is the same.
    pub(crate) fn difference(&self, before: &Self) -> Option<&'static str> {
        match self.group == before.group {
            false => Some("group"),
            true => (self.tax_status != before.tax_status).then(|| self.tax_status.status.name()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::tax_status::TaxLiability;

    #[test]
    fn difference_is_the_group_or_the_new_tax_status() {
        let plain = Buyer::default();
        let wholesale = Buyer { group: "wholesale".parse().ok(), ..plain.clone() };
        let exempt = TaxStatus { status: TaxLiability::Exempt, ..TaxStatus::default() };
        let exempt = Buyer { tax_status: exempt, ..plain.clone() };
        let with_vat_id = TaxStatus { vat_id: "BE0428759497".parse().ok(), ..TaxStatus::default() };
        let with_vat_id = Buyer { tax_status: with_vat_id, ..plain.clone() };
        for (after, before, word) in [
            (&plain, &plain, None),
            (&wholesale, &plain, Some("group")),
            (&plain, &wholesale, Some("group")),
            (&exempt, &plain, Some("exempt")),
            (&plain, &exempt, Some("taxed")),
            (&with_vat_id, &plain, Some("taxed")),
        ] {
            assert_eq!(after.difference(before), word, "{before:?} to {after:?}");
        }
    }
}
