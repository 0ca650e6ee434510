//! Orders a one-time token and its mail.

use values::{Email, Result, Trace};

use crate::service::AccountService;
use crate::tokens::one_time_token::{OneTimeToken, TokenPurpose};

impl AccountService {
    /// Creates a token, with the event that makes the notifier send it. 1 transaction.
    pub(crate) async fn order_token(&self, purpose: TokenPurpose, email: &Email, trace: &Trace) -> Result<()> {
        let clock = &self.clock;
        let token = OneTimeToken::new(clock.mint(), purpose, email, clock.now());
        self.store.order_token(&token, &token.request_event(clock, trace))?.commit().await?;
        Ok(())
    }
}
