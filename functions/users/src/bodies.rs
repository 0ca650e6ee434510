//! The bodies and queries of requests. Values of a fixed list are parsed as text, so that each refusal has an error code of its own.

use std::collections::{BTreeMap, BTreeSet};

use http_kit::{PageQuery, Replaceable};
#[cfg(feature = "openapi")]
use identity::AddressIn;
use identity::{AccountStatus, Channel, Language, NewName, Preferences, UserFilter};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use values::{Error, Result, Role, Text};

/// The request to change a profile.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Profile {
    /// The name by which mails greet the person. It must not contain a URL or a domain.
    #[cfg_attr(feature = "openapi", schemars(with = "identity::Name"))]
    pub(crate) name: NewName,
}

impl Replaceable for Profile {
    const READ_ONLY: &'static [&'static str] =
        &["id", "email", "emailVerified", "role", "status", "statusReason", "createdAt", "updatedAt"];
}

/// The request to replace a postal address.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub(crate) struct AddressReplacement(
    #[cfg_attr(feature = "openapi", schemars(with = "AddressIn"))] pub(crate) Map<String, Value>,
);

impl Replaceable for AddressReplacement {
    const READ_ONLY: &'static [&'static str] = &["id", "lines"];
}

/// The request to replace notification preferences.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "PreferencesInput"))]
#[serde(deny_unknown_fields)]
pub(crate) struct PreferencesIn {
    /// A language tag (BCP 47), such as `de`, `pt-BR` or `zh-Hant-TW`.
    #[cfg_attr(feature = "openapi", schemars(with = "Language"))]
    language: String,
    /// The channels for each event type. Only `email` is sent today; other choices are stored for later.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schemars(with = "BTreeMap<String, Vec<Channel>>", extend("propertyNames" = event_types())))]
    channels: BTreeMap<String, Vec<String>>,
}

impl Replaceable for PreferencesIn {
    const READ_ONLY: &'static [&'static str] = &[];
}

/// Notification preferences.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "Preferences"))]
pub(crate) struct PreferencesOut {
    /// A language tag (BCP 47), such as `de`, `pt-BR` or `zh-Hant-TW`.
    language: Language,
    /// The channels for each event type. Only `email` is sent today; other choices are stored for later.
    #[cfg_attr(feature = "openapi", schemars(extend("propertyNames" = event_types())))]
    channels: BTreeMap<String, BTreeSet<Channel>>,
}

impl PreferencesOut {
    pub(crate) fn new(preferences: Preferences) -> Self {
        let Preferences { language, channels, .. } = preferences;
        Self { language, channels }
    }
}

/// The schema of the names in `channels`.
#[cfg(feature = "openapi")]
fn event_types() -> serde_json::Value {
    serde_json::json!({ "enum": identity::CUSTOMER_EVENTS })
}

impl PreferencesIn {
    pub(crate) fn preferences(self) -> Result<Preferences> {
        Preferences::parse(&self.language, self.channels)
    }
}

/// The query of GET /users.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct ListIn {
    /// The beginning of an email address or a name. Neither letter case nor the Unicode form makes a difference.
    #[cfg_attr(feature = "openapi", schemars(with = "Option<Text<100>>"))]
    search: Option<String>,
    /// Only accounts with this value.
    #[cfg_attr(feature = "openapi", schemars(with = "Option<Role>"))]
    role: Option<String>,
    /// Only accounts with this value.
    #[cfg_attr(feature = "openapi", schemars(with = "Option<AccountStatus>"))]
    status: Option<String>,
    limit: Option<u32>,
    cursor: Option<String>,
}

impl ListIn {
    /// The filter, the page, and the name of the list, which binds a cursor to one search.
    pub(crate) fn parts(self) -> Result<(UserFilter, PageQuery, String)> {
        let Self { search, role, status, limit, cursor } = self;
        let search = search.map(|search| Text::new(&search)).transpose();
        let search = search.map_err(|message| Error::invalid("search", "invalid_value", message))?;
        let role = role.map(|role| role.parse::<Role>()).transpose()?;
        let status = status.map(|status| status.parse::<AccountStatus>()).transpose()?;
        let name = format!("/users by {role:?} {status:?} {}", search.as_ref().map_or("", Text::as_str));
        Ok((UserFilter { search, role, status }, PageQuery { limit, cursor }, name))
    }
}

/// The request to change the role of an account.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "RoleChange"))]
#[serde(deny_unknown_fields)]
pub(crate) struct RoleIn {
    #[cfg_attr(feature = "openapi", schemars(with = "Role"))]
    role: String,
}

impl Replaceable for RoleIn {
    const READ_ONLY: &'static [&'static str] =
        &["id", "email", "emailVerified", "name", "status", "statusReason", "createdAt", "updatedAt"];
}

impl RoleIn {
    pub(crate) fn role(&self) -> Result<Role> {
        self.role.parse()
    }
}

/// The request to change the status of an account.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "StatusChange"))]
#[serde(deny_unknown_fields)]
pub(crate) struct StatusIn {
    #[cfg_attr(feature = "openapi", schemars(with = "AccountStatus"))]
    status: String,
    /// The reason, shown to admins. If it is left out and the status is the same, the reason stays.
    pub(crate) reason: Option<Text<200>>,
}

impl Replaceable for StatusIn {
    const READ_ONLY: &'static [&'static str] =
        &["id", "email", "emailVerified", "name", "role", "statusReason", "createdAt", "updatedAt"];
}

impl StatusIn {
    pub(crate) fn status(&self) -> Result<AccountStatus> {
        self.status.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, from_value, json};

    fn code(error: Error) -> (String, &'static str) {
        (error.fields[0].field.clone(), error.fields[0].code)
    }

    #[test]
    fn unknown_value_has_its_own_code() {
        let role: RoleIn = from_value(json!({ "role": "owner" })).unwrap();
        assert_eq!(code(role.role().unwrap_err()), ("role".into(), "role_unknown"));
        let status: StatusIn = from_value(json!({ "status": "Suspended" })).unwrap();
        assert_eq!(code(status.status().unwrap_err()), ("status".into(), "status_unknown"));
        let list = |query: Value| from_value::<ListIn>(query).unwrap().parts().unwrap_err();
        assert_eq!(code(list(json!({ "role": "guest" }))), ("role".into(), "role_unknown"));
        assert_eq!(code(list(json!({ "status": "deleted" }))), ("status".into(), "status_unknown"));
        for search in ["", "a\u{202e}b", "a\u{200d}b", &"x".repeat(101)] {
            assert_eq!(code(list(json!({ "search": search }))), ("search".into(), "invalid_value"), "{search:?}");
        }
    }

    #[test]
    fn cursor_belongs_to_one_search() {
        let name = |query: Value| from_value::<ListIn>(query).unwrap().parts().unwrap().2;
        let searches = [
            json!({}),
            json!({ "search": "ada" }),
            json!({ "role": "admin" }),
            json!({ "status": "active" }),
            json!({ "search": "ada", "role": "admin" }),
            json!({ "search": "Some(Admin) None" }),
        ];
        let names: std::collections::BTreeSet<_> = searches.into_iter().map(name).collect();
        assert_eq!(names.len(), 6);
        assert_eq!(name(json!({ "limit": 3, "cursor": "x" })), name(json!({})), "a page belongs to the same search");
    }
}
