//! Logging in with email and password.

use aws_kit::Transaction;
use tracing::warn;
use values::{Email, Error, Kind, Result, Timestamp};

use crate::account::{Account, Accounts, SignedIn, Tokens, User};
use crate::gate::Gate;
use crate::network::Network;
use crate::password::Typed;
use crate::session::{Device, RefreshToken, Session};
use crate::throttles::{Action, Counted, count};
use crate::token::{LIFETIME_SECONDS, Signer};

/// Somebody who wants to log in. `Debug` is left out, for the password's sake.
pub struct Login {
    /// Whose account.
    pub email: Email,
    /// As it was typed, of whatever length.
    pub password: String,
    /// On what.
    pub device: Device,
    /// From where.
    pub network: Network,
}

/// Begins a session; 401 `invalid_credentials` for a wrong password, for an unknown email and for an account without a password, after the same reads and the
/// same work, so that neither the answer nor its time tells who has an account. 429 `rate_limited` before any work; 409
/// `changed_meanwhile` for an account that was suspended, or whose sessions were ended, in that moment.
/// 1 batch read; 1 read and 2 writes side by side; 1 transaction, and beside it 1 more from a network that is new and 1 for a hash that is old.
pub async fn login(accounts: &Accounts, signer: &Signer, gate: &Gate, login: Login) -> Result<Counted<SignedIn>> {
    let (store, clock) = (&accounts.store, &accounts.clock);
    let (started, typed) = (clock.now(), Typed::new(&login.password));
    let comer = gate.throttles.comer(Action::Login, &login.email, &login.network);
    let noticed = store.notice(&comer, Some(&login.email), started).await?;
    let (found, standing) = tokio::try_join!(
        store.account(noticed.user.unwrap_or_else(|| clock.mint())),
        count(store, &comer, &noticed, started)
    )?;
    let work = async {
        let credential = found.as_ref().and_then(|(account, _)| account.credential.clone());
        let right = credential.unwrap_or_else(|| gate.hashing.of_nobody()).matches(&typed)?;
        let (account, person) = found.filter(|_| right).ok_or_else(invalid_credentials)?;
        account.require_active()?;
        let now = clock.now();
        let (session, refresh) = Session::begin(account.user_id, clock.mint(), login.device, now)?;
        let session = session.following(account.sessions_ended_at);
        let tokens = tokens(signer, &account, &session, &refresh, now).await?;
        let begin = async {
            let mut transaction = Transaction::new();
            transaction.add(store.begin_session(&session)?);
            transaction.add(store.still_open(&account)?);
            transaction.commit().await.map_err(Error::from)
        };
        let remember = async {
            if noticed.fades(now)
                && let Err(error) = async { store.remember(&comer, now)?.run().await }.await
            {
                warn!(error.code = error.code, error.cause = error.causes(), "a network was not remembered");
            }
        };
        let (begun, ..) = tokio::join!(begin, remember, renew(accounts, gate, &account, &typed));
        begun?;
        Ok(SignedIn { user: User::of(&account, person), tokens })
    };
    Ok(Counted::attempt(standing, work).await)
}

/// Hashes the password anew where its hash costs less than is asked for now. It is right already, so nothing hangs on it: a failure is
/// left to the next login.
async fn renew(accounts: &Accounts, gate: &Gate, account: &Account, typed: &Typed) {
    let renewed = async {
        let Some(held) = &account.credential else { return Ok(()) };
        match gate.hashing.renewed(held, typed)? {
            // Refused: another login was first, or the password is another by now.
            Some(renewed) => accounts.store.rehash(account.user_id, held, &renewed)?.run().await.map(|_| ()),
            None => Ok(()),
        }
    };
    if let Err(error) = renewed.await {
        warn!(error.code = error.code, error.cause = error.causes(), "a password keeps its old hash");
    }
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
