//! The emails about the security of an account. They greet nobody by name, because the writer of a name may be an intruder. Pure.

use events::{SecurityChange, SecurityChanged};

use crate::mail::{Mail, MailDraft};

/// What the owner of an account does about a change that they did not make.
const NOT_YOU: &str =
    "If this was not you, reset your password now. A reset ends all sessions and revokes all API keys.";

/// The email about a change: to the owner of the account, or about a new admin to the other admins.
pub(crate) fn security_mail(changed: &SecurityChanged) -> Mail {
    let (subject, sentence) = match changed.change {
        SecurityChange::NewDevice => (
            "A new login to your account",
            "Someone has logged in to your account from a device and a network that are new to it.",
        ),
        SecurityChange::ApiKeyCreated => (
            "A new API key for your account",
            "An API key was created for your account. A program that has the key can act for you.",
        ),
        SecurityChange::RoleChanged => (
            "Your account has another role",
            "The role of your account was changed. You may have other permissions now.",
        ),
        SecurityChange::AdminAdded => ("The shop has a new admin", "An account has become an admin's."),
        SecurityChange::PasswordChanged => {
            ("Your password was changed", "The password of your account was changed. All earlier sessions have ended.")
        }
        SecurityChange::ProviderLinked => (
            "A new way to log in to your account",
            "Your account was linked to an account at a provider, such as Google or GitHub. You can log in with it now.",
        ),
        SecurityChange::ProviderUnlinked => (
            "A way to log in to your account was removed",
            "The link from your account to an account at a provider, such as Google or GitHub, was removed.",
        ),
        SecurityChange::SecondFactorAdded => (
            "A second factor was added to your account",
            "A login to your account needs a code of an authenticator app or a passkey now. Keep your recovery codes in a safe place.",
        ),
        SecurityChange::SecondFactorRemoved => (
            "A second factor was removed from your account",
            "An authenticator app or a passkey can no longer be used to log in to your account.",
        ),
        SecurityChange::RecoveryCodeUsed => (
            "A recovery code of your account was used",
            "Someone has logged in to your account with one of its recovery codes. The code cannot be used again.",
        ),
        SecurityChange::RecoveryCodesReplaced => (
            "Your account has new recovery codes",
            "New recovery codes were created for your account. The earlier ones cannot be used any more.",
        ),
        SecurityChange::AdminKeysLimited => (
            "Your API keys will end",
            "Admins of the shop need a second factor. Your account has none, so your API keys end within 30 days. Add a second \
             factor and create new keys.",
        ),
    };
    let draft = MailDraft {
        subject: subject.to_owned(),
        paragraphs: vec![sentence.to_owned()],
        closing: NOT_YOU,
        ..MailDraft::default()
    };
    let draft = match changed.change {
        SecurityChange::AdminAdded => MailDraft {
            facts: vec![("Account", changed.user_id.to_string())],
            closing: "If you do not know why, take the role from this account and ask the other admins.",
            ..draft
        },
        // An owner cannot take back what an admin has done.
        SecurityChange::RoleChanged => MailDraft { closing: "If you do not know why, ask the shop.", ..draft },
        // No intruder did this.
        SecurityChange::AdminKeysLimited => {
            MailDraft { closing: "If you have questions, ask the other admins.", ..draft }
        }
        _ => draft,
    };
    draft.into_mail("")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audience::Audience;
    use crate::event_mail::render;
    use events::{Event, Recipient};
    use orders::Receipt;
    use values::{Clock, UserId};

    const ALL: [SecurityChange; 12] = [
        SecurityChange::NewDevice,
        SecurityChange::ApiKeyCreated,
        SecurityChange::RoleChanged,
        SecurityChange::AdminAdded,
        SecurityChange::PasswordChanged,
        SecurityChange::ProviderLinked,
        SecurityChange::ProviderUnlinked,
        SecurityChange::SecondFactorAdded,
        SecurityChange::SecondFactorRemoved,
        SecurityChange::RecoveryCodeUsed,
        SecurityChange::RecoveryCodesReplaced,
        SecurityChange::AdminKeysLimited,
    ];

    #[test]
    fn security_mail_names_no_one_and_says_what_to_do() {
        let user_id: UserId = Clock::System.mint();
        let mut subjects: Vec<String> = Vec::new();
        for change in ALL {
            let event = Event::UserSecurityChanged(SecurityChanged { user_id, change });
            let mail = render(&event, "Your account is locked: call 0900", &Receipt::default()).unwrap();
            assert!(mail.text.starts_with("Hello,\n\n") && mail.text.contains("\n\nIf "), "{}", mail.text);
            assert!(!subjects.contains(&mail.subject), "{}", mail.subject);
            subjects.push(mail.subject);
            let is_for_admins = change == SecurityChange::AdminAdded;
            assert_eq!(mail.text.contains(&user_id.to_string()), is_for_admins, "{}", mail.text);
            let audience = Audience::of(&event).unwrap();
            let expected = match is_for_admins {
                true => Audience::AdminsExcept(user_id),
                false => Audience::Customer(Recipient::User(user_id)),
            };
            assert_eq!(audience, expected);
        }
    }
}
