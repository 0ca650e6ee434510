//! The configuration of login and registration: how passwords are hashed, the rate limits, and the rules of second factors.

use aws_kit::Settings;
use values::Result;

use crate::accounts::password::PasswordHashing;
use crate::passkeys::relying_party::RelyingParty;
use crate::rate_limits::limits::RateLimits;
use crate::second_factors::factor_keys::FactorKeys;

/// Used in `auth` only. Cheap to clone.
#[derive(Debug, Clone)]
pub struct AuthPolicy {
    pub(crate) hashing: PasswordHashing,
    pub(crate) rate_limits: RateLimits,
    pub(crate) factor_keys: FactorKeys,
    /// Whether an admin must keep a second factor.
    pub(crate) requires_admin_mfa: bool,
    /// What authenticator apps call the shop.
    pub(crate) shop_name: String,
    /// The site that passkeys belong to.
    pub(crate) relying_party: RelyingParty,
}

impl AuthPolicy {
    /// Reads the environment. Fails for a value that does not parse or that protects too little.
    pub fn from_env() -> Result<Self> {
        Ok(Self {
            hashing: PasswordHashing::from_env()?,
            rate_limits: RateLimits::from_env()?,
            factor_keys: FactorKeys::from_env()?,
            requires_admin_mfa: Settings.parsed("SOUK_REQUIRE_ADMIN_MFA")?,
            shop_name: shop_name()?,
            relying_party: RelyingParty::from_env()?,
        })
    }
}

/// `SOUK_SHOP_NAME`, or the host of the public URL.
fn shop_name() -> Result<String> {
    if let Some(name) = Settings.optional("SOUK_SHOP_NAME") {
        return Ok(name);
    }
    let url = Settings.required("SOUK_PUBLIC_URL")?;
    let host = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest);
    Ok(host.split('/').next().unwrap_or(host).to_owned())
}
