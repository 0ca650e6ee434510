//! Use cases: change or remove an image.

use aws_kit::{ConditionFailures, Idempotent};
use values::{ExpectedVersion, ImageId, ProductId, Result, Trace};

use crate::images::image::{change, remove};
use crate::{Alt, CatalogService, Image, Listing, RevisionKind};

impl CatalogService {
    /// Changes the text and the position of an image. Positions start at 0; the other images move. 404; 412
    /// `version_mismatch`; 422 `position_out_of_range`. 2 round trips.
    pub async fn change_image(
        &self,
        product: ProductId,
        expected: &ExpectedVersion,
        image: ImageId,
        alt: Option<Alt>,
        position: u32,
        trace: &Trace,
    ) -> Result<Listing> {
        self.edit_images(product, expected, RevisionKind::ImageChanged, trace, |images| {
            change(images, image, alt.clone(), position)
        })
        .await
    }

    /// Removes an image from a product. Its files stay, because another product may show the same image. 404; 412
    /// `version_mismatch`. 2 round trips.
    pub async fn remove_image(
        &self,
        product: ProductId,
        expected: &ExpectedVersion,
        image: ImageId,
        trace: &Trace,
    ) -> Result<Listing> {
        self.edit_images(product, expected, RevisionKind::ImageRemoved, trace, |images| remove(images, image).map(drop))
            .await
    }

    async fn edit_images(
        &self,
        product: ProductId,
        expected: &ExpectedVersion,
        kind: RevisionKind,
        trace: &Trace,
        edit: impl Fn(&mut Vec<Image>) -> Result<()>,
    ) -> Result<Listing> {
        let edit = &edit;
        let decide = |_: Option<ConditionFailures>| async move {
            let before = self.listing_at_version(product, Some(expected)).await?;
            let mut images = before.product.images.clone();
            edit(&mut images)?;
            let after = before.with_change(self.clock.now(), |product| product.images = images);
            Ok(self.product_writes(&before, after, kind, Vec::new(), trace)?.at_version().into())
        };
        self.write_product(product, None, decide).await.map(Idempotent::into_inner)
    }
}
