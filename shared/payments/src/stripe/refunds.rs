//! Refunds: create one, and find one that was created.

use std::collections::HashMap;

use reqwest::Method;
use serde::Deserialize;
use values::{Error, Result};

use super::client::{Rejection, Stripe};
use crate::attempt::Failure;
use crate::refund::Refund;

/// A refund as the provider reports it.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct ProviderRefund {
    pub(crate) id: String,
    status: Option<String>,
    #[serde(default)]
    metadata: HashMap<String, String>,
}

/// The result of a creation.
pub(crate) enum RefundCreation {
    Created(ProviderRefund),
    Rejected(Failure),
}

impl ProviderRefund {
    /// Did the refund succeed? `None` while Stripe does not know.
    pub(crate) fn has_succeeded(&self) -> Option<bool> {
        match self.status.as_deref() {
            Some("succeeded") | None => Some(true),
            Some("failed" | "canceled") => Some(false),
            Some(_) => None,
        }
    }
}

impl Stripe {
    /// Creates a refund, with the idempotency key of its current attempt.
    pub(crate) async fn create_refund(&self, refund: &Refund) -> Result<RefundCreation> {
        let (amount, id) = (refund.amount.amount.to_string(), refund.id.to_string());
        let (payment, order) = (refund.payment_id.to_string(), refund.order_id.to_string());
        let form = [
            ("payment_intent", refund.intent.as_str()),
            ("amount", &amount),
            ("metadata[refund_id]", &id),
            ("metadata[payment_id]", &payment),
            ("metadata[order_id]", &order),
        ];
        let request = self.request(Method::POST, "/v1/refunds").await?.header("Idempotency-Key", refund.key());
        Ok(match self.send(request.form(&form)).await? {
            Ok(created) => RefundCreation::Created(created),
            Err(Rejection { error, .. }) => RefundCreation::Rejected(error.into()),
        })
    }

    /// The refund that an earlier attempt created, if it did. An intent has few refunds; more than one page of them is
    /// a fault of ours.
    pub(crate) async fn find_refund(&self, refund: &Refund) -> Result<Option<ProviderRefund>> {
        #[derive(Deserialize)]
        struct RefundList {
            data: Vec<ProviderRefund>,
            #[serde(default)]
            has_more: bool,
        }
        let id = refund.id.to_string();
        let is_same = |found: &ProviderRefund| found.metadata.get("refund_id") == Some(&id);
        let path = format!("/v1/refunds?payment_intent={}&limit=100", refund.intent);
        let request = self.request(Method::GET, &path).await?;
        let list: RefundList = self.send(request).await?.map_err(|rejection| {
            Error::internal(format!(
                "the provider does not list the refunds of {}: {}",
                refund.intent, rejection.status
            ))
        })?;
        match list.data.into_iter().find(is_same) {
            None if list.has_more => Err(Error::internal(format!("{} has more than 100 refunds", refund.intent))),
            found => Ok(found),
        }
    }
}
