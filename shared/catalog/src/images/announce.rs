//! Use case: announce the upload of an image.

use aws_kit::{Changes, ConditionFailures, Idempotency, Idempotent};
use futures::future::try_join;
use values::{Error, ProductId, Result, Trace};

use crate::{CatalogService, ImageUpload, MAX_IMAGES, NewImage};

impl CatalogService {
    /// Announces an image, so that its file can be uploaded. 409 `too_many_images`, open uploads included; 422
    /// `image_type_unsupported` or `image_size`. 2 round trips.
    pub async fn announce_image(
        &self,
        product: ProductId,
        new: &NewImage,
        trace: &Trace,
        idempotency: Option<&Idempotency>,
    ) -> Result<Idempotent<ImageUpload>> {
        let decide = |_: Option<ConditionFailures>| async move {
            new.check()?;
            let reads = try_join(self.listing_at_version(product, None), self.catalog.image_uploads(product));
            let (listing, uploads) = reads.await?;
            let now = self.clock.now();
            let open = uploads.iter().filter(|upload| upload.is_open(now)).count();
            if listing.product.images.len() + open >= MAX_IMAGES {
                let detail = format!("The product has {MAX_IMAGES} images, the most allowed. Remove one first.");
                return Err(Error::conflict("too_many_images", detail));
            }
            let (actor, correlation) = (trace.actor.clone(), trace.correlation_id.clone());
            let upload = ImageUpload::new(self.clock.mint(), product, new, actor, correlation, now)?;
            Ok(Changes::new(vec![self.catalog.create_image_upload(&upload)?], upload).into())
        };
        self.write().run_idempotent(idempotency, decide).await
    }
}
