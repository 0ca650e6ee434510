//! The indexes by which admins find accounts: by the beginning of an email address or a name, by role and status, or all.

use aws_kit::{AccountBlock, AccountBlocks, ApiKeys, Key, MAX_TRANSACTION_WRITES, Query, Transaction, Write};
use futures::future::try_join_all;
use serde::{Deserialize, Serialize};
use values::{Actor, Email, Page, PageRequest, Position, Result, Role, Timestamp, UserId, comparison_key};

use crate::accounts::access::Access;
use crate::accounts::account::Account;
use crate::accounts::person::{Name, Person};
use crate::accounts::status::AccountStatus;
use crate::api_keys::api_key::{ApiKeyEntry, MAX_API_KEYS};
use crate::api_keys::store::same_api_keys;
use crate::store::{Store, account_key, person_key, user_key};

/// Partitions of each list of accounts, so that many registrations at once do not write to one partition.
const USER_SHARDS: u8 = 4;
/// The admins of one shard that are notified of a new admin.
const ADMINS_PER_SHARD: u32 = 25;

/// Account, person, block, history.
const ACCESS_WRITES: usize = 4;
const _: () = assert!(
    MAX_API_KEYS as usize + ACCESS_WRITES <= MAX_TRANSACTION_WRITES,
    "a change of role or status must fit one transaction"
);

/// Of the comparison key of a name, in bytes: together with an id it stays below the 1024 bytes that DynamoDB allows for a sort key.
const MAX_NAME_KEY_BYTES: usize = 900;

/// The two indexes of people, in the order in which a search reads them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PersonIndex {
    Email,
    Name,
}

/// The attribute of a position that says: continue at the beginning of the second index.
const INDEX_START: &str = "register";

impl PersonIndex {
    /// The index in which a search continues from that position.
    pub(crate) fn at(position: Option<&Position>) -> Self {
        match position {
            Some(position) if position.get(INDEX_START).is_some() || position.get("gsi3pk").is_some() => Self::Name,
            _ => Self::Email,
        }
    }

    pub(crate) fn next(self) -> Option<Self> {
        (self == Self::Email).then_some(Self::Name)
    }

    /// The position before the first row of this index.
    pub(crate) fn begin(self) -> Position {
        Position([(INDEX_START.to_owned(), format!("{self:?}"))].into())
    }

    /// Whether this index lists the person; one who is in both is listed by the first.
    pub(crate) fn lists(self, person: &Person, prefix: &str) -> bool {
        self == Self::Email || !person.email.as_str().starts_with(prefix)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Email => "gsi2",
            Self::Name => "gsi3",
        }
    }

    /// One partition for each first character: enough for a shop, and no query reads all people.
    fn partition(self, text: &str) -> String {
        let first = text.chars().next().map(String::from).unwrap_or_default();
        match self {
            Self::Email => format!("MAIL#{first}"),
            Self::Name => format!("NAME#{first}"),
        }
    }
}

/// A name, or the beginning of one, as the indexes compare it. A compatibility form can be many times as long as the name (`ﷺ` has 33
/// bytes), so the key is cut: names that differ only behind the cut are found together.
pub(crate) fn indexed_name(name: &str) -> String {
    let mut key = comparison_key(name);
    key.truncate(key.floor_char_boundary(MAX_NAME_KEY_BYTES));
    key
}

/// The keys of `gsi3`, which finds a person by the comparison key of the name.
pub(crate) fn name_index_keys(user: UserId, name: &Name) -> (String, String) {
    let key = indexed_name(name.as_str());
    (PersonIndex::Name.partition(&key), format!("{key}#{user}"))
}

/// The keys of `gsi2`, which finds a person by email address.
pub(crate) fn email_index_keys(user: UserId, email: &Email) -> (String, String) {
    (PersonIndex::Email.partition(email.as_str()), format!("{}#{user}", email.as_str()))
}

fn shard(user: UserId) -> u8 {
    user.uuid().as_bytes()[15] % USER_SHARDS
}

/// A partition of `gsi2`, which lists accounts by role and status.
fn role_partition(role: Role, status: AccountStatus, shard: u8) -> String {
    format!("ROLE#{}#{status}#{shard}", role.name())
}

/// What a list reads of a person's row.
#[derive(Deserialize)]
struct PersonRow {
    pk: String,
    email: Email,
    name: Name,
    role: Option<Role>,
    status: Option<AccountStatus>,
}

impl PersonRow {
    /// Rows of early releases have neither role nor status: they are active customers'.
    fn with_id(self) -> (String, Person) {
        let Self { pk, email, name, role, status } = self;
        let (role, status) = (role.unwrap_or(Role::Customer), status.unwrap_or_default());
        (pk.trim_start_matches("USER#").to_owned(), Person { role, status, ..Person::new(email, name) })
    }
}

/// What the list of admins reads of an account.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct AdminRow {
    user_id: UserId,
}

/// A line of an account's history: who changed its role or status, when and why.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct HistoryRow<'a> {
    at: Timestamp,
    actor: &'a Actor,
    role: Role,
    status: AccountStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

