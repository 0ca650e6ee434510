//! Requests the mail that resets a password.

use values::{Email, Network, Result, Trace};

use crate::rate_limits::limits::Action;
use crate::rate_limits::rate_limited::RateLimited;
use crate::service::AccountService;
use crate::sign_in::auth_policy::AuthPolicy;
use crate::tokens::one_time_token::TokenPurpose;

impl AccountService {
    /// Orders the mail that resets a password. Whether an account has the email address is looked up later, by the notifier, so
    /// every address gets the same work in the same time. 429 `rate_limited`. 1 batch read; 2 writes side by side; 1
    /// transaction.
    pub async fn request_reset(
        &self,
        policy: &AuthPolicy,
        email: &Email,
        network: &Network,
        trace: &Trace,
    ) -> Result<RateLimited<()>> {
        let now = self.clock.now();
        let key = policy.rate_limits.key_by_email(Action::Reset, email, network);
        let history = self.store.attempt_history(&key, None, now).await?;
        let status = self.count_attempt(&key, &history, now).await?;
        Ok(RateLimited::run(status, self.order_token(TokenPurpose::Reset, email, trace)).await)
    }
}
