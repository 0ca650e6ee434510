//! Which addresses of an address book are its defaults.

use values::AddressId;

use crate::accounts::account::Account;
use crate::addresses::address::Address;
use crate::addresses::address_entry::AddressEntry;
use crate::addresses::address_in::AddressIn;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct DefaultAddresses {
    pub(crate) shipping: Option<AddressId>,
    pub(crate) billing: Option<AddressId>,
}

impl DefaultAddresses {
    pub(crate) fn of(account: &Account) -> Self {
        Self { shipping: account.default_shipping, billing: account.default_billing }
    }

    /// The defaults after an address is added or replaced.
    pub(crate) fn with(self, id: AddressId, input: &AddressIn) -> Self {
        let next = |before: Option<AddressId>, choice| match choice {
            Some(true) => Some(id),
            Some(false) => before.filter(|before| *before != id),
            None => before,
        };
        Self {
            shipping: next(self.shipping, input.default_shipping),
            billing: next(self.billing, input.default_billing),
        }
    }

    /// The defaults after an address is removed.
    pub(crate) fn without(self, id: AddressId) -> Self {
        let keep = |before: Option<AddressId>| before.filter(|before| *before != id);
        Self { shipping: keep(self.shipping), billing: keep(self.billing) }
    }

    pub(crate) fn entry(self, id: AddressId, address: Address) -> AddressEntry {
        let (default_shipping, default_billing) = (self.shipping == Some(id), self.billing == Some(id));
        AddressEntry { id, lines: address.lines(), address, default_shipping, default_billing }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;
    use values::Clock;

    fn input(shipping: Option<bool>, billing: Option<bool>) -> AddressIn {
        let mut body =
            json!({ "name": "Ada", "line1": "Rue 1", "city": "Bruxelles", "postalCode": "1000", "country": "BE" });
        body["defaultShipping"] = json!(shipping);
        body["defaultBilling"] = json!(billing);
        AddressIn::parse(body.as_object().cloned().unwrap()).unwrap()
    }

    proptest! {
        #[test]
        fn book_has_at_most_one_default_of_each_kind_and_none_that_is_removed(
            changes in prop::collection::vec((0..3usize, prop::option::of(any::<bool>()), prop::option::of(any::<bool>()), any::<bool>()), 0..20),
        ) {
            let ids: Vec<AddressId> = (0..3).map(|_| Clock::System.mint()).collect();
            let mut defaults = DefaultAddresses::default();
            for (which, shipping, billing, removed) in changes {
                let (id, before) = (ids[which], defaults);
                defaults = if removed { defaults.without(id) } else { defaults.with(id, &input(shipping, billing)) };
                let entry = defaults.entry(id, input(None, None).address);
                let expected = |choice: Option<bool>, before: bool| !removed && choice.unwrap_or(before);
                prop_assert_eq!(entry.default_shipping, expected(shipping, before.shipping == Some(id)));
                prop_assert_eq!(entry.default_billing, expected(billing, before.billing == Some(id)));
            }
        }
    }
}
