//! When an authorised payment is captured: the parameter `CaptureAt` of the template.

use std::str::FromStr;

use values::{Error, Result};

/// When the payment of a confirmed order is captured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaptureAt {
    /// As soon as the order is confirmed.
    Confirmation,
    /// When it is shipped.
    Shipment,
}

impl FromStr for CaptureAt {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "confirmation" => Ok(Self::Confirmation),
            "shipment" => Ok(Self::Shipment),
            _ => Err(Error::internal("CaptureAt must be confirmation or shipment")),
        }
    }
}
