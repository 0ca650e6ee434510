//! The request to log in with a password.

use values::{Email, Network};

use crate::sessions::device::Device;

/// It has no `Debug`, because of the password.
pub struct LoginRequest {
    pub email: Email,
    /// As it was typed, of any length.
    pub password: String,
    pub device: Device,
    /// What an earlier login has left on the device; ignored if it is not valid.
    pub device_token: Option<String>,
    pub network: Network,
}
