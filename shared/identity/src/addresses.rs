//! The address book: at most 20 addresses of an account, of which one may be where parcels go unless another is chosen, and
//! one where invoices go. Which they are stands on the account, so that there is never a second.

use aws_kit::{Backoff, CommitError, Idempotency, Idempotent, Transaction};
use serde::Deserialize;
use serde_json::{Map, Value};
use values::{AddressId, Error, Result, UserId, read_json_value};

use crate::account::{Account, Accounts};
use crate::address::{Address, AddressEntry, MOST_ADDRESSES};

/// What somebody says of an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressIn {
    /// What it says.
    pub address: Address,
    /// Should parcels go there? Nothing said leaves it as it is.
    pub default_shipping: Option<bool>,
    /// The same of invoices.
    pub default_billing: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Defaults {
    default_shipping: Option<bool>,
    default_billing: Option<bool>,
}

impl AddressIn {
    /// From a body: the address's own fields and the two that say what it is for. An address knows no other fields, so those
    /// two are taken out first.
    pub fn read(mut body: Map<String, Value>) -> Result<Self> {
        let told = ["defaultShipping", "defaultBilling"];
        let told = told.into_iter().filter_map(|name| Some((name.to_owned(), body.remove(name)?))).collect();
        let Defaults { default_shipping, default_billing } = read_json_value(Value::Object(told))?;
        let address = read_json_value::<Address>(Value::Object(body))?.checked("")?;
        Ok(Self { address, default_shipping, default_billing })
    }
}

/// Which addresses of a book are its defaults.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Chosen {
    pub(crate) shipping: Option<AddressId>,
    pub(crate) billing: Option<AddressId>,
}

impl Chosen {
    pub(crate) fn of(account: &Account) -> Self {
        Self { shipping: account.default_shipping, billing: account.default_billing }
    }

    /// After that was said of an address.
    fn told(self, id: AddressId, said: &AddressIn) -> Self {
        let next = |was: Option<AddressId>, said| match said {
            Some(true) => Some(id),
            Some(false) => was.filter(|was| *was != id),
            None => was,
        };
        Self { shipping: next(self.shipping, said.default_shipping), billing: next(self.billing, said.default_billing) }
    }

    /// After an address is gone.
    fn without(self, id: AddressId) -> Self {
        Self { shipping: self.shipping.filter(|was| *was != id), billing: self.billing.filter(|was| *was != id) }
    }

    fn entry(self, id: AddressId, address: Address) -> AddressEntry {
        let (default_shipping, default_billing) = (self.shipping == Some(id), self.billing == Some(id));
        AddressEntry { id, address, default_shipping, default_billing }
    }
}

/// All addresses of a book, oldest first. 2 reads side by side.
pub async fn addresses(accounts: &Accounts, user: UserId) -> Result<Vec<AddressEntry>> {
    let (account, rows) = tokio::try_join!(accounts.store.account_alone(user), accounts.store.addresses(user))?;
    let chosen = account.as_ref().map(Chosen::of).unwrap_or_default();
    Ok(rows.into_iter().map(|(id, address)| chosen.entry(id, address)).collect())
}

/// Adds an address; 409 `address_book_full` beyond [`MOST_ADDRESSES`]. With `once`, a repetition adds nothing and answers with
/// the address as it is now; 404 when it was removed meanwhile. 1 transaction; 2 reads more for a repetition.
pub async fn add_address(
    accounts: &Accounts,
    user: UserId,
    said: &AddressIn,
    idempotency: Option<Idempotency>,
) -> Result<Idempotent<AddressEntry>> {
    let tried = match (try_add(accounts, user, said, idempotency.as_ref()).await, idempotency) {
        (Err(error), Some(idempotency)) => {
            idempotency.or_earlier(&accounts.store.table, accounts.clock.now(), error).await.map(Idempotent::Replayed)
        }
        (tried, _) => tried,
    };
    match tried? {
        Idempotent::Fresh(id) => {
            Ok(Idempotent::Fresh(Chosen::default().told(id, said).entry(id, said.address.clone())))
        }
        Idempotent::Replayed(id) => {
            let entry = addresses(accounts, user).await?.into_iter().find(|entry| entry.id == id);
            entry.map(Idempotent::Replayed).ok_or_else(|| Error::not_found("address"))
        }
    }
}

/// The kept answer is the id alone: an address that is erased is to be nowhere else.
async fn try_add(
    accounts: &Accounts,
    user: UserId,
    said: &AddressIn,
    idempotency: Option<&Idempotency>,
) -> Result<Idempotent<AddressId>> {
    let id = accounts.clock.mint();
    let (count, put) = accounts.store.add_address(user, id, said)?;
    let mut transaction = Transaction::new();
    let count = transaction.add(count);
    transaction.add(put);
    let kept = match idempotency {
        Some(idempotency) => {
            Some(transaction.add(idempotency.keep(&accounts.store.table, &id, accounts.clock.now())?))
        }
        None => None,
    };
    match transaction.commit().await {
        Ok(()) => Ok(Idempotent::Fresh(id)),
        Err(CommitError::ConditionFailed(refusals)) => match (idempotency, kept.and_then(|kept| refusals.of(kept))) {
            (Some(idempotency), Some(earlier)) => Ok(Idempotent::Replayed(idempotency.recalled(earlier)?)),
            _ if refusals.of(count).is_some() => Err(Error::conflict(
                "address_book_full",
                format!("An address book holds {MOST_ADDRESSES} addresses. Remove one first."),
            )),
            _ => Err(CommitError::ConditionFailed(refusals).into()),
        },
        Err(error) => Err(error.into()),
    }
}

