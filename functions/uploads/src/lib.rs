//! What was uploaded under an address that souk signed: S3 tells of it here. A picture is looked at and made into three; the file
//! of an import is announced to whoever reads it. S3 tells at least once, and in any order: the row of each upload decides.

mod color;
mod images;
mod picture;
mod sizes;
mod webp_frame;

use aws_kit::{Aws, Bucket, Table};
use aws_lambda_events::event::s3::{S3Event, S3EventRecord};
use catalog::{CatalogService, ImageUpload, JobService};
use tracing::{Instrument, error, info_span, warn};
use values::{Actor, ImageId, JobId, ProductId, Result, Trace};

/// What the handler holds.
pub struct State {
    products: CatalogService,
    jobs: JobService,
    bucket: Bucket,
}

impl State {
    /// From the environment that the template sets.
    pub fn from_env(aws: &Aws) -> Result<Self> {
        let (products, bucket) = (CatalogService::from_env(aws)?, Bucket::from_env(aws)?);
        Ok(Self { jobs: JobService::new(products.clone(), bucket.clone()), products, bucket })
    }

    /// The table whose connection is opened at start.
    pub fn table(&self) -> &Table {
        self.products.catalog().table()
    }
}

/// What a file is, by where it lies.
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

/// Handles what S3 tells. An error has Lambda try all of it again, twice; what was settled the first time stays as it is.
pub async fn handle(state: &State, event: S3Event) -> Result<(), lambda_runtime::Error> {
    let mut last_error = None;
    for record in event.records {
        let file = file(record);
        let span = info_span!("upload", upload.file = file);
        if let Err(cause) = settle(state, &file).instrument(span.clone()).await {
            span.in_scope(|| error!(error.cause = cause.causes(), "the upload is not settled"));
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
            warn!("a file that nobody announced; it is removed in a day");
            Ok(())
        }
    }
}

/// Whoever uploads says nothing of the request that began it; the job's own row knows who wanted it.
fn trace(job: JobId) -> Trace {
    Trace { correlation_id: job.to_string(), causation_id: None, actor: Actor::system("uploads") }
}

/// S3 writes a file's name as a form would; ours have nothing in them that is written differently then.
fn file(record: S3EventRecord) -> String {
    record.s3.object.key.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use values::Clock;

    #[test]
    fn the_sample_event_tells_of_a_picture() {
        let sample = include_str!("../../../events/uploads/image.json");
        let event: S3Event = serde_json::from_str(sample).unwrap();
        let files: Vec<String> = event.records.into_iter().map(file).collect();
        assert!(matches!(Upload::of_file(&files[0]), Some(Upload::Image(..))), "{files:?}");
    }

    #[test]
    fn what_was_announced_is_told_from_what_was_not() {
        let job: JobId = Clock::System.mint();
        assert_eq!(Upload::of_file(&format!("uploads/imports/{job}")), Some(Upload::Import(job)));
        for other in ["uploads/imports/x", "uploads/images/x/y", "uploads/", "media/abc-200.webp"] {
            assert_eq!(Upload::of_file(other), None, "{other}");
        }
    }
}
