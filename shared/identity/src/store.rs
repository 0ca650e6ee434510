//! The identity table: its rows, its access patterns and what they cost. The keys and queries of each room are in the room's
//! `store.rs`; no other file knows them.
//!
//! | row | pk | sk | more |
//! |---|---|---|---|
//! | account | `USER#<id>` | `ACCOUNT` | gsi1pk `USERS#<0-3>`, gsi1sk user id; gsi2pk `ROLE#<role>#<status>#<0-3>`, gsi2sk user id |
//! | person (erasable) | `USER#<id>` | `ACCOUNT#PERSON` | gsi2pk `MAIL#<first character>`, gsi2sk `<email>#<user id>`; gsi3pk `NAME#<first character>`, gsi3sk `<comparison key of the name>#<user id>` |
//! | a change of role or status | `USER#<id>` | `HISTORY#<version>` | |
//! | postal address (erasable) | `USER#<id>` | `ADDRESS#<id>` | |
//! | session | `USER#<id>` | `SESSION#<id>` | TTL |
//! | API key, as its owner sees it | `USER#<id>` | `APIKEY#<id>` | `api_keys/store.rs` |
//! | API key, as it is checked | `APIKEY#<sha-256 of the key>` | `APIKEY` | aws-kit's `ApiKeys` |
//! | an export of personal data | `USER#<id>` | `EXPORT#<job id>` | TTL; `privacy/store.rs` |
//! | a closed account | `USER#<id>` | `CLOSED` | `privacy/store.rs` |
//! | an email address that belongs to an account | `EMAIL#<sha-256>` | `EMAIL` | |
//! | a guest's contact (erasable) | `CONTACT#<id>` | `CONTACT` | |
//! | one-time token | `TOKEN#<id>` | `TOKEN` | gsi1pk `TOKENS#<sha-256 of the email address>`, gsi1sk token id; TTL; `tokens/store.rs` |
//! | attempts in an hour | `ATTEMPTS#<keyed digest>` | hour since 1970 | TTL; `rate_limits/store.rs` |
//! | requests in a window | `LIMIT#<keyed digest>` | `LIMIT` | TTL; aws-kit's `RateCounters` |
//! | a network that an account was logged in from | `KNOWN#<keyed digest>` | keyed digest | TTL; `rate_limits/store.rs` |
//! | a pending sign-in with a provider | `OAUTH#<sha-256 of the state>` | `OAUTH` | TTL; `sign_in/store.rs` |
//! | the account of a provider's subject | `LINK#<sha-256>` | `LINK` | |
//! | an account's side of that link | `USER#<id>` | `LINK#<provider>` | |
//! | the code that ends a sign-in | `CODE#<sha-256>` | `CODE` | TTL |
//! | a second factor of an account, its recovery codes | `MFA#<id>` | `TOTP`, `RECOVERY`, … | `second_factors/store.rs` |
//! | a login between its two factors | `LOGIN#<sha-256>` | `LOGIN` | TTL |
//! | passkey | `MFA#<id>` | `PASSKEY#<id>` | `passkeys/store.rs` |
//! | challenge of a passkey | `CHALLENGE#<sha-256>` | `CHALLENGE` | TTL; `passkeys/store.rs` |
//! | an account that may not act | `BLOCKED#<id>` | `BLOCKED` | aws-kit's `AccountBlocks` |
//! | the task that normalises names | `TASK#normalize` | `PROGRESS` | `accounts/name_store.rs` |
//! | public keys, revocations, outbox, idempotency | aws-kit's | | |
//!
//! | access pattern | key condition | index | cost (units: R read, W written, a transaction's double) |
//! |---|---|---|---|
//! | account of an email address | row `EMAIL#…` | | 1 R |
//! | account and person together | pk, sk begins `ACCOUNT` | | 1 R |
//! | register | 6 rows and the outbox twice, one transaction | gsi1, gsi2, gsi3 | 16 W + 5 W |
//! | begin a session | create, and the account as a condition, one transaction | | 4 W |
//! | session by its token | row | | 1 R |
//! | rotate a session | update, the digest as condition | | 1 W |
//! | end a session | delete and revocation, one transaction | | 4 W |
//! | end all sessions of an account | update of the account and revocation, one transaction | gsi1 | 4 W + 1 W |
//! | the caller's account, person and session | 3 rows, one batch | | 3 R |
//! | sessions of an account | pk, sk begins `SESSION#` | | 1 R per 4 KB |
//! | API keys of an account | pk, sk begins `APIKEY#`; the row of each by its digest, one batch | | 2 R; 1 R each |
//! | make or revoke an API key | 2 rows and the count, one transaction | gsi1, gsi2 | 6 W + 2 W |
//! | revoke all of them with a reset | 2 rows each, in its transaction | | 1 R per 4 KB, 4 W a key |
//! | account of an API key | row | | 1 R, at most every 30 s; 1 W, at most an hour |
//! | make a challenge of a passkey | create | | 1 W |
//! | log in with a passkey | 2 rows side by side and the account; 2 rows, with the writes of a login | | 3 R; 4 W more |
//! | add or remove a passkey | 2 rows side by side; 2 rows and the count, one transaction | gsi1, gsi2 | 2 R; 6 W + 2 W |
//! | passkeys of an account | pk, sk begins `PASSKEY#` | | 1 R per 4 KB |
//! | rename | 2 updates, one transaction | all | 4 W + 5 W |
//! | change role or status | 2 updates, the history, the block and every API key, one transaction | all | 6 W to 8 W + 5 W; 1 R and 2 W a key |
//! | read preferences, set them | person's row; update | gsi2, gsi3 | 1 R; 1 R, 1 W + 2 W |
//! | accounts, newest first | gsi1pk, gsi1sk before the last one, of 4 shards at once | gsi1 | 0.5 R per 4 KB and shard, 1 R per person |
//! | accounts of a role or status, newest first | gsi2pk, gsi2sk before the last one, of 4 shards and each pair at once | gsi2 | 0.5 R per 4 KB and shard, 1 R per person |
//! | the oldest accounts of active admins | gsi2pk, of 4 shards at once, 25 of each | gsi2 | 0.5 R per 4 KB and shard |
//! | people by the beginning of an email address or a name | gsi2pk, gsi2sk begins; gsi3pk, gsi3sk begins | gsi2, gsi3 | 0.5 R per 4 KB, 1 R per account |
//! | one postal address, all of an account | row; pk, sk begins `ADDRESS#`, and the account | | 1 R; 1 R per 4 KB, 1 R |
//! | add or remove a postal address | put or delete, and count and defaults, one transaction | gsi1, gsi2 | 4 W + 2 W |
//! | replace a postal address | put, and defaults if they change, one transaction; the account before | gsi1, gsi2 | 1 R, 2 W to 6 W |
//! | contact of a user; of a guest | 2 rows side by side; row | | 2 R; 1 R |
//! | account of an email address, its known network, earlier counts | 5 rows, one batch | | 5 R |
//! | count an attempt | 2 updates side by side | | 2 W |
//! | remember a network | put | | 1 W |
//! | order a one-time token | create and the outbox, one transaction | gsi1 | 4 W + 1 W |
//! | read one, issue its secret | row; update | gsi1 | 1 R; 1 W + 1 W |
//! | use one | delete, its digest as condition, and the account, one transaction | gsi1 | 4 W + 1 W |
//! | close an account | 3 rows deleted, 2 created, revocation and the outbox, one transaction | gsi1, gsi2, gsi3 | 14 W + 4 W |
//! | whether an account was closed | row, the key alone | | 1 R |
//! | erase a page of a closed account's rows | pk; rows deleted | | 1 R per 4 KB, 1 W a row |
//! | tokens of an email address | gsi1pk `TOKENS#…`; rows deleted | gsi1 | 0.5 R per 4 KB, 2 W a row |
//! | begin an export, read one | pk, sk begins `EXPORT#`; create and the outbox, one transaction; row | | 1 R, 4 W; 1 R |
//! | begin a sign-in with a provider | count; put | | 1 R + 1 W; 1 W |
//! | resume one | row; delete | | 1 R; 1 W |
//! | account of an external identity: by its link, or by its email address | row; row; row | | 2 R to 4 R |
//! | code for a linked account, link an account, create one | put; 4 to 6 or 7 rows, one transaction | gsi1, gsi2, gsi3 | 1 W to 14 W + 4 W |
//! | use a code | delete, session, network, one transaction | | 6 W |
//! | links of an account, unlink | pk, sk begins `LINK#`; 3 rows, one transaction | | 1 R; 6 W |
//! | replace a password hash | update, the old one as condition | gsi1 | 1 W + 1 W |
//! | step up | update of the session, and the account as a condition, one transaction; with a second factor its row | | 4 W; 1 R, 2 W |
//! | begin a second factor's proof | create | | 1 W |
//! | prove it in a login | update of the login; row; delete, session, network, factor, account as a condition, one transaction | | 1 W, 1 R, 10 W |
//! | begin an authenticator app | put | | 1 W |
//! | add the first factor | 6 rows, the account, revocation and the outbox, one transaction | gsi1, gsi2 | 18 W + 2 W |
//! | remove one | delete, the account and the outbox, one transaction | gsi1, gsi2 | 6 W to 8 W + 2 W |
//! | second factors of an account | 2 rows side by side; erase: pk | | 2 R; 1 R per 4 KB, 1 W a row |
//! | admins without a second factor; limit their keys | gsi2pk, of 4 shards and 2 statuses at once; 2 rows a key and the outbox, one transaction | gsi2 | 0.5 R per 4 KB and shard; 2 R, 4 W a key |
//! | names of all accounts, in pages; one in form | as "accounts, newest first", and their persons, one batch; update | gsi3 | as there; 1 W + 2 W |
//! | change a password | 2 sessions, the account, revocation and the outbox, one transaction | gsi1 | 10 W + 1 W |
//! | mail the owner about a change | the outbox, in the change's transaction | | 2 W |

