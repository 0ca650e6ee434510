//! Pictures of a product: announced, made, described, moved and taken away. What happens to the file in between is the uploads
//! function's; that it happens once, whatever comes twice, is the upload's row's.

use aws_kit::{Backoff, Idempotency, Idempotent, Transaction};
use futures::future::try_join;
use values::{Error, ExpectedVersion, ImageId, Kind, ProductId, Result, Trace};

use crate::history::Kind as Change;
use crate::image::{changed, with_new, without};
use crate::{Alt, Image, ImageUpload, Listing, NewImage, Products, Refusal, UploadState};

/// The most pictures of a product.
pub const MOST_IMAGES: usize = 20;

/// A picture that was made of an upload.
#[derive(Debug, Clone)]
pub struct Made {
    /// Of the original, upright.
    pub width: u32,
    /// Of the original, upright.
    pub height: u32,
    /// Names its files.
    pub hash: String,
}

/// What is known of a picture: how its upload went, and how the product shows it.
#[derive(Debug, Clone)]
pub struct ImageFound {
    /// Remembered for a day.
    pub upload: Option<ImageUpload>,
    /// There once it is ready.
    pub image: Option<Image>,
}

impl Products {
    /// Announces a picture: from now on its file is awaited. 409 `too_many_images`, counting those that are awaited;
    /// 422 `image_type_unsupported`, `image_size`. 2 round trips.
    pub async fn announce_image(
        &self,
        product: ProductId,
        new: &NewImage,
        trace: &Trace,
        idempotency: Option<&Idempotency>,
    ) -> Result<Idempotent<ImageUpload>> {
        let tried = self.try_announce(product, new, trace, idempotency).await;
        self.or_earlier(tried, idempotency).await
    }

    async fn try_announce(
        &self,
        product: ProductId,
        new: &NewImage,
        trace: &Trace,
        idempotency: Option<&Idempotency>,
    ) -> Result<Idempotent<ImageUpload>> {
        new.check()?;
        let looks = try_join(self.at_version(product, None), self.catalog.image_uploads(product));
        let (listing, uploads) = looks.await?;
        let now = self.clock.now();
        let awaited = uploads.iter().filter(|upload| upload.is_awaited(now)).count();
        if listing.product.images.len() + awaited >= MOST_IMAGES {
            let detail =
                format!("A product has {MOST_IMAGES} images at most, and this one has them. Remove one first.");
            return Err(Error::conflict("too_many_images", detail));
        }
        let (actor, correlation) = (trace.actor.clone(), trace.correlation_id.clone());
        let upload = ImageUpload::begin(self.clock.mint(), product, new, actor, correlation, now)?;
        let mut writes = Transaction::new();
        writes.add(self.catalog.create_image_upload(&upload)?);
        Ok(self.commit(writes, upload, idempotency).await?)
    }

    /// How an upload goes; none when it was announced more than a day ago, or never. 1 round trip.
    pub async fn image_upload(&self, product: ProductId, image: ImageId) -> Result<Option<ImageUpload>> {
        let upload = self.catalog.image_upload(product, image).await?;
        Ok(upload.filter(|upload| upload.is_kept(self.clock.now())))
    }

    /// What is known of a picture. 404 when that is nothing, or when it was taken away. 1 or 2 round trips.
    pub async fn image(&self, product: ProductId, image: ImageId) -> Result<ImageFound> {
        let upload = self.image_upload(product, image).await?;
        if upload.as_ref().is_some_and(|upload| upload.state != UploadState::Ready) {
            return Ok(ImageFound { upload, image: None });
        }
        let listing = self.catalog.listing(product).await?;
        let images = listing.map(|listing| listing.product.images).unwrap_or_default();
        match images.into_iter().find(|shown| shown.id == image) {
            Some(shown) => Ok(ImageFound { upload, image: Some(shown) }),
            None => Err(Error::not_found("image")),
        }
    }

    /// The product shows what was made of an upload, as its last picture. Changes nothing when the upload was settled before, by
    /// this same event for one; then `false`. An upload that the product has no more room for is refused. 2 round trips, 2 more for
    /// each change of the product that came between.
    pub async fn image_made(&self, upload: &ImageUpload, made: &Made, trace: &Trace) -> Result<bool> {
        let mut backoff = Backoff::start();
        loop {
            let before = match self.at_version(upload.product_id, None).await {
                Err(error) if matches!(error.kind, Kind::Conflict | Kind::NotFound) => {
                    return self.image_refused(upload, Refusal::ProductArchived).await;
                }
                found => found?,
            };
            if before.product.images.len() >= MOST_IMAGES {
                return self.image_refused(upload, Refusal::TooManyImages).await;
            }
            let after = before.changed(self.clock.now(), |product| with_new(&mut product.images, upload, made));
            let settled = self.catalog.settle_image_upload(&upload.settled(None))?;
            match self.save(&before, after, Change::ImageAdded, vec![settled], trace, None).await {
                Ok(_) => return Ok(true),
                // Either the product is another by now, or the upload is settled.
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

    /// An upload becomes no picture. `false` when it was settled before. 1 round trip.
    pub async fn image_refused(&self, upload: &ImageUpload, reason: Refusal) -> Result<bool> {
        Ok(self.catalog.settle_image_upload(&upload.settled(Some(reason)))?.run().await?.is_ok())
    }

    /// Describes a picture and gives it its place, from 0; the others move up or down. 404, 412 `version_mismatch`,
    /// 422 `position_out_of_range`. 2 round trips.
    pub async fn change_image(
        &self,
        product: ProductId,
        version: &ExpectedVersion,
        image: ImageId,
        alt: Option<Alt>,
        position: u32,
        trace: &Trace,
    ) -> Result<Listing> {
        let before = self.at_version(product, Some(version)).await?;
        let mut images = before.product.images.clone();
        changed(&mut images, image, alt, position)?;
        self.with_images(before, images, Change::ImageChanged, trace).await
    }

    /// Takes a picture off a product. Its files stay: another product may show the same. 404, 412 `version_mismatch`. 2 round trips.
    pub async fn remove_image(
        &self,
        product: ProductId,
        version: &ExpectedVersion,
        image: ImageId,
        trace: &Trace,
    ) -> Result<Listing> {
        let before = self.at_version(product, Some(version)).await?;
        let mut images = before.product.images.clone();
        without(&mut images, image)?;
        self.with_images(before, images, Change::ImageRemoved, trace).await
    }

    async fn with_images(&self, before: Listing, images: Vec<Image>, kind: Change, trace: &Trace) -> Result<Listing> {
        let after = before.changed(self.clock.now(), |product| product.images = images);
        match self.save(&before, after, kind, Vec::new(), trace, None).await? {
            Idempotent::Fresh(listing) | Idempotent::Replayed(listing) => Ok(listing),
        }
    }
}

impl ImageUpload {
    fn settled(&self, reason: Option<Refusal>) -> Self {
        let state = if reason.is_some() { UploadState::Refused } else { UploadState::Ready };
        Self { state, reason, ..self.clone() }
    }
}
