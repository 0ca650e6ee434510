//! Logging in with email and password.

use values::{Email, Error, Kind, Result, Timestamp};

use crate::account::{Account, Accounts, SignedIn, Tokens, User};
use crate::password::Credential;
use crate::session::{Device, RefreshToken, Session};
use crate::token::{LIFETIME_SECONDS, Signer};

/// Begins a session; 401 `invalid_credentials` for a wrong password and for an unknown email, after the same reads and the
/// same work, so that neither the answer nor its time tells who has an account. 2 reads, 1 write.
pub async fn login(
    accounts: &Accounts,
    signer: &Signer,
    email: &Email,
    password: &str,
    device: Device,
) -> Result<SignedIn> {
    let user = accounts.store.user_of(email).await?;
    let found = accounts.store.account(user.unwrap_or_else(|| accounts.clock.mint())).await?;
    let credential = found.as_ref().map_or_else(Credential::of_nobody, |(account, _)| account.credential.clone());
    let right = credential.matches(password)?;
    let (account, person) = found.filter(|_| right).ok_or_else(invalid_credentials)?;
    account.require_active()?;
    let now = accounts.clock.now();
    let (session, refresh) = Session::begin(account.user_id, accounts.clock.mint(), device, now)?;
    let tokens = tokens(signer, &account, &session, &refresh, now).await?;
    let begun = accounts.store.begin_session(&session)?.run().await?;
    begun.map_err(|_| Error::internal("a fresh session id was taken"))?;
    Ok(SignedIn { user: User::of(&account, person), tokens })
}

/// What a client is handed for a session.
pub(crate) async fn tokens(
    signer: &Signer,
    account: &Account,
    session: &Session,
    refresh: &RefreshToken,
    now: Timestamp,
) -> Result<Tokens> {
    Ok(Tokens {
        access_token: signer.sign(account.user_id, account.role, session.session_id, now).await?,
        refresh_token: refresh.to_string(),
        token_type: "Bearer",
        expires_in: LIFETIME_SECONDS,
    })
}

fn invalid_credentials() -> Error {
    Error::new(Kind::Unauthenticated, "invalid_credentials", "There is no account with this email and password.")
}
