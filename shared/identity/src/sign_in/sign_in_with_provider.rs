//! Signs in with an external identity: finds or creates its account, and returns the code that `auth` exchanges for tokens.

use aws_kit::{Changes, ConditionFailures, OptimisticWrite, TokenTrust, Transaction};
use events::{Envelope, Event, SecurityChange, UserRegistered};
use values::{Email, Error, Kind, Result, Trace, UserId};

use crate::accounts::account::Account;
use crate::accounts::person::Person;
use crate::service::AccountService;
use crate::sign_in::external_identity::{AccountMatch, ExternalIdentity};
use crate::sign_in::sign_in_code::SignInCode;
use crate::tokens::lifetime::REVOCATION_SECONDS;

impl AccountService {
    /// The text of a one-time code, valid for a minute, for the account of an external identity. The transaction that links or
    /// creates the account also writes the code. Of two concurrent sign-ins of a new person, the second finds the first one's
    /// account. 403 `email_not_verified`, `password_required`, `account_suspended`; 409 `already_linked` when the account is
    /// linked to another user of that provider. 2 to 4 reads, 1 transaction.
    pub async fn sign_in_with_provider(
        &self,
        trust: &TokenTrust,
        identity: &ExternalIdentity,
        trace: &Trace,
    ) -> Result<String> {
        // A concurrent update comes from the same person in another window, or from an admin.
        let decide = |_: Option<ConditionFailures>| async move {
            let linked = self.store.linked_account(identity).await?;
            let account = match linked {
                Some(user) => self.store.account(user).await?,
                None => self.account_by_email(identity.email.as_ref()).await?,
            };
            if let Some(account) = &account {
                account.require_active()?;
            }
            let (transaction, text) = match (identity.match_account(linked, account.as_ref())?, account) {
                (AccountMatch::Create, _) => self.create_linked_account(identity, trace)?,
                (AccountMatch::Linked(_), Some(account)) => self.write_code(&account)?,
                (AccountMatch::Link, Some(account)) => self.link(identity, &account, trace).await?,
                (AccountMatch::Reclaim, Some(account)) => self.reclaim(trust, identity, account, trace).await?,
                // The account was closed a moment ago, and its links are being erased.
                (_, None) => {
                    let detail = "Your account is being erased. Sign in again in a minute.";
                    return Err(Error::conflict("too_many_concurrent_updates", detail));
                }
            };
            Ok(Changes::new(transaction, text).into())
        };
        OptimisticWrite::new(&self.store.table, &self.clock).run(decide).await
    }

    async fn account_by_email(&self, email: Option<&Email>) -> Result<Option<Account>> {
        let Some(email) = email else { return Ok(None) };
        match self.store.user_by_email(email).await? {
            Some(user) => self.store.account(user).await,
            None => Ok(None),
        }
    }

    fn write_code(&self, account: &Account) -> Result<(Transaction, String)> {
        let (code, text) = SignInCode::mint(account.user_id, account.sessions_ended_at, self.clock.now())?;
        let mut transaction = Transaction::new();
        transaction.add(self.store.create_code(&text, &code)?);
        Ok((transaction, text))
    }

    async fn link(
        &self,
        identity: &ExternalIdentity,
        account: &Account,
        trace: &Trace,
    ) -> Result<(Transaction, String)> {
        self.require_unlinked(identity, account.user_id).await?;
        let (mut transaction, text) = self.write_code(account)?;
        transaction.add(self.store.check_unchanged(account)?);
        transaction.add_all(self.security_event(account, SecurityChange::ProviderLinked, trace)?);
        for write in self.store.link(identity, account.user_id, self.clock.now())? {
            transaction.add(write);
        }
        Ok((transaction, text))
    }

    /// Links an account to the verified owner of its email address, and removes whatever an impostor may know or hold: the password
    /// and all sessions.
    async fn reclaim(
        &self,
        trust: &TokenTrust,
        identity: &ExternalIdentity,
        account: Account,
        trace: &Trace,
    ) -> Result<(Transaction, String)> {
        self.require_unlinked(identity, account.user_id).await?;
        let (user, now) = (account.user_id, self.clock.now());
        let (code, text) = SignInCode::mint(user, Some(now), now)?;
        let mut transaction = Transaction::new();
        transaction.add(self.store.reclaim(&account, now)?);
        transaction.add(trust.revoke_all(user, now, now.plus_seconds(REVOCATION_SECONDS))?);
        transaction.add(self.store.create_code(&text, &code)?);
        for write in self.store.link(identity, user, now)? {
            transaction.add(write);
        }
        let reclaimed = Account { email_verified: true, version: account.version + 1, ..account };
        transaction.add_all(self.security_event(&reclaimed, SecurityChange::ProviderLinked, trace)?);
        Ok((transaction, text))
    }

    fn create_linked_account(&self, identity: &ExternalIdentity, trace: &Trace) -> Result<(Transaction, String)> {
        let (store, clock) = (&self.store, &self.clock);
        let email = identity.email.clone().ok_or_else(|| Error::internal("an account needs an email address"))?;
        let (user, now) = (clock.mint(), clock.now());
        let account = Account { email_verified: true, ..Account::new(user, None, now) };
        let name = identity.account_name(&email)?;
        let (mut code, text) = SignInCode::mint(user, None, now)?;
        code.is_first = true;
        let registered = Event::UserRegistered(UserRegistered { user_id: user });
        let registered = Envelope::new(clock, trace, user, account.version, registered);
        let mut transaction = store.create_account(&account, &Person::new(email, name), &registered)?;
        transaction.add(store.create_code(&text, &code)?);
        for write in store.link(identity, user, now)? {
            transaction.add(write);
        }
        Ok((transaction, text))
    }

    /// 409 `already_linked` when the account is linked to another user of that provider. The present owner of the email address may
    /// not be the one who linked the account.
    async fn require_unlinked(&self, identity: &ExternalIdentity, user: UserId) -> Result<()> {
        match self.store.link_to(user, identity.provider).await? {
            Some(link) if link.digest != identity.digest() => {
                let detail = "Your account here is linked to another account at that provider. Log in another way and \
                              unlink that one first.";
                Err(Error::new(Kind::Conflict, "already_linked", detail))
            }
            _ => Ok(()),
        }
    }
}
