//! Trading a refresh token for the next pair.

use aws_kit::{TokenTrust, outbox_put};
use events::{Envelope, Event, RefreshReused};
use tracing::warn;
use values::{Error, Kind, Result, Trace};

use crate::account::{Accounts, Tokens};
use crate::login::tokens;
use crate::logout::ending;
use crate::session::{RefreshToken, Rotation, Session, invalid};
use crate::token::Signer;

/// The next pair. The spent token shown again within ten seconds gets the same refresh token (a retry after a lost answer);
/// later it is 401 `refresh_reused`, and the session ends everywhere. 2 reads side by side, 1 write.
pub async fn refresh(
    accounts: &Accounts,
    signer: &Signer,
    trust: &TokenTrust,
    token: &str,
    trace: &Trace,
) -> Result<Tokens> {
    let shown: RefreshToken = token.parse()?;
    let (session, account) =
        tokio::try_join!(accounts.store.session(shown.user, shown.session), accounts.store.account_alone(shown.user))?;
    let (mut session, account) = session.zip(account).ok_or_else(invalid)?;
    let now = accounts.clock.now();
    if session.is_over(now) || account.has_ended(&session) {
        return Err(invalid());
    }
    account.require_active()?;
    let mut rotation = session.judge(&shown, now);
    if let Rotation::Next(next) = &rotation {
        let rotated = session.rotated(next, now);
        if let Err(refused) = accounts.store.rotate(&session.digest, &rotated).await? {
            // The same token, shown twice at once: the other request was first, and what it wrote decides.
            session = refused.row::<Session>()?.ok_or_else(invalid)?;
            rotation = session.judge(&shown, now);
        }
    }
    match rotation {
        Rotation::Next(next) | Rotation::Again(next) => tokens(signer, &account, &session, &next, now).await,
        Rotation::Reused => {
            end_stolen(accounts, trust, &shown, trace).await?;
            let detail = "This refresh token was used before, so its session has ended. Log in again.";
            Err(Error::new(Kind::Unauthenticated, "refresh_reused", detail))
        }
    }
}

/// Whoever shows a spent token, somebody else may have the good one: the session ends, and the security event says whose it was.
async fn end_stolen(accounts: &Accounts, trust: &TokenTrust, shown: &RefreshToken, trace: &Trace) -> Result<()> {
    let RefreshToken { user, session, .. } = shown;
    warn!(security.event = "refresh_reused", user.id = %user, session.id = %session, "a spent refresh token was shown again");
    let reused = Event::RefreshReused(RefreshReused { user_id: *user, session_id: *session });
    let mut writes = ending(accounts, trust, *user, *session)?;
    writes.add(outbox_put(&accounts.store.table, &Envelope::new(&accounts.clock, trace, *session, 1, reused))?);
    writes.commit().await.map_err(Error::from)
}
