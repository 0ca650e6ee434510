//! The upload of an image: what may be uploaded, and its state.

use serde::{Deserialize, Serialize};
use values::{Actor, Error, ImageId, ProductId, Result, Timestamp};

use crate::Alt;

/// The most bytes of an upload.
pub const MAX_IMAGE_BYTES: u64 = 10 * 1024 * 1024;
/// The most pixels of an image.
pub const MAX_PIXELS: u64 = 40_000_000;
/// The most pixels of one side of an image.
pub const MAX_SIDE: u32 = 12_000;
/// How long the presigned URL of an upload is valid.
const UPLOAD_SECONDS: i64 = 15 * 60;
/// How long the state of an upload is kept. An unprocessed file is deleted after the same time.
const RETENTION_SECONDS: i64 = 24 * 3600;
/// The folder of uploaded images, until they are processed.
const FOLDER: &str = "uploads/images/";

/// The allowed types. SVG is not allowed, because it can contain scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub enum ImageType {
    /// ISO 10918.
    #[serde(rename = "image/jpeg")]
    Jpeg,
    /// ISO 15948.
    #[serde(rename = "image/png")]
    Png,
    /// RFC 9649.
    #[serde(rename = "image/webp")]
    Webp,
}

impl ImageType {
    const ALL: [Self; 3] = [Self::Jpeg, Self::Png, Self::Webp];

    /// The media type.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Webp => "image/webp",
        }
    }
}

/// Why an upload was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ImageRefusal {
    /// The file is not a JPEG, PNG or WebP image.
    NotAnImage,
    /// The file is an image of another type than announced.
    TypeMismatch,
    /// The file has another size than announced.
    SizeMismatch,
    /// The image has more than 40 million pixels, or 12,000 on one side.
    TooManyPixels,
    /// The file ends before its image does.
    Truncated,
    /// The file is a HEIC image.
    HeicNotSupported,
    /// The file is an AVIF image.
    AvifNotSupported,
    /// The image cannot be decoded.
    Unreadable,
    /// The product had no room for another image.
    TooManyImages,
    /// The product was archived meanwhile.
    ProductArchived,
}

impl ImageRefusal {
    /// What is wrong and what to do, for the admin who uploads the image.
    pub fn message(self) -> &'static str {
        match self {
            Self::NotAnImage => "The file is not a JPEG, PNG or WebP image. Upload one of these.",
            Self::TypeMismatch => {
                "The file is an image of another type than announced. Announce it again with its own type: JPEG, PNG or WebP."
            }
            Self::SizeMismatch => {
                "The file has another size than announced. Announce it again with its exact size in bytes."
            }
            Self::TooManyPixels => {
                "The image has more than 40 million pixels, or more than 12,000 on one side. Make it smaller."
            }
            Self::Truncated => {
                "The file ends before its image does. Copy or export the image again, and upload the whole file."
            }
            Self::HeicNotSupported => {
                "The file is a HEIC image, as phones write them. Export it as JPEG, and upload that file."
            }
            Self::AvifNotSupported => {
                "The file is an AVIF image. Export it as JPEG, PNG or WebP, and upload that file."
            }
            Self::Unreadable => {
                "The image is damaged and cannot be decoded. Open it in an image program, save it again, and upload that file."
            }
            Self::TooManyImages => "The product had no room for another image. Remove one of its images first.",
            Self::ProductArchived => {
                "The product was archived before the image was processed. Upload images of products that are for sale."
            }
        }
    }
}

/// The state of an upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum UploadState {
    /// The file is not uploaded or not processed yet.
    Pending,
    /// The product shows the image.
    Ready,
    /// The file was refused and deleted.
    Refused,
}

/// An image that an admin wants to upload.
#[derive(Debug, Clone)]
pub struct NewImage {
    /// The media type.
    pub content_type: String,
    /// The exact size of the file.
    pub bytes: u64,
    pub alt: Option<Alt>,
}

/// The row of an upload.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ImageUpload {
    /// The id of the image to be.
    pub id: ImageId,
    pub product_id: ProductId,
    pub state: UploadState,
    /// Why it was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<ImageRefusal>,
    /// The announced type.
    pub content_type: ImageType,
    /// The announced size of the file.
    pub bytes: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alt: Option<Alt>,
    /// Who uploads it. The history of the product names them.
    pub actor: Actor,
    /// The request that announced it.
    pub correlation_id: String,
    pub created_at: Timestamp,
    /// Seconds since 1970. DynamoDB deletes the row at this time or later.
    pub expires_at: i64,
}

impl NewImage {
    /// Rejects other types and sizes. 422 `image_type_unsupported`, `image_size`.
    pub(crate) fn check(&self) -> Result<ImageType> {
        let supported = ImageType::ALL.into_iter().find(|supported| supported.as_str() == self.content_type);
        let content_type = supported.ok_or_else(|| {
            let message =
                "must be image/jpeg, image/png or image/webp; export HEIC, AVIF and other images as one of these";
            Error::invalid("contentType", "image_type_unsupported", message)
        })?;
        match (1..=MAX_IMAGE_BYTES).contains(&self.bytes) {
            true => Ok(content_type),
            false => {
                let message = format!("must be the exact size of the file, from 1 to {MAX_IMAGE_BYTES}");
                Err(Error::invalid("bytes", "image_size", message))
            }
        }
    }
}

