//! Uses a one-time token. The transaction of its effect deletes it under its digest, so only one of concurrent uses succeeds.

use aws_kit::CommitError;
use values::{Result, UserId};

use crate::service::AccountService;
use crate::tokens::mailed_token::MailedToken;
use crate::tokens::one_time_token::{OneTimeToken, TokenPurpose};
use crate::tokens::store::TokenTransaction;

impl AccountService {
    /// The row of a token, its digest and its account; 422 for a token that is not valid. 1 read.
    pub(crate) async fn open_token(&self, purpose: TokenPurpose, text: &str) -> Result<(OneTimeToken, String, UserId)> {
        let invalid = || purpose.invalid_token();
        let token: MailedToken = text.parse().map_err(|()| invalid())?;
        let row = self.store.token(token.id).await?.ok_or_else(invalid)?;
        let (user, digest) = row.opens(purpose, &token, self.clock.now()).ok_or_else(invalid)?;
        let digest = digest.to_owned();
        Ok((row, digest, user))
    }

    /// Commits the effect of a token; 422 when it was used meanwhile, or its account is gone. 1 transaction.
    pub(crate) async fn commit_token(&self, purpose: TokenPurpose, token_transaction: TokenTransaction) -> Result<()> {
        let TokenTransaction { transaction, token_slot, account_slot } = token_transaction;
        match transaction.commit().await {
            Ok(()) => Ok(()),
            Err(CommitError::ConditionFailed(failures))
                if failures.of(token_slot).is_some() || failures.of(account_slot).is_some() =>
            {
                Err(purpose.invalid_token())
            }
            Err(error) => Err(error.into()),
        }
    }
}
