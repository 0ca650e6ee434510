//! The names of people as their rows have them, for the task that brings those of earlier releases into their form.

use aws_kit::{Key, Write};
use serde::{Deserialize, Serialize};
use values::{Error, Position, Result, UserId};

use crate::accounts::person::Name;
use crate::accounts::user_lists::name_index_keys;
use crate::store::{Store, person_key};

/// A name, and the keys of its index.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct StoredName {
    pk: String,
    name: String,
    gsi3pk: Option<String>,
    gsi3sk: Option<String>,
}

/// A name and the keys of its index, as they are stored today.
struct NameInForm {
    user: UserId,
    name: Name,
    partition: String,
    sort_key: String,
}

/// The row of the task.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct NameProgress {
    /// Behind the last account that was read; none before the first.
    pub(crate) after: Option<Position>,
    pub(crate) is_finished: bool,
    /// Names that were written.
    pub(crate) names: u64,
    /// Goes up with each page. 0: there is no row yet.
    pub(crate) version: u64,
}

impl StoredName {
    /// The name and the keys as they are stored today; none if the row has them.
    fn in_form(&self) -> Result<Option<NameInForm>> {
        let user: UserId = self.pk.trim_start_matches("USER#").parse().map_err(Error::internal)?;
        let name: Name = serde_json::from_value(self.name.as_str().into()).map_err(Error::internal)?;
        let (partition, sort_key) = name_index_keys(user, &name);
        let has_keys = self.gsi3pk.as_ref() == Some(&partition) && self.gsi3sk.as_ref() == Some(&sort_key);
        Ok((name.as_str() != self.name || !has_keys).then_some(NameInForm { user, name, partition, sort_key }))
    }
}

impl Store {
    /// The names of these accounts that are not erased, in no order.
    pub(crate) async fn names(&self, users: impl Iterator<Item = UserId>) -> Result<Vec<StoredName>> {
        let keys: Vec<_> = users.map(person_key).collect();
        self.table.batch_get(&keys).await
    }

    /// The write that brings a name into its form; none if it is. Its condition fails if the person was renamed or erased meanwhile. No
    /// version changes, because it is the same name.
    pub(crate) fn put_name_in_form(&self, stored: &StoredName) -> Result<Option<Write>> {
        let Some(NameInForm { user, name, partition, sort_key }) = stored.in_form()? else { return Ok(None) };
        let change = "SET #name = :name, gsi3pk = :namepk, gsi3sk = :namesk";
        let write = Write::update(&self.table, person_key(user), change).when("#name = :was").name("#name", "name");
        let write = write.value(":was", &stored.name)?.value(":name", name)?;
        write.value(":namepk", partition)?.value(":namesk", sort_key).map(Some)
    }

    /// The progress of the task. 1 round trip.
    pub(crate) async fn name_progress(&self) -> Result<NameProgress> {
        Ok(self.table.get(progress_key()).await?.unwrap_or_default())
    }

    /// Stores the progress of a run that has read it at this version, and raises the version. 409 `task_running` if another run has
    /// stored its own since. 1 round trip.
    pub(crate) async fn save_name_progress(&self, progress: &mut NameProgress) -> Result<()> {
        let before = progress.version;
        progress.version += 1;
        self.table.put_progress(progress_key(), progress, before).await
    }
}

fn progress_key() -> Key {
    Key::new("TASK#normalize", "PROGRESS")
}

#[cfg(test)]
mod tests {
    use super::*;
    use values::Clock;

    /// The row of a person with this name, under keys that another release has made of `indexed`.
    fn stored(name: &str, indexed: &str) -> StoredName {
        let user: UserId = Clock::System.mint();
        let first: String = indexed.chars().take(1).collect();
        let (gsi3pk, gsi3sk) = (Some(format!("NAME#{first}")), Some(format!("{indexed}#{user}")));
        StoredName { pk: format!("USER#{user}"), name: name.to_owned(), gsi3pk, gsi3sk }
    }

    fn in_form(stored: &StoredName) -> Option<(String, (String, String))> {
        let NameInForm { name, partition, sort_key, .. } = stored.in_form().unwrap()?;
        Some((name.into_string(), (partition, sort_key)))
    }

    #[test]
    fn name_in_form_is_not_written() {
        for (name, indexed) in [("Ada Lovelace", "ada lovelace"), ("Zo\u{eb}", "zo\u{eb}"), ("Weiß", "weiss")] {
            assert_eq!(in_form(&stored(name, indexed)), None, "{name}");
        }
    }

    #[test]
    fn old_name_gets_its_form_and_is_found_by_it() {
        for (name, indexed, form, key) in [
            ("Zoe\u{308}", "zoe\u{308}", "Zo\u{eb}", "zo\u{eb}"),
            ("Weiß", "weiß", "Weiß", "weiss"),
            ("ＡＤＡ", "ａｄａ", "ＡＤＡ", "ada"),
        ] {
            let old = stored(name, indexed);
            let (name, (partition, sort_key)) = in_form(&old).unwrap();
            assert_eq!((name.as_str(), partition), (form, format!("NAME#{}", key.chars().next().unwrap())));
            assert!(sort_key.starts_with(&format!("{key}#usr_")), "{sort_key}");
            let today = StoredName {
                name,
                gsi3pk: Some(format!("NAME#{}", key.chars().next().unwrap())),
                gsi3sk: Some(sort_key),
                ..old
            };
            assert_eq!(in_form(&today), None, "a second run changes nothing");
        }
    }

    #[test]
    fn row_without_an_index_gets_one() {
        let old = StoredName { gsi3pk: None, gsi3sk: None, ..stored("Ada", "ada") };
        assert!(in_form(&old).is_some());
    }
}
