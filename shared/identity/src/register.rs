//! Making an account: a customer's, logged in at once.

use aws_kit::CommitError;
use events::{Envelope, Event, UserRegistered};
use values::{Email, Error, Result, Trace};

use crate::account::{Account, Accounts, Name, Person, SignedIn, User};
use crate::gate::Gate;
use crate::login::tokens;
use crate::network::Network;
use crate::one_time::{OneTime, Purpose};
use crate::password::Password;
use crate::request_token::told;
use crate::session::{Device, Session};
use crate::throttles::{Action, Counted, count_anybody};
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
    /// On what.
    pub device: Device,
    /// From where.
    pub network: Network,
}

/// Makes the account, its first session, the network it knows, the token that verifies its address and their events together; 409 `email_taken` when the email
/// belongs to one already. 429 `rate_limited` before any work. 1 batch read and 2 writes side by side; 1 transaction.
pub async fn register(
    accounts: &Accounts,
    signer: &Signer,
    gate: &Gate,
    registration: Registration,
    trace: &Trace,
) -> Result<Counted<SignedIn>> {
    let (store, clock) = (&accounts.store, &accounts.clock);
    let started = clock.now();
    let Registration { email, password, name, device, network } = registration;
    let comer = gate.throttles.comer(Action::Register, &email, &network);
    let standing = count_anybody(store, &comer, started).await?;
    let work = async {
        let credential = gate.hashing.hash(&password)?;
        let now = clock.now();
        let account = Account::open(clock.mint(), Some(credential), now);
        let token = OneTime::order(clock.mint(), Purpose::Verification, &email, now);
        let person = Person::new(email, name);
        let (session, refresh) = Session::begin(account.user_id, clock.mint(), device, now)?;
        // Before the transaction: an account that exists must not answer with an error.
        let tokens = tokens(signer, &account, &session, &refresh, now).await?;
        let registered = Event::UserRegistered(UserRegistered { user_id: account.user_id });
        let registered = Envelope::new(clock, trace, account.user_id, account.version, registered);
        let ordered = told(clock, trace, &token);
        let known = store.remember(&comer, now)?;
        let registering = store.register(&account, &person, &session, &token, known, [&registered, &ordered])?;
        match registering.transaction.commit().await {
            Ok(()) => Ok(SignedIn { user: User::of(&account, person), tokens }),
            Err(CommitError::ConditionFailed(refusals)) if refusals.of(registering.email).is_some() => {
                let detail = "An account with this email exists already. Log in instead.";
                Err(Error::conflict("email_taken", detail))
            }
            Err(error) => Err(error.into()),
        }
    };
    Ok(Counted::attempt(standing, work).await)
}
