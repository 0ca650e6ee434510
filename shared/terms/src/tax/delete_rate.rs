//! Use case: delete a tax rate.

use aws_kit::{Changes, ConditionFailures};
use values::{ExpectedVersion, Result};

use crate::TermsService;
use crate::expected::check_change;
use crate::tax::rate_key::RateKey;

impl TermsService {
    /// Deletes a tax rate that is at the `expected` version. Orders keep the taxes that they were placed with. 404; 412
    /// `version_mismatch`; 422 `country_unknown` or `invalid_value`. 3 round trips.
    pub async fn delete_tax_rate(&self, key: &RateKey, expected: &ExpectedVersion) -> Result<()> {
        key.check()?;
        let store = &self.terms.store;
        let decide = |_: Option<ConditionFailures>| async move {
            // The version is read first, so that a later change makes the condition fail.
            let version = store.read_country_version(&key.country).await?;
            let current = store.read_tax_rate(key).await?;
            check_change("tax rate", current.map(|rate| rate.version), expected)?;
            Ok(Changes::new(store.delete_tax_rate(key, version)?, ()).into())
        };
        self.write().run(decide).await
    }
}
