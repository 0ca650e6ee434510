//! Verifies an account's email address by the token of a verification mail.

use values::Result;

use crate::service::AccountService;
use crate::tokens::one_time_token::TokenPurpose;

impl AccountService {
    /// Marks the email address that the token was mailed to as verified. 422 `verification_token_invalid`. 1 read; 1
    /// transaction.
    pub async fn verify_email(&self, token: &str) -> Result<()> {
        let (row, digest, user) = self.open_token(TokenPurpose::Verification, token).await?;
        let verification = self.store.use_token_for_verification(&row, &digest, user, self.clock.now())?;
        self.commit_token(TokenPurpose::Verification, verification).await
    }
}