impl Store {
    /// Creates the rows of a new account and its person, with their index keys.
    pub(crate) fn create_account_rows(&self, account: &Account, person: &Person) -> Result<[Write; 2]> {
        let user = account.user_id;
        let (email, name) = (email_index_keys(user, &person.email), name_index_keys(user, &person.name));
        let account = Write::create(&self.table, account_key(user), account)?
            .attribute("gsi1pk", format!("USERS#{}", shard(user)))?
            .attribute("gsi1sk", user.to_string())?
            .attribute("gsi2pk", role_partition(account.role, account.status, shard(user)))?
            .attribute("gsi2sk", user.to_string())?;
        let person = Write::create(&self.table, person_key(user), person)?
            .attribute("gsi2pk", email.0)?
            .attribute("gsi2sk", email.1)?
            .attribute("gsi3pk", name.0)?
            .attribute("gsi3sk", name.1)?;
        Ok([account, person])
    }

    /// Accounts, newest first, of a role and a status if they are given. Every shard returns a page and one row more; the newest of
    /// all shards make the page.
    pub(crate) async fn newest_accounts(
        &self,
        role: Option<Role>,
        status: Option<AccountStatus>,
        request: &PageRequest,
    ) -> Result<Page<Account>> {
        let before = request.after.as_ref().and_then(|position| position.get("before"));
        let partitions = (0..USER_SHARDS).flat_map(|shard| partitions(role, status, shard));
        let shards = partitions.map(|(index, partition)| {
            let mut query = Query::index(&self.table, index, partition).descending();
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

    /// The active admins with the oldest accounts, a few of each shard: an intruder who adds admins does not push out the others.
    pub(crate) async fn oldest_admins(&self) -> Result<Vec<UserId>> {
        let shards = (0..USER_SHARDS).map(|shard| {
            let partition = role_partition(Role::Admin, AccountStatus::Active, shard);
            Query::index(&self.table, "gsi2", partition).first::<AdminRow>(ADMINS_PER_SHARD)
        });
        Ok(try_join_all(shards).await?.concat().into_iter().map(|row| row.user_id).collect())
    }

    /// The persons of these accounts that are not erased, in no order.
    pub(crate) async fn persons(&self, users: impl Iterator<Item = UserId>) -> Result<Vec<(String, Person)>> {
        let keys: Vec<_> = users.map(person_key).collect();
        let rows = self.table.batch_get::<PersonRow>(&keys).await?;
        Ok(rows.into_iter().map(PersonRow::with_id).collect())
    }

    /// The accounts with these ids, in no order.
    pub(crate) async fn accounts(&self, users: impl Iterator<Item = UserId>) -> Result<Vec<Account>> {
        let keys: Vec<_> = users.map(account_key).collect();
        self.table.batch_get(&keys).await
    }

    /// The persons whose key in an index begins with `prefix`, in the order of the index.
    pub(crate) async fn search_persons(
        &self,
        index: PersonIndex,
        prefix: &str,
        limit: u32,
        position: Option<&Position>,
    ) -> Result<Page<(String, Person)>> {
        let after = position.filter(|position| position.get(INDEX_START).is_none()).cloned();
        let query = Query::index(&self.table, index.name(), index.partition(prefix)).begins_with(prefix);
        Ok(query.page::<PersonRow>(&PageRequest { limit, after }).await?.map(PersonRow::with_id))
    }

    /// Changes the role or status of an account that is still at its version and has exactly these API keys. Its index keys, its API
    /// keys, its history and its block change in the same transaction.
    pub(crate) fn set_access(
        &self,
        before: &Account,
        next: &Access,
        keys: &[ApiKeyEntry],
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Transaction> {
        let user = before.user_id;
        let (role, status) = (next.role, next.status);
        let mut transaction = Transaction::new();
        let reason_change = if next.reason.is_some() { ", statusReason = :reason" } else { " REMOVE statusReason" };
        let change = format!(
            "SET #role = :role, #status = :status, gsi2pk = :listed, gsi2sk = :user, version = version + :one, \
             updatedAt = :now{reason_change}"
        );
        let mut account = Write::update(&self.table, account_key(user), change)
            .when(format!("version = :version AND {}", same_api_keys(before)))
            .name("#role", "role")
            .name("#status", "status")
            .value(":keys", before.api_keys)?
            .value(":role", role)?
            .value(":status", status)?
            .value(":listed", role_partition(role, status, shard(user)))?
            .value(":user", user.to_string())?
            .value(":one", 1)?
            .value(":now", now)?
            .value(":version", before.version)?;
        if let Some(reason) = &next.reason {
            account = account.value(":reason", reason)?;
        }
        transaction.add(account);
        let person = Write::update(&self.table, person_key(user), "SET #role = :role, #status = :status");
        let person = person.when("attribute_exists(pk)").name("#role", "role").name("#status", "status");
        transaction.add(person.value(":role", role)?.value(":status", status)?);
        for key in keys {
            transaction.add(ApiKeys::update_account(&self.table, &key.digest, role, status == AccountStatus::Active)?);
        }
        match status {
            _ if status == before.status => {}
            AccountStatus::Active => {
                transaction.add(AccountBlocks::unblock(&self.table, user));
            }
            AccountStatus::Suspended => {
                transaction.add(AccountBlocks::block(&self.table, user, AccountBlock::Suspended)?);
            }
        }
        let line = HistoryRow { at: now, actor, role, status, reason: next.reason.as_deref() };
        transaction.add(Write::create(&self.table, history_key(user, before.version + 1), &line)?);
        Ok(transaction)
    }
}

fn history_key(user: UserId, version: u64) -> Key {
    user_key(user, format!("HISTORY#{version:010}"))
}

/// The index partitions that list accounts of a role and a status, in one shard.
fn partitions(role: Option<Role>, status: Option<AccountStatus>, shard: u8) -> Vec<(&'static str, String)> {
    if role.is_none() && status.is_none() {
        return vec![("gsi1", format!("USERS#{shard}"))];
    }
    let roles = [Role::Customer, Role::Admin].into_iter().filter(|known| role.is_none_or(|role| role == *known));
    let pairs = roles.flat_map(|role| AccountStatus::ALL.map(|known| (role, known)));
    let pairs = pairs.filter(|(_, known)| status.is_none_or(|status| status == *known));
    pairs.map(|(role, status)| ("gsi2", role_partition(role, status, shard))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use values::Clock;

    #[test]
    fn person_is_found_by_beginning_of_name_in_any_case() {
        let user = Clock::System.mint();
        let name = serde_json::from_str(r#""  Ada   LOVELACE ""#).unwrap();
        let (pk, sk) = name_index_keys(user, &name);
        assert_eq!((pk.as_str(), sk.starts_with("ada lovelace#")), ("NAME#a", true));
        assert_eq!(PersonIndex::Name.partition(&indexed_name("ADA love")), pk);
        assert!(sk.starts_with(&indexed_name(" Ada  Love")));
    }

    #[test]
    fn person_is_found_by_every_spelling_of_the_name() {
        let user = Clock::System.mint();
        let keys = |name: &str| name_index_keys(user, &Name::new(name).unwrap());
        for (name, other) in [("Zo\u{eb}", "ZOE\u{308}"), ("Weiß", "WEISS"), ("می\u{200c}نا", "مینا"), ("Ａda", "Ada")]
        {
            assert_eq!(keys(name), keys(other), "{name:?} and {other:?}");
        }
    }

    #[test]
    fn long_form_of_a_name_fits_the_index_and_is_found() {
        let user = Clock::System.mint();
        for name in ["ﷺ".repeat(40), "ﷺ".repeat(100), "㍿".repeat(100), format!("a{}", "㍿".repeat(99))] {
            let (pk, sk) = name_index_keys(user, &Name::new(&name).unwrap());
            assert!(sk.len() <= 1024, "{} bytes", sk.len());
            assert!(sk.ends_with(&format!("#{user}")) && sk.starts_with(&indexed_name(&name)));
            assert_eq!(PersonIndex::Name.partition(&indexed_name(&name)), pk);
        }
        assert_eq!(indexed_name("Zoë"), "zoë");
    }

    #[test]
    fn role_and_status_select_their_partitions() {
        assert_eq!(partitions(None, None, 2), [("gsi1", "USERS#2".to_owned())]);
        let admins = partitions(Some(Role::Admin), None, 0);
        assert_eq!(admins.len(), 2);
        assert!(admins.iter().all(|(index, partition)| *index == "gsi2" && partition.starts_with("ROLE#admin#")));
        let suspended = partitions(None, Some(AccountStatus::Suspended), 3);
        assert!(suspended.iter().all(|(_, partition)| partition.ends_with("#suspended#3")) && suspended.len() == 2);
        assert_eq!(partitions(Some(Role::Customer), Some(AccountStatus::Active), 1).len(), 1);
    }

    #[test]
    fn search_reads_both_indexes_and_lists_no_person_twice() {
        let position = |name: &str| Position([(name.to_owned(), "x".to_owned())].into());
        assert_eq!(PersonIndex::at(None), PersonIndex::Email);
        assert_eq!(PersonIndex::at(Some(&position("gsi2pk"))), PersonIndex::Email);
        assert_eq!(PersonIndex::at(Some(&position("gsi3pk"))), PersonIndex::Name);
        let next = PersonIndex::Email.next().map(PersonIndex::begin);
        assert_eq!(PersonIndex::at(next.as_ref()), PersonIndex::Name);
        assert_eq!(PersonIndex::Name.next(), None);
        let ada = Person::new("ada@example.com".parse().unwrap(), serde_json::from_str(r#""Ada""#).unwrap());
        assert!(PersonIndex::Email.lists(&ada, "ada") && !PersonIndex::Name.lists(&ada, "ada"));
        assert!(PersonIndex::Name.lists(&ada, "countess"));
    }
}
