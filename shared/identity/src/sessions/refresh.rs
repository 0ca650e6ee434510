//! Exchanges a refresh token for the next pair of tokens.

use aws_kit::{TokenTrust, outbox_put};
use events::{Envelope, Event, RefreshReused};
use telemetry::{SecurityEvent, SecurityKind};
use values::{Error, Kind, Result, Trace};

use crate::service::AccountService;
use crate::sessions::refresh_token::{RefreshToken, invalid_refresh_token};
use crate::sessions::session::{Rotation, Session};
use crate::sessions::token_pair::TokenPair;
use crate::tokens::signer::Signer;

impl AccountService {
    /// The next pair of tokens. The spent token, sent again within ten seconds, gets the same refresh token: it is a retry after
    /// a lost answer. Later it is 401 `refresh_reused`, and the session ends everywhere. 2 reads side by side, 1 write.
    pub async fn refresh(&self, signer: &Signer, trust: &TokenTrust, token: &str, trace: &Trace) -> Result<TokenPair> {
        let token: RefreshToken = token.parse()?;
        let (session, account) =
            tokio::try_join!(self.store.session(token.user, token.session), self.store.account(token.user))?;
        let (mut session, account) = session.zip(account).ok_or_else(invalid_refresh_token)?;
        let now = self.clock.now();
        if session.is_over(now) || account.has_ended(&session) {
            return Err(invalid_refresh_token());
        }
        account.require_active()?;
        let mut rotation = session.rotation(&token, now);
        if let Rotation::Next(next) = &rotation {
            let rotated = session.rotated(next, now);
            if let Err(failure) = self.store.rotate(&session.digest, &rotated).await? {
                // A concurrent request with the same token was first; what it wrote decides.
                session = failure.row::<Session>()?.ok_or_else(invalid_refresh_token)?;
                rotation = session.rotation(&token, now);
            }
        }
        match rotation {
            Rotation::Next(next) | Rotation::Again(next) => signer.token_pair(&account, &session, &next, now).await,
            Rotation::Reused => {
                self.end_stolen_session(trust, &token, trace).await?;
                let detail = "This refresh token was used before, so its session has ended. Log in again.";
                Err(Error::new(Kind::Unauthenticated, "refresh_reused", detail))
            }
        }
    }

    /// Ends the session of a reused token, because a thief may hold the valid one, and writes the security event.
    async fn end_stolen_session(&self, trust: &TokenTrust, token: &RefreshToken, trace: &Trace) -> Result<()> {
        let RefreshToken { user, session, .. } = token;
        let (owner, stolen) = (user.to_string(), session.to_string());
        SecurityEvent::new(SecurityKind::RefreshReused, SecurityEvent::NOBODY, &owner).with_detail(&stolen).log();
        let reused = Event::RefreshReused(RefreshReused { user_id: *user, session_id: *session });
        let mut transaction = self.session_end(trust, *user, *session)?;
        transaction.add(outbox_put(&self.store.table, &Envelope::new(&self.clock, trace, *session, 1, reused))?);
        transaction.commit().await.map_err(Error::from)
    }
}
