//! Texts of several operations.

pub(super) const PROMOTION: &str = "The id of the promotion.";
pub(super) const ADMINS: &str = "Admins only.";
pub(super) const NO_CODES: &str =
    "`promotion_not_live`: publish the promotion first; `promotion_automatic`: it needs no code.";
