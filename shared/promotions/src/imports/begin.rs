//! Use case: start an import of codes.

use aws_kit::{Changes, ConditionFailures, Idempotency, Idempotent};
use tabular::Format;
use values::{Error, PromotionId, Result};

use crate::imports::code_import::CodeImport;
use crate::imports::service::CodeImportService;

/// The largest file of an import: 20 MB, which is half a million codes.
pub const MAX_CODE_FILE_BYTES: u64 = 20 * 1024 * 1024;

impl CodeImportService {
    /// Starts an import for a live promotion with codes. Its file must be uploaded next, with exactly `bytes` bytes if given. 404; 409
    /// `promotion_not_live`, `promotion_automatic`; 422 `file_too_large`. 2 round trips.
    pub async fn start(
        &self,
        promotion: PromotionId,
        format: Format,
        bytes: Option<u64>,
        idempotency: Option<&Idempotency>,
    ) -> Result<Idempotent<CodeImport>> {
        if bytes.is_some_and(|bytes| !(1..=MAX_CODE_FILE_BYTES).contains(&bytes)) {
            let message = format!("must be from 1 to {MAX_CODE_FILE_BYTES} (20 MB)");
            return Err(Error::invalid("bytes", "file_too_large", message));
        }
        let service = &self.promotions;
        let decide = |_: Option<ConditionFailures>| async move {
            service.get(promotion).await?.check_has_codes()?;
            let job = CodeImport::new(service.clock.mint(), promotion, format, bytes, service.clock.now());
            Ok(Changes::new(vec![service.promotions.create_import(&job)?], job).into())
        };
        service.write().run_idempotent(idempotency, decide).await
    }
}
