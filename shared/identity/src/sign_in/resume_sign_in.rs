//! Resumes a sign-in when the provider sends the browser back.

use values::Result;

use crate::service::AccountService;
use crate::sign_in::pending_sign_in::{PendingSignIn, invalid_state};
use crate::sign_in::provider::Provider;

impl AccountService {
    /// The pending sign-in of a state. It is deleted, so only one of concurrent calls gets it. 400 `oauth_state_invalid` for an
    /// unknown, used or expired state, and without the secret of the browser that began it (CSRF). 1 read; 1 write.
    pub async fn resume_sign_in(
        &self,
        provider: Provider,
        state: Option<&str>,
        browser: Option<&str>,
    ) -> Result<PendingSignIn> {
        let state = state.ok_or_else(invalid_state)?;
        let pending = self.store.pending_sign_in(state).await?.ok_or_else(invalid_state)?;
        if !pending.can_resume(provider, browser, self.clock.now()) {
            return Err(invalid_state());
        }
        self.store.delete_pending_sign_in(state).run().await?.map_err(|_| invalid_state())?;
        Ok(pending)
    }
}
