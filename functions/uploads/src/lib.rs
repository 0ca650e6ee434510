//! The uploads function: S3 sends it an event for each file that was uploaded by a presigned URL. It processes images
//! and queues imports. S3 delivers events at least once and in any order, so the row of the upload decides.

mod cmyk;
mod color;
mod convert;
mod file_end;
mod heif;
mod images;
mod jpeg_segments;
mod sizes;
mod state;
mod webp_frame;

use aws_lambda_events::event::s3::{S3Event, S3EventRecord};
use catalog::ImageUpload;
pub use state::State;
use tracing::{Instrument, error, info_span, warn};
use values::{Actor, ImageId, JobId, ProductId, Result, Trace};

/// The kind of an upload, by its bucket key.
#[derive(Debug, PartialEq, Eq)]
enum Upload {
    Image(ProductId, ImageId),
    Import(JobId),
}

impl Upload {
    fn of_file(file: &str) -> Option<Self> {
        let image = ImageUpload::of_file(file).map(|(product, image)| Self::Image(product, image));
        image.or_else(|| file.strip_prefix("uploads/imports/")?.parse().ok().map(Self::Import))
    }
}

/// Handles an event of S3. After an error Lambda retries the whole event twice; settled uploads stay settled.
pub async fn handle(state: &State, event: S3Event) -> Result<(), lambda_runtime::Error> {
    let mut last_error = None;
    for record in event.records {
        let file = file(record);
        let span = info_span!("upload", upload.file = file);
        if let Err(cause) = settle(state, &file).instrument(span.clone()).await {
            span.in_scope(|| error!(error.cause = cause.causes(), "upload not settled"));
            last_error = Some(cause);
        }
    }
    last_error.map_or(Ok(()), |cause| Err(cause.into()))
}

async fn settle(state: &State, file: &str) -> Result<()> {
    match Upload::of_file(file) {
        Some(Upload::Image(product, image)) => images::settle(state, file, product, image).await,
        Some(Upload::Import(job)) => state.jobs.queue_import(job, &trace(job)).await,
        None => {
            warn!("uploaded file was not announced; the bucket deletes it in a day");
            Ok(())
        }
    }
}

/// The event does not name the request that started the import. The job's row names the user.
fn trace(job: JobId) -> Trace {
    Trace { correlation_id: job.to_string(), causation_id: None, actor: Actor::system("uploads") }
}

/// The key of the file. S3 URL-encodes keys; ours have no characters that this changes.
fn file(record: S3EventRecord) -> String {
    record.s3.object.key.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use values::Clock;

    #[test]
    fn sample_event_names_an_image() {
        let sample = include_str!("../../../events/uploads/image.json");
        let event: S3Event = serde_json::from_str(sample).unwrap();
        let files: Vec<String> = event.records.into_iter().map(file).collect();
        assert!(matches!(Upload::of_file(&files[0]), Some(Upload::Image(..))), "{files:?}");
    }

    #[test]
    fn announced_files_are_recognised() {
        let job: JobId = Clock::System.mint();
        assert_eq!(Upload::of_file(&format!("uploads/imports/{job}")), Some(Upload::Import(job)));
        for other in ["uploads/imports/x", "uploads/images/x/y", "uploads/", "media/abc-200.webp"] {
            assert_eq!(Upload::of_file(other), None, "{other}");
        }
    }
}
