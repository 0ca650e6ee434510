//! People as admins find them: by the beginning of an email or a name, by role and status, or all of them.

use aws_kit::{ApiKeys, Key, Query, Transaction, Write};
use futures::future::try_join_all;
use serde::{Deserialize, Serialize};
use values::{Actor, Email, Page, PageRequest, Position, Result, Role, Timestamp, UserId};

use super::{Store, account_key, api_keys, person_key, user_key};
use crate::account::{Account, Name, Person, Status};
use crate::api_key::ApiKeyEntry;
use crate::standing::Standing;

/// Partitions of the lists of accounts, so that a rush of registrations does not meet in one.
const USER_SHARDS: u8 = 4;

/// The two registers of people, in the order in which a search looks into them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Register {
    Mail,
    Name,
}

/// Says that a search goes on at the beginning of a register.
const REGISTER: &str = "register";

impl Register {
    /// Where a search that came to that place goes on.
    pub(crate) fn of(place: Option<&Position>) -> Self {
        match place {
            Some(place) if place.get(REGISTER).is_some() || place.get("gsi3pk").is_some() => Self::Name,
            _ => Self::Mail,
        }
    }

    pub(crate) fn next(self) -> Option<Self> {
        (self == Self::Mail).then_some(Self::Name)
    }

    /// The place before its first row.
    pub(crate) fn begin(self) -> Position {
        Position([(REGISTER.to_owned(), format!("{self:?}"))].into())
    }

    /// Whoever is in both is listed by the first.
    pub(crate) fn lists(self, person: &Person, prefix: &str) -> bool {
        self == Self::Mail || !person.email.as_str().starts_with(prefix)
    }

    fn index(self) -> &'static str {
        match self {
            Self::Mail => "gsi2",
            Self::Name => "gsi3",
        }
    }

    /// One partition for each first character: enough for a shop, and no look meets all people.
    fn partition(self, text: &str) -> String {
        let first = text.chars().next().map(String::from).unwrap_or_default();
        match self {
            Self::Mail => format!("MAIL#{first}"),
            Self::Name => format!("NAME#{first}"),
        }
    }
}

