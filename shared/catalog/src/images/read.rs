//! Use case: read the state of an image.

use values::{Error, ImageId, ProductId, Result};

use crate::{CatalogService, Image, ImageUpload, UploadState};

/// The state of an image: its upload, and the image of the product.
#[derive(Debug, Clone)]
pub struct ImageStatus {
    /// Kept for a day.
    pub upload: Option<ImageUpload>,
    /// Exists once the upload is ready.
    pub image: Option<Image>,
}

impl CatalogService {
    /// The state of an upload. `None` if it was announced more than a day ago, or never. 1 round trip.
    pub async fn image_upload(&self, product: ProductId, image: ImageId) -> Result<Option<ImageUpload>> {
        let upload = self.catalog.image_upload(product, image).await?;
        Ok(upload.filter(|upload| upload.is_retained(self.clock.now())))
    }

    /// The state of an image. 404 if it was never announced, or was removed. 1 or 2 round trips.
    pub async fn image(&self, product: ProductId, image: ImageId) -> Result<ImageStatus> {
        let upload = self.image_upload(product, image).await?;
        if upload.as_ref().is_some_and(|upload| upload.state != UploadState::Ready) {
            return Ok(ImageStatus { upload, image: None });
        }
        let listing = self.catalog.listing(product).await?;
        let images = listing.map(|listing| listing.product.images).unwrap_or_default();
        match images.into_iter().find(|shown| shown.id == image) {
            Some(shown) => Ok(ImageStatus { upload, image: Some(shown) }),
            None => Err(Error::not_found("image")),
        }
    }
}
