//! The bodies and queries of requests. Values of a fixed list are parsed as text, so that each refusal has an error code of its own.

use std::collections::BTreeMap;

use http_kit::PageQuery;
use identity::{AccountStatus, Name, Preferences, UserFilter};
use serde::Deserialize;
use values::{Result, Role, Text};

/// PUT /users/profile.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Profile {
    pub(crate) name: Name,
}

/// PUT /users/preferences.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PreferencesIn {
    language: String,
    #[serde(default)]
    channels: BTreeMap<String, Vec<String>>,
}

impl PreferencesIn {
    pub(crate) fn preferences(self) -> Result<Preferences> {
        Preferences::parse(&self.language, self.channels)
    }
}

/// The query of GET /users.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListIn {
    search: Option<Text<100>>,
    role: Option<String>,
    status: Option<String>,
    limit: Option<u32>,
    cursor: Option<String>,
}

impl ListIn {
    /// The filter, the page, and the name of the list, which binds a cursor to one search.
    pub(crate) fn parts(self) -> Result<(UserFilter, PageQuery, String)> {
        let Self { search, role, status, limit, cursor } = self;
        let role = role.map(|role| role.parse::<Role>()).transpose()?;
        let status = status.map(|status| status.parse::<AccountStatus>()).transpose()?;
        let name = format!("/users by {role:?} {status:?} {}", search.as_ref().map_or("", Text::as_str));
        Ok((UserFilter { search, role, status }, PageQuery { limit, cursor }, name))
    }
}

/// PUT /users/{id}/role.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RoleIn {
    role: String,
}

impl RoleIn {
    pub(crate) fn role(&self) -> Result<Role> {
        self.role.parse()
    }
}

/// PUT /users/{id}/status.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StatusIn {
    status: String,
    pub(crate) reason: Option<Text<200>>,
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
    use values::Error;

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
