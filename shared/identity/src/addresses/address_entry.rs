//! An address in an address book.

use serde::Serialize;
use values::AddressId;

use crate::addresses::address::Address;

/// The most addresses in one address book.
pub const MAX_ADDRESSES: u32 = 20;

/// A postal address in the address book.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "SavedAddress"))]
#[serde(rename_all = "camelCase")]
pub struct AddressEntry {
    /// The id of the postal address.
    #[cfg_attr(feature = "openapi", schemars(with = "values::schema::AddressId"))]
    pub id: AddressId,
    #[serde(flatten)]
    pub address: Address,
    /// The lines of a label, in the order of the country and with its English name at the end.
    pub lines: Vec<String>,
    /// Whether it is the default for shipping. At most one postal address is.
    pub default_shipping: bool,
    /// Whether it is the default for billing. At most one postal address is.
    pub default_billing: bool,
}
