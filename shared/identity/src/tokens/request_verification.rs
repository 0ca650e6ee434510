//! Requests the mail that verifies an account's email address.

use values::{Network, Result, Trace, UserId};

use crate::rate_limits::limits::Action;
use crate::rate_limits::rate_limited::RateLimited;
use crate::service::AccountService;
use crate::sign_in::auth_policy::AuthPolicy;
use crate::tokens::one_time_token::TokenPurpose;

impl AccountService {
    /// Orders the verification mail again, unless the address is verified. 429 `rate_limited`. 2 reads and 2 writes side by
    /// side; 1 transaction.
    pub async fn request_verification(
        &self,
        policy: &AuthPolicy,
        user: UserId,
        network: &Network,
        trace: &Trace,
    ) -> Result<RateLimited<()>> {
        let now = self.clock.now();
        let key = policy.rate_limits.key_by_user(Action::Reset, user, network);
        let (status, found) =
            tokio::try_join!(self.count_unknown_attempt(&key, now), self.store.account_with_person(user))?;
        let work = async {
            match found {
                Some((account, person)) if !account.email_verified => {
                    self.order_token(TokenPurpose::Verification, &person.email, trace).await
                }
                _ => Ok(()),
            }
        };
        Ok(RateLimited::run(status, work).await)
    }
}
