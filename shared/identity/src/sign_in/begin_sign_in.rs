//! Begins a sign-in with a provider.

use values::{Network, Result};

use crate::rate_limits::rate_limited::RateLimited;
use crate::rate_limits::sign_in_limit::SignInRateLimit;
use crate::service::AccountService;
use crate::sign_in::pending_sign_in::{PendingSignIn, SignInRequest, SignInSecrets};

impl AccountService {
    /// Stores a pending sign-in and returns its secrets. 429 `rate_limited` before that, because anyone can begin one and each is
    /// a row. 1 read and 1 write side by side; 1 write.
    pub async fn begin_sign_in(
        &self,
        limit: &SignInRateLimit,
        network: &Network,
        request: SignInRequest,
    ) -> Result<RateLimited<(PendingSignIn, SignInSecrets)>> {
        let now = self.clock.now();
        let status = limit.count(&self.store, network, now).await?;
        let work = async {
            let (pending, secrets) = PendingSignIn::begin(request, now)?;
            self.store.create_pending_sign_in(&secrets.state, &pending).await?;
            Ok((pending, secrets))
        };
        Ok(RateLimited::run(status, work).await)
    }
}
