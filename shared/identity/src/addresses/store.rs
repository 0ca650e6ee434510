//! The rows of address books.

use aws_kit::{Key, Query, Write};
use serde::{Deserialize, Serialize};
use values::{AddressId, Result, UserId};

use crate::addresses::address::Address;
use crate::addresses::address_entry::MAX_ADDRESSES;
use crate::addresses::address_in::AddressIn;
use crate::addresses::default_addresses::DefaultAddresses;
use crate::store::{Store, account_key, user_key, user_partition};

/// The address is in a map of its own, because it refuses unknown fields, such as the row's keys.
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
        let query = Query::of(&self.table, user_partition(user)).begins_with("ADDRESS#");
        let rows = query.first::<AddressRow>(MAX_ADDRESSES).await?;
        Ok(rows.into_iter().map(|row| (row.address_id, row.address)).collect())
    }

    /// The two writes of a new address: the count with the defaults, whose condition fails when the book is full; and the address.
    pub(crate) fn add_address(&self, user: UserId, id: AddressId, input: &AddressIn) -> Result<(Write, Write)> {
        let mut change = "SET addresses = addresses + :one".to_owned();
        for (name, choice) in [("defaultShipping", input.default_shipping), ("defaultBilling", input.default_billing)] {
            if choice == Some(true) {
                change += &format!(", {name} = :id");
            }
        }
        let needs_id = change.contains(":id");
        let mut count = Write::update(&self.table, account_key(user), change)
            .when("addresses < :most")
            .value(":one", 1)?
            .value(":most", MAX_ADDRESSES)?;
        if needs_id {
            count = count.value(":id", id)?;
        }
        let row = AddressRow { address_id: id, address: input.address.clone() };
        Ok((count, Write::create(&self.table, address_key(user, id), &row)?))
    }

    /// Replaces an existing address.
    pub(crate) fn replace_address(&self, user: UserId, id: AddressId, address: &Address) -> Result<Write> {
        let row = AddressRow { address_id: id, address: address.clone() };
        Ok(Write::put(&self.table, address_key(user, id), &row)?.when("attribute_exists(pk)"))
    }

    /// Sets the defaults, if they are still `before`; none when nothing changes.
    pub(crate) fn set_default_addresses(
        &self,
        user: UserId,
        before: DefaultAddresses,
        after: DefaultAddresses,
    ) -> Result<Option<Write>> {
        if before == after {
            return Ok(None);
        }
        self.update_defaults(user, None, before, after).map(Some)
    }

    /// Removes an existing address, and updates the count and the defaults, if those are still `before`.
    pub(crate) fn remove_address(
        &self,
        user: UserId,
        id: AddressId,
        before: DefaultAddresses,
        after: DefaultAddresses,
    ) -> Result<(Write, Write)> {
        let count = self.update_defaults(user, Some("addresses = addresses - :one"), before, after)?;
        let count = count.value(":one", 1)?;
        Ok((count, Write::delete(&self.table, address_key(user, id)).when("attribute_exists(pk)")))
    }

    /// An update of the account's defaults, with `also` in its SET clause.
    fn update_defaults(
        &self,
        user: UserId,
        also: Option<&str>,
        before: DefaultAddresses,
        after: DefaultAddresses,
    ) -> Result<Write> {
        let mut set: Vec<String> = also.map(str::to_owned).into_iter().collect();
        // An account that was closed meanwhile must not be created again.
        let (mut remove, mut conditions) = (Vec::new(), vec!["attribute_exists(pk)".to_owned()]);
        let mut bound = Vec::new();
        for (name, before, after) in
            [("defaultShipping", before.shipping, after.shipping), ("defaultBilling", before.billing, after.billing)]
        {
            match before {
                Some(before) => {
                    conditions.push(format!("{name} = :was_{name}"));
                    bound.push((format!(":was_{name}"), before));
                }
                None => conditions.push(format!("attribute_not_exists({name})")),
            }
            match after {
                after if after == before => {}
                Some(after) => {
                    set.push(format!("{name} = :next_{name}"));
                    bound.push((format!(":next_{name}"), after));
                }
                None => remove.push(name.to_owned()),
            }
        }
        let clause = |keyword: &str, parts: &[String]| match parts {
            [] => String::new(),
            parts => format!("{keyword} {} ", parts.join(", ")),
        };
        let change = clause("SET", &set) + &clause("REMOVE", &remove);
        let write = Write::update(&self.table, account_key(user), change.trim_end()).when(conditions.join(" AND "));
        bound.into_iter().try_fold(write, |write, (name, id)| write.value(&name, id))
    }
}
