//! Texts that several groups share.

pub(super) const PRODUCT: &str = "The id of the product.";
pub(super) const ADMINS: &str = "Admins only.";
pub(super) const ARCHIVED: &str = "`product_archived`.";
