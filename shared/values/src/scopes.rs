//! Scopes of API keys: permissions by name. A key has a permission if its scopes and its account's role both have it.

use serde::de::Deserializer;
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};

use crate::{Error, Permission, Result, Role};

/// A set of permissions of an API key. Serialised as their names, in the order of the table. When it is read back, an unknown name
/// grants nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Scopes(u32);

const _: () = assert!(Permission::ALL.len() <= 32, "one bit for each permission");

impl Scopes {
    /// The requested scopes of a key, for an account of that role. `field` is the name of the list in the request. Fails with a 422 for
    /// the invalid one: `scope_unknown`, or `scope_not_allowed` if the role lacks the permission; and `required` for an empty list.
    pub fn requested(field: &str, names: &[String], role: Role) -> Result<Self> {
        let mut scopes = Self::default();
        for (index, name) in names.iter().enumerate() {
            let field = format!("{field}[{index}]");
            let known = Permission::ALL.iter().find(|known| known.is_grantable() && known.name() == name);
            let permission = known.ok_or_else(|| {
                Error::invalid(
                    &field,
                    "scope_unknown",
                    format!("must be one of {}", Self::grantable(role).names().join(", ")),
                )
            })?;
            if !role.may(*permission) {
                return Err(Error::invalid(&field, "scope_not_allowed", "is not a permission of this account"));
            }
            scopes = scopes.with(*permission);
        }
        match names.is_empty() {
            true => Err(Error::invalid(field, "required", "must have at least one scope")),
            false => Ok(scopes),
        }
    }

    /// All scopes that a key of an account of that role can have.
    pub fn grantable(role: Role) -> Self {
        let grantable = Permission::ALL.iter().filter(|known| known.is_grantable() && role.may(**known));
        grantable.fold(Self::default(), |scopes, permission| scopes.with(*permission))
    }

    /// Does the set have the permission?
    pub fn contains(self, permission: Permission) -> bool {
        self.0 & (1 << permission as u32) != 0
    }

    /// The names of the permissions.
    pub fn names(self) -> Vec<&'static str> {
        Permission::ALL.iter().filter(|known| self.contains(**known)).map(|known| known.name()).collect()
    }

    fn with(self, permission: Permission) -> Self {
        Self(self.0 | (1 << permission as u32))
    }
}

impl Serialize for Scopes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.names())
    }
}

impl<'de> Deserialize<'de> for Scopes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let names = Vec::<String>::deserialize(deserializer)?;
        let known = Permission::ALL.iter().filter(|known| known.is_grantable());
        let named = known.filter(|known| names.iter().any(|name| known.name() == name));
        Ok(named.fold(Self::default(), |scopes, permission| scopes.with(*permission)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn requested(names: &[&str], role: Role) -> Result<Scopes, (String, &'static str)> {
        let names: Vec<_> = names.iter().map(ToString::to_string).collect();
        Scopes::requested("scopes", &names, role).map_err(|mut error| {
            let field = error.fields.remove(0);
            (field.field, field.code)
        })
    }

    #[test]
    fn requested_scope_is_known_and_within_the_role() {
        let fault = |index: u32, code| Err((format!("scopes[{index}]"), code));
        assert_eq!(requested(&["buy", "manage_products"], Role::Customer), fault(1, "scope_not_allowed"));
        assert_eq!(requested(&["buy", "fly"], Role::Customer), fault(1, "scope_unknown"));
        assert_eq!(requested(&["manage_credentials"], Role::Admin), fault(0, "scope_unknown"));
        assert_eq!(requested(&[], Role::Admin), Err(("scopes".to_owned(), "required")));
        assert_eq!(requested(&["buy", "buy"], Role::Customer).unwrap().names(), ["buy"]);
    }

    #[test]
    fn scopes_round_trip_and_an_unknown_name_grants_nothing() {
        let all = Scopes::grantable(Role::Admin);
        assert_eq!(serde_json::from_value::<Scopes>(serde_json::to_value(all).unwrap()).unwrap(), all);
        let odd = serde_json::json!(["buy", "manage_credentials", "fly"]);
        assert_eq!(serde_json::from_value::<Scopes>(odd).unwrap().names(), ["buy"]);
    }

    #[test]
    fn every_grantable_permission_is_a_scope() {
        for permission in Permission::ALL {
            let is_scope = requested(&[permission.name()], Role::Admin).is_ok();
            assert_eq!(is_scope, permission.is_grantable(), "{permission:?}");
        }
    }
}
