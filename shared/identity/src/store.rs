//! The identity table: the only file that knows its keys.
//!
//! | row | pk | sk | more |
//! |---|---|---|---|
//! | account | `USER#<id>` | `ACCOUNT` | gsi1pk `USERS#<0-3>`, gsi1sk user id; gsi2pk `ROLE#<role>#<status>#<0-3>`, gsi2sk user id |
//! | person (erasable) | `USER#<id>` | `ACCOUNT#PERSON` | gsi2pk `MAIL#<first character>`, gsi2sk `<email>#<user id>`; gsi3pk `NAME#<first character>`, gsi3sk `<name, folded>#<user id>` |
//! | a change of role or status | `USER#<id>` | `HISTORY#<version>` | |
//! | address (erasable) | `USER#<id>` | `ADDRESS#<id>` | |
//! | session | `USER#<id>` | `SESSION#<id>` | TTL |
//! | API key, as its owner sees it | `USER#<id>` | `APIKEY#<id>` | [`api_keys`] |
//! | API key, as it is checked | `APIKEY#<sha-256 of the key>` | `APIKEY` | aws-kit's `ApiKeys` |
//! | an export of all that is held | `USER#<id>` | `EXPORT#<job id>` | TTL; [`privacy`] |
//! | that an account was closed | `USER#<id>` | `CLOSED` | [`privacy`] |
//! | email, taken | `EMAIL#<sha-256>` | `EMAIL` | |
//! | a guest's contact (erasable) | `CONTACT#<id>` | `CONTACT` | |
//! | one-time token | `TOKEN#<id>` | `TOKEN` | gsi1pk `TOKENS#<sha-256 of the address>`, gsi1sk token id; TTL; [`one_time`] |
//! | attempts in an hour | `THROTTLE#<keyed digest>` | hour since 1970 | TTL; [`throttles`] |
//! | a network that an account was logged in to from | `KNOWN#<keyed digest>` | keyed digest | TTL; [`throttles`] |
//! | a sign-in with a provider under way | `OAUTH#<sha-256 of the state>` | `OAUTH` | TTL; [`links`] |
//! | who a provider's subject is here | `LINK#<sha-256>` | `LINK` | |
//! | an account's side of that | `USER#<id>` | `LINK#<provider>` | |
//! | the code that ends a sign-in | `CODE#<sha-256>` | `CODE` | TTL |
//! | public keys, revocations, outbox, idempotency | aws-kit's | | |
//!
//! | access pattern | key condition | index | cost (units: R read, W written, a transaction's double) |
//! |---|---|---|---|
//! | whose email is it | row `EMAIL#…` | | 1 R |
//! | account and person together | pk, sk begins `ACCOUNT` | | 1 R |
//! | register | 6 rows and the outbox twice, one transaction | gsi1, gsi2, gsi3 | 16 W + 5 W |
//! | begin a session | create, and the account as a condition, one transaction | | 4 W |
//! | a session by its token | row | | 1 R |
//! | rotate a session | update, the digest as condition | | 1 W |
//! | end a session everywhere | delete and revocation, one transaction | | 4 W |
//! | end all of an account | update of the account and revocation, one transaction | gsi1 | 4 W + 1 W |
//! | who calls, and is the session open | 3 rows, one batch | | 3 R |
//! | sessions of an account | pk, sk begins `SESSION#` | | 1 R per 4 KB |
//! | API keys of an account | pk, sk begins `APIKEY#`; the row of each by its digest, one batch | | 2 R; 1 R each |
//! | make or revoke an API key | 2 rows and the count, one transaction | gsi1, gsi2 | 6 W + 2 W |
//! | whose is an API key | row | | 1 R, at most every 30 s; 1 W, at most an hour |
//! | rename | 2 updates, one transaction | all | 4 W + 5 W |
//! | change role or status | 2 updates, the history and every API key, one transaction | all | 6 W + 5 W; 1 R and 2 W a key |
//! | read preferences, choose | person's row; update | gsi2, gsi3 | 1 R; 1 R, 1 W + 2 W |
//! | accounts, newest first | gsi1pk, gsi1sk before the last one, of 4 shards at once | gsi1 | 0.5 R per 4 KB and shard, 1 R per person |
//! | accounts of a role or status, newest first | gsi2pk, gsi2sk before the last one, of 4 shards and each pair at once | gsi2 | 0.5 R per 4 KB and shard, 1 R per person |
//! | people whose email begins so, and whose name | gsi2pk, gsi2sk begins; gsi3pk, gsi3sk begins | gsi2, gsi3 | 0.5 R per 4 KB, 1 R per account |
//! | an address, all addresses | row; pk, sk begins `ADDRESS#`, and the account | | 1 R; 1 R per 4 KB, 1 R |
//! | add or remove an address | put or delete, and count and defaults, one transaction | gsi1, gsi2 | 4 W + 2 W |
//! | write over an address | put, and defaults if they change, one transaction; the account before | gsi1, gsi2 | 1 R, 2 W to 6 W |
//! | how to reach a user or a guest | row | | 1 R |
//! | whose email is it, do they know the network, what was counted | 5 rows, one batch | | 5 R |
//! | count an attempt | 2 updates side by side | | 2 W |
//! | remember a network | put | | 1 W |
//! | order a one-time token | create and the outbox, one transaction | gsi1 | 4 W + 1 W |
//! | read, mint one | row; update | gsi1 | 1 R; 1 W + 1 W |
//! | spend one | delete, its digest as condition, and the account, one transaction | gsi1 | 4 W + 1 W |
//! | close an account | 3 rows away, 1 written, revocation and the outbox, one transaction | gsi1, gsi2, gsi3 | 12 W + 4 W |
//! | erase a page of what it had | pk; rows away | | 1 R per 4 KB, 1 W a row |
//! | tokens that were mailed to an address | gsi1pk `TOKENS#…`; rows away | gsi1 | 0.5 R per 4 KB, 2 W a row |
//! | begin an export, look at one | pk, sk begins `EXPORT#`; create and the outbox, one transaction; row | | 1 R, 4 W; 1 R |
//! | begin a sign-in with a provider | count; put | | 1 R + 1 W; 1 W |
//! | resume one | row; delete | | 1 R; 1 W |
//! | who is that here, or whose address is it, and the account | row; row; row | | 2 R to 4 R |
//! | code for whoever is linked, link an account, open one | 1, 4 to 6, or 7 rows, one transaction | gsi1, gsi2, gsi3 | 2 W to 14 W + 4 W |
//! | spend a code | delete, session, network, one transaction | | 6 W |
//! | links of an account, unlink | pk, sk begins `LINK#`; 3 rows, one transaction | | 1 R; 6 W |
//! | another hash | update, the old one as condition | gsi1 | 1 W + 1 W |

