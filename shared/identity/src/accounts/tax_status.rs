//! The tax status of an account: whether its orders are taxed, and the VAT id of a business. An admin sets it.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use values::{Error, Result, Text, Timestamp};

use crate::accounts::vat_id::VatId;

/// Whether the orders of an account are taxed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum TaxLiability {
    /// Its orders are taxed.
    #[default]
    Taxed,
    /// Its orders are not taxed, for a reason that an admin gives.
    Exempt,
}

impl TaxLiability {
    /// The liability as the API and log lines write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Taxed => "taxed",
            Self::Exempt => "exempt",
        }
    }
}

impl FromStr for TaxLiability {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let known = [Self::Taxed, Self::Exempt].into_iter().find(|liability| liability.name() == text);
        known.ok_or_else(|| Error::invalid("status", "status_unknown", "must be taxed or exempt"))
    }
}

/// The tax status of an account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct TaxStatus {
    pub status: TaxLiability,
    /// Why it is so, in the admin's words. An exempt account has a reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text<200>>,
    /// The VAT id of a business, in capitals and without spaces, dots and dashes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vat_id: Option<VatId>,
    /// The number of the tax office's answer about the VAT id. Only a verified VAT id has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consultation_number: Option<Text<64>>,
    /// The time when an admin marked the VAT id as verified.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vat_id_verified_at: Option<Timestamp>,
}

impl TaxStatus {
    /// A tax status that is to be set. A consultation number marks the VAT id as verified; its time is set when the status is stored. 422
    /// `required` for the reason of an exemption, and for the VAT id that a consultation number is about.
    pub fn new(
        status: TaxLiability,
        reason: Option<Text<200>>,
        vat_id: Option<VatId>,
        consultation_number: Option<Text<64>>,
    ) -> Result<Self> {
        if status == TaxLiability::Exempt && reason.is_none() {
            return Err(Error::invalid("reason", "required", "an exempt account needs a reason"));
        }
        if consultation_number.is_some() && vat_id.is_none() {
            let message = "is missing; a consultation number is about a VAT id";
            return Err(Error::invalid("vatId", "required", message));
        }
        Ok(Self { status, reason, vat_id, consultation_number, vat_id_verified_at: None })
    }

    /// The VAT id, if an admin has verified it. No other one may change the tax of an order.
    pub fn verified_vat_id(&self) -> Option<&VatId> {
        self.vat_id.as_ref().filter(|_| self.vat_id_verified_at.is_some())
    }

    /// What is stored instead of `before`. The VAT id was verified when `before` says, if it is the same with the same consultation number,
    /// and otherwise `now`.
    pub(crate) fn replace(self, before: &Self, now: Timestamp) -> Self {
        let is_same = self.vat_id == before.vat_id && self.consultation_number == before.consultation_number;
        let verified_at = before.vat_id_verified_at.filter(|_| is_same).unwrap_or(now);
        Self { vat_id_verified_at: self.consultation_number.as_ref().map(|_| verified_at), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn text<const MAX: usize>(text: &str) -> Option<Text<MAX>> {
        Text::new(text).ok()
    }

    fn with_vat_id(vat_id: &str, consultation_number: Option<&str>) -> TaxStatus {
        let number = consultation_number.and_then(text);
        TaxStatus::new(TaxLiability::Taxed, None, vat_id.parse().ok(), number).unwrap()
    }

    #[test]
    fn exemption_needs_a_reason() {
        let new = |status, reason| TaxStatus::new(status, reason, None, None);
        let error = new(TaxLiability::Exempt, None).unwrap_err();
        assert_eq!((error.fields[0].field.as_str(), error.fields[0].code), ("reason", "required"));
        assert!(new(TaxLiability::Exempt, text("an embassy")).is_ok());
        assert_eq!(new(TaxLiability::Taxed, None).unwrap(), TaxStatus::default());
    }

    #[test]
    fn consultation_number_needs_its_vat_id() {
        let error = TaxStatus::new(TaxLiability::Taxed, None, None, text("WAPI-1")).unwrap_err();
        assert_eq!((error.fields[0].field.as_str(), error.fields[0].code), ("vatId", "required"));
    }

    #[test]
    fn vat_id_is_verified_at_the_time_of_its_consultation_number() {
        let at = Timestamp::from_millis;
        let stored = |next: TaxStatus, before: &TaxStatus, millis| next.replace(before, at(millis)).vat_id_verified_at;
        let verified = with_vat_id("BE0428759497", Some("WAPI-1")).replace(&TaxStatus::default(), at(7));
        assert_eq!(verified.vat_id_verified_at, Some(at(7)));
        assert_eq!(verified.verified_vat_id(), verified.vat_id.as_ref());
        for (next, verified_at) in [
            (with_vat_id("BE0428759497", Some("WAPI-1")), Some(at(7))),
            (with_vat_id("BE0428759497", Some("WAPI-2")), Some(at(9))),
            (with_vat_id("BE0202239951", Some("WAPI-1")), Some(at(9))),
            (with_vat_id("BE0428759497", None), None),
        ] {
            assert_eq!(stored(next.clone(), &verified, 9), verified_at, "{next:?}");
        }
    }

    #[test]
    fn vat_id_without_a_consultation_number_is_not_verified() {
        let before = with_vat_id("BE0428759497", None).replace(&TaxStatus::default(), Timestamp::from_millis(7));
        assert_eq!((before.vat_id_verified_at, before.verified_vat_id()), (None, None));
        let verified = with_vat_id("BE0428759497", Some("WAPI-1")).replace(&before, Timestamp::from_millis(9));
        assert_eq!(verified.vat_id_verified_at, Some(Timestamp::from_millis(9)));
    }

    #[test]
    fn tax_status_is_stored_without_what_it_lacks() {
        let plain = serde_json::to_value(TaxStatus::default()).unwrap();
        assert_eq!(plain, json!({ "status": "taxed" }));
        let exempt = TaxStatus::new(TaxLiability::Exempt, text("an embassy"), None, None).unwrap();
        let row = json!({ "status": "exempt", "reason": "an embassy" });
        assert_eq!(serde_json::to_value(&exempt).unwrap(), row);
        assert_eq!(serde_json::from_value::<TaxStatus>(row).unwrap(), exempt);
    }

    #[test]
    fn unknown_liability_is_refused() {
        assert_eq!("exempt".parse::<TaxLiability>().unwrap(), TaxLiability::Exempt);
        for bad in ["", "Taxed", "untaxed"] {
            assert_eq!(bad.parse::<TaxLiability>().unwrap_err().fields[0].code, "status_unknown", "{bad:?}");
        }
    }
}