/// Writes over an address, and says what it is for; 404 when it is not in the book. 1 read, 1 transaction; both again when the
/// defaults were changed meanwhile.
pub async fn replace_address(
    accounts: &Accounts,
    user: UserId,
    id: AddressId,
    said: &AddressIn,
) -> Result<AddressEntry> {
    let missing = || Error::not_found("address");
    let mut backoff = Backoff::start();
    loop {
        let was = accounts.store.account_alone(user).await?.as_ref().map(Chosen::of).ok_or_else(missing)?;
        let next = was.told(id, said);
        let mut transaction = Transaction::new();
        let put = transaction.add(accounts.store.replace_address(user, id, &said.address)?);
        if let Some(chosen) = accounts.store.choose_addresses(user, was, next)? {
            transaction.add(chosen);
        }
        match transaction.commit().await {
            Ok(()) => return Ok(next.entry(id, said.address.clone())),
            Err(CommitError::ConditionFailed(refusals)) if refusals.of(put).is_some() => return Err(missing()),
            Err(CommitError::ConditionFailed(_)) if backoff.wait().await => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Removes an address; 404 when it is not in the book. Orders that went there keep their own copy. 1 read, 1 transaction; both
/// again when the defaults were changed meanwhile.
pub async fn remove_address(accounts: &Accounts, user: UserId, id: AddressId) -> Result<()> {
    let missing = || Error::not_found("address");
    let mut backoff = Backoff::start();
    loop {
        let was = accounts.store.account_alone(user).await?.as_ref().map(Chosen::of).ok_or_else(missing)?;
        let (count, gone) = accounts.store.remove_address(user, id, was, was.without(id))?;
        let mut transaction = Transaction::new();
        transaction.add(count);
        let gone = transaction.add(gone);
        match transaction.commit().await {
            Ok(()) => return Ok(()),
            Err(CommitError::ConditionFailed(refusals)) if refusals.of(gone).is_some() => return Err(missing()),
            Err(CommitError::ConditionFailed(_)) if backoff.wait().await => {}
            Err(error) => return Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;
    use values::Clock;

    fn said(shipping: Option<bool>, billing: Option<bool>) -> AddressIn {
        let mut body =
            json!({ "name": "Ada", "line1": "Rue 1", "city": "Bruxelles", "postalCode": "1000", "country": "BE" });
        body["defaultShipping"] = json!(shipping);
        body["defaultBilling"] = json!(billing);
        read(body).unwrap()
    }

    fn read(body: Value) -> Result<AddressIn> {
        AddressIn::read(body.as_object().cloned().unwrap())
    }

    fn refused(body: Value) -> (String, &'static str) {
        let field = read(body).unwrap_err().fields.remove(0);
        (field.field, field.code)
    }

    #[test]
    fn whatever_is_wrong_with_an_address_is_named() {
        let good =
            json!({ "name": "Ada", "line1": "Rue 1", "city": "Bruxelles", "postalCode": "1000", "country": "BE" });
        for (field, value, code) in [
            ("country", json!("XX"), "invalid_value"),
            ("postalCode", json!("SW1Y 4JH"), "postal_code_invalid"),
            ("phone", json!("02 555 12 12"), "phone_invalid"),
            ("defaultShipping", json!("yes"), "wrong_type"),
            ("planet", json!("Earth"), "unknown_field"),
            ("city", json!(""), "invalid_value"),
        ] {
            let mut bad = good.clone();
            bad[field] = value;
            assert_eq!(refused(bad), (field.to_owned(), code));
        }
    }

    proptest! {
        #[test]
        fn a_book_has_one_default_of_each_kind_at_most_and_none_that_is_gone(
            deeds in prop::collection::vec((0..3usize, prop::option::of(any::<bool>()), prop::option::of(any::<bool>()), any::<bool>()), 0..20),
        ) {
            let ids: Vec<AddressId> = (0..3).map(|_| Clock::System.mint()).collect();
            let mut chosen = Chosen::default();
            for (which, shipping, billing, removed) in deeds {
                let (id, before) = (ids[which], chosen);
                chosen = if removed { chosen.without(id) } else { chosen.told(id, &said(shipping, billing)) };
                let is_default = chosen.entry(id, said(None, None).address);
                let due = |said: Option<bool>, was: bool| !removed && said.unwrap_or(was);
                prop_assert_eq!(is_default.default_shipping, due(shipping, before.shipping == Some(id)));
                prop_assert_eq!(is_default.default_billing, due(billing, before.billing == Some(id)));
            }
        }
    }
}
