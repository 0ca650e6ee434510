//! Beginning a sign-in with a provider, and resuming it when the browser comes back.

use values::Result;

use crate::account::Accounts;
use crate::attempt::{Attempt, Journey, Keys, state_invalid};
use crate::brake::Brake;
use crate::network::Network;
use crate::provider::Provider;
use crate::throttles::Counted;

/// Writes an attempt down and hands out its secrets. 429 `rate_limited` before that: anybody can begin one, and each is a row. 1 read and
/// 1 write side by side; 1 write.
pub async fn begin_sign_in(
    accounts: &Accounts,
    brake: &Brake,
    network: &Network,
    journey: Journey,
) -> Result<Counted<(Attempt, Keys)>> {
    let now = accounts.clock.now();
    let standing = brake.count(&accounts.store, network, now).await?;
    let work = async {
        let (attempt, keys) = Attempt::begin(journey, now)?;
        accounts.store.keep_attempt(&keys.state, &attempt).await?;
        Ok((attempt, keys))
    };
    Ok(Counted::attempt(standing, work).await)
}

/// The attempt of a state, spent by that: of all who come back with it at once, one gets it. 400 `oauth_state_invalid` for a state that is
/// none (any more), and for whoever has not the secret of the browser that it was begun in (CSRF). 1 read; 1 write.
pub async fn resume_sign_in(
    accounts: &Accounts,
    provider: Provider,
    state: Option<&str>,
    browser: Option<&str>,
) -> Result<Attempt> {
    let state = state.ok_or_else(state_invalid)?;
    let attempt = accounts.store.attempt(state).await?.ok_or_else(state_invalid)?;
    if !attempt.is_resumed_by(provider, browser, accounts.clock.now()) {
        return Err(state_invalid());
    }
    accounts.store.spend_attempt(state).run().await?.map_err(|_| state_invalid())?;
    Ok(attempt)
}
