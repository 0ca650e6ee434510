//! Which promotions the buyer has used up, and whether an order would be the first one.

use events::Recipient;
use identity::{Contact, Contacts};
use promotions::{CustomerKey, Found};
use values::{Caller, Email, Result};

use crate::checkout::Checkout;

/// Which counts of uses are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CountsToRead {
    /// All, so that no buyer is shown a discount that an order cannot have.
    All,
    /// Those of the buyer, if there are any: an automatic promotion that the buyer has used up would refuse each order. The transaction of
    /// the order looks at all others.
    OfCustomer,
}

impl Checkout {
    /// The promotions without those that are used up, and the buyer in their limits. The buyer is known by the email address, that of the
    /// account or that of the guest, so an order as a guest escapes no limit. No round trip if no promotion has a limit that is to be read;
    /// else 1, and 1 for the email address of an account if a promotion counts customers, and up to 2 if one is for first orders, 3 for a
    /// guest.
    pub(crate) async fn exclude_used(
        &self,
        found: Found,
        (caller, email): (&Caller, Option<&Email>),
        counts: CountsToRead,
    ) -> Result<(Found, Option<CustomerKey>)> {
        let promotions = self.carts.promotions();
        if !found.counts_customers() {
            return match counts {
                CountsToRead::All => Ok((promotions.exclude_used(found, None).await?, None)),
                CountsToRead::OfCustomer => Ok((found, None)),
            };
        }
        // Boxed, because it is rare.
        let Some(email) = Box::pin(self.email_of(caller, email)).await? else {
            return Ok((promotions.exclude_used(found, None).await?, None));
        };
        let customer = self.limits.customer_key(&email);
        let mut found = promotions.exclude_used(found, Some(&customer)).await?;
        if found.has_first_order() && found.is_first_order {
            found.is_first_order = !Box::pin(self.has_ordered(caller, &email)).await?;
        }
        Ok((found, Some(customer)))
    }

    /// Whether the buyer has ordered before, as a guest or with the account that has the email address: who logs out is no new customer.
    async fn has_ordered(&self, caller: &Caller, email: &Email) -> Result<bool> {
        let account = match caller.account() {
            Some(user) => Some(user),
            None => self.accounts.find_by_email(email).await?,
        };
        self.service.orders.has_ordered(account, email).await
    }

    /// The email address that limits count. None if none is known. 0 or 1 round trips.
    async fn email_of(&self, caller: &Caller, email: Option<&Email>) -> Result<Option<Email>> {
        let Some(user) = caller.account() else { return Ok(email.cloned()) };
        let contact = Contacts::new(self.accounts.table().clone()).find(Recipient::User(user)).await?;
        Ok(counted_email(contact, email))
    }
}

/// The email address of the account, whatever the request has: nobody escapes a limit by sending another one. An account that a trusted
/// issuer names may never have been here. It is known by the address that it sends, as a guest is; otherwise it could use no such promotion,
/// and an automatic one would refuse all its orders.
fn counted_email(contact: Option<Contact>, sent: Option<&Email>) -> Option<Email> {
    contact.map(|contact| contact.email).or_else(|| sent.cloned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use identity::Preferences;

    #[test]
    fn account_is_known_by_its_own_email_address_if_it_has_one() {
        let [own, sent]: [Email; 2] = ["ada@example.com", "other@example.com"].map(|text| text.parse().unwrap());
        let contact = Contact { email: own.clone(), name: String::new(), preferences: Preferences::default() };
        assert_eq!(counted_email(Some(contact), Some(&sent)), Some(own));
        assert_eq!(counted_email(None, Some(&sent)), Some(sent));
        assert_eq!(counted_email(None, None), None);
    }
}
