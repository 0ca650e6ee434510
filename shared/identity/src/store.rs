//! The identity table: the only file that knows its keys.
//!
//! | row | pk | sk | more |
//! |---|---|---|---|
//! | account | `USER#<id>` | `ACCOUNT` | gsi1pk `USERS#<0-3>`, gsi1sk user id |
//! | person (erasable) | `USER#<id>` | `ACCOUNT#PERSON` | |
//! | address (erasable) | `USER#<id>` | `ADDRESS#<id>` | |
//! | session | `USER#<id>` | `SESSION#<id>` | TTL |
//! | email, taken | `EMAIL#<sha-256>` | `EMAIL` | |
//! | a guest's contact (erasable) | `CONTACT#<id>` | `CONTACT` | |
//! | one-time token | `TOKEN#<id>` | `TOKEN` | TTL; [`one_time`] |
//! | attempts in an hour | `THROTTLE#<keyed digest>` | hour since 1970 | TTL; [`throttles`] |
//! | a network that an account was logged in to from | `KNOWN#<keyed digest>` | keyed digest | TTL; [`throttles`] |
//! | public keys, revocations, outbox, idempotency | aws-kit's | | |
//!
//! | access pattern | key condition | index | cost (units: R read, W written, a transaction's double) |
//! |---|---|---|---|
//! | whose email is it | row `EMAIL#…` | | 1 R |
//! | account and person together | pk, sk begins `ACCOUNT` | | 1 R |
//! | register | 6 rows and the outbox twice, one transaction | gsi1 | 16 W + 1 W |
//! | begin a session | put | | 1 W |
//! | a session by its token | row | | 1 R |
//! | rotate a session | update, the digest as condition | | 1 W |
//! | end a session everywhere | delete and revocation, one transaction | | 4 W |
//! | sessions of an account | pk, sk begins `SESSION#` | | 1 R per 4 KB |
//! | rename | 2 updates, one transaction | gsi1 | 4 W + 1 W |
//! | accounts, newest first | gsi1pk, gsi1sk before the last one, of 4 shards at once | gsi1 | 0.5 R per 4 KB and shard, 1 R per person |
//! | an address, all addresses | row; pk, sk begins `ADDRESS#` | | 1 R; 1 R per 4 KB |
//! | add or remove an address | put or delete, and the count, one transaction | gsi1 | 4 W + 1 W |
//! | how to reach a user or a guest | row | | 1 R |
//! | whose email is it, do they know the network, what was counted | 5 rows, one batch | | 5 R |
//! | count an attempt | 2 updates side by side | | 2 W |
//! | remember a network | put | | 1 W |
//! | order a one-time token | create and the outbox, one transaction | | 4 W |
//! | read, mint one | row; update | | 1 R; 1 W |
//! | spend one | delete, its digest as condition, and the account, one transaction | gsi1 | 4 W + 1 W |
//! | another hash | update, the old one as condition | gsi1 | 1 W + 1 W |

use aws_kit::{Key, Query, Refused, Slot, Table, Transaction, Write, outbox_put};
use events::Envelope;
use futures::future::try_join_all;
use serde::{Deserialize, Serialize};
use values::{AddressId, ContactId, Email, Page, PageRequest, Position, Result, Role, SessionId, Timestamp, UserId};

use crate::account::{Account, Name, Person};
use crate::address::{Address, AddressEntry, MOST_ADDRESSES};
use crate::one_time::OneTime;
use crate::session::Session;

mod one_time;
mod throttles;

pub(crate) use one_time::{Spending, address_digest};
pub(crate) use throttles::{Noticed, Tallied};

/// So many sessions of an account are read at once.
pub(crate) const MOST_SESSIONS: usize = 100;
/// Partitions of the list of all accounts, so that a rush of registrations does not meet in one.
const USER_SHARDS: u8 = 4;

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

/// The address lies in a map of its own, because it refuses fields that it does not know, such as keys.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct AddressRow {
    address_id: AddressId,
    address: Address,
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

