//! An address in an address book.

use serde::{Deserialize, Serialize};
use values::AddressId;

use crate::addresses::address::Address;

/// The most addresses in one address book.
pub const MAX_ADDRESSES: u32 = 20;

/// An address with its id, and whether it is a default.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AddressEntry {
    pub id: AddressId,
    #[serde(flatten)]
    pub address: Address,
    /// Whether parcels go there unless another address is chosen.
    pub default_shipping: bool,
    /// Whether invoices go there unless another address is chosen.
    pub default_billing: bool,
}
