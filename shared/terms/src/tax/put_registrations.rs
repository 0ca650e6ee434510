//! Use case: change where the shop is registered.

use aws_kit::{Changes, ConditionFailures, Transaction};
use values::{ExpectedVersion, Result};

use crate::TermsService;
use crate::expected::check_change;
use crate::tax::registrations::{Registrations, RegistrationsContent};

impl TermsService {
    /// Replaces the registrations, which are at the `expected` version: 0 before the first change. Sales know a change within 30 seconds.
    /// 412 `version_mismatch`; 422 `too_many_registrations`, `country_unknown`, `oss_outside_eu` or `registration_doubled`. 2 round trips.
    pub async fn put_registrations(
        &self,
        content: &RegistrationsContent,
        expected: &ExpectedVersion,
    ) -> Result<Registrations> {
        content.check()?;
        let store = &self.terms.store;
        let decide = |_: Option<ConditionFailures>| async move {
            let current = store.read_registrations().await?.version;
            check_change("list of registrations", Some(current), expected)?;
            let registrations = Registrations { content: content.clone(), version: current + 1 };
            let mut writes = Transaction::new();
            writes.add(store.put_registrations(&registrations, current)?);
            Ok(Changes::new(writes, registrations).into())
        };
        self.write().run(decide).await
    }
}
