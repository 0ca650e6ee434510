//! The service that sends notifications.

use aws_kit::{Aws, DigestKey};
use identity::Contacts;
use orders::Orders;
use values::{Clock, Email, Result};

use crate::mailer::{Mailer, operator_address};
use crate::store::Store;
use crate::token_mail::Pages;

/// What sending a notification needs. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Notifier {
    pub(crate) store: Store,
    pub(crate) contacts: Contacts,
    pub(crate) orders: Orders,
    pub(crate) mailer: Mailer,
    pub(crate) operator: Email,
    pub(crate) pages: Pages,
    /// For the keys of budgets.
    pub(crate) digest_key: DigestKey,
    pub(crate) clock: Clock,
}

impl Notifier {
    /// The tables of notifications, identity and orders, and the mail service, are named by the environment.
    pub fn from_env(aws: &Aws) -> Result<Self> {
        Ok(Self {
            store: Store::new(aws.table("SOUK_TABLE_NOTIFICATIONS")?),
            contacts: Contacts::new(aws.table("SOUK_TABLE_IDENTITY")?),
            orders: Orders::from_env(aws, Clock::System)?,
            mailer: Mailer::from_env(aws)?,
            operator: operator_address()?,
            pages: Pages::from_env()?,
            digest_key: DigestKey::from_env()?,
            clock: Clock::System,
        })
    }
}
