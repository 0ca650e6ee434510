//! Using a one-time token. It is deleted under its digest by the transaction that does what it is good for, so of all who use it at
//! once one wins.

use aws_kit::{CommitError, TokenTrust};
use tracing::warn;
use values::{Result, UserId};

use crate::account::Accounts;
use crate::gate::Gate;
use crate::logout::TOKENS_END_SECONDS;
use crate::network::Network;
use crate::one_time::{OneTime, Purpose, Shown};
use crate::password::Password;
use crate::store::Spending;
use crate::throttles::Action;

/// Another password for the account that the token was mailed to. Its address is verified by that, all its sessions end, and it knows this
/// network. 422 `reset_token_invalid` for a token that is none (any more), before any work.
/// 1 read; argon2, and 1 transaction; 1 read and 1 write.
pub async fn confirm_reset(
    accounts: &Accounts,
    trust: &TokenTrust,
    gate: &Gate,
    token: &str,
    password: &Password,
    network: &Network,
) -> Result<()> {
    let (row, digest, user) = opened(accounts, Purpose::Reset, token).await?;
    let credential = gate.hashing.hash(password)?;
    let now = accounts.clock.now();
    let mut spending = accounts.store.spend_for_password(&row, &digest, user, &credential, now)?;
    spending.transaction.add(trust.revoke_all(user, now, now.plus_seconds(TOKENS_END_SECONDS))?);
    commit(spending, Purpose::Reset).await?;
    // The password is another: what follows may fail, and must not have the caller try again with a token that is spent.
    if let Err(error) = remember(accounts, gate, user, network).await {
        warn!(error.code = error.code, error.cause = error.causes(), user.id = %user, "a network was not remembered");
    }
    Ok(())
}

/// Shows that the address that the token was mailed to is the account's. 422 `verification_token_invalid` for a token that is none (any
/// more). 1 read; 1 transaction.
pub async fn verify_email(accounts: &Accounts, token: &str) -> Result<()> {
    let (row, digest, user) = opened(accounts, Purpose::Verification, token).await?;
    let now = accounts.clock.now();
    let spending = accounts.store.spend_for_verification(&row, &digest, user, now)?;
    commit(spending, Purpose::Verification).await
}

async fn opened(accounts: &Accounts, purpose: Purpose, token: &str) -> Result<(OneTime, String, UserId)> {
    let refusal = || purpose.refusal();
    let shown: Shown = token.parse().map_err(|()| refusal())?;
    let row = accounts.store.token(shown.token).await?.ok_or_else(refusal)?;
    let (user, digest) = row.opens(purpose, &shown, accounts.clock.now()).ok_or_else(refusal)?;
    let digest = digest.to_owned();
    Ok((row, digest, user))
}

async fn commit(spending: Spending, purpose: Purpose) -> Result<()> {
    match spending.transaction.commit().await {
        Ok(()) => Ok(()),
        Err(CommitError::ConditionFailed(refusals))
            if refusals.of(spending.token).is_some() || refusals.of(spending.account).is_some() =>
        {
            Err(purpose.refusal())
        }
        Err(error) => Err(error.into()),
    }
}

/// Whoever reads the account's mail is no stranger: their next login is not braked by those who made the reset needful.
async fn remember(accounts: &Accounts, gate: &Gate, user: UserId, network: &Network) -> Result<()> {
    let Some(person) = accounts.store.person(user).await? else { return Ok(()) };
    let comer = gate.throttles.comer(Action::Login, &person.email, network);
    accounts.store.remember(&comer, accounts.clock.now())?.run().await?.ok();
    Ok(())
}
