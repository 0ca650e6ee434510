//! Creates an API key.

use aws_kit::{Changes, ConditionFailures, OptimisticWrite, Transaction, random_api_key};
use events::SecurityChange;
use telemetry::{SecurityEvent, SecurityKind};
use values::{Caller, Error, Kind, Result, Trace};

use crate::accounts::account::Account;
use crate::api_keys::api_key::{ApiKeyEntry, ApiKeyIn, MAX_API_KEYS, NewApiKey};
use crate::service::AccountService;

impl AccountService {
    /// Creates a key that acts as the caller's account, and returns it. 403 `email_not_verified`: an account that was created with
    /// another person's address must not keep a key after a provider brings the owner of the address. 409 `too_many_api_keys`
    /// beyond [`MAX_API_KEYS`]; 422 for a scope that is unknown or that the account does not have. 1 read, 1 transaction; both
    /// again after a concurrent update of the account.
    pub async fn create_api_key(&self, caller: &Caller, input: ApiKeyIn, trace: &Trace) -> Result<NewApiKey> {
        let (key, id) = (random_api_key()?, self.clock.mint());
        let (key, input) = (&key, &input);
        let decide = |_: Option<ConditionFailures>| async move {
            let account = self.require_session(caller).await?.0;
            if !account.email_verified {
                let detail = "Verify your email address first: `POST /auth/verify-email/request` sends a link to it.";
                return Err(Error::new(Kind::Forbidden, "email_not_verified", detail));
            }
            let entry = ApiKeyEntry::new(input.clone(), account.role, key, id, self.clock.now())?;
            let mut transaction = Transaction::new();
            let [count, entry_row, grant] = self.store.add_api_key(&account, &entry)?;
            let count = transaction.add(count);
            transaction.add(entry_row);
            transaction.add(grant);
            transaction.add_all(self.security_event(&account, SecurityChange::ApiKeyCreated, trace)?);
            let refusal = move |failures: &ConditionFailures| {
                let current = failures.of(count).map(|failure| failure.row::<Account>()).transpose()?.flatten();
                let is_full = current.is_some_and(|current| current.api_keys >= MAX_API_KEYS);
                Ok(is_full.then(too_many_api_keys))
            };
            Ok(Changes::new(transaction, (account.user_id, entry)).or_refuse(refusal).into())
        };
        let (user, entry) = OptimisticWrite::new(&self.store.table, &self.clock).run(decide).await?;
        let (user, id) = (user.to_string(), id.to_string());
        SecurityEvent::new(SecurityKind::ApiKeyCreated, &user, &user).with_detail(&id).log();
        Ok(NewApiKey { view: entry.view(&[]), key: key.as_str().to_owned() })
    }
}

fn too_many_api_keys() -> Error {
    Error::conflict("too_many_api_keys", format!("An account has at most {MAX_API_KEYS} API keys. Revoke one first."))
}
