//! Trading the code that ended a sign-in with a provider for tokens.

use aws_kit::{CommitError, Transaction};
use values::Result;

use crate::account::{Accounts, SignedIn, User};
use crate::code::invalid_code;
use crate::gate::Gate;
use crate::login::tokens;
use crate::network::Network;
use crate::session::{Device, Session};
use crate::throttles::Action;
use crate::token::Signer;

/// Begins a session, as a login does; the code is spent in the same transaction, so of all who show it at once one is let in. The account
/// knows this network from now on. 401 `invalid_code` for a code that is none (any more); 403 `account_suspended`. 2 reads, 1 transaction.
pub async fn redeem_code(
    accounts: &Accounts,
    signer: &Signer,
    gate: &Gate,
    code: &str,
    (device, network): (Device, Network),
) -> Result<SignedIn> {
    let (store, now) = (&accounts.store, accounts.clock.now());
    let row = store.code(code).await?.filter(|row| row.is_good(now)).ok_or_else(invalid_code)?;
    let (account, person) = store.account(row.user_id).await?.ok_or_else(invalid_code)?;
    account.require_active()?;
    if !row.opens(&account) {
        return Err(invalid_code());
    }
    let (session, refresh) = Session::begin(account.user_id, accounts.clock.mint(), device, now)?;
    let session = session.following(row.follows);
    let tokens = tokens(signer, &account, &session, &refresh, now).await?;
    let mut transaction = Transaction::new();
    transaction.add(store.spend_code(code));
    transaction.add(store.begin_session(&session)?);
    transaction.add(store.still_open(&account)?);
    transaction.add(store.remember(&gate.throttles.comer(Action::Login, &person.email, &network), now)?);
    match transaction.commit().await {
        Ok(()) => Ok(SignedIn { user: User::of(&account, person), tokens }),
        // Traded by somebody faster, or all sessions were ended since: it is good for nothing any more.
        Err(CommitError::ConditionFailed(_)) => Err(invalid_code()),
        Err(error) => Err(error.into()),
    }
}