#[derive(Deserialize)]
struct PersonRow {
    pk: String,
    #[serde(flatten)]
    person: Person,
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

fn session_key(user: UserId, session: SessionId) -> Key {
    user_key(user, format!("SESSION#{session}"))
}

fn address_key(user: UserId, address: AddressId) -> Key {
    user_key(user, format!("ADDRESS#{address}"))
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
        let shard = user.uuid().as_bytes()[15] % USER_SHARDS;
        let listed = Write::create(&self.table, account_key(user), account)?
            .attribute("gsi1pk", format!("USERS#{shard}"))?
            .attribute("gsi1sk", user.to_string())?;
        let mut transaction = Transaction::new();
        let email = transaction.add(Write::create(&self.table, email_key(&person.email), &EmailRow { user_id: user })?);
        transaction.add(listed);
        transaction.add(Write::create(&self.table, person_key(user), person)?);
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

    /// Newest first. Every shard is asked for the page and one more, and the best of all are taken.
    pub(crate) async fn newest(&self, request: &PageRequest) -> Result<Page<Account>> {
        let before = request.after.as_ref().and_then(|position| position.get("before"));
        let shards = (0..USER_SHARDS).map(|shard| {
            let mut query = Query::index(&self.table, "gsi1", format!("USERS#{shard}")).descending();
            if let Some(before) = before {
                query = query.before(before);
            }
            query.first::<Account>(request.limit + 1)
        });
        let mut rows = try_join_all(shards).await?.concat();
        rows.sort_unstable_by_key(|account| std::cmp::Reverse(account.user_id.uuid()));
        let more = rows.len() > request.limit as usize;
        rows.truncate(request.limit as usize);
        let last = rows.last().filter(|_| more);
        let next = last.map(|account| Position([("before".to_owned(), account.user_id.to_string())].into()));
        Ok(Page { rows, next })
    }

    /// The persons behind accounts, in no order, those that were not erased.
    pub(crate) async fn persons(&self, users: impl Iterator<Item = UserId>) -> Result<Vec<(String, Person)>> {
        let keys: Vec<_> = users.map(person_key).collect();
        let rows = self.table.batch_get::<PersonRow>(&keys).await?;
        Ok(rows.into_iter().map(|row| (row.pk.trim_start_matches("USER#").to_owned(), row.person)).collect())
    }

    /// Renames the person, if the account is still at `version`.
    pub(crate) fn rename(&self, user: UserId, name: &Name, version: u64, now: Timestamp) -> Result<Transaction> {
        let mut transaction = Transaction::new();
        let touch = "SET version = version + :one, updatedAt = :now";
        let touched = Write::update(&self.table, account_key(user), touch).when("version = :version");
        transaction.add(touched.value(":one", 1)?.value(":now", now)?.value(":version", version)?);
        let renamed = Write::update(&self.table, person_key(user), "SET #name = :name").when("attribute_exists(pk)");
        transaction.add(renamed.name("#name", "name").value(":name", name)?);
        Ok(transaction)
    }

    pub(crate) fn set_role(&self, user: UserId, role: Role, now: Timestamp) -> Result<Write> {
        let change = "SET #role = :role, version = version + :one, updatedAt = :now";
        let write = Write::update(&self.table, account_key(user), change).when("attribute_exists(pk)");
        write.name("#role", "role").value(":role", role)?.value(":one", 1)?.value(":now", now)
    }

    pub(crate) fn begin_session(&self, session: &Session) -> Result<Write> {
        Write::create(&self.table, session_key(session.user_id, session.session_id), session)
    }

    pub(crate) async fn session(&self, user: UserId, session: SessionId) -> Result<Option<Session>> {
        self.table.get(session_key(user, session)).await
    }

    pub(crate) async fn sessions(&self, user: UserId) -> Result<Vec<Session>> {
        Query::of(&self.table, format!("USER#{user}"))
            .begins_with("SESSION#")
            .descending()
            .first(MOST_SESSIONS as u32)
            .await
    }

    /// Puts `rotated` in the place of the session whose good token has the digest `was`.
    pub(crate) async fn rotate(&self, was: &str, rotated: &Session) -> Result<Result<(), Refused>> {
        let key = session_key(rotated.user_id, rotated.session_id);
        Write::put(&self.table, key, rotated)?.when("digest = :was").value(":was", was)?.run().await
    }

    /// Ends a session, if it is there.
    pub(crate) fn delete_session(&self, user: UserId, session: SessionId) -> Write {
        Write::delete(&self.table, session_key(user, session))
    }

    pub(crate) async fn address(&self, user: UserId, id: AddressId) -> Result<Option<Address>> {
        Ok(self.table.get::<AddressRow>(address_key(user, id)).await?.map(|row| row.address))
    }

    pub(crate) async fn addresses(&self, user: UserId) -> Result<Vec<AddressEntry>> {
        let query = Query::of(&self.table, format!("USER#{user}")).begins_with("ADDRESS#");
        let rows = query.first::<AddressRow>(MOST_ADDRESSES).await?;
        Ok(rows.into_iter().map(|row| AddressEntry { id: row.address_id, address: row.address }).collect())
    }

    /// The two writes of a new address: the count, refused when the book is full, and the address.
    pub(crate) fn add_address(&self, user: UserId, entry: &AddressEntry) -> Result<(Write, Write)> {
        let count = Write::update(&self.table, account_key(user), "SET addresses = addresses + :one")
            .when("addresses < :most")
            .value(":one", 1)?
            .value(":most", MOST_ADDRESSES)?;
        let row = AddressRow { address_id: entry.id, address: entry.address.clone() };
        Ok((count, Write::create(&self.table, address_key(user, entry.id), &row)?))
    }

    /// Writes over an address that must be there.
    pub(crate) fn replace_address(&self, user: UserId, entry: &AddressEntry) -> Result<Write> {
        let row = AddressRow { address_id: entry.id, address: entry.address.clone() };
        Ok(Write::put(&self.table, address_key(user, entry.id), &row)?.when("attribute_exists(pk)"))
    }

    /// Removes an address that must be there, and counts it off.
    pub(crate) fn remove_address(&self, user: UserId, id: AddressId) -> Result<(Write, Write)> {
        let count = Write::update(&self.table, account_key(user), "SET addresses = addresses - :one");
        let gone = Write::delete(&self.table, address_key(user, id)).when("attribute_exists(pk)");
        Ok((count.value(":one", 1)?, gone))
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
        let account = Account::open(Clock::System.mint(), Hashing::usual().of_nobody(), Timestamp::from_millis(7));
        let AccountRow::Account(read) = row(&account, "ACCOUNT") else { panic!("not an account") };
        assert_eq!((read.user_id, read.version, read.created_at), (account.user_id, 1, account.created_at));
        let name = serde_json::from_str(r#""Ada""#).unwrap();
        let person = Person { email: "ada@example.com".parse().unwrap(), name };
        let AccountRow::Person(read) = row(&person, "ACCOUNT#PERSON") else { panic!("not a person") };
        assert_eq!(read.email.as_str(), "ada@example.com");
    }

    #[test]
    fn no_key_holds_an_email() {
        assert!(!email_key(&"ada@example.com".parse().unwrap()).pk.contains("ada"));
    }
}
