//! How a customer is reached, and which messages they want.

use values::Email;

use crate::accounts::preferences::{Channel, Preferences};

/// The contact of an account or of a guest.
#[derive(Debug, Clone)]
pub struct Contact {
    pub email: Email,
    /// The name in the greeting; empty for a guest, and while the email address is not verified.
    pub name: String,
    pub preferences: Preferences,
}

impl Contact {
    /// Whether this event is sent to the customer by that channel.
    pub fn wants(&self, event: &str, channel: Channel) -> bool {
        self.preferences.wants(event, channel)
    }
}
