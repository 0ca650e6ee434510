//! Texts that several operations share.

pub(super) const SUSPENDED: &str = "`account_suspended`: the account is suspended.";

/// The 403 of a login or a sign-in to an account with a second factor.
pub(super) const MFA_REQUIRED: &str = "`mfa_required`: the account has a second factor. The problem also has `mfaToken` and `methods` (`totp`, `passkey`, \
     `recovery_code`): send the token with a proof to `POST /auth/login/mfa`.";
