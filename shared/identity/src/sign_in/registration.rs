//! The request for a new account.

use values::{Email, Network};

use crate::accounts::password::Password;
use crate::accounts::person::Name;
use crate::sessions::device::Device;

/// The person, the password, and where the request comes from.
#[derive(Debug)]
pub struct Registration {
    pub email: Email,
    pub password: Password,
    pub name: Name,
    pub device: Device,
    pub network: Network,
}
