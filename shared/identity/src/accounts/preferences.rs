//! Which messages a person wants, by which channel, and in which language.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use events::CUSTOMER_EVENTS;
use serde::{Deserialize, Serialize};
use values::{Error, Result};

use crate::accounts::language::Language;

/// How a message is sent. Only mail is sent today; the other choices are stored for later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum Channel {
    /// By mail.
    Email,
    /// To a phone.
    Sms,
    /// In the shop's own pages and apps.
    InApp,
}

impl FromStr for Channel {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "email" => Ok(Self::Email),
            "sms" => Ok(Self::Sms),
            "inApp" => Ok(Self::InApp),
            _ => Err(Error::invalid("channels", "channel_unknown", "must be email, sms or inApp")),
        }
    }
}

/// A person's preferences. Events that are not named are sent by mail.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Preferences {
    pub language: Language,
    /// By event type of [`CUSTOMER_EVENTS`]. An empty set means: send nothing.
    pub channels: BTreeMap<String, BTreeSet<Channel>>,
    /// Rises by one with every change; it is the ETag. 0 before the first change.
    #[serde(skip)]
    pub version: u64,
}

impl Preferences {
    /// Parses a request. 422 `language_invalid`, `event_type_unknown` or `channel_unknown`, with the field at fault.
    pub fn parse(language: &str, channels: BTreeMap<String, Vec<String>>) -> Result<Self> {
        let language = language.parse()?;
        let mut parsed = BTreeMap::new();
        for (event, names) in channels {
            let field = format!("channels.{event}");
            if !CUSTOMER_EVENTS.contains(&event.as_str()) {
                let known = CUSTOMER_EVENTS.join(", ");
                return Err(Error::invalid(&field, "event_type_unknown", format!("must be one of {known}")));
            }
            let names: Result<BTreeSet<Channel>> = names.iter().map(|name| name.parse()).collect();
            let names = names.map_err(|_| Error::invalid(&field, "channel_unknown", "must be email, sms or inApp"))?;
            parsed.insert(event, names);
        }
        Ok(Self { language, channels: parsed, version: 0 })
    }

    /// Whether an event is sent by that channel. Mails about the security of the account cannot be switched off.
    pub fn wants(&self, event: &str, channel: Channel) -> bool {
        match self.channels.get(event) {
            Some(channels) if CUSTOMER_EVENTS.contains(&event) => channels.contains(&channel),
            _ => channel == Channel::Email,
        }
    }

    /// Adds the default channel for every event that is not named.
    #[must_use]
    pub(crate) fn with_defaults(mut self) -> Self {
        for event in CUSTOMER_EVENTS {
            self.channels.entry(event.to_owned()).or_insert_with(|| [Channel::Email].into());
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(language: &str, channels: &[(&str, &[&str])]) -> Result<Preferences> {
        let channels = channels
            .iter()
            .map(|(event, names)| ((*event).to_owned(), names.iter().map(|name| (*name).to_owned()).collect()));
        Preferences::parse(language, channels.collect())
    }

    fn error_of(result: Result<Preferences>) -> (String, &'static str) {
        let field = result.unwrap_err().fields.remove(0);
        (field.field, field.code)
    }

    #[test]
    fn unknown_value_is_refused_with_its_own_code() {
        assert_eq!(error_of(parse("english", &[])), ("language".into(), "language_invalid"));
        let pigeon = parse("en", &[("order.cancelled", &["pigeon"])]);
        assert_eq!(error_of(pigeon), ("channels.order.cancelled".into(), "channel_unknown"));
        for event in ["order.imagined", "stock.low", "user.password_reset_requested"] {
            assert_eq!(error_of(parse("en", &[(event, &["email"])])).1, "event_type_unknown", "{event}");
        }
    }

    #[test]
    fn unnamed_event_is_sent_by_mail_and_can_be_switched_off() {
        let quiet = parse("en", &[("order.cancelled", &[]), ("payment.completed", &["sms", "email"])]).unwrap();
        assert!(!quiet.wants("order.cancelled", Channel::Email));
        assert!(quiet.wants("payment.completed", Channel::Email) && quiet.wants("payment.completed", Channel::Sms));
        assert!(quiet.wants("payment.failed", Channel::Email) && !quiet.wants("payment.failed", Channel::Sms));
        assert_eq!(quiet.with_defaults().channels.len(), CUSTOMER_EVENTS.len());
    }

    #[test]
    fn security_mail_cannot_be_switched_off() {
        let mut preferences = Preferences::default();
        preferences.channels.insert("user.password_reset_requested".to_owned(), BTreeSet::new());
        assert!(preferences.wants("user.password_reset_requested", Channel::Email));
    }
}
