//! How somebody is reached: an account by its person, a guest by the contact that came with the order.

use aws_kit::{Table, Write};
use events::Recipient;
use values::{ContactId, Email, Result};

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

    /// Where to write to, and the name to greet with (empty for a guest); none when the person was erased. 1 read.
    pub async fn email_of(&self, recipient: Recipient) -> Result<Option<(Email, String)>> {
        match recipient {
            Recipient::User(user) => {
                let person = self.store.person(user).await?;
                Ok(person.map(|person| (person.email, person.name.into_string())))
            }
            Recipient::Contact(contact) => {
                let email = self.store.contact(contact).await?;
                Ok(email.map(|email| (email, String::new())))
            }
        }
    }
}

/// The write that keeps how a guest is reached, in the identity table: for the transaction that places the guest's order.
pub fn contact_write(table: &Table, contact: ContactId, email: &Email) -> Result<Write> {
    put_contact(table, contact, email)
}
