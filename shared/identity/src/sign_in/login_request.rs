//! The request to log in with a password.

use values::Email;

use crate::rate_limits::network::Network;
use crate::sessions::device::Device;

/// It has no `Debug`, because of the password.
pub struct LoginRequest {
    pub email: Email,
    /// As it was typed, of any length.
    pub password: String,
    pub device: Device,
    pub network: Network,
}
