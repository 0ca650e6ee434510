//! The rows of address books, and those that an order needs of its buyer.

use aws_kit::{Key, Query, Table, Write};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use values::{AddressId, Result, UserId};

use crate::accounts::buyer::Buyer;
use crate::accounts::customer_group::CustomerGroup;
use crate::accounts::tax_status::TaxStatus;
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

/// The row of an account or of a postal address, as an order needs it. Only the second one has the attribute `address`.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct BuyerRow {
    address: Option<Address>,
    group: Option<CustomerGroup>,
    tax_status: TaxStatus,
}

/// The buyer and the postal address of these rows, in any order.
fn buyer_of(rows: Vec<BuyerRow>) -> (Buyer, Option<Address>) {
    let (mut buyer, mut address) = (Buyer::default(), None);
    for row in rows {
        match row.address {
            Some(saved) => address = Some(saved),
            None => buyer = Buyer { group: row.group, tax_status: row.tax_status },
        }
    }
    (buyer, address)
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

    /// An account as a buyer, one of its addresses if `address` names one, and rows of another table.
    pub(crate) async fn buyer_with<T: DeserializeOwned>(
        &self,
        user: UserId,
        address: Option<AddressId>,
        others: (&Table, &[Key]),
    ) -> Result<(Buyer, Option<Address>, Vec<T>)> {
        let mut keys = vec![account_key(user)];
        keys.extend(address.map(|id| address_key(user, id)));
        let (rows, others) = Table::batch_get_both((&self.table, &keys), others).await?;
        let (buyer, address) = buyer_of(rows);
        Ok((buyer, address, others))
    }

    /// An account as a buyer, a row of another table, and rows of a third one.
    pub(crate) async fn buyer_with_both<A: DeserializeOwned, B: DeserializeOwned>(
        &self,
        user: UserId,
        (table, key): (&Table, Key),
        others: (&Table, &[Key]),
    ) -> Result<(Buyer, Option<A>, Vec<B>)> {
        let (account, key) = ([account_key(user)], [key]);
        let (rows, first, others) = Table::batch_get_three((&self.table, &account), (table, &key), others).await?;
        Ok((buyer_of(rows).0, first.into_iter().next(), others))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::account::Account;
    use serde_json::{Value, from_value, json, to_value};
    use values::Clock;

    #[test]
    fn buyer_is_read_from_the_rows_of_account_and_address() {
        let account = Account::new(Clock::System.mint(), None, Clock::System.now());
        let vat_id = TaxStatus { vat_id: "BE0428759497".parse().ok(), ..TaxStatus::default() };
        let account = Account { group: "wholesale".parse().ok(), tax_status: vat_id, ..account };
        let home =
            json!({ "name": "Ada", "line1": "Rue 1", "city": "Bruxelles", "postalCode": "1000", "country": "BE" });
        let home: Address = from_value(home).unwrap();
        let address_row = AddressRow { address_id: Clock::System.mint(), address: home.clone() };
        let (account_row, address_row) = (to_value(&account).unwrap(), to_value(&address_row).unwrap());
        let read = |rows: &[&Value]| {
            buyer_of(rows.iter().map(|row| from_value::<BuyerRow>((*row).clone()).unwrap()).collect())
        };
        assert!(Buyer::of(&account) != Buyer::default());
        for rows in [[&account_row, &address_row], [&address_row, &account_row]] {
            assert_eq!(read(&rows), (Buyer::of(&account), Some(home.clone())));
        }
        assert_eq!(read(&[&account_row]), (Buyer::of(&account), None), "the address is not in the book");
        assert_eq!(read(&[&address_row]), (Buyer::default(), Some(home)));
    }
}
