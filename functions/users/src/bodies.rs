//! The bodies and queries of requests. Values of a fixed list are parsed as text, so that each refusal has an error code of its own.

use std::collections::{BTreeMap, BTreeSet};

use http_kit::{PageQuery, Replaceable};
#[cfg(feature = "openapi")]
use identity::AddressIn;
use identity::{
    AccountStatus, Channel, CustomerGroup, Language, NewName, Preferences, TaxLiability, TaxStatus, UserFilter, VatId,
};
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
    const READ_ONLY: &'static [&'static str] = &[
        "id",
        "email",
        "emailVerified",
        "role",
        "status",
        "statusReason",
        "group",
        "taxStatus",
        "createdAt",
        "updatedAt",
    ];
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
    const READ_ONLY: &'static [&'static str] = &[
        "id",
        "email",
        "emailVerified",
        "name",
        "status",
        "statusReason",
        "group",
        "taxStatus",
        "createdAt",
        "updatedAt",
    ];
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
    const READ_ONLY: &'static [&'static str] = &[
        "id",
        "email",
        "emailVerified",
        "name",
        "role",
        "statusReason",
        "group",
        "taxStatus",
        "createdAt",
        "updatedAt",
    ];
}

impl StatusIn {
    pub(crate) fn status(&self) -> Result<AccountStatus> {
        self.status.parse()
    }
}

/// The request to change the customer group of an account.
#[derive(Debug, Deserialize)]
#[cfg_attr(
    feature = "openapi",
    derive(schemars::JsonSchema),
    schemars(rename = "GroupChange", extend("required" = ["group"]))
)]
#[serde(deny_unknown_fields)]
pub(crate) struct GroupIn {
    /// The key of the group; null for none.
    // Without a function of its own, serde would read a missing member as null, and `{}` would end the membership.
    #[serde(deserialize_with = "Option::deserialize")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<CustomerGroup>"))]
    group: Option<String>,
}

impl Replaceable for GroupIn {
    const READ_ONLY: &'static [&'static str] = &[
        "id",
        "email",
        "emailVerified",
        "name",
        "role",
        "status",
        "statusReason",
        "taxStatus",
        "createdAt",
        "updatedAt",
    ];
}

impl GroupIn {
    pub(crate) fn group(&self) -> Result<Option<CustomerGroup>> {
        self.group.as_deref().map(|group| group.parse::<CustomerGroup>()).transpose()
    }
}

/// The request to replace the tax status of an account.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "TaxStatusChange"))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct TaxStatusIn {
    #[cfg_attr(feature = "openapi", schemars(with = "TaxLiability"))]
    status: String,
    /// The reason, which the owner of the account sees too. Required for `exempt`.
    reason: Option<Text<200>>,
    /// The VAT id of a business. Spaces, dots, dashes and letter case do not matter.
    #[cfg_attr(feature = "openapi", schemars(with = "Option<VatId>"))]
    vat_id: Option<String>,
    /// Marks the VAT id as verified: the number that the tax office (VIES in the EU) gave to the answer that it is valid.
    consultation_number: Option<Text<64>>,
}

impl Replaceable for TaxStatusIn {
    const READ_ONLY: &'static [&'static str] = &["vatIdVerifiedAt"];
}

impl TaxStatusIn {
    pub(crate) fn tax_status(self) -> Result<TaxStatus> {
        let Self { status, reason, vat_id, consultation_number } = self;
        let status: TaxLiability = status.parse()?;
        let vat_id = vat_id.map(|vat_id| vat_id.parse::<VatId>()).transpose()?;
        if let Some(vat_id) = &vat_id {
            // Its country, its form and its check digits.
            vat_id.as_str().parse::<terms::tax::VatId>()?;
        }
        TaxStatus::new(status, reason, vat_id, consultation_number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, from_value, json};
    use values::read_json_value;

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
    fn group_is_required_and_may_be_null() {
        let group = |body: Value| from_value::<GroupIn>(body).unwrap().group();
        assert_eq!(group(json!({ "group": null })).unwrap(), None);
        assert_eq!(group(json!({ "group": "wholesale" })).unwrap(), "wholesale".parse().ok());
        assert_eq!(code(group(json!({ "group": "" })).unwrap_err()), ("group".into(), "group_invalid"));
        assert_eq!(code(read_json_value::<GroupIn>(json!({})).unwrap_err()), ("group".into(), "required"));
    }

    #[test]
    fn tax_status_has_an_error_code_for_each_member() {
        let tax_status = |body: Value| read_json_value::<TaxStatusIn>(body).and_then(TaxStatusIn::tax_status);
        for (body, field, error_code) in [
            (json!({}), "status", "required"),
            (json!({ "status": "free" }), "status", "status_unknown"),
            (json!({ "status": "exempt" }), "reason", "required"),
            (json!({ "status": "exempt", "reason": " " }), "reason", "invalid_value"),
            (json!({ "status": "exempt", "reason": "x".repeat(201) }), "reason", "invalid_value"),
            (json!({ "status": "taxed", "vatId": "BE1" }), "vatId", "vat_id_invalid"),
            (json!({ "status": "taxed", "vatId": "BE0428759498" }), "vatId", "vat_id_invalid"),
            (json!({ "status": "taxed", "vatId": "XX0428759497" }), "vatId", "vat_id_invalid"),
            (json!({ "status": "taxed", "consultationNumber": "WAPI-1" }), "vatId", "required"),
            (
                json!({ "status": "taxed", "vatId": "BE0428759497", "consultationNumber": "x".repeat(65) }),
                "consultationNumber",
                "invalid_value",
            ),
            (json!({ "status": "taxed", "verified": true }), "verified", "unknown_field"),
        ] {
            assert_eq!(code(tax_status(body.clone()).unwrap_err()), (field.into(), error_code), "{body}");
        }
        let read = tax_status(json!({ "status": "taxed", "vatId": "be 0428.759.497" })).unwrap();
        assert_eq!(read.vat_id.unwrap().as_str(), "BE0428759497");
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
