//! Trading a refresh token for the next pair.

use aws_kit::Trust;
use values::{Error, Kind, Result};

use crate::account::{Accounts, Tokens};
use crate::login::tokens;
use crate::logout::end;
use crate::session::{RefreshToken, Rotation, Session, invalid};
use crate::token::Signer;

/// The next pair. The spent token shown again within ten seconds gets the same refresh token (a retry after a lost answer);
/// later it is 401 `refresh_reused`, and the session ends everywhere. 2 reads side by side, 1 write.
pub async fn refresh(accounts: &Accounts, signer: &Signer, trust: &Trust, token: &str) -> Result<Tokens> {
    let shown: RefreshToken = token.parse()?;
    let (session, account) =
        tokio::try_join!(accounts.store.session(shown.user, shown.session), accounts.store.account_alone(shown.user))?;
    let (mut session, account) = session.zip(account).ok_or_else(invalid)?;
    account.require_active()?;
    let now = accounts.clock.now();
    if session.is_over(now) || session.follows != account.sessions_ended_at {
        return Err(invalid());
    }
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
            end(accounts, trust, shown.user, shown.session).await?;
            let detail = "This refresh token was used before, so its session has ended. Log in again.";
            Err(Error::new(Kind::Unauthenticated, "refresh_reused", detail))
        }
    }
}
