//! The processing of one uploaded image: it becomes three files that its product shows, or it is refused. The upload is
//! deleted.

use std::time::Instant;

use catalog::{ImageRefusal, ImageUpload, MAX_IMAGE_BYTES, ProcessedImage};
use futures::future::try_join_all;
use tracing::info;
use values::{ImageId, ProductId, Result, Trace};

use crate::convert::{ConvertedImage, convert};
use crate::state::State;

/// The content of such a name never changes, so it need not be validated again (RFC 8246).
const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// Settles an upload once. If the event or the file arrives again, the upload is settled already, and only the file is
/// deleted.
pub(crate) async fn settle(state: &State, file: &str, product: ProductId, image: ImageId) -> Result<()> {
    let upload = state.products.image_upload(product, image).await?;
    if let Some(upload) = upload.filter(ImageUpload::is_pending) {
        // One byte more than the limit shows whether the file is larger.
        let Some(bytes) = state.bucket.get_range(file, 0, MAX_IMAGE_BYTES + 1).await? else { return Ok(()) };
        match process(&bytes, &upload) {
            Ok(converted) => publish(state, &upload, converted).await?,
            Err(reason) => {
                let settled = state.products.refuse_image_upload(&upload, reason).await?;
                info!(settled, ?reason, upload.bytes = bytes.len(), "image refused");
            }
        }
    }
    state.bucket.delete(file).await
}

fn process(bytes: &[u8], upload: &ImageUpload) -> Result<ConvertedImage, ImageRefusal> {
    // S3 enforces the presigned size. This check also covers other servers of S3's interface.
    if bytes.len() as u64 != upload.bytes {
        return Err(ImageRefusal::SizeMismatch);
    }
    let started = Instant::now();
    let converted = convert(bytes, upload.content_type)?;
    let duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    let (width, height, sizes) =
        (converted.width, converted.height, converted.files.iter().map(|(_, file)| file.len()));
    info!(duration_ms, width, height, upload.bytes = bytes.len(), made.bytes = sizes.sum::<usize>(), "image processed");
    Ok(converted)
}

/// The files are written before the product, so that every image of a product exists.
async fn publish(state: &State, upload: &ImageUpload, converted: ConvertedImage) -> Result<()> {
    let ConvertedImage { width, height, hash, files } = converted;
    let puts = files.into_iter().map(async |(size, bytes)| {
        let file = catalog::media_file(&hash, size);
        state.bucket.put(&file, bytes, "image/webp", Some(FOR_EVER)).await
    });
    try_join_all(puts).await?;
    let trace =
        Trace { correlation_id: upload.correlation_id.clone(), causation_id: None, actor: upload.actor.clone() };
    let settled = state.products.complete_image_upload(upload, &ProcessedImage { width, height, hash }, &trace).await?;
    info!(settled, "image stored");
    Ok(())
}
