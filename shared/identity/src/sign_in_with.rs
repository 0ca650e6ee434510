//! Signing in with what a provider says of somebody: finds or makes their account, and hands out the code that `auth` trades for tokens.

use aws_kit::{Backoff, CommitError, TokenTrust, Transaction};
use events::{Envelope, Event, UserRegistered};
use values::{Email, Error, Kind, Result, Trace, UserId};

use crate::account::{Account, Accounts, Person};
use crate::code::Code;
use crate::logout::TOKENS_END_SECONDS;
use crate::vouched::{Vouched, Way};

/// The text of a one-time code, good for a minute, for whoever the provider vouches for. It is written in the transaction that links or
/// makes their account, so nothing is ever half done; of two who come at once for a new person, the second finds the first one's account.
/// 403 `email_not_verified`, `account_suspended`; 409 `already_linked` where the account is linked to somebody else at that provider. 2 to 4
/// reads, 1 transaction.
pub async fn sign_in_with(accounts: &Accounts, trust: &TokenTrust, vouched: &Vouched, trace: &Trace) -> Result<String> {
    let mut backoff = Backoff::start();
    loop {
        let linked = accounts.store.linked(vouched).await?;
        let holder = match linked {
            Some(user) => accounts.store.account_alone(user).await?,
            None => holder(accounts, vouched.email.as_ref()).await?,
        };
        if let Some(account) = &holder {
            account.require_active()?;
        }
        let (transaction, text) = match (vouched.way(linked, holder.as_ref())?, holder) {
            (Way::Open, _) => open(accounts, vouched, trace)?,
            (Way::Known(_), Some(account)) => known(accounts, &account)?,
            (Way::Link, Some(account)) => link(accounts, vouched, &account).await?,
            (Way::Reclaim, Some(account)) => reclaim(accounts, trust, vouched, &account).await?,
            // It was closed a moment ago, and its links are being erased.
            (_, None) => {
                return Err(Error::conflict(
                    "changed_meanwhile",
                    "Your account is being erased. Sign in again in a minute.",
                ));
            }
        };
        match transaction.commit().await {
            Ok(()) => return Ok(text),
            // Somebody was faster: the same person in another window, or an admin. What is there now decides.
            Err(CommitError::ConditionFailed(_)) if backoff.wait().await => {}
            Err(error) => return Err(error.into()),
        }
    }
}

async fn holder(accounts: &Accounts, email: Option<&Email>) -> Result<Option<Account>> {
    let Some(email) = email else { return Ok(None) };
    match accounts.store.user_of(email).await? {
        Some(user) => accounts.store.account_alone(user).await,
        None => Ok(None),
    }
}

fn known(accounts: &Accounts, account: &Account) -> Result<(Transaction, String)> {
    let (code, text) = Code::mint(account.user_id, account.sessions_ended_at, accounts.clock.now())?;
    let mut transaction = Transaction::new();
    transaction.add(accounts.store.put_code(&text, &code)?);
    Ok((transaction, text))
}

async fn link(accounts: &Accounts, vouched: &Vouched, account: &Account) -> Result<(Transaction, String)> {
    require_free(accounts, vouched, account.user_id).await?;
    let (mut transaction, text) = known(accounts, account)?;
    transaction.add(accounts.store.still(account)?);
    for write in accounts.store.link(vouched, account.user_id, accounts.clock.now())? {
        transaction.add(write);
    }
    Ok((transaction, text))
}

/// What somebody knows who made the account with an address that is not theirs, and what they hold, is worth nothing any more: the
/// password goes, and all sessions end.
async fn reclaim(
    accounts: &Accounts,
    trust: &TokenTrust,
    vouched: &Vouched,
    account: &Account,
) -> Result<(Transaction, String)> {
    require_free(accounts, vouched, account.user_id).await?;
    let (user, now) = (account.user_id, accounts.clock.now());
    let (code, text) = Code::mint(user, Some(now), now)?;
    let mut transaction = Transaction::new();
    transaction.add(accounts.store.reclaim(account, now)?);
    transaction.add(trust.revoke_all(user, now, now.plus_seconds(TOKENS_END_SECONDS))?);
    transaction.add(accounts.store.put_code(&text, &code)?);
    for write in accounts.store.link(vouched, user, now)? {
        transaction.add(write);
    }
    Ok((transaction, text))
}

fn open(accounts: &Accounts, vouched: &Vouched, trace: &Trace) -> Result<(Transaction, String)> {
    let (store, clock) = (&accounts.store, &accounts.clock);
    let email = vouched.email.clone().ok_or_else(|| Error::internal("an account is opened for no address"))?;
    let (user, now) = (clock.mint(), clock.now());
    let account = Account { email_verified: true, ..Account::open(user, None, now) };
    let name = vouched.called(&email)?;
    let (code, text) = Code::mint(user, None, now)?;
    let registered = Event::UserRegistered(UserRegistered { user_id: user });
    let registered = Envelope::new(clock, trace, user, account.version, registered);
    let mut transaction = store.open(&account, &Person::new(email, name), &registered)?;
    transaction.add(store.put_code(&text, &code)?);
    for write in store.link(vouched, user, now)? {
        transaction.add(write);
    }
    Ok((transaction, text))
}

/// One link per provider: whoever has the address now may not be whoever had it when the account was linked.
async fn require_free(accounts: &Accounts, vouched: &Vouched, user: UserId) -> Result<()> {
    match accounts.store.link_to(user, vouched.provider).await? {
        Some(link) if link.digest != vouched.digest() => {
            let detail = "Your account here is linked to another account at that provider. Log in another way and unlink that first.";
            Err(Error::new(Kind::Conflict, "already_linked", detail))
        }
        _ => Ok(()),
    }
}
