//! An external identity, and the rules by which it gets an account. Pure.
//!
//! A link, once made, decides alone: an email address can change its owner, a provider's subject cannot. Without a link, an email
//! address that the provider has verified leads to the account with that address, or to a new one. An account whose own address was
//! never verified may have been created by an attacker who waits for the owner of the address (pre-hijacking). Such an account is
//! reclaimed: its password and its sessions go.

use aws_kit::sha256_hex;
use values::{Email, Error, Kind, Result, Role, UserId};

use crate::accounts::account::Account;
use crate::accounts::new_name::NewName;
use crate::accounts::person::Name;
use crate::sign_in::provider::Provider;

/// What a provider says about its user. It has no `Debug`, because it is personal data.
#[derive(Clone)]
pub struct ExternalIdentity {
    pub provider: Provider,
    /// The provider's URL, as it names itself.
    pub issuer: String,
    /// The provider's id of the user, which it never gives to another one.
    pub subject: String,
    /// The user's email address, if the provider has verified it.
    pub email: Option<Email>,
    /// The user's name there, unchecked.
    pub name: Option<String>,
}

/// The account that an external identity gets.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum AccountMatch {
    /// The linked account.
    Linked(UserId),
    /// The account with the same verified email address; it is linked from now on.
    Link,
    /// The account with the same email address, which was never verified: it is reclaimed and linked.
    Reclaim,
    /// A new account.
    Create,
}

impl ExternalIdentity {
    /// The digest that names a link, so that no key shows a subject or an issuer.
    pub(crate) fn digest(&self) -> String {
        sha256_hex(format!("{}\n{}", self.issuer, self.subject).as_bytes())
    }

    /// The account by the rules above. `linked` is the linked account; `same_email` is the account with the same email address. 403
    /// `email_not_verified`, `password_required`.
    pub(crate) fn match_account(&self, linked: Option<UserId>, same_email: Option<&Account>) -> Result<AccountMatch> {
        match (linked, &self.email, same_email) {
            (Some(user), ..) => Ok(AccountMatch::Linked(user)),
            (None, None, _) => Err(email_not_verified()),
            (None, Some(_), None) => Ok(AccountMatch::Create),
            // A mailbox can change its owner, and an admin's account is worth waiting for one.
            (None, Some(_), Some(account)) if account.role != Role::Customer => Err(password_required()),
            (None, Some(_), Some(account)) if account.email_verified => Ok(AccountMatch::Link),
            (None, Some(_), Some(_)) => Ok(AccountMatch::Reclaim),
        }
    }

    /// The name of a new account: the name at the provider if it is valid here, or the part of the email address before the `@`.
    /// That part is the person's own, so it may look like a domain.
    pub(crate) fn account_name(&self, email: &Email) -> Result<Name> {
        let local_part = email.as_str().split('@').next().unwrap_or_default();
        let given = self.name.as_deref().and_then(Name::from_foreign);
        let given = given.filter(|name| NewName::check("name", name).is_ok());
        let name = given.or_else(|| Name::from_foreign(local_part)).or_else(|| Name::from_foreign("Customer"));
        name.ok_or_else(|| Error::internal("no valid name for a new account"))
    }
}

fn password_required() -> Error {
    let detail = "An admin's account cannot be linked by its email address. Log in with its password.";
    Error::new(Kind::Forbidden, "password_required", detail)
}

fn email_not_verified() -> Error {
    let detail = "The provider has not verified your email address. Verify it there, or register with a password.";
    Error::new(Kind::Forbidden, "email_not_verified", detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use values::{Clock, Timestamp};

    fn identity(email: Option<&str>) -> ExternalIdentity {
        ExternalIdentity {
            provider: Provider::Google,
            issuer: "https://id.example".into(),
            subject: "4711".into(),
            email: email.map(|email| email.parse().unwrap()),
            name: Some("Ada".into()),
        }
    }

    fn account(verified: bool) -> Account {
        let account = Account::new(Clock::System.mint(), None, Timestamp::from_millis(7));
        Account { email_verified: verified, ..account }
    }

    #[test]
    fn link_decides_whatever_the_email_address_is() {
        let user = Clock::System.mint();
        for email in [None, Some("ada@example.com")] {
            assert_eq!(
                identity(email).match_account(Some(user), Some(&account(true))).unwrap(),
                AccountMatch::Linked(user)
            );
            assert_eq!(identity(email).match_account(Some(user), None).unwrap(), AccountMatch::Linked(user));
        }
    }

    #[test]
    fn email_address_matches_only_if_the_provider_verified_it() {
        let ada = identity(Some("ada@example.com"));
        assert_eq!(ada.match_account(None, None).unwrap(), AccountMatch::Create);
        assert_eq!(ada.match_account(None, Some(&account(true))).unwrap(), AccountMatch::Link);
        for same_email in [None, Some(&account(true)), Some(&account(false))] {
            assert_eq!(identity(None).match_account(None, same_email).unwrap_err().code, "email_not_verified");
        }
    }

    #[test]
    fn admin_is_not_linked_by_email_address() {
        for verified in [true, false] {
            let admin = Account { role: Role::Admin, ..account(verified) };
            let error = identity(Some("ada@example.com")).match_account(None, Some(&admin)).unwrap_err();
            assert_eq!(error.code, "password_required");
            // An existing link still works.
            assert!(identity(None).match_account(Some(admin.user_id), Some(&admin)).is_ok());
        }
    }

    #[test]
    fn account_with_unverified_address_is_reclaimed_by_its_owner() {
        assert_eq!(
            identity(Some("ada@example.com")).match_account(None, Some(&account(false))).unwrap(),
            AccountMatch::Reclaim
        );
    }

    #[test]
    fn subject_is_unique_per_issuer() {
        let (ada, mut other) = (identity(None), identity(Some("ada@example.com")));
        assert_eq!(ada.digest(), other.digest());
        other.issuer = "https://other.example".into();
        assert_ne!(ada.digest(), other.digest());
        assert!(!ada.digest().contains("4711"));
    }

    #[test]
    fn name_is_made_valid() {
        let email = "ada.l@example.com".parse().unwrap();
        let name_of = |name: Option<&str>| {
            let named = ExternalIdentity { name: name.map(str::to_owned), ..identity(None) };
            named.account_name(&email).unwrap().into_string()
        };
        assert_eq!(name_of(Some(" Ada\u{202E} \nLovela\u{200D}ce ")), "Ada Lovelace");
        assert_eq!(name_of(Some("Zoe\u{308}")), "Zo\u{eb}");
        assert_eq!(name_of(Some(&"x".repeat(300))), "x".repeat(100));
        for none in [None, Some(""), Some("\u{200B}"), Some("Win at evil.example")] {
            assert_eq!(name_of(none), "ada.l");
        }
    }
}