use aws_kit::{Key, Query, Slot, Table, Transaction, Write, outbox_put};
use events::Envelope;
use serde::{Deserialize, Serialize};
use values::{ContactId, Email, Error, Result, Timestamp, UserId};

use crate::account::{Account, Name, Person};
use crate::one_time::OneTime;
use crate::preferences::Preferences;
use crate::session::Session;

mod addresses;
pub(crate) mod api_keys;
mod links;
mod one_time;
pub(crate) mod people;
mod privacy;
mod sessions;
mod throttles;

pub(crate) use one_time::{Spending, address_digest};
pub(crate) use privacy::Closed;
pub(crate) use throttles::{Noticed, Tallied};

/// Reads and writes of the identity table.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    pub(crate) table: Table,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct EmailRow {
    user_id: UserId,
}

#[derive(Serialize, Deserialize)]
struct ContactRow {
    email: Email,
}

/// The rows that are read together.
#[derive(Deserialize)]
#[serde(tag = "sk")]
enum AccountRow {
    #[serde(rename = "ACCOUNT")]
    Account(Account),
    #[serde(rename = "ACCOUNT#PERSON")]
    Person(Person),
}

fn user_key(user: UserId, sk: impl Into<String>) -> Key {
    Key::new(format!("USER#{user}"), sk)
}

fn account_key(user: UserId) -> Key {
    user_key(user, "ACCOUNT")
}

fn person_key(user: UserId) -> Key {
    user_key(user, "ACCOUNT#PERSON")
}

/// A digest, because keys show up where data does not: in metrics, traces and support tickets.
fn email_key(email: &Email) -> Key {
    email_key_of(&address_digest(email))
}

fn email_key_of(digest: &str) -> Key {
    Key::new(format!("EMAIL#{digest}"), "EMAIL")
}

fn contact_key(contact: ContactId) -> Key {
    Key::new(format!("CONTACT#{contact}"), "CONTACT")
}

/// What a registration writes, and where it can be refused.
pub(crate) struct Registering {
    pub(crate) transaction: Transaction,
    pub(crate) email: Slot,
}

impl Store {
    pub(crate) fn new(table: Table) -> Self {
        Self { table }
    }

    pub(crate) fn register(
        &self,
        account: &Account,
        person: &Person,
        session: &Session,
        token: &OneTime,
        known: Write,
        events: [&Envelope; 2],
    ) -> Result<Registering> {
        let user = account.user_id;
        let [listed, person_row] = self.listed(account, person)?;
        let mut transaction = Transaction::new();
        let email = transaction.add(Write::create(&self.table, email_key(&person.email), &EmailRow { user_id: user })?);
        transaction.add(listed);
        transaction.add(person_row);
        transaction.add(self.begin_session(session)?);
        transaction.add(self.put_token(token)?);
        transaction.add(known);
        for event in events {
            transaction.add(outbox_put(&self.table, event)?);
        }
        Ok(Registering { transaction, email })
    }

