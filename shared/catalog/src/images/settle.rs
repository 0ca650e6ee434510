//! Use cases: complete or refuse an upload. The uploads function processes the file. The row of the upload makes sure
//! that it is settled once, even if the file is processed twice.

use aws_kit::{ConditionFailures, Decision};
use values::{Kind, Result, Trace};

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
        let decide = |failed: Option<ConditionFailures>| async move {
            // Either the product was changed, or the upload is settled.
            if failed.is_some() {
                self.catalog.evict(upload.product_id);
                let current = self.catalog.image_upload(upload.product_id, upload.id).await?;
                if !current.is_some_and(|upload| upload.is_pending()) {
                    return Ok(Decision::Unchanged(false));
                }
            }
            let before = match self.listing_at_version(upload.product_id, None).await {
                Err(error) if matches!(error.kind, Kind::Conflict | Kind::NotFound) => {
                    let refused = self.refuse_image_upload(upload, ImageRefusal::ProductArchived);
                    return refused.await.map(Decision::Unchanged);
                }
                result => result?,
            };
            if before.product.images.len() >= MAX_IMAGES {
                let refused = self.refuse_image_upload(upload, ImageRefusal::TooManyImages);
                return refused.await.map(Decision::Unchanged);
            }
            let after = before.with_change(self.clock.now(), |product| {
                let ProcessedImage { width, height, hash } = processed.clone();
                let image = Image { id: upload.id, alt: upload.alt.clone(), position: 0, width, height, hash };
                append(&mut product.images, image);
            });
            let settle = self.catalog.settle_image_upload(&upload.with_result(None))?;
            let writes = self.product_writes(&before, after, RevisionKind::ImageAdded, vec![settle], trace)?;
            Ok(writes.at_any_version(true).into())
        };
        let completed = self.write().unavailable_when_contended().run(decide).await;
        self.catalog.evict(upload.product_id);
        completed
    }

    /// Refuses an upload. False if it was settled before. 1 round trip.
    pub async fn refuse_image_upload(&self, upload: &ImageUpload, reason: ImageRefusal) -> Result<bool> {
        Ok(self.catalog.settle_image_upload(&upload.with_result(Some(reason)))?.run().await?.is_ok())
    }
}
