//! Goes on with a login whose first factor was right, where the account has a second one.

use aws_kit::Write;
use values::{Amr, Result, Timestamp};

use crate::accounts::account::Account;
use crate::rate_limits::device_token::KnownDevice;
use crate::second_factors::login_token::{LoginChallenge, LoginToken, token_digest};
use crate::service::AccountService;

impl AccountService {
    /// The token that the client exchanges with a proof of the second factor, and the write that stores it. Every use case that
    /// begins a session calls it when the account has a second factor.
    pub(crate) fn begin_second_factor(
        &self,
        account: &Account,
        amr: Vec<Amr>,
        device: Option<&KnownDevice>,
        now: Timestamp,
    ) -> Result<(Write, LoginChallenge)> {
        let (token, challenge) = LoginToken::random(account, amr, device, now)?;
        Ok((self.store.create_login(&token_digest(&challenge.mfa_token), &token)?, challenge))
    }
}
