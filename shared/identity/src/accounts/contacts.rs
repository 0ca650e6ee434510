//! Finds how a customer is reached: an account's owner by the person's row, a guest by the contact that came with the order.

use aws_kit::Table;
use events::Recipient;
use values::Result;

use crate::accounts::contact::Contact;
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

    /// The contact of a recipient; none once it is erased. A guest has no name and the default preferences. 1 read.
    pub async fn find(&self, recipient: Recipient) -> Result<Option<Contact>> {
        match recipient {
            Recipient::User(user) => {
                let Some(person) = self.store.person(user).await? else { return Ok(None) };
                let preferences = person.preferences()?;
                Ok(Some(Contact { email: person.email, name: person.name.into_string(), preferences }))
            }
            Recipient::Contact(contact) => {
                let email = self.store.contact(contact).await?;
                Ok(email.map(|email| Contact { email, name: String::new(), preferences: Preferences::default() }))
            }
        }
    }
}
