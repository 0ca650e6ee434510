//! One uploaded picture: looked at, made into three, shown by its product, and removed; or refused and removed.

use std::time::Instant;

use catalog::{ImageRefusal, ImageUpload, MAX_IMAGE_BYTES, ProcessedImage};
use futures::future::try_join_all;
use tracing::info;
use values::{ImageId, ProductId, Result, Trace};

use crate::State;
use crate::picture::{Picture, make};

/// A name that says what is in the file need never be asked for again (RFC 8246).
const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// Settles an upload, once: whatever comes again finds its row settled, and removes the file if it lies there again.
pub(crate) async fn settle(state: &State, file: &str, product: ProductId, image: ImageId) -> Result<()> {
    let upload = state.products.image_upload(product, image).await?;
    if let Some(upload) = upload.filter(ImageUpload::is_pending) {
        // One byte more than there may be tells whether there are more.
        let Some(bytes) = state.bucket.get_range(file, 0, MAX_IMAGE_BYTES + 1).await? else { return Ok(()) };
        match process(&bytes, &upload) {
            Ok(picture) => publish(state, &upload, picture).await?,
            Err(reason) => {
                let settled = state.products.refuse_image_upload(&upload, reason).await?;
                info!(settled, ?reason, upload.bytes = bytes.len(), "a picture is refused");
            }
        }
    }
    state.bucket.delete(file).await
}

fn process(bytes: &[u8], upload: &ImageUpload) -> Result<Picture, ImageRefusal> {
    // S3 has held whoever uploaded it to the size that was signed; this holds whoever serves S3's interface to it.
    if bytes.len() as u64 != upload.bytes {
        return Err(ImageRefusal::SizeMismatch);
    }
    let started = Instant::now();
    let picture = make(bytes, upload.content_type)?;
    let duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    let (width, height, made) = (picture.width, picture.height, picture.files.iter().map(|(_, file)| file.len()));
    info!(
        duration_ms,
        width,
        height,
        upload.bytes = bytes.len(),
        made.bytes = made.sum::<usize>(),
        "a picture is made"
    );
    Ok(picture)
}

/// First the files, then the product that shows them: nobody is told of a picture that is not there.
async fn publish(state: &State, upload: &ImageUpload, picture: Picture) -> Result<()> {
    let Picture { width, height, hash, files } = picture;
    let puts = files.into_iter().map(async |(size, bytes)| {
        let file = catalog::media_file(&hash, size);
        state.bucket.put(&file, bytes, "image/webp", Some(FOR_EVER)).await
    });
    try_join_all(puts).await?;
    let trace =
        Trace { correlation_id: upload.correlation_id.clone(), causation_id: None, actor: upload.actor.clone() };
    let settled = state.products.complete_image_upload(upload, &ProcessedImage { width, height, hash }, &trace).await?;
    info!(settled, "a picture is stored");
    Ok(())
}
