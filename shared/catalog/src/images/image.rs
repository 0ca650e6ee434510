//! The images of a product, and the URLs of their files.

use aws_kit::Settings;
use serde::{Deserialize, Serialize};
use values::{Error, ImageId, Result, Text};

/// The alternative text of an image, for people who cannot see it.
pub type Alt = Text<200>;

/// One image of a product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Image {
    pub id: ImageId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alt: Option<Alt>,
    /// Its position among the images of the product, from 0.
    pub position: u32,
    /// Pixels of the original, after its rotation.
    pub width: u32,
    /// Pixels of the original, after its rotation.
    pub height: u32,
    /// Part of the names of its files: the first 32 hexadecimal digits of the SHA-256 of their content.
    pub hash: String,
}

/// The most images of a product.
pub const MAX_IMAGES: usize = 20;

/// A size in which each image is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImageSize {
    /// For lists.
    Small,
    /// For a product page.
    Medium,
    /// For a full screen.
    Large,
}

impl ImageSize {
    /// The longest side, in pixels.
    pub fn pixels(self) -> u32 {
        match self {
            Self::Small => 200,
            Self::Medium => 600,
            Self::Large => 1600,
        }
    }
}

/// An image that was made from an upload.
#[derive(Debug, Clone)]
pub struct ProcessedImage {
    /// Pixels of the original, after its rotation.
    pub width: u32,
    /// Pixels of the original, after its rotation.
    pub height: u32,
    /// Part of the names of its files.
    pub hash: String,
}

/// The bucket key of an image's file of one size. The content of a key never changes, so clients can cache it for ever.
pub fn media_file(hash: &str, size: ImageSize) -> String {
    format!("media/{hash}-{}.webp", size.pixels())
}

/// Adds an image after all others.
pub(crate) fn append(images: &mut Vec<Image>, image: Image) {
    images.push(image);
    number(images);
}

/// Changes the text and the position of an image.
pub(crate) fn change(images: &mut Vec<Image>, id: ImageId, alt: Option<Alt>, position: u32) -> Result<()> {
    let image = remove(images, id)?;
    let place = usize::try_from(position).unwrap_or(usize::MAX);
    if place > images.len() {
        let message = format!("must be from 0 (first) to {} (last)", images.len());
        return Err(Error::invalid("position", "position_out_of_range", message));
    }
    images.insert(place, Image { alt, ..image });
    number(images);
    Ok(())
}

/// Removes an image.
pub(crate) fn remove(images: &mut Vec<Image>, id: ImageId) -> Result<Image> {
    let place = images.iter().position(|image| image.id == id).ok_or_else(|| Error::not_found("image"))?;
    let image = images.remove(place);
    number(images);
    Ok(image)
}

fn number(images: &mut [Image]) {
    for (image, position) in images.iter_mut().zip(0..) {
        image.position = position;
    }
}

/// The base URL of images.
#[derive(Debug, Clone, Default)]
pub struct Media(String);

impl Media {
    /// The base URL in `SOUK_MEDIA_URL`.
    pub fn from_env() -> Self {
        Self::new(&Settings.optional("SOUK_MEDIA_URL").unwrap_or_default())
    }

    /// A given base URL.
    pub fn new(base: &str) -> Self {
        Self(base.trim_end_matches('/').to_owned())
    }

    /// The image as responses show it.
    pub fn image_out(&self, image: Image) -> ImageOut {
        let url = |size| format!("{}/{}", self.0, media_file(&image.hash, size));
        let (small, medium, large) = (url(ImageSize::Small), url(ImageSize::Medium), url(ImageSize::Large));
        let urls = Urls { small, medium, large };
        let Image { id, alt, position, width, height, .. } = image;
        ImageOut { id, alt, position, width, height, urls }
    }
}

/// An image as clients see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "Image"))]
#[serde(rename_all = "camelCase")]
pub struct ImageOut {
    /// The id of the image.
    #[cfg_attr(feature = "openapi", schemars(with = "values::schema::ImageId"))]
    id: ImageId,
    /// A description of the image for people who cannot see it.
    #[serde(skip_serializing_if = "Option::is_none")]
    alt: Option<Alt>,
    /// The position in the list, from 0.
    position: u32,
    /// In pixels of the original image, after rotation.
    width: u32,
    /// In pixels of the original image, after rotation.
    height: u32,
    urls: Urls,
}

/// URLs of WebP files in three sizes, which fit into squares of 200, 600 and 1600 pixels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "ImageUrls"))]
struct Urls {
    #[cfg_attr(feature = "openapi", schemars(url))]
    small: String,
    #[cfg_attr(feature = "openapi", schemars(url))]
    medium: String,
    #[cfg_attr(feature = "openapi", schemars(url))]
    large: String,
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use serde_json::json;

    pub(crate) fn image() -> Image {
        Image {
            id: values::Clock::fixed(values::Timestamp::from_millis(1_764_000_000_000)).mint(),
            alt: serde_json::from_value(json!("A mug, half full.")).unwrap(),
            position: 1,
            width: 2400,
            height: 1800,
            hash: "0123456789abcdef0123456789abcdef".to_owned(),
        }
    }

    #[test]
    fn image_is_served_in_three_sizes() {
        let shown = serde_json::to_value(Media::new("https://media.example/").image_out(image())).unwrap();
        assert_eq!(shown["urls"]["small"], "https://media.example/media/0123456789abcdef0123456789abcdef-200.webp");
        assert_eq!((&shown["alt"], &shown["width"]), (&json!("A mug, half full."), &json!(2400)));
        assert!(shown.get("hash").is_none());
    }

    fn three() -> Vec<Image> {
        let clock = values::Clock::fixed(values::Timestamp::from_millis(1_764_000_000_000));
        let mut images: Vec<Image> = (0..3).map(|_| Image { id: clock.mint(), ..image() }).collect();
        number(&mut images);
        images
    }

    fn order(images: &[Image], of: &[Image]) -> Vec<usize> {
        assert!(images.iter().zip(0..).all(|(image, place)| image.position == place), "{images:?}");
        let place = |image: &Image| of.iter().position(|was| was.id == image.id).unwrap();
        images.iter().map(place).collect()
    }

    #[test]
    fn moved_image_shifts_the_others() {
        for (from, to, expected) in [(2, 0, [2, 0, 1]), (0, 2, [1, 2, 0]), (1, 1, [0, 1, 2])] {
            let (before, mut images) = (three(), three());
            change(&mut images, before[from].id, None, to).unwrap();
            assert_eq!(order(&images, &before), expected);
            assert_eq!(images[to as usize].alt, None, "a missing text is removed");
        }
        let error = change(&mut three(), three()[0].id, None, 3).unwrap_err();
        assert_eq!(error.fields[0].code, "position_out_of_range");
    }

    #[test]
    fn removed_image_shifts_the_others() {
        let (before, mut images) = (three(), three());
        remove(&mut images, before[0].id).unwrap();
        assert_eq!(order(&images, &before), [1, 2]);
        assert_eq!(remove(&mut images, before[0].id).unwrap_err().code, "not_found");
    }
}
