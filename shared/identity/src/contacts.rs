//! How somebody is reached: an account by its person, a guest by the contact that came with the order.

use aws_kit::{Table, Write};
use events::Recipient;
use values::{ContactId, Email, Result};

use crate::preferences::{Channel, Preferences};
use crate::store::{Store, put_contact};

/// Looks up addresses. All that other contexts may ask identity about a person.
#[derive(Debug, Clone)]
pub struct Contacts {
    pub(crate) store: Store,
}

impl Contacts {
    /// In the identity table.
    pub fn new(table: Table) -> Self {
        Self { store: Store::new(table) }
    }

    /// Where to write to, the name to greet with, and what the person wants to be told; none when they were erased. A guest has no
    /// name and has chosen nothing. 1 read.
    pub async fn reach(&self, recipient: Recipient) -> Result<Option<Contact>> {
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

/// How somebody is reached, and what they want to be told.
#[derive(Debug, Clone)]
pub struct Contact {
    /// Where mail goes.
    pub email: Email,
    /// To greet with; empty for a guest.
    pub name: String,
    /// What they chose.
    pub preferences: Preferences,
}

impl Contact {
    /// Is this event to be told by that channel?
    pub fn wants(&self, event: &str, channel: Channel) -> bool {
        self.preferences.wants(event, channel)
    }
}

/// The write that keeps how a guest is reached, in the identity table: for the transaction that places the guest's order.
pub fn contact_write(table: &Table, contact: ContactId, email: &Email) -> Result<Write> {
    put_contact(table, contact, email)
}
