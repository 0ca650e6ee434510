//! A request to adjust stock.

use values::{Error, ExpectedVersion, Result, Sku, Text};

use crate::{Listing, StockChange};

/// An adjustment of stock as an admin or an import requests it.
#[derive(Debug, Clone)]
pub struct StockAdjustment {
    /// `None`: the product's own SKU.
    pub sku: Option<Sku>,
    pub change: StockChange,
    /// For the log.
    pub reason: Option<Text<200>>,
    /// Only if the product is at this version. Its minor version counts the changes of the offers.
    pub version: Option<ExpectedVersion>,
    /// The import line that requests it. A line adjusts stock once, however often it is read.
    pub import_line: Option<String>,
}

impl StockAdjustment {
    /// An unconditional adjustment of the product's own SKU.
    pub fn new(change: StockChange) -> Self {
        Self { sku: None, change, reason: None, version: None, import_line: None }
    }

    /// 412 `version_mismatch` if the caller has read other stock than this.
    pub(crate) fn check_version(&self, listing: &Listing) -> Result<()> {
        let (version, minor) = (listing.product.version, listing.offer_changes());
        match self.version.as_ref().is_none_or(|expected| expected.matches_minor(version, minor)) {
            true => Ok(()),
            false => Err(Error::version_mismatch("stock")),
        }
    }
}
