//! What a person wants to be told, by what, and in which language.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use events::CUSTOMER_EVENTS;
use serde::{Deserialize, Deserializer, Serialize, de};
use values::{Error, ExpectedVersion, Result, UserId};

use crate::account::Accounts;

/// By what a message travels. Mail is what goes out today; the others are kept for when they do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
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
            _ => Err(Error::invalid("channels", "channel_unknown", "use email, sms and inApp")),
        }
    }
}

/// A language as BCP 47 tags it (RFC 5646): a language of two or three letters, then a script, then a region, if any. In the
/// usual case, whatever it was typed in: `de`, `pt-BR`, `zh-Hant-TW`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Language(String);

impl Language {
    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Language {
    fn default() -> Self {
        Self("en".to_owned())
    }
}

impl FromStr for Language {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let refused =
            || Error::invalid("language", "language_invalid", "use a tag of BCP 47, such as en, pt-BR or zh-Hant");
        let mut parts = text.split('-').peekable();
        let letters = |part: &str, least, most| {
            (least..=most).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphabetic())
        };
        let language = parts.next().filter(|part| letters(part, 2, 3)).ok_or_else(refused)?;
        let mut tag = language.to_ascii_lowercase();
        if let Some(script) = parts.next_if(|part| letters(part, 4, 4)) {
            let (first, rest) = script.split_at(1);
            tag += &format!("-{}{}", first.to_ascii_uppercase(), rest.to_ascii_lowercase());
        }
        let is_area = |part: &&str| part.len() == 3 && part.bytes().all(|b| b.is_ascii_digit());
        if let Some(region) = parts.next_if(|part| letters(part, 2, 2) || is_area(part)) {
            tag += &format!("-{}", region.to_ascii_uppercase());
        }
        if parts.next().is_some() { Err(refused()) } else { Ok(Self(tag)) }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Language {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(|error: Error| de::Error::custom(error.detail))
    }
}

/// A person's choices. Events that are not named go out by mail.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Preferences {
    /// What they read.
    pub language: Language,
    /// By event type, those of [`CUSTOMER_EVENTS`]; none at all is a choice, too.
    pub channels: BTreeMap<String, BTreeSet<Channel>>,
    /// Rises by one with every change: the ETag. 0 before the first.
    #[serde(skip)]
    pub version: u64,
}

impl Preferences {
    /// Reads what somebody sent: each field at fault with its own code.
    pub fn chosen(language: &str, channels: BTreeMap<String, Vec<String>>) -> Result<Self> {
        let language = language.parse()?;
        let mut read = BTreeMap::new();
        for (event, names) in channels {
            let field = format!("channels.{event}");
            if !CUSTOMER_EVENTS.contains(&event.as_str()) {
                let known = CUSTOMER_EVENTS.join(", ");
                return Err(Error::invalid(&field, "event_type_unknown", format!("use one of {known}")));
            }
            let names: Result<BTreeSet<Channel>> = names.iter().map(|name| name.parse()).collect();
            let names = names.map_err(|_| Error::invalid(&field, "channel_unknown", "use email, sms and inApp"))?;
            read.insert(event, names);
        }
        Ok(Self { language, channels: read, version: 0 })
    }

    /// Is an event to be told by that channel? What a person cannot choose (mails about the security of the account) is told
    /// by mail.
    pub fn wants(&self, event: &str, channel: Channel) -> bool {
        match self.channels.get(event) {
            Some(chosen) if CUSTOMER_EVENTS.contains(&event) => chosen.contains(&channel),
            _ => channel == Channel::Email,
        }
    }

    /// With every event named.
    #[must_use]
    fn spelled_out(mut self) -> Self {
        for event in CUSTOMER_EVENTS {
            self.channels.entry(event.to_owned()).or_insert_with(|| [Channel::Email].into());
        }
        self
    }
}

/// What the person chose, with what nobody chose spelled out. 1 read.
pub async fn preferences(accounts: &Accounts, user: UserId) -> Result<Preferences> {
    let person = accounts.store.person(user).await?.ok_or_else(|| Error::not_found("account"))?;
    Ok(person.preferences()?.spelled_out())
}

/// Writes over what the person chose. With `held`, only if that is the present version (412). 1 read, 1 write.
pub async fn choose(
    accounts: &Accounts,
    user: UserId,
    chosen: Preferences,
    held: Option<&ExpectedVersion>,
) -> Result<Preferences> {
    let before = accounts.store.person(user).await?.ok_or_else(|| Error::not_found("account"))?;
    let version = before.preferences_version.unwrap_or_default();
    if held.is_some_and(|held| !held.matches(version)) {
        return Err(Error::version_mismatch("preferences"));
    }
    let chosen = Preferences { version: version + 1, ..chosen };
    let written = accounts.store.set_preferences(user, &chosen, version)?.run().await?;
    written.map_err(|_| {
        Error::conflict("changed_meanwhile", "The preferences were changed meanwhile. Read them and try again.")
    })?;
    Ok(chosen.spelled_out())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(language: &str, channels: &[(&str, &[&str])]) -> Result<Preferences> {
        let channels = channels
            .iter()
            .map(|(event, names)| ((*event).to_owned(), names.iter().map(|name| (*name).to_owned()).collect()));
        Preferences::chosen(language, channels.collect())
    }

    fn refused(result: Result<Preferences>) -> (String, &'static str) {
        let field = result.unwrap_err().fields.remove(0);
        (field.field, field.code)
    }

    #[test]
    fn a_language_is_a_tag_in_the_usual_case() {
        for (typed, tag) in
            [("en", "en"), ("PT-br", "pt-BR"), ("ZH-hant-tw", "zh-Hant-TW"), ("es-419", "es-419"), ("gsw", "gsw")]
        {
            assert_eq!(typed.parse::<Language>().unwrap().as_str(), tag);
        }
        for bad in ["", "e", "english", "en_GB", "en-", "en-GB-x", "419", "en-GB-Latn", "ён", "en-USA"] {
            assert!(bad.parse::<Language>().is_err(), "{bad:?} must be refused");
        }
    }

    #[test]
    fn what_is_not_known_is_refused_by_its_own_code() {
        assert_eq!(refused(chosen("english", &[])), ("language".into(), "language_invalid"));
        let pigeon = chosen("en", &[("order.cancelled", &["pigeon"])]);
        assert_eq!(refused(pigeon), ("channels.order.cancelled".into(), "channel_unknown"));
        for event in ["order.imagined", "stock.low", "user.password_reset_requested"] {
            assert_eq!(refused(chosen("en", &[(event, &["email"])])).1, "event_type_unknown", "{event}");
        }
    }

    #[test]
    fn what_nobody_chose_goes_by_mail_and_silence_can_be_chosen() {
        let quiet = chosen("en", &[("order.cancelled", &[]), ("payment.completed", &["sms", "email"])]).unwrap();
        assert!(!quiet.wants("order.cancelled", Channel::Email));
        assert!(quiet.wants("payment.completed", Channel::Email) && quiet.wants("payment.completed", Channel::Sms));
        assert!(quiet.wants("payment.failed", Channel::Email) && !quiet.wants("payment.failed", Channel::Sms));
        assert_eq!(quiet.spelled_out().channels.len(), CUSTOMER_EVENTS.len());
    }

    #[test]
    fn nobody_silences_what_is_about_the_security_of_an_account() {
        let mut sly = Preferences::default();
        sly.channels.insert("user.password_reset_requested".to_owned(), BTreeSet::new());
        assert!(sly.wants("user.password_reset_requested", Channel::Email));
    }
}
