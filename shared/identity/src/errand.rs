//! What the notifier needs to know of a one-time token: whom it goes to, and its secret, which is made here and nowhere kept.

use values::{Email, Result, Timestamp, TokenId, UserId};

use crate::contacts::Contacts;
use crate::one_time::{Purpose, Shown};

/// A token that is to be brought to somebody.
#[derive(Debug, Clone)]
pub struct Errand {
    /// Where to.
    pub email: Email,
    /// What the person wants to be called.
    pub name: String,
    /// What for.
    pub purpose: Purpose,
    token: TokenId,
    user: UserId,
}

impl Contacts {
    /// Whom a token is for; none when its address is no account's (anybody may ask for any), or its time is over. 3 reads.
    pub async fn errand(&self, token: TokenId, now: Timestamp) -> Result<Option<Errand>> {
        let Some(row) = self.store.token(token).await?.filter(|row| !row.is_over(now)) else { return Ok(None) };
        let Some(user) = self.store.user_of_digest(&row.address).await? else { return Ok(None) };
        let Some(person) = self.store.person(user).await? else { return Ok(None) };
        let name = person.name.into_string();
        Ok(Some(Errand { email: person.email, name, purpose: row.purpose, token, user }))
    }

    /// Makes the secret of a token and keeps its digest: the text that opens it, or none if it has gone meanwhile. 1 write.
    pub async fn mint(&self, errand: &Errand) -> Result<Option<String>> {
        let shown = Shown::mint(errand.token)?;
        let minted = self.store.mint(errand.token, errand.user, &shown.digest())?.run().await?;
        Ok(minted.ok().map(|()| shown.text()))
    }
}
