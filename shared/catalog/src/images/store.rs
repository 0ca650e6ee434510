//! Rows of uploads. The images themselves are part of the product's row.
//!
//! | pattern | key condition | on | cost |
//! |---|---|---|---|
//! | one upload | `PRODUCT#{id}` / `IMAGE#{image}` | table | 1 read unit |
//! | uploads of a product | `PRODUCT#{id}` / `IMAGE#…` | table, Query | 1 read unit per 4 KB |
//! | announce, settle | `PRODUCT#{id}` / `IMAGE#{image}`, while pending | table | 1 write unit (2 in a transaction) |

use aws_kit::{Key, Query, Write};
use values::{ImageId, ProductId, Result};

use crate::product::store::partition;
use crate::{Catalog, ImageUpload, UploadState};

/// More than can be announced for a product in a day.
const MAX_UPLOADS: u32 = 1_000;

impl Catalog {
    /// One upload. 1 round trip.
    pub(crate) async fn image_upload(&self, product: ProductId, image: ImageId) -> Result<Option<ImageUpload>> {
        self.table().get(image_key(product, image)).await
    }

    /// The uploads of a product in the last day. 1 round trip.
    pub(crate) async fn image_uploads(&self, product: ProductId) -> Result<Vec<ImageUpload>> {
        Query::of(self.table(), partition(product)).begins_with("IMAGE#").first(MAX_UPLOADS).await
    }

    /// The write of a new upload.
    pub(crate) fn create_image_upload(&self, upload: &ImageUpload) -> Result<Write> {
        Write::create(self.table(), image_key(upload.product_id, upload.id), upload)
    }

    /// The write of a settled upload. Its condition fails if the upload was settled before.
    pub(crate) fn settle_image_upload(&self, upload: &ImageUpload) -> Result<Write> {
        Write::put(self.table(), image_key(upload.product_id, upload.id), upload)?
            .when("#state = :pending")
            .name("#state", "state")
            .value(":pending", UploadState::Pending)
    }
}

fn image_key(product: ProductId, image: ImageId) -> Key {
    Key::new(partition(product), format!("IMAGE#{image}"))
}
