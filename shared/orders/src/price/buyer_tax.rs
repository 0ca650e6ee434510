//! The taxes of a buyer, from the tax status that an admin has set for the account. Pure.

use identity::TaxLiability;
use terms::tax::{BuyerTax, TaxKey, TaxStatus};
use values::{Error, Result};

/// The reason of a tax of 0, in the price of an order of an exempt account. The reason in words is with the account.
const EXEMPT: &str = "exempt";

/// The taxes of a buyer with this status. A VAT id counts if an admin has verified it, and if it is one of a country that souk knows.
pub(crate) fn buyer_tax(status: &identity::TaxStatus) -> Result<BuyerTax> {
    let verified_vat_id = status.verified_vat_id().and_then(|id| id.as_str().parse().ok());
    let status = match status.status {
        TaxLiability::Taxed => TaxStatus::Taxed,
        TaxLiability::Exempt => {
            TaxStatus::Exempt { reason: TaxKey::try_from(EXEMPT.to_owned()).map_err(Error::internal)? }
        }
    };
    Ok(BuyerTax { status, verified_vat_id })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(status: serde_json::Value) -> BuyerTax {
        buyer_tax(&serde_json::from_value(status).unwrap()).unwrap()
    }

    #[test]
    fn exempt_account_has_a_reason() {
        let exempt = of(json!({ "status": "exempt", "reason": "an embassy" }));
        let TaxStatus::Exempt { reason } = exempt.status else { panic!("{exempt:?}") };
        assert_eq!(reason.as_str(), "exempt");
        assert_eq!(of(json!({ "status": "taxed" })), BuyerTax::default());
    }

    #[test]
    fn only_a_verified_vat_id_of_a_known_country_counts() {
        let verified = "2026-11-21T08:00:00.000Z";
        let with = |id: &str, at: Option<&str>| {
            of(json!({ "status": "taxed", "vatId": id, "vatIdVerifiedAt": at })).verified_vat_id
        };
        let known = with("BE0428759497", Some(verified));
        assert_eq!(known.map(|id| id.as_str().to_owned()).as_deref(), Some("BE0428759497"));
        assert_eq!(with("BE0428759497", None), None);
        assert_eq!(with("ZZ12345678", Some(verified)), None);
    }
}
