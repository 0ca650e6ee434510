//! Stores how a guest is reached.

use aws_kit::Write;
use values::{ContactId, Email, Result};

use crate::accounts::store::create_contact;
use crate::service::AccountService;

impl AccountService {
    /// The write that stores a guest's email address in the identity table, for the transaction that places the guest's order.
    pub fn contact_write(&self, contact: ContactId, email: &Email) -> Result<Write> {
        create_contact(self.table(), contact, email)
    }
}
