//! Asking for a one-time token: by a mail, to reset a password or to verify an address.

use events::{Envelope, Event, TokenRequested};
use values::{Clock, Email, Result, Trace, UserId};

use crate::account::Accounts;
use crate::gate::Gate;
use crate::network::Network;
use crate::one_time::{OneTime, Purpose};
use crate::throttles::{Action, Counted, count, count_anybody};

/// Orders the mail that resets a password. Nobody looks whether the email is an account's: the notifier does, later, so the same is
/// done in the same time for every email. 429 `rate_limited`. 1 batch read; 2 writes side by side; 1 transaction.
pub async fn request_reset(
    accounts: &Accounts,
    gate: &Gate,
    email: &Email,
    network: &Network,
    trace: &Trace,
) -> Result<Counted<()>> {
    let (store, now) = (&accounts.store, accounts.clock.now());
    let comer = gate.throttles.comer(Action::Reset, email, network);
    let noticed = store.notice(&comer, None, now).await?;
    let standing = count(store, &comer, &noticed, now).await?;
    Ok(Counted::attempt(standing, order(accounts, Purpose::Reset, email, trace)).await)
}

/// Orders the mail that verifies an account's address once more, unless it is verified. 429 `rate_limited`. 2 reads and 2 writes side by
/// side; 1 transaction.
pub async fn request_verification(
    accounts: &Accounts,
    gate: &Gate,
    user: UserId,
    network: &Network,
    trace: &Trace,
) -> Result<Counted<()>> {
    let (store, now) = (&accounts.store, accounts.clock.now());
    let comer = gate.throttles.member(Action::Reset, user, network);
    let (standing, found) = tokio::try_join!(count_anybody(store, &comer, now), store.account(user))?;
    let work = async {
        match found {
            Some((account, person)) if !account.email_verified => {
                order(accounts, Purpose::Verification, &person.email, trace).await
            }
            _ => Ok(()),
        }
    };
    Ok(Counted::attempt(standing, work).await)
}

async fn order(accounts: &Accounts, purpose: Purpose, email: &Email, trace: &Trace) -> Result<()> {
    let clock = &accounts.clock;
    let token = OneTime::order(clock.mint(), purpose, email, clock.now());
    accounts.store.order_token(&token, &told(clock, trace, &token))?.commit().await?;
    Ok(())
}

/// The event that has a token mailed.
pub(crate) fn told(clock: &Clock, trace: &Trace, token: &OneTime) -> Envelope {
    let requested = TokenRequested { token_id: token.token_id };
    let event = match token.purpose {
        Purpose::Reset => Event::UserPasswordResetRequested(requested),
        Purpose::Verification => Event::UserEmailVerificationRequested(requested),
    };
    Envelope::new(clock, trace, token.token_id, 1, event)
}
