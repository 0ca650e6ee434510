//! Reads what a cart or an order needs of the account that buys.

use aws_kit::{Key, Table};
use serde::de::DeserializeOwned;
use values::{AddressId, Result, UserId};

use crate::accounts::buyer::Buyer;
use crate::addresses::address::Address;
use crate::service::AccountService;

impl AccountService {
    /// The customer group and the tax status of an account, its postal address `address` if it is in the address book, and up to 98 rows of
    /// another table, all strongly consistent. An order reads its cart or its offers anyway, so its buyer costs no call of its own. An
    /// account without a row is a buyer in no group who pays tax: a token works for up to a minute after its account was closed, and a
    /// trusted issuer may name an account that was never here. 1 round trip; 1 read unit for the account, and 1 for the address.
    pub async fn read_buyer<T: DeserializeOwned>(
        &self,
        user: UserId,
        address: Option<AddressId>,
        others: (&Table, &[Key]),
    ) -> Result<(Buyer, Option<Address>, Vec<T>)> {
        self.store.buyer_with(user, address, others).await
    }

    /// The same without an address, with a row of another table and up to 98 rows of a third one. A cart reads them with an offer. 1 round
    /// trip; 1 read unit for the account.
    pub async fn read_buyer_with_both<A: DeserializeOwned, B: DeserializeOwned>(
        &self,
        user: UserId,
        first: (&Table, Key),
        others: (&Table, &[Key]),
    ) -> Result<(Buyer, Option<A>, Vec<B>)> {
        self.store.buyer_with_both(user, first, others).await
    }
}
