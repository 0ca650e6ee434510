//! The event about a change that matters to the security of an account. The notifier mails its owner.

use aws_kit::{Write, outbox_put};
use events::{Envelope, Event, SecurityChange, SecurityChanged};
use values::{Result, Trace};

use crate::accounts::account::Account;
use crate::service::AccountService;

impl AccountService {
    /// The write of the event, for the transaction of the change. None for an account whose email address is not verified: nobody
    /// knows whose address it is, and a stranger must not be mailed.
    pub(crate) fn security_event(
        &self,
        account: &Account,
        change: SecurityChange,
        trace: &Trace,
    ) -> Result<Option<Write>> {
        // A new admin is reported to all admins, whatever the account.
        if !account.email_verified && change != SecurityChange::AdminAdded {
            return Ok(None);
        }
        let event = Event::UserSecurityChanged(SecurityChanged { user_id: account.user_id, change });
        let envelope = Envelope::new(&self.clock, trace, account.user_id, account.version, event);
        outbox_put(&self.store.table, &envelope).map(Some)
    }
}