/// A name as it is looked for: in lower case, one space between its parts.
pub(crate) fn folded(name: &str) -> String {
    name.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What finds a person by name, as keys of `gsi3`.
pub(super) fn by_name(user: UserId, name: &Name) -> (String, String) {
    let folded = folded(name.as_str());
    (Register::Name.partition(&folded), format!("{folded}#{user}"))
}

/// What finds a person by email, as keys of `gsi2`.
pub(super) fn by_email(user: UserId, email: &Email) -> (String, String) {
    (Register::Mail.partition(email.as_str()), format!("{}#{user}", email.as_str()))
}

fn shard(user: UserId) -> u8 {
    user.uuid().as_bytes()[15] % USER_SHARDS
}

fn by_standing(role: Role, status: Status, shard: u8) -> String {
    let role = if role == Role::Admin { "admin" } else { "customer" };
    format!("ROLE#{role}#{status}#{shard}")
}

/// What a list wants of a person.
#[derive(Deserialize)]
struct PersonRow {
    pk: String,
    email: Email,
    name: Name,
    role: Option<Role>,
    status: Option<Status>,
}

impl PersonRow {
    /// Rows from before had neither role nor status, and were customers'.
    fn with_id(self) -> (String, Person) {
        let Self { pk, email, name, role, status } = self;
        let (role, status) = (role.unwrap_or(Role::Customer), status.unwrap_or_default());
        (pk.trim_start_matches("USER#").to_owned(), Person { role, status, ..Person::new(email, name) })
    }
}

/// A line of an account's history: who changed what it may do, when and why.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct HistoryRow<'a> {
    at: Timestamp,
    actor: &'a Actor,
    role: Role,
    status: Status,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

impl Store {
    /// The row of a fresh account, and that of its person, as both are found.
    pub(super) fn listed(&self, account: &Account, person: &Person) -> Result<[Write; 2]> {
        let user = account.user_id;
        let (mail, name) = (by_email(user, &person.email), by_name(user, &person.name));
        let found = Write::create(&self.table, account_key(user), account)?
            .attribute("gsi1pk", format!("USERS#{}", shard(user)))?
            .attribute("gsi1sk", user.to_string())?
            .attribute("gsi2pk", by_standing(account.role, account.status, shard(user)))?
            .attribute("gsi2sk", user.to_string())?;
        let person = Write::create(&self.table, person_key(user), person)?
            .attribute("gsi2pk", mail.0)?
            .attribute("gsi2sk", mail.1)?
            .attribute("gsi3pk", name.0)?
            .attribute("gsi3sk", name.1)?;
        Ok([found, person])
    }

    /// Newest first, of a role and a status if they are given. Every shard is asked for the page and one more, and the best of
    /// all are taken.
    pub(crate) async fn newest(
        &self,
        role: Option<Role>,
        status: Option<Status>,
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

    /// The persons behind accounts, in no order, those that were not erased.
    pub(crate) async fn persons(&self, users: impl Iterator<Item = UserId>) -> Result<Vec<(String, Person)>> {
        let keys: Vec<_> = users.map(person_key).collect();
        let rows = self.table.batch_get::<PersonRow>(&keys).await?;
        Ok(rows.into_iter().map(PersonRow::with_id).collect())
    }

    /// The accounts of those ids, in no order.
    pub(crate) async fn accounts(&self, users: impl Iterator<Item = UserId>) -> Result<Vec<Account>> {
        let keys: Vec<_> = users.map(account_key).collect();
        self.table.batch_get(&keys).await
    }

    /// Those whose line of a register begins so, in its order.
    pub(crate) async fn people(
        &self,
        register: Register,
        prefix: &str,
        limit: u32,
        place: Option<&Position>,
    ) -> Result<Page<(String, Person)>> {
        let after = place.filter(|place| place.get(REGISTER).is_none()).cloned();
        let query = Query::index(&self.table, register.index(), register.partition(prefix)).begins_with(prefix);
        Ok(query.page::<PersonRow>(&PageRequest { limit, after }).await?.map(PersonRow::with_id))
    }

    /// Gives an account that is still at its version another role or status, and has these API keys and no others; where it is
    /// found moves along, its keys are told, and its history grows by a line.
    pub(crate) fn set_standing(
        &self,
        before: &Account,
        next: &Standing,
        keys: &[ApiKeyEntry],
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Transaction> {
        let user = before.user_id;
        let (role, status) = (next.role, next.status);
        let mut transaction = Transaction::new();
        let because = if next.reason.is_some() { ", statusReason = :reason" } else { " REMOVE statusReason" };
        let change = format!(
            "SET #role = :role, #status = :status, gsi2pk = :listed, gsi2sk = :user, version = version + :one, \
             updatedAt = :now{because}"
        );
        let mut account = Write::update(&self.table, account_key(user), change)
            .when(format!("version = :version AND {}", api_keys::still(before)))
            .name("#role", "role")
            .name("#status", "status")
            .value(":keys", before.api_keys)?
            .value(":role", role)?
            .value(":status", status)?
            .value(":listed", by_standing(role, status, shard(user)))?
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
            transaction.add(ApiKeys::update_account(&self.table, &key.digest, role, status == Status::Active)?);
        }
        let line = HistoryRow { at: now, actor, role, status, reason: next.reason.as_deref() };
        transaction.add(Write::create(&self.table, history_key(user, before.version + 1), &line)?);
        Ok(transaction)
    }
}

fn history_key(user: UserId, version: u64) -> Key {
    user_key(user, format!("HISTORY#{version:010}"))
}

/// Where accounts of a role and a status are listed, in one shard.
fn partitions(role: Option<Role>, status: Option<Status>, shard: u8) -> Vec<(&'static str, String)> {
    if role.is_none() && status.is_none() {
        return vec![("gsi1", format!("USERS#{shard}"))];
    }
    let roles = [Role::Customer, Role::Admin].into_iter().filter(|known| role.is_none_or(|role| role == *known));
    let pairs = roles.flat_map(|role| Status::ALL.map(|known| (role, known)));
    let pairs = pairs.filter(|(_, known)| status.is_none_or(|status| status == *known));
    pairs.map(|(role, status)| ("gsi2", by_standing(role, status, shard))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use values::Clock;

    #[test]
    fn a_person_is_found_by_the_beginning_of_a_name_however_it_is_typed() {
        let user = Clock::System.mint();
        let name = serde_json::from_str(r#""  Ada   LOVELACE ""#).unwrap();
        let (pk, sk) = by_name(user, &name);
        assert_eq!((pk.as_str(), sk.starts_with("ada lovelace#")), ("NAME#a", true));
        assert_eq!(Register::Name.partition(&folded("ADA love")), pk);
        assert!(sk.starts_with(&folded(" Ada  Love")));
        assert_eq!(folded("ÅSA"), "åsa");
    }

    #[test]
    fn a_role_and_a_status_are_asked_for_where_they_are_listed() {
        assert_eq!(partitions(None, None, 2), [("gsi1", "USERS#2".to_owned())]);
        let admins = partitions(Some(Role::Admin), None, 0);
        assert_eq!(admins.len(), 2);
        assert!(admins.iter().all(|(index, partition)| *index == "gsi2" && partition.starts_with("ROLE#admin#")));
        let suspended = partitions(None, Some(Status::Suspended), 3);
        assert!(suspended.iter().all(|(_, partition)| partition.ends_with("#suspended#3")) && suspended.len() == 2);
        assert_eq!(partitions(Some(Role::Customer), Some(Status::Active), 1).len(), 1);
    }

    #[test]
    fn a_search_goes_through_both_registers_and_lists_nobody_twice() {
        let place = |name: &str| Position([(name.to_owned(), "x".to_owned())].into());
        assert_eq!(Register::of(None), Register::Mail);
        assert_eq!(Register::of(Some(&place("gsi2pk"))), Register::Mail);
        assert_eq!(Register::of(Some(&place("gsi3pk"))), Register::Name);
        let next = Register::Mail.next().map(Register::begin);
        assert_eq!(Register::of(next.as_ref()), Register::Name);
        assert_eq!(Register::Name.next(), None);
        let ada = Person::new("ada@example.com".parse().unwrap(), serde_json::from_str(r#""Ada""#).unwrap());
        assert!(Register::Mail.lists(&ada, "ada") && !Register::Name.lists(&ada, "ada"));
        assert!(Register::Name.lists(&ada, "countess"));
    }
}
