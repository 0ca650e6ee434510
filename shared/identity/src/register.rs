//! Making an account: a customer's, logged in at once.

use aws_kit::CommitError;
use events::{Envelope, Event, UserRegistered};
use values::{Email, Error, Result, Trace};

use crate::account::{Account, Accounts, Name, Person, SignedIn, User};
use crate::login::tokens;
use crate::password::{Credential, Password};
use crate::session::{Device, Session};
use crate::token::Signer;

/// Who wants an account.
#[derive(Debug)]
pub struct Registration {
    /// Must not belong to an account yet.
    pub email: Email,
    /// Kept as its hash alone.
    pub password: Password,
    /// What the person wants to be called.
    pub name: Name,
}

/// Makes the account, its first session and the event `user.registered` together; 409 `email_taken` when the email belongs
/// to one already. 1 transaction.
pub async fn register(
    accounts: &Accounts,
    signer: &Signer,
    registration: Registration,
    device: Device,
    trace: &Trace,
) -> Result<SignedIn> {
    let Registration { email, password, name } = registration;
    let (clock, now) = (&accounts.clock, accounts.clock.now());
    let account = Account::open(clock.mint(), Credential::of(&password)?, now);
    let person = Person::new(email, name);
    let (session, refresh) = Session::begin(account.user_id, clock.mint(), device, now)?;
    // Before the transaction: an account that exists must not answer with an error.
    let tokens = tokens(signer, &account, &session, &refresh, now).await?;
    let registered = Event::UserRegistered(UserRegistered { user_id: account.user_id });
    let event = Envelope::new(clock, trace, account.user_id, account.version, registered);
    let registering = accounts.store.register(&account, &person, &session, &event)?;
    match registering.transaction.commit().await {
        Ok(()) => Ok(SignedIn { user: User::of(&account, person), tokens }),
        Err(CommitError::Refused(refusals)) if refusals.of(registering.email).is_some() => {
            Err(Error::conflict("email_taken", "An account with this email exists already. Log in instead."))
        }
        Err(error) => Err(error.into()),
    }
}
