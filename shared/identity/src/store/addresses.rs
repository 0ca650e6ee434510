//! The rows of address books.

use aws_kit::{Key, Query, Write};
use serde::{Deserialize, Serialize};
use values::{AddressId, Result, UserId};

use super::{Store, account_key, user_key};
use crate::address::{Address, MOST_ADDRESSES};
use crate::addresses::{AddressIn, Chosen};

/// The address lies in a map of its own, because it refuses fields that it does not know, such as keys.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct AddressRow {
    address_id: AddressId,
    address: Address,
}

fn address_key(user: UserId, address: AddressId) -> Key {
    user_key(user, format!("ADDRESS#{address}"))
}

impl Store {
    pub(crate) async fn address(&self, user: UserId, id: AddressId) -> Result<Option<Address>> {
        Ok(self.table.get::<AddressRow>(address_key(user, id)).await?.map(|row| row.address))
    }

    pub(crate) async fn addresses(&self, user: UserId) -> Result<Vec<(AddressId, Address)>> {
        let query = Query::of(&self.table, format!("USER#{user}")).begins_with("ADDRESS#");
        let rows = query.first::<AddressRow>(MOST_ADDRESSES).await?;
        Ok(rows.into_iter().map(|row| (row.address_id, row.address)).collect())
    }

    /// The two writes of a new address: the count, refused when the book is full, with what the address is for; and the address.
    pub(crate) fn add_address(&self, user: UserId, id: AddressId, said: &AddressIn) -> Result<(Write, Write)> {
        let mut change = "SET addresses = addresses + :one".to_owned();
        for (name, said) in [("defaultShipping", said.default_shipping), ("defaultBilling", said.default_billing)] {
            if said == Some(true) {
                change += &format!(", {name} = :id");
            }
        }
        let names_it = change.contains(":id");
        let mut count = Write::update(&self.table, account_key(user), change)
            .when("addresses < :most")
            .value(":one", 1)?
            .value(":most", MOST_ADDRESSES)?;
        if names_it {
            count = count.value(":id", id)?;
        }
        let row = AddressRow { address_id: id, address: said.address.clone() };
        Ok((count, Write::create(&self.table, address_key(user, id), &row)?))
    }

    /// Writes over an address that must be there.
    pub(crate) fn replace_address(&self, user: UserId, id: AddressId, address: &Address) -> Result<Write> {
        let row = AddressRow { address_id: id, address: address.clone() };
        Ok(Write::put(&self.table, address_key(user, id), &row)?.when("attribute_exists(pk)"))
    }

    /// Makes other addresses the defaults, if those are still what they were; none when nothing changes.
    pub(crate) fn choose_addresses(&self, user: UserId, was: Chosen, next: Chosen) -> Result<Option<Write>> {
        if was == next {
            return Ok(None);
        }
        self.account_choosing(user, None, was, next).map(Some)
    }

    /// Removes an address that must be there, and counts it off; if the defaults are still what they were.
    pub(crate) fn remove_address(
        &self,
        user: UserId,
        id: AddressId,
        was: Chosen,
        next: Chosen,
    ) -> Result<(Write, Write)> {
        let count = self.account_choosing(user, Some("addresses = addresses - :one"), was, next)?.value(":one", 1)?;
        Ok((count, Write::delete(&self.table, address_key(user, id)).when("attribute_exists(pk)")))
    }

    /// An update of the account's defaults, and of what `also` sets.
    fn account_choosing(&self, user: UserId, also: Option<&str>, was: Chosen, next: Chosen) -> Result<Write> {
        let mut set: Vec<String> = also.map(str::to_owned).into_iter().collect();
        // An account that is closed meanwhile is not made again.
        let (mut remove, mut conditions) = (Vec::new(), vec!["attribute_exists(pk)".to_owned()]);
        let mut bound = Vec::new();
        for (name, was, next) in
            [("defaultShipping", was.shipping, next.shipping), ("defaultBilling", was.billing, next.billing)]
        {
            match was {
                Some(was) => {
                    conditions.push(format!("{name} = :was_{name}"));
                    bound.push((format!(":was_{name}"), was));
                }
                None => conditions.push(format!("attribute_not_exists({name})")),
            }
            match next {
                next if next == was => {}
                Some(next) => {
                    set.push(format!("{name} = :next_{name}"));
                    bound.push((format!(":next_{name}"), next));
                }
                None => remove.push(name.to_owned()),
            }
        }
        let clause = |word: &str, parts: &[String]| match parts {
            [] => String::new(),
            parts => format!("{word} {} ", parts.join(", ")),
        };
        let change = clause("SET", &set) + &clause("REMOVE", &remove);
        let write = Write::update(&self.table, account_key(user), change.trim_end()).when(conditions.join(" AND "));
        bound.into_iter().try_fold(write, |write, (name, id)| write.value(&name, id))
    }
}