    pub(crate) async fn user_of(&self, email: &Email) -> Result<Option<UserId>> {
        Ok(self.table.get::<EmailRow>(email_key(email)).await?.map(|row| row.user_id))
    }

    pub(crate) async fn account(&self, user: UserId) -> Result<Option<(Account, Person)>> {
        let (mut account, mut person) = (None, None);
        for row in Query::of(&self.table, format!("USER#{user}")).begins_with("ACCOUNT").first(2).await? {
            match row {
                AccountRow::Account(row) => account = Some(row),
                AccountRow::Person(row) => person = Some(row),
            }
        }
        Ok(account.zip(person))
    }

    pub(crate) async fn account_alone(&self, user: UserId) -> Result<Option<Account>> {
        self.table.get(account_key(user)).await
    }

    /// Renames the person, if the account is still at `version`.
    pub(crate) fn rename(
        &self,
        user: UserId,
        (email, name): (&Email, &Name),
        version: u64,
        now: Timestamp,
    ) -> Result<Transaction> {
        let mut transaction = Transaction::new();
        let touch = "SET version = version + :one, updatedAt = :now";
        let touched = Write::update(&self.table, account_key(user), touch).when("version = :version");
        transaction.add(touched.value(":one", 1)?.value(":now", now)?.value(":version", version)?);
        let (mail, called) = (people::by_email(user, email), people::by_name(user, name));
        let change = "SET #name = :name, gsi2pk = :mailpk, gsi2sk = :mailsk, gsi3pk = :namepk, gsi3sk = :namesk";
        let renamed = Write::update(&self.table, person_key(user), change).when("attribute_exists(pk)");
        let renamed = renamed.name("#name", "name").value(":name", name)?;
        let renamed = renamed.value(":mailpk", mail.0)?.value(":mailsk", mail.1)?;
        transaction.add(renamed.value(":namepk", called.0)?.value(":namesk", called.1)?);
        Ok(transaction)
    }

    /// Writes over what a person chose, if that is still at version `was` (0: nothing chosen yet).
    pub(crate) fn set_preferences(&self, user: UserId, chosen: &Preferences, was: u64) -> Result<Write> {
        let change = "SET preferences = :chosen, preferencesVersion = :version";
        let write = Write::update(&self.table, person_key(user), change);
        let write = write
            .value(":chosen", serde_json::to_string(chosen).map_err(Error::internal)?)?
            .value(":version", chosen.version)?;
        match was {
            0 => Ok(write.when("attribute_exists(pk) AND attribute_not_exists(preferencesVersion)")),
            was => write.when("preferencesVersion = :was").value(":was", was),
        }
    }

    pub(crate) async fn person(&self, user: UserId) -> Result<Option<Person>> {
        self.table.get(person_key(user)).await
    }

    pub(crate) async fn contact(&self, contact: ContactId) -> Result<Option<Email>> {
        Ok(self.table.get::<ContactRow>(contact_key(contact)).await?.map(|row| row.email))
    }
}

/// The write that keeps how a guest is reached.
pub(crate) fn put_contact(table: &Table, contact: ContactId, email: &Email) -> Result<Write> {
    Write::create(table, contact_key(contact), &ContactRow { email: email.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::password::Hashing;
    use aws_kit::Item;
    use values::Clock;

    fn row(body: &impl Serialize, sk: &str) -> AccountRow {
        let mut item: Item = serde_dynamo::to_item(body).unwrap();
        for (name, value) in [("pk", "USER#usr_x"), ("sk", sk)] {
            item.insert(name.into(), serde_dynamo::to_attribute_value(value).unwrap());
        }
        serde_dynamo::from_item(item).unwrap()
    }

    #[test]
    fn an_account_and_its_person_read_back_by_their_sort_keys() {
        let account =
            Account::open(Clock::System.mint(), Some(Hashing::usual().of_nobody()), Timestamp::from_millis(7));
        let AccountRow::Account(read) = row(&account, "ACCOUNT") else { panic!("not an account") };
        assert_eq!((read.user_id, read.version, read.created_at), (account.user_id, 1, account.created_at));
        let name = serde_json::from_str(r#""Ada""#).unwrap();
        let person = Person::new("ada@example.com".parse().unwrap(), name);
        let AccountRow::Person(read) = row(&person, "ACCOUNT#PERSON") else { panic!("not a person") };
        assert_eq!(read.email.as_str(), "ada@example.com");
    }

    #[test]
    fn the_row_that_takes_an_email_does_not_show_it() {
        assert!(!email_key(&"ada@example.com".parse().unwrap()).pk.contains("ada"));
    }
}
