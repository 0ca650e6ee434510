//! The API keys of an account: making one, looking at them, and revoking one. All of it takes a login: no key makes another.

use aws_kit::{ApiKeys, Backoff, CommitError, TokenTrust, Transaction, random_api_key};
use tracing::info;
use values::{ApiKeyId, Caller, Error, Kind, Result};

use crate::account::{Account, Accounts};
use crate::api_key::{ApiKeyEntry, ApiKeyIn, ApiKeyView, MOST_API_KEYS, NewApiKey};
use crate::present::found;

/// Makes a key that acts as the caller's account, and shows it. 403 `email_unverified` for an account that may be made with somebody
/// else's address: when a provider brings its owner, no key of a stranger is left. 409 `too_many_api_keys` beyond [`MOST_API_KEYS`]; 422 names the
/// scope that is none, or that the account may not. 1 read, 1 transaction; both again when somebody changed the account meanwhile.
pub async fn create_api_key(accounts: &Accounts, caller: &Caller, wanted: ApiKeyIn) -> Result<NewApiKey> {
    let (key, id) = (random_api_key()?, accounts.clock.mint());
    let mut backoff = Backoff::start();
    loop {
        let account = found(accounts, caller).await?.0;
        if !account.email_verified {
            let detail = "Verify your address first: `POST /auth/verify-email/request` has a link mailed to it.";
            return Err(Error::new(Kind::Forbidden, "email_unverified", detail));
        }
        let entry = ApiKeyEntry::of(wanted.clone(), account.role, &key, id, accounts.clock.now())?;
        let mut transaction = Transaction::new();
        let [count, listed, granted] = accounts.store.add_api_key(&account, &entry)?;
        let count = transaction.add(count);
        transaction.add(listed);
        transaction.add(granted);
        match transaction.commit().await {
            Ok(()) => {
                info!(security.event = "api_key_created", user.id = %account.user_id, api_key.id = %id, "an API key was made");
                return Ok(NewApiKey { view: entry.seen(&[]), key: key.as_str().to_owned() });
            }
            Err(CommitError::ConditionFailed(refusals)) => {
                let now = refusals.of(count).map(|refused| refused.row::<Account>()).transpose()?.flatten();
                if now.is_some_and(|now| now.api_keys >= MOST_API_KEYS) {
                    let detail = format!("An account has {MOST_API_KEYS} API keys at most. Revoke one first.");
                    return Err(Error::conflict("too_many_api_keys", detail));
                }
                if !backoff.wait().await {
                    return Err(CommitError::ConditionFailed(refusals).into());
                }
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// The caller's keys, newest first, those that have expired too. 3 reads.
pub async fn api_keys(accounts: &Accounts, caller: &Caller) -> Result<Vec<ApiKeyView>> {
    let user = found(accounts, caller).await?.0.user_id;
    let keys = accounts.store.api_keys(user).await?;
    let digests: Vec<_> = keys.iter().map(|key| key.digest.clone()).collect();
    let granted = ApiKeys::find_all(&accounts.store.table, &digests).await?;
    Ok(keys.into_iter().map(|key| key.seen(&granted)).collect())
}

/// Revokes one of the caller's keys: it ends here at once, and everywhere within 30 seconds. 404 when there is no such one. 2 reads, 1
/// transaction.
pub async fn revoke_api_key(accounts: &Accounts, trust: &TokenTrust, caller: &Caller, id: ApiKeyId) -> Result<()> {
    let missing = || Error::not_found("API key");
    let user = found(accounts, caller).await?.0.user_id;
    let digest = accounts.store.api_key(user, id).await?.ok_or_else(missing)?.digest;
    let mut transaction = Transaction::new();
    let [count, listed, granted] = accounts.store.remove_api_key(user, id, &digest)?;
    transaction.add(count);
    let listed = transaction.add(listed);
    transaction.add(granted);
    match transaction.commit().await {
        Ok(()) => {
            trust.api_keys().evict(&digest);
            info!(security.event = "api_key_revoked", user.id = %user, api_key.id = %id, "an API key was revoked");
            Ok(())
        }
        Err(CommitError::ConditionFailed(refusals)) if refusals.of(listed).is_some() => Err(missing()),
        Err(error) => Err(error.into()),
    }
}
