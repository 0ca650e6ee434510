//! Refunds: make one, and find one that was made.

use std::collections::HashMap;

use reqwest::Method;
use serde::Deserialize;
use values::{Error, Result};

use super::{Refusal, Stripe};
use crate::payment::Failure;
use crate::refund::Refund;

/// A refund as Stripe shows it.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Given {
    pub(crate) id: String,
    status: Option<String>,
    #[serde(default)]
    metadata: HashMap<String, String>,
}

/// What asking came to.
pub(crate) enum Posted {
    /// It is there.
    Given(Given),
    /// It will not be.
    Refused(Failure),
}

impl Given {
    /// Is the money on its way for good? `None` while Stripe does not know.
    pub(crate) fn is_final(&self) -> Option<bool> {
        match self.status.as_deref() {
            Some("succeeded") | None => Some(true),
            Some("failed" | "canceled") => Some(false),
            Some(_) => None,
        }
    }
}

impl Stripe {
    /// Gives back a part of what was captured, under the key of the refund's present attempt.
    pub(crate) async fn give_back(&self, refund: &Refund) -> Result<Posted> {
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
            Ok(given) => Posted::Given(given),
            Err(Refusal { told, .. }) => Posted::Refused(told.into()),
        })
    }

    /// The refund that an earlier try made, if it did. An intent has few refunds; more than a page of them is a fault of ours.
    pub(crate) async fn find_refund(&self, refund: &Refund) -> Result<Option<Given>> {
        #[derive(Deserialize)]
        struct Listed {
            data: Vec<Given>,
            #[serde(default)]
            has_more: bool,
        }
        let id = refund.id.to_string();
        let is_it = |given: &Given| given.metadata.get("refund_id") == Some(&id);
        let path = format!("/v1/refunds?payment_intent={}&limit=100", refund.intent);
        let request = self.request(Method::GET, &path).await?;
        let listed: Listed = self.send(request).await?.map_err(|refusal| {
            Error::internal(format!("the provider does not list the refunds of {}: {}", refund.intent, refusal.status))
        })?;
        match listed.data.into_iter().find(is_it) {
            None if listed.has_more => Err(Error::internal(format!("{} has more than 100 refunds", refund.intent))),
            found => Ok(found),
        }
    }
}
