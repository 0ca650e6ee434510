//! What the shop knows about the taxes of a buyer.

use crate::tax::tax_key::TaxKey;
use crate::tax::vat_id::VatId;

/// The taxes of a buyer. The default is a buyer who pays them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BuyerTax {
    pub status: TaxStatus,
    /// The VAT id that an admin has verified with an authority. Never one that is only plausible.
    pub verified_vat_id: Option<VatId>,
}

/// Whether a buyer pays taxes at all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum TaxStatus {
    #[default]
    Taxed,
    /// An admin has seen a certificate, for example of a reseller or an embassy.
    Exempt { reason: TaxKey },
}