impl ImageUpload {
    pub(crate) fn new(
        id: ImageId,
        product_id: ProductId,
        new: &NewImage,
        actor: Actor,
        correlation_id: String,
        now: Timestamp,
    ) -> Result<Self> {
        let expires_at = now.plus_seconds(RETENTION_SECONDS).seconds();
        let (content_type, bytes, alt) = (new.check()?, new.bytes, new.alt.clone());
        let (state, reason, created_at) = (UploadState::Pending, None, now);
        Ok(Self {
            id,
            product_id,
            state,
            reason,
            content_type,
            bytes,
            alt,
            actor,
            correlation_id,
            created_at,
            expires_at,
        })
    }

    /// The bucket key of the upload.
    pub fn file(&self) -> String {
        format!("{FOLDER}{}/{}", self.product_id, self.id)
    }

    /// The product and the image of an upload's bucket key.
    pub fn of_file(file: &str) -> Option<(ProductId, ImageId)> {
        let (product, image) = file.strip_prefix(FOLDER)?.split_once('/')?;
        Some((product.parse().ok()?, image.parse().ok()?))
    }

    /// Is it not settled yet?
    pub fn is_pending(&self) -> bool {
        self.state == UploadState::Pending
    }

    /// When its presigned URL expires.
    pub fn upload_deadline(&self) -> Timestamp {
        self.created_at.plus_seconds(UPLOAD_SECONDS)
    }

    /// Can it still become an image? After the deadline its file cannot be uploaded.
    pub(crate) fn is_open(&self, now: Timestamp) -> bool {
        self.is_pending() && now < self.upload_deadline()
    }

    /// Does it still count? DynamoDB deletes expired rows late.
    pub(crate) fn is_retained(&self, now: Timestamp) -> bool {
        now.seconds() < self.expires_at
    }

    pub(crate) fn with_result(&self, reason: Option<ImageRefusal>) -> Self {
        let state = if reason.is_some() { UploadState::Refused } else { UploadState::Ready };
        Self { state, reason, ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use values::Clock;

    fn request(content_type: &str, bytes: u64) -> NewImage {
        NewImage { content_type: content_type.to_owned(), bytes, alt: None }
    }

    fn upload() -> ImageUpload {
        let clock = Clock::fixed(Timestamp::from_millis(1_764_000_000_000));
        let (id, product, actor) = (clock.mint(), clock.mint(), Actor::system("test"));
        ImageUpload::new(id, product, &request("image/png", 70), actor, "req".into(), clock.now()).unwrap()
    }

    #[test]
    fn upload_is_an_image_of_at_most_ten_megabytes() {
        assert_eq!(request("image/webp", MAX_IMAGE_BYTES).check().unwrap(), ImageType::Webp);
        for bytes in [0, MAX_IMAGE_BYTES + 1] {
            assert_eq!(request("image/jpeg", bytes).check().unwrap_err().fields[0].code, "image_size");
        }
        for other in ["image/svg+xml", "image/gif", "text/html", "IMAGE/PNG", "image/png; q=1", ""] {
            assert_eq!(request(other, 9).check().unwrap_err().fields[0].code, "image_type_unsupported", "{other:?}");
        }
    }

    #[test]
    fn every_refusal_has_a_code_and_says_what_to_do() {
        let refusals = [
            (ImageRefusal::NotAnImage, "not_an_image"),
            (ImageRefusal::TypeMismatch, "type_mismatch"),
            (ImageRefusal::SizeMismatch, "size_mismatch"),
            (ImageRefusal::TooManyPixels, "too_many_pixels"),
            (ImageRefusal::Truncated, "truncated"),
            (ImageRefusal::HeicNotSupported, "heic_not_supported"),
            (ImageRefusal::AvifNotSupported, "avif_not_supported"),
            (ImageRefusal::Unreadable, "unreadable"),
            (ImageRefusal::TooManyImages, "too_many_images"),
            (ImageRefusal::ProductArchived, "product_archived"),
        ];
        for (refusal, code) in refusals {
            assert_eq!(serde_json::to_value(refusal).unwrap(), code);
            let sentences = refusal.message().matches(". ").count() + 1;
            assert!(refusal.message().ends_with('.') && sentences == 2, "{}", refusal.message());
        }
    }

    #[test]
    fn bucket_key_names_product_and_image() {
        let upload = upload();
        assert_eq!(ImageUpload::of_file(&upload.file()), Some((upload.product_id, upload.id)));
        let (product, image) = (upload.product_id, upload.id);
        for other in [format!("uploads/imports/{image}"), format!("uploads/images/{image}/{product}"), "media/x".into()]
        {
            assert_eq!(ImageUpload::of_file(&other), None, "{other}");
        }
    }

    #[test]
    fn upload_is_open_for_15_minutes_and_kept_for_a_day() {
        let upload = upload();
        let after = |seconds| upload.created_at.plus_seconds(seconds);
        assert!(upload.is_open(after(899)) && !upload.is_open(after(900)));
        assert!(upload.is_retained(after(86_399)) && !upload.is_retained(after(86_400)));
        let done = ImageUpload { state: UploadState::Ready, ..upload.clone() };
        assert!(!done.is_open(after(0)));
    }
}
