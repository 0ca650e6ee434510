//! Whose account somebody gets for whom a provider vouches: pure rules.
//!
//! A link, once made, decides alone: addresses change hands, a provider's subject does not. Without one, an address that the provider has
//! verified leads to the account of that address, or to a new one. An account whose own address was never verified may have been
//! made by somebody else, who waits for its owner to come (pre-hijacking): what that somebody knows and holds ends then.

use aws_kit::sha256_hex;
use serde_json::Value;
use values::{Email, Error, Kind, Result, Role, UserId, is_invisible};

use crate::account::{Account, Name};
use crate::provider::Provider;

/// What a provider says of somebody. `Debug` is left out, for the person's sake.
#[derive(Clone)]
pub struct Vouched {
    /// Who says it.
    pub provider: Provider,
    /// The provider's own name for itself.
    pub issuer: String,
    /// Its name for the person, which it gives to nobody else, ever.
    pub subject: String,
    /// Their address, if the provider has verified it. One that it has not is nobody's.
    pub email: Option<Email>,
    /// What they are called there, whatever it is.
    pub name: Option<String>,
}

/// The account somebody gets.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// The one that is linked.
    Known(UserId),
    /// The one with their address, which its owner verified; it is linked from now on.
    Link,
    /// The same, of an account whose address nobody verified: it is its owner's from now on, and of nobody who knew its password.
    Reclaim,
    /// A new one.
    Open,
}

impl Vouched {
    /// What a link is named by: neither a subject nor an issuer is to be read from a key.
    pub(crate) fn digest(&self) -> String {
        sha256_hex(format!("{}\n{}", self.issuer, self.subject).as_bytes())
    }

    /// By who is linked, and by the account that has their address.
    pub(crate) fn way(&self, linked: Option<UserId>, holder: Option<&Account>) -> Result<Way> {
        match (linked, &self.email, holder) {
            (Some(user), ..) => Ok(Way::Known(user)),
            (None, None, _) => Err(email_not_verified()),
            (None, Some(_), None) => Ok(Way::Open),
            // Verified once is not theirs for ever: mailboxes change hands, and who runs the shop is worth waiting for one.
            (None, Some(_), Some(account)) if account.role != Role::Customer => Err(not_by_address()),
            (None, Some(_), Some(account)) if account.email_verified => Ok(Way::Link),
            (None, Some(_), Some(_)) => Ok(Way::Reclaim),
        }
    }

    /// What a new account's owner is called: their name there, as far as it is one here, or what stands before the `@`.
    pub(crate) fn called(&self, email: &Email) -> Result<Name> {
        let before = email.as_str().split('@').next().unwrap_or_default();
        let names = [self.name.as_deref().unwrap_or_default(), before, "Customer"];
        let named = names.into_iter().find_map(|name| {
            let seen: String = name.trim().chars().filter(|c| !is_invisible(*c)).take(100).collect();
            serde_json::from_value::<Name>(Value::String(seen)).ok()
        });
        named.ok_or_else(|| Error::internal("nobody is called anything"))
    }
}

fn not_by_address() -> Error {
    let detail = "An account that runs the shop is not opened by its address alone: log in with its password.";
    Error::new(Kind::Forbidden, "password_required", detail)
}

fn email_not_verified() -> Error {
    let detail = "The provider does not say that your address is yours. Verify it there, or register with a password.";
    Error::new(Kind::Forbidden, "email_not_verified", detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use values::{Clock, Timestamp};

    fn vouched(email: Option<&str>) -> Vouched {
        Vouched {
            provider: Provider::Google,
            issuer: "https://id.example".into(),
            subject: "4711".into(),
            email: email.map(|email| email.parse().unwrap()),
            name: Some("Ada".into()),
        }
    }

    fn account(verified: bool) -> Account {
        let account = Account::open(Clock::System.mint(), None, Timestamp::from_millis(7));
        Account { email_verified: verified, ..account }
    }

    #[test]
    fn a_link_decides_whatever_has_become_of_addresses() {
        let user = Clock::System.mint();
        for email in [None, Some("ada@example.com")] {
            assert_eq!(vouched(email).way(Some(user), Some(&account(true))).unwrap(), Way::Known(user));
            assert_eq!(vouched(email).way(Some(user), None).unwrap(), Way::Known(user));
        }
    }

    #[test]
    fn an_address_leads_to_its_account_only_where_the_provider_has_verified_it() {
        let ada = vouched(Some("ada@example.com"));
        assert_eq!(ada.way(None, None).unwrap(), Way::Open);
        assert_eq!(ada.way(None, Some(&account(true))).unwrap(), Way::Link);
        for holder in [None, Some(&account(true)), Some(&account(false))] {
            assert_eq!(vouched(None).way(None, holder).unwrap_err().code, "email_not_verified");
        }
    }

    #[test]
    fn who_runs_the_shop_is_not_linked_by_an_address() {
        for verified in [true, false] {
            let admin = Account { role: Role::Admin, ..account(verified) };
            let refused = vouched(Some("ada@example.com")).way(None, Some(&admin)).unwrap_err();
            assert_eq!(refused.code, "password_required");
            // A link of before stays one.
            assert!(vouched(None).way(Some(admin.user_id), Some(&admin)).is_ok());
        }
    }

    #[test]
    fn an_account_whose_address_nobody_verified_is_reclaimed_by_its_owner() {
        assert_eq!(vouched(Some("ada@example.com")).way(None, Some(&account(false))).unwrap(), Way::Reclaim);
    }

    #[test]
    fn a_subject_is_the_same_person_at_its_issuer_alone() {
        let (ada, mut other) = (vouched(None), vouched(Some("ada@example.com")));
        assert_eq!(ada.digest(), other.digest());
        other.issuer = "https://other.example".into();
        assert_ne!(ada.digest(), other.digest());
        assert!(!ada.digest().contains("4711"));
    }

    #[test]
    fn a_name_is_made_to_be_one() {
        let email = "ada.l@example.com".parse().unwrap();
        let called = |name: Option<&str>| {
            let named = Vouched { name: name.map(str::to_owned), ..vouched(None) };
            named.called(&email).unwrap().into_string()
        };
        assert_eq!(called(Some(" Ada\u{202E} \nLovelace ")), "Ada Lovelace");
        assert_eq!(called(Some(&"x".repeat(300))), "x".repeat(100));
        for none in [None, Some(""), Some("\u{200B}")] {
            assert_eq!(called(none), "ada.l");
        }
    }
}
