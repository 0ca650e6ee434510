//! What an API key is for: permissions by their names. A key may do what its scopes and its account's role both allow.

use serde::de::Deserializer;
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};

use crate::{Error, Permission, Result, Role};

/// A set of permissions that a key can be given. Written as their names, in the order of the table; a name that means nothing (any
/// more) grants nothing when it is read back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Scopes(u32);

const _: () = assert!(Permission::ALL.len() <= 32, "a scope for each bit");

impl Scopes {
    /// Those that somebody asks for, for an account of that role. The one at fault is named in a 422: `scope_unknown`, or
    /// `scope_not_allowed` where it is more than the account may; and `required` where there is none. `field` is where they stand.
    pub fn asked(field: &str, names: &[String], role: Role) -> Result<Self> {
        let mut scopes = Self::default();
        for (index, name) in names.iter().enumerate() {
            let field = format!("{field}[{index}]");
            let known = Permission::ALL.iter().find(|known| known.is_grantable() && known.name() == name);
            let permission = known.ok_or_else(|| {
                Error::invalid(
                    &field,
                    "scope_unknown",
                    format!("is none of {}", Self::grantable(role).names().join(", ")),
                )
            })?;
            if !role.may(*permission) {
                return Err(Error::invalid(&field, "scope_not_allowed", "is more than this account may do"));
            }
            scopes = scopes.with(*permission);
        }
        match names.is_empty() {
            true => Err(Error::invalid(field, "required", "say what the key is for")),
            false => Ok(scopes),
        }
    }

    /// Everything that a key of an account of that role can be given.
    pub fn grantable(role: Role) -> Self {
        let may = Permission::ALL.iter().filter(|known| known.is_grantable() && role.may(**known));
        may.fold(Self::default(), |scopes, permission| scopes.with(*permission))
    }

    /// Is it one of them?
    pub fn hold(self, permission: Permission) -> bool {
        self.0 & (1 << permission as u32) != 0
    }

    /// Their names.
    pub fn names(self) -> Vec<&'static str> {
        Permission::ALL.iter().filter(|known| self.hold(**known)).map(|known| known.name()).collect()
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
    use crate::{Caller, Clock, Kind};

    fn asked(names: &[&str], role: Role) -> Result<Scopes, (String, &'static str)> {
        let names: Vec<_> = names.iter().map(ToString::to_string).collect();
        Scopes::requested("scopes", &names, role).map_err(|mut error| {
            let fault = error.fields.remove(0);
            (fault.field, fault.code)
        })
    }

    fn key(role: Role, names: &[&str]) -> Caller {
        let scopes = asked(names, Role::Admin).unwrap();
        Caller::Key { id: Clock::System.mint(), role, key: Clock::System.mint(), scopes }
    }

    #[test]
    fn a_scope_is_named_as_it_is_and_within_what_the_account_may() {
        let fault = |index: u32, code| Err((format!("scopes[{index}]"), code));
        assert_eq!(asked(&["buy", "manage_products"], Role::Customer), fault(1, "scope_not_allowed"));
        assert_eq!(asked(&["buy", "fly"], Role::Customer), fault(1, "scope_unknown"));
        assert_eq!(asked(&["manage_credentials"], Role::Admin), fault(0, "scope_unknown"));
        assert_eq!(asked(&[], Role::Admin), Err(("scopes".to_owned(), "required")));
        assert_eq!(asked(&["buy", "buy"], Role::Customer).unwrap().names(), ["buy"]);
    }

    #[test]
    fn scopes_read_back_as_they_were_written_and_what_is_none_grants_nothing() {
        let all = Scopes::grantable(Role::Admin);
        assert_eq!(serde_json::from_value::<Scopes>(serde_json::to_value(all).unwrap()).unwrap(), all);
        let odd = serde_json::json!(["buy", "manage_credentials", "fly"]);
        assert_eq!(serde_json::from_value::<Scopes>(odd).unwrap().names(), ["buy"]);
    }

    #[test]
    fn a_key_may_do_what_its_scopes_and_its_role_both_allow() {
        let all = Scopes::grantable(Role::Admin).names();
        for permission in Permission::ALL {
            assert_eq!(key(Role::Admin, &all).may(*permission), permission.is_grantable(), "{permission:?}");
            let may = key(Role::Customer, &all).may(*permission);
            assert_eq!(may, permission.is_grantable() && Role::Customer.may(*permission), "{permission:?}");
            let named = asked(&[permission.name()], Role::Admin).is_ok();
            assert_eq!(named, permission.is_grantable(), "{permission:?}");
        }
    }

    #[test]
    fn who_comes_with_a_key_is_told_what_would_help() {
        let refused = |caller: &Caller, permission| {
            let error = caller.require(permission).unwrap_err();
            assert_eq!(error.kind, Kind::Forbidden);
            error.code
        };
        let demoted = key(Role::Customer, &["manage_products"]);
        assert_eq!(refused(&demoted, Permission::ManageProducts), "forbidden");
        assert_eq!(refused(&demoted, Permission::Buy), "insufficient_scope");
        assert_eq!(refused(&demoted, Permission::ManageCredentials), "login_required");
    }

    #[test]
    fn what_is_ones_own_is_there_for_a_key_that_is_for_it() {
        let shopkeeper = key(Role::Admin, &["manage_products"]);
        assert!(shopkeeper.account().is_some() && shopkeeper.user().is_none());
        assert_eq!(shopkeeper.require_user().unwrap_err().code, "insufficient_scope");
        let owner = key(Role::Customer, &["use_account"]);
        assert_eq!(owner.require_user().unwrap(), owner.account().unwrap());
        assert!(owner.actor().0.starts_with("customer:usr_"));
    }
}
