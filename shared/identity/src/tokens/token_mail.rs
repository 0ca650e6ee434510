//! What the notifier needs to mail a one-time token: its recipient, and its secret, which is stored nowhere.

use values::{Email, Result, Timestamp, TokenId, UserId};

use crate::accounts::contacts::Contacts;
use crate::tokens::mailed_token::MailedToken;
use crate::tokens::one_time_token::TokenPurpose;

/// The mail of a one-time token, without the token's secret.
#[derive(Debug, Clone)]
pub struct TokenMail {
    pub email: Email,
    /// The name in the greeting; empty while the email address is not verified.
    pub name: String,
    pub purpose: TokenPurpose,
    token: TokenId,
    user: UserId,
}

impl Contacts {
    /// The mail of a token; none when no account has its email address (a request may name any address), or its time is over. 4
    /// reads.
    pub async fn token_mail(&self, token: TokenId, now: Timestamp) -> Result<Option<TokenMail>> {
        let Some(row) = self.store.token(token).await?.filter(|row| !row.is_over(now)) else { return Ok(None) };
        let Some(user) = self.store.user_by_email_digest(&row.email_digest).await? else { return Ok(None) };
        let Some((person, name)) = self.person(user).await? else { return Ok(None) };
        Ok(Some(TokenMail { email: person.email, name, purpose: row.purpose, token, user }))
    }

    /// Creates the secret of a token and stores its digest. Returns the text for the link, or none if the token is gone. 1 write.
    pub async fn issue_secret(&self, mail: &TokenMail) -> Result<Option<String>> {
        let token = MailedToken::random(mail.token)?;
        let issued = self.store.set_token_secret(mail.token, mail.user, &token.digest())?.run().await?;
        Ok(issued.ok().map(|()| token.text()))
    }
}
