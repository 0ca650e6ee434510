//! The messages to the provider, and what its answers must be.

use std::collections::BTreeSet;

use pricing::{TaxClass, TaxSum};
use serde::{Deserialize, Serialize};
use values::{Error, Money, OrderId, RefundId, Result, Timestamp};

use crate::destination::Destination;
use crate::tax::buyer::TaxStatus;
use crate::tax::provider::{TaxRecord, TaxRefund};
use crate::tax::rate::STANDARD;
use crate::tax::rate_component::{RateComponent, check_components, tax_components};
use crate::tax::shipping_rule::ShippingRule;
use crate::tax::tax_key::TaxKey;
use crate::tax::taxation::{TaxQuery, Taxation};
use crate::tax::vat_id::VatId;

/// `POST /calculations`. It has no `Debug`, because a VAT id is personal data.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Calculation<'a> {
    at: Timestamp,
    destination: &'a Destination,
    classes: &'a BTreeSet<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exemption: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    vat_id: Option<&'a str>,
}

/// The answer to a calculation.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CalculationAnswer {
    classes: Vec<ClassAnswer>,
    shipping: ShippingRule,
    exemption: Option<TaxKey>,
}

/// The rates of a tax class.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ClassAnswer {
    tax_class: TaxKey,
    /// The sum of the components.
    ppm: u64,
    components: Vec<RateComponent>,
    reason: TaxKey,
}

/// `POST /transactions` and `POST /transactions/{orderId}/refunds`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Transaction<'a> {
    order_id: OrderId,
    #[serde(skip_serializing_if = "Option::is_none")]
    refund_id: Option<RefundId>,
    at: Timestamp,
    destination: &'a Destination,
    taxes: Vec<TaxLine<'a>>,
}

/// The tax of one jurisdiction.
#[derive(Debug, Serialize)]
struct TaxLine<'a> {
    jurisdiction: &'a str,
    ppm: u32,
    reason: &'a str,
    base: Money,
    amount: Money,
}

/// The answer to a transaction or a refund.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TransactionAnswer {
    /// The sum that the provider has recorded.
    pub(super) tax: Money,
}

impl<'a> Calculation<'a> {
    pub(super) fn new(query: &'a TaxQuery) -> Self {
        let exemption = match &query.buyer.status {
            TaxStatus::Taxed => None,
            TaxStatus::Exempt { reason } => Some(reason.as_str()),
        };
        let vat_id = query.buyer.verified_vat_id.as_ref().map(VatId::as_str);
        Self { at: query.at, destination: &query.destination, classes: &query.classes, exemption, vat_id }
    }
}

impl CalculationAnswer {
    /// The taxes of the query. An answer that does not fit is an outage of the provider.
    pub(super) fn into_taxation(self, query: &TaxQuery) -> Result<Taxation> {
        if self.classes.len() != query.classes.len() {
            return Err(malformed("it does not have each tax class of the request once"));
        }
        let classes = query.classes.iter().map(|key| self.class(key)).collect::<Result<_>>()?;
        self.shipping.check().map_err(malformed)?;
        let reason = TaxKey::try_from(STANDARD.to_owned()).map_err(Error::internal)?;
        let exemption = self.exemption.map(|reason| reason.as_str().to_owned());
        Ok(Taxation { classes, shipping: self.shipping.shipping_tax(&reason), exemption })
    }

    fn class(&self, key: &str) -> Result<TaxClass> {
        let Some(class) = self.classes.iter().find(|class| class.tax_class.as_str() == key) else {
            return Err(malformed("it does not have each tax class of the request once"));
        };
        check_components(&class.components, "components").map_err(malformed)?;
        let sum: u64 = class.components.iter().map(|component| u64::from(component.ppm)).sum();
        match sum == class.ppm {
            true => Ok(TaxClass { key: key.to_owned(), components: tax_components(&class.components, &class.reason) }),
            false => Err(malformed("the rate of a tax class is not the sum of its components")),
        }
    }
}

impl<'a> Transaction<'a> {
    pub(super) fn of_order(record: &'a TaxRecord) -> Self {
        let TaxRecord { order, destination, taxes, at } = record;
        Self { order_id: *order, refund_id: None, at: *at, destination, taxes: lines(taxes) }
    }

    pub(super) fn of_refund(refund: &'a TaxRefund) -> Self {
        let TaxRefund { order, refund, destination, taxes, at } = refund;
        Self { order_id: *order, refund_id: Some(*refund), at: *at, destination, taxes: lines(taxes) }
    }

    /// The sum of the taxes; none if there are none. 422 `currency_mismatch` or `amount_too_large`.
    pub(super) fn tax(&self) -> Result<Option<Money>> {
        let Some((first, others)) = self.taxes.split_first() else { return Ok(None) };
        others.iter().try_fold(first.amount, |sum, line| sum.plus(line.amount)).map(Some)
    }
}

impl<'a> From<&'a TaxSum> for TaxLine<'a> {
    fn from(tax: &'a TaxSum) -> Self {
        let TaxSum { jurisdiction, ppm, reason, base, amount } = tax;
        Self { jurisdiction, ppm: *ppm, reason, base: *base, amount: *amount }
    }
}

fn lines(taxes: &[TaxSum]) -> Vec<TaxLine<'_>> {
    taxes.iter().map(TaxLine::from).collect()
}

/// The provider does not speak the protocol, so its answer is worth nothing.
fn malformed(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::unavailable("tax provider", cause)
}

#[cfg(test)]
#[path = "messages_tests.rs"]
mod tests;
