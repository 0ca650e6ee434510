//! Use cases: complete or refuse an upload. The uploads function processes the file. The row of the upload makes sure
//! that it is settled once, even if the file is processed twice.

use aws_kit::Backoff;
use values::{Error, Kind, Result, Trace};

use crate::images::image::append;
use crate::{CatalogService, Image, ImageRefusal, ImageUpload, MAX_IMAGES, ProcessedImage, RevisionKind};

impl CatalogService {
    /// Adds the processed image to its product, as the last image. False if the upload was settled before. If the
    /// product has no room for the image, the upload is refused. 2 round trips, 2 more for each concurrent update of
    /// the product.
    pub async fn complete_image_upload(
        &self,
        upload: &ImageUpload,
        processed: &ProcessedImage,
        trace: &Trace,
    ) -> Result<bool> {
        let mut backoff = Backoff::start();
        loop {
            let before = match self.listing_at_version(upload.product_id, None).await {
                Err(error) if matches!(error.kind, Kind::Conflict | Kind::NotFound) => {
                    return self.refuse_image_upload(upload, ImageRefusal::ProductArchived).await;
                }
                result => result?,
            };
            if before.product.images.len() >= MAX_IMAGES {
                return self.refuse_image_upload(upload, ImageRefusal::TooManyImages).await;
            }
            let after = before.with_change(self.clock.now(), |product| {
                let ProcessedImage { width, height, hash } = processed.clone();
                let image = Image { id: upload.id, alt: upload.alt.clone(), position: 0, width, height, hash };
                append(&mut product.images, image);
            });
            let settle = self.catalog.settle_image_upload(&upload.with_result(None))?;
            match self.save(&before, after, RevisionKind::ImageAdded, vec![settle], trace, None).await {
                Ok(_) => return Ok(true),
                // Either the product changed, or the upload is settled.
                Err(error) if matches!(error.kind, Kind::Conflict | Kind::PreconditionFailed) => {
                    let now = self.catalog.image_upload(upload.product_id, upload.id).await?;
                    if !now.is_some_and(|upload| upload.is_pending()) {
                        return Ok(false);
                    }
                    if !backoff.wait().await {
                        return Err(Error::unavailable("database", error));
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Refuses an upload. False if it was settled before. 1 round trip.
    pub async fn refuse_image_upload(&self, upload: &ImageUpload, reason: ImageRefusal) -> Result<bool> {
        Ok(self.catalog.settle_image_upload(&upload.with_result(Some(reason)))?.run().await?.is_ok())
    }
}
