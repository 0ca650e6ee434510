//! The provider as the port sees it: with its signing key and its circuit breaker.

use std::time::Duration;

use aws_kit::{Aws, CircuitBreaker, Secret, Settings, Table};
use outbound::SigningKey;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use values::{Clock, Error, EventId, Kind, Result};

use super::endpoint::{Endpoint, Message};
use super::messages::{Calculation, CalculationAnswer, Transaction, TransactionAnswer};
use crate::tax::provider::{TaxProvider, TaxRecord, TaxRefund};
use crate::tax::taxation::{TaxQuery, Taxation};

/// The time in which the provider has to answer. A buyer waits for it.
const LIMIT: Duration = Duration::from_secs(2);

/// A tax provider that speaks souk's protocol.
#[derive(Debug)]
pub(crate) struct CustomProvider {
    endpoint: Endpoint,
    secret: Secret,
    breaker: CircuitBreaker,
    clock: Clock,
}

impl CustomProvider {
    /// The provider at `SOUK_TAX_PROVIDER_URL`, with the signing key in the secret that `SOUK_SECRET_TAX_PROVIDER` names
    /// (`{"signingKey": …}`), and the row of its circuit in `table`. None if the URL is empty. An error unless it is https; only a local stack
    /// may use http.
    pub(crate) fn from_env(aws: &Aws, table: &Table) -> Result<Option<Self>> {
        let Some(url) = Settings.optional("SOUK_TAX_PROVIDER_URL") else { return Ok(None) };
        outbound::check_url("TaxProviderUrl", &url, &Settings.required("SOUK_STAGE")?)?;
        let secret = Secret::from_env(aws, "SOUK_SECRET_TAX_PROVIDER")?;
        let clock = Clock::System;
        let breaker = CircuitBreaker::new(table.clone(), clock.clone(), "tax");
        Ok(Some(Self { endpoint: Endpoint::new(outbound::client()?, url), secret, breaker, clock }))
    }

    /// Sends a message, and reads the answer by `read`; none if the provider refuses the message. 1 call.
    async fn exchange<A: DeserializeOwned, T>(
        &self,
        path: &str,
        id: &str,
        body: &impl Serialize,
        read: impl FnOnce(A) -> Result<T>,
    ) -> Result<Option<T>> {
        let key = self.signing_key().await?;
        let body = serde_json::to_vec(body).map_err(Error::internal)?;
        let message = Message { path, id, at: self.clock.now(), body };
        let call = async { self.endpoint.post(&key, message).await?.map(read).transpose() };
        let answer = self.breaker.call(LIMIT, call).await;
        if answer.as_ref().is_err_and(|error| error.kind == Kind::Internal) {
            // The key may have been replaced a moment ago.
            self.secret.evict().await;
        }
        answer
    }

    async fn record(&self, path: &str, id: &str, transaction: &Transaction<'_>) -> Result<()> {
        let Some(tax) = transaction.tax()? else { return Ok(()) };
        let answer = self.exchange(path, id, transaction, |answer: TransactionAnswer| Ok(answer.tax)).await?;
        match answer {
            Some(recorded) if recorded == tax => Ok(()),
            Some(recorded) => {
                let detail = format!("The tax provider has recorded a tax of {recorded} instead of {tax}.");
                Err(Error::conflict("tax_record_mismatch", detail))
            }
            None => {
                let detail = "The tax provider refuses to record the tax of this order or refund.";
                Err(Error::conflict("tax_record_refused", detail))
            }
        }
    }

    async fn signing_key(&self) -> Result<SigningKey> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Keys {
            signing_key: String,
        }
        let keys: Keys = serde_json::from_str(&self.secret.text().await?).map_err(|_| {
            Error::internal(
                "the TaxProviderSecret must be {\"signingKey\": …}; set it with `aws secretsmanager put-secret-value`",
            )
        })?;
        SigningKey::parse(&keys.signing_key)
    }
}

impl TaxProvider for CustomProvider {
    /// 422 `destination_untaxable`. 1 call.
    async fn calculate(&self, query: &TaxQuery) -> Result<Taxation> {
        let id: EventId = self.clock.mint();
        let read = |answer: CalculationAnswer| answer.into_taxation(query);
        let taxation = self.exchange("/calculations", &id.to_string(), &Calculation::new(query), read).await?;
        taxation.ok_or_else(|| {
            let message = "is not known to the tax provider; correct its region and postal code";
            Error::invalid("shippingAddress", "destination_untaxable", message)
        })
    }

    async fn commit(&self, taxes: &TaxRecord) -> Result<()> {
        self.record("/transactions", &taxes.order.to_string(), &Transaction::of_order(taxes)).await
    }

    async fn refund(&self, taxes: &TaxRefund) -> Result<()> {
        let path = format!("/transactions/{}/refunds", taxes.order);
        self.record(&path, &taxes.refund.to_string(), &Transaction::of_refund(taxes)).await
    }
}
