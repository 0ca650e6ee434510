//! Use cases: change or remove an image.

use aws_kit::Idempotent;
use values::{ExpectedVersion, ImageId, ProductId, Result, Trace};

use crate::images::image::{change, remove};
use crate::{Alt, CatalogService, Image, Listing, RevisionKind};

impl CatalogService {
    /// Changes the text and the position of an image. Positions start at 0; the other images move. 404; 412
    /// `version_mismatch`; 422 `position_out_of_range`. 2 round trips.
    pub async fn change_image(
        &self,
        product: ProductId,
        version: &ExpectedVersion,
        image: ImageId,
        alt: Option<Alt>,
        position: u32,
        trace: &Trace,
    ) -> Result<Listing> {
        let before = self.listing_at_version(product, Some(version)).await?;
        let mut images = before.product.images.clone();
        change(&mut images, image, alt, position)?;
        self.with_images(before, images, RevisionKind::ImageChanged, trace).await
    }

    /// Removes an image from a product. Its files stay, because another product may show the same image. 404; 412
    /// `version_mismatch`. 2 round trips.
    pub async fn remove_image(
        &self,
        product: ProductId,
        version: &ExpectedVersion,
        image: ImageId,
        trace: &Trace,
    ) -> Result<Listing> {
        let before = self.listing_at_version(product, Some(version)).await?;
        let mut images = before.product.images.clone();
        remove(&mut images, image)?;
        self.with_images(before, images, RevisionKind::ImageRemoved, trace).await
    }

    async fn with_images(
        &self,
        before: Listing,
        images: Vec<Image>,
        kind: RevisionKind,
        trace: &Trace,
    ) -> Result<Listing> {
        let after = before.with_change(self.clock.now(), |product| product.images = images);
        match self.save(&before, after, kind, Vec::new(), trace, None).await? {
            Idempotent::Fresh(listing) | Idempotent::Replayed(listing) => Ok(listing),
        }
    }
}
