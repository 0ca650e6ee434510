//! Finds how a customer is reached: an account's owner by the person's row, a guest by the contact that came with the order.

use aws_kit::Table;
use events::Recipient;
use values::{Result, UserId};

use crate::accounts::contact::Contact;
use crate::accounts::person::Person;
use crate::accounts::preferences::Preferences;
use crate::store::Store;

/// Looks up email addresses, for the notifier.
#[derive(Debug, Clone)]
pub struct Contacts {
    pub(crate) store: Store,
}

impl Contacts {
    /// Uses the given identity table.
    pub fn new(table: Table) -> Self {
        Self { store: Store::new(table) }
    }

    /// The contact of a recipient; none once it is erased. A guest has no name and the default preferences. 2 reads side by side for
    /// a user, 1 for a guest.
    pub async fn find(&self, recipient: Recipient) -> Result<Option<Contact>> {
        match recipient {
            Recipient::User(user) => {
                let Some((person, name)) = self.person(user).await? else { return Ok(None) };
                let preferences = person.preferences()?;
                Ok(Some(Contact { email: person.email, name, preferences }))
            }
            Recipient::Contact(contact) => {
                let email = self.store.contact(contact).await?;
                Ok(email.map(|email| Contact { email, name: String::new(), preferences: Preferences::default() }))
            }
        }
    }

    /// The active admins, at most 100, those with the oldest accounts. 4 queries side by side.
    pub async fn admins(&self) -> Result<Vec<UserId>> {
        self.store.oldest_admins().await
    }

    /// A person, and the name in the greeting. It is empty while the email address is not verified: a stranger may have registered
    /// the address, with a name that is a message to its owner. 2 reads side by side.
    pub(crate) async fn person(&self, user: UserId) -> Result<Option<(Person, String)>> {
        let (person, account) = tokio::try_join!(self.store.person(user), self.store.account(user))?;
        let is_verified = account.is_some_and(|account| account.email_verified);
        Ok(person.map(|person| {
            let name = if is_verified { person.name.as_str().to_owned() } else { String::new() };
            (person, name)
        }))
    }
}
