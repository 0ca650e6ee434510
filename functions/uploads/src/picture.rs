//! From what somebody uploaded to three pictures that a page can show: looked at before it is decoded, decoded within bounds,
//! turned upright, shrunk, and written anew, so that nothing of the file but its pixels goes on.

use std::io::Cursor;
use std::panic::catch_unwind;

use aws_kit::sha256_hex;
use catalog::{ImageRefusal, ImageSize, ImageType, MAX_PIXELS, MAX_SIDE};
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};

use crate::color::to_srgb;
use crate::sizes::{encode, fit};
use crate::webp_frame;

/// What the largest picture is while it is decoded: 40 megapixels of 8 bytes each (16 bits a channel), and the decoder's own tables.
const MAX_MEMORY: u64 = 400 * 1024 * 1024;

/// What is served of one upload.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Picture {
    /// Of the original, upright.
    pub(crate) width: u32,
    /// Of the original, upright.
    pub(crate) height: u32,
    /// Names all three files by what is in them.
    pub(crate) hash: String,
    /// WebP, largest first.
    pub(crate) files: Vec<(ImageSize, Vec<u8>)>,
}

/// Makes the pictures of an upload that was declared to be a `declared`. A decoder that panics has met a file that is none.
pub(crate) fn make(bytes: &[u8], declared: ImageType) -> Result<Picture, ImageRefusal> {
    catch_unwind(|| make_unguarded(bytes, declared)).unwrap_or(Err(ImageRefusal::Unreadable))
}

fn make_unguarded(bytes: &[u8], declared: ImageType) -> Result<Picture, ImageRefusal> {
    let decoded = decode(bytes, sniff(bytes, declared)?)?;
    let (width, height) = (decoded.image.width(), decoded.image.height());
    let mut next = to_srgb(fit(eight_bits(decoded.image), ImageSize::Large.pixels()), decoded.profile.as_deref());
    let mut files = Vec::new();
    for size in [ImageSize::Large, ImageSize::Medium, ImageSize::Small] {
        next = fit(next, size.pixels());
        files.push((size, encode(&next)?));
    }
    let bytes: Vec<u8> = files.iter().flat_map(|(_, bytes)| bytes.iter().copied()).collect();
    let hash = sha256_hex(&bytes).chars().take(32).collect();
    Ok(Picture { width, height, hash, files })
}

/// What the first bytes say it is, which must be what was declared: a page of HTML called `.png` ends here.
fn sniff(bytes: &[u8], declared: ImageType) -> Result<ImageFormat, ImageRefusal> {
    let declared = match declared {
        ImageType::Jpeg => ImageFormat::Jpeg,
        ImageType::Png => ImageFormat::Png,
        ImageType::Webp => ImageFormat::WebP,
    };
    match image::guess_format(bytes) {
        Ok(format) if format == declared => Ok(format),
        Ok(_) => Err(ImageRefusal::TypeMismatch),
        Err(_) => Err(ImageRefusal::NotAnImage),
    }
}

struct Decoded {
    /// Upright.
    image: DynamicImage,
    /// What its colours mean, when the file says so.
    profile: Option<Vec<u8>>,
}

fn decode(bytes: &[u8], format: ImageFormat) -> Result<Decoded, ImageRefusal> {
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    (limits.max_image_width, limits.max_image_height) = (Some(MAX_SIDE), Some(MAX_SIDE));
    limits.max_alloc = Some(MAX_MEMORY);
    reader.limits(limits);
    // Reads the header alone.
    let mut decoder = reader.into_decoder().map_err(refusal)?;
    check_pixels(decoder.dimensions())?;
    if format == ImageFormat::WebP {
        webp_frame::sizes(bytes).try_for_each(check_pixels)?;
    }
    let profile = decoder.icc_profile().unwrap_or_default();
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut image = DynamicImage::from_decoder(decoder).map_err(refusal)?;
    image.apply_orientation(orientation);
    Ok(Decoded { image, profile })
}

fn check_pixels((width, height): (u32, u32)) -> Result<(), ImageRefusal> {
    let pixels = u64::from(width) * u64::from(height);
    match width <= MAX_SIDE && height <= MAX_SIDE && pixels <= MAX_PIXELS {
        true if pixels == 0 => Err(ImageRefusal::Unreadable),
        true => Ok(()),
        false => Err(ImageRefusal::TooManyPixels),
    }
}

fn refusal(error: ImageError) -> ImageRefusal {
    match error {
        ImageError::Limits(_) => ImageRefusal::TooManyPixels,
        _ => ImageRefusal::Unreadable,
    }
}

/// WebP knows 8 bits a channel, in colour, with or without transparency.
fn eight_bits(image: DynamicImage) -> DynamicImage {
    match image.color().has_alpha() {
        true => DynamicImage::ImageRgba8(image.into_rgba8()),
        false => DynamicImage::ImageRgb8(image.into_rgb8()),
    }
}

#[cfg(test)]
#[path = "picture_tests.rs"]
mod tests;