use aws_kit::{Key, Table, sha256_hex};
use serde::{Deserialize, Serialize};
use values::{Email, UserId};

/// Reads and writes of the identity table. Each room adds its own methods.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    pub(crate) table: Table,
}

impl Store {
    pub(crate) fn new(table: Table) -> Self {
        Self { table }
    }
}

/// The row that gives an email address to an account.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EmailRow {
    pub(crate) user_id: UserId,
}

/// The partition of everything that belongs to one account.
pub(crate) fn user_partition(user: UserId) -> String {
    format!("USER#{user}")
}

pub(crate) fn user_key(user: UserId, sk: impl Into<String>) -> Key {
    Key::new(user_partition(user), sk)
}

pub(crate) fn account_key(user: UserId) -> Key {
    user_key(user, "ACCOUNT")
}

pub(crate) fn person_key(user: UserId) -> Key {
    user_key(user, "ACCOUNT#PERSON")
}

/// A digest, because keys appear where data does not: in metrics, traces and support tickets.
pub(crate) fn email_key(email: &Email) -> Key {
    email_key_by_digest(&email_digest(email))
}

pub(crate) fn email_key_by_digest(digest: &str) -> Key {
    Key::new(format!("EMAIL#{digest}"), "EMAIL")
}

/// The digest that stands for an email address in keys and in the rows of one-time tokens.
pub(crate) fn email_digest(email: &Email) -> String {
    sha256_hex(email.as_str().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn email_key_does_not_show_the_address() {
        assert!(!email_key(&"ada@example.com".parse().unwrap()).pk.contains("ada"));
    }
}
