//! The rows of an account, of the person behind it, and of guests' contacts.

use aws_kit::{Key, Query, Table, Transaction, Write};
use serde::{Deserialize, Serialize};
use values::{ContactId, Email, Error, Result, Timestamp, UserId};

use crate::accounts::account::Account;
use crate::accounts::password::Credential;
use crate::accounts::person::{Name, Person};
use crate::accounts::preferences::Preferences;
use crate::accounts::user_lists::{email_index_keys, name_index_keys};
use crate::store::{EmailRow, Store, account_key, email_key, person_key, user_partition};

#[derive(Serialize, Deserialize)]
struct ContactRow {
    email: Email,
}

/// The account and the person are read by one query.
#[derive(Deserialize)]
#[serde(tag = "sk")]
enum AccountRow {
    #[serde(rename = "ACCOUNT")]
    Account(Account),
    #[serde(rename = "ACCOUNT#PERSON")]
    Person(Person),
}

fn contact_key(contact: ContactId) -> Key {
    Key::new(format!("CONTACT#{contact}"), "CONTACT")
}

impl Store {
    pub(crate) async fn user_by_email(&self, email: &Email) -> Result<Option<UserId>> {
        Ok(self.table.get::<EmailRow>(email_key(email)).await?.map(|row| row.user_id))
    }

    pub(crate) async fn account_with_person(&self, user: UserId) -> Result<Option<(Account, Person)>> {
        let (mut account, mut person) = (None, None);
        for row in Query::of(&self.table, user_partition(user)).begins_with("ACCOUNT").first(2).await? {
            match row {
                AccountRow::Account(row) => account = Some(row),
                AccountRow::Person(row) => person = Some(row),
            }
        }
        Ok(account.zip(person))
    }

    pub(crate) async fn account(&self, user: UserId) -> Result<Option<Account>> {
        self.table.get(account_key(user)).await
    }

    pub(crate) async fn person(&self, user: UserId) -> Result<Option<Person>> {
        self.table.get(person_key(user)).await
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
        let change = "SET version = version + :one, updatedAt = :now";
        let account = Write::update(&self.table, account_key(user), change).when("version = :version");
        transaction.add(account.value(":one", 1)?.value(":now", now)?.value(":version", version)?);
        let (by_email, by_name) = (email_index_keys(user, email), name_index_keys(user, name));
        let change = "SET #name = :name, gsi2pk = :mailpk, gsi2sk = :mailsk, gsi3pk = :namepk, gsi3sk = :namesk";
        let person = Write::update(&self.table, person_key(user), change).when("attribute_exists(pk)");
        let person = person.name("#name", "name").value(":name", name)?;
        let person = person.value(":mailpk", by_email.0)?.value(":mailsk", by_email.1)?;
        transaction.add(person.value(":namepk", by_name.0)?.value(":namesk", by_name.1)?);
        Ok(transaction)
    }

    /// Replaces a person's preferences, if they are still at version `before` (0: never set).
    pub(crate) fn set_preferences(&self, user: UserId, preferences: &Preferences, before: u64) -> Result<Write> {
        let change = "SET preferences = :chosen, preferencesVersion = :version";
        let write = Write::update(&self.table, person_key(user), change);
        let write = write
            .value(":chosen", serde_json::to_string(preferences).map_err(Error::internal)?)?
            .value(":version", preferences.version)?;
        match before {
            0 => Ok(write.when("attribute_exists(pk) AND attribute_not_exists(preferencesVersion)")),
            before => write.when("preferencesVersion = :was").value(":was", before),
        }
    }

    /// Replaces a password hash, if it is still `before`.
    pub(crate) fn replace_credential(&self, user: UserId, before: &Credential, next: &Credential) -> Result<Write> {
        let write =
            Write::update(&self.table, account_key(user), "SET credential = :renewed").when("credential = :was");
        write.value(":renewed", next)?.value(":was", before)
    }

    /// Sets another password and ends all sessions that began until `ended`, of an account that has not changed since it was read.
    pub(crate) fn change_credential(&self, account: &Account, next: &Credential, ended: Timestamp) -> Result<Write> {
        let change = "SET credential = :next, sessionsEndedAt = :ended, updatedAt = :ended, version = version + :one";
        let write = Write::update(&self.table, account_key(account.user_id), change);
        let write = write.when("version = :version AND credential = :was").value(":version", account.version)?;
        write.value(":was", &account.credential)?.value(":next", next)?.value(":ended", ended)?.value(":one", 1)
    }

    pub(crate) async fn contact(&self, contact: ContactId) -> Result<Option<Email>> {
        Ok(self.table.get::<ContactRow>(contact_key(contact)).await?.map(|row| row.email))
    }
}

/// The write that stores a guest's email address.
pub(crate) fn create_contact(table: &Table, contact: ContactId, email: &Email) -> Result<Write> {
    Write::create(table, contact_key(contact), &ContactRow { email: email.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::password::PasswordHashing;
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
    fn account_and_person_differ_by_their_sort_keys() {
        let credential = PasswordHashing::default_cost().unmatchable();
        let account = Account::new(Clock::System.mint(), Some(credential), Timestamp::from_millis(7));
        let AccountRow::Account(read) = row(&account, "ACCOUNT") else { panic!("not an account") };
        assert_eq!((read.user_id, read.version, read.created_at), (account.user_id, 1, account.created_at));
        let name = serde_json::from_str(r#""Ada""#).unwrap();
        let person = Person::new("ada@example.com".parse().unwrap(), name);
        let AccountRow::Person(read) = row(&person, "ACCOUNT#PERSON") else { panic!("not a person") };
        assert_eq!(read.email.as_str(), "ada@example.com");
    }
}
