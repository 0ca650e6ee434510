//! Converts an uploaded file to three images. The file is checked before it is decoded, decoded within limits, rotated,
//! shrunk and written anew. Nothing but its pixels is kept.

use std::io::Cursor;
use std::panic::catch_unwind;

use aws_kit::sha256_hex;
use catalog::{ImageRefusal, ImageSize, ImageType, MAX_PIXELS, MAX_SIDE};
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};

use crate::cmyk::{decode_ink_amounts, has_ink_amounts};
use crate::color::to_srgb;
use crate::file_end::is_whole;
use crate::heif::heif_refusal;
use crate::jpeg_segments::jpeg_segments;
use crate::sizes::{encode, fit};
use crate::webp_frame;

/// The memory for the largest image while it is decoded: 40 megapixels of 8 bytes (16 bits per channel), and the
/// decoder's tables.
const MAX_MEMORY: u64 = 400 * 1024 * 1024;

/// What is served of one upload.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ConvertedImage {
    /// Pixels of the original, after its rotation.
    pub(crate) width: u32,
    /// Pixels of the original, after its rotation.
    pub(crate) height: u32,
    /// Part of the names of all three files: a digest of their content.
    pub(crate) hash: String,
    /// WebP, largest first.
    pub(crate) files: Vec<(ImageSize, Vec<u8>)>,
}

/// Makes the images of an upload that was announced as `declared`. A panic of a decoder counts as an unreadable file.
pub(crate) fn convert(bytes: &[u8], declared: ImageType) -> Result<ConvertedImage, ImageRefusal> {
    catch_unwind(|| convert_unguarded(bytes, declared)).unwrap_or(Err(ImageRefusal::Unreadable))
}

fn convert_unguarded(bytes: &[u8], declared: ImageType) -> Result<ConvertedImage, ImageRefusal> {
    let format = sniff(bytes, declared)?;
    if !is_whole(bytes, format) {
        return Err(ImageRefusal::Truncated);
    }
    let decoded = decode(bytes, format)?;
    let (width, height) = (decoded.image.width(), decoded.image.height());
    let mut next = to_srgb(fit(eight_bits(decoded.image), ImageSize::Large.pixels()), decoded.profile.as_deref());
    let mut files = Vec::new();
    for size in [ImageSize::Large, ImageSize::Medium, ImageSize::Small] {
        next = fit(next, size.pixels());
        files.push((size, encode(&next)?));
    }
    let bytes: Vec<u8> = files.iter().flat_map(|(_, bytes)| bytes.iter().copied()).collect();
    let hash = sha256_hex(&bytes).chars().take(32).collect();
    Ok(ConvertedImage { width, height, hash, files })
}

/// The format by the first bytes. It must be the announced one, so an HTML page named `.png` is refused.
fn sniff(bytes: &[u8], declared: ImageType) -> Result<ImageFormat, ImageRefusal> {
    let declared = match declared {
        ImageType::Jpeg => ImageFormat::Jpeg,
        ImageType::Png => ImageFormat::Png,
        ImageType::Webp => ImageFormat::WebP,
    };
    if let Some(refusal) = heif_refusal(bytes) {
        return Err(refusal);
    }
    match image::guess_format(bytes) {
        Ok(format) if format == declared => Ok(format),
        Ok(ImageFormat::Jpeg | ImageFormat::Png | ImageFormat::WebP) => Err(ImageRefusal::TypeMismatch),
        // No other type can be announced, so "announce it again" would not help.
        Ok(_) | Err(_) => Err(ImageRefusal::NotAnImage),
    }
}

struct Decoded {
    /// After its rotation.
    image: DynamicImage,
    /// The colour profile, if the file has one.
    profile: Option<Vec<u8>>,
}

fn decode(bytes: &[u8], format: ImageFormat) -> Result<Decoded, ImageRefusal> {
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    (limits.max_image_width, limits.max_image_height) = (Some(MAX_SIDE), Some(MAX_SIDE));
    limits.max_alloc = Some(MAX_MEMORY);
    reader.limits(limits);
    // This reads only the header.
    let mut decoder = reader.into_decoder().map_err(refusal)?;
    check_pixels(decoder.dimensions())?;
    if format == ImageFormat::WebP {
        webp_frame::sizes(bytes).try_for_each(check_pixels)?;
    }
    let profile = decoder.icc_profile().unwrap_or_default();
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let has_ink_amounts = format == ImageFormat::Jpeg && has_ink_amounts(&jpeg_segments(bytes), profile.as_deref());
    let mut image = match has_ink_amounts {
        true => decode_ink_amounts(bytes)?,
        false => DynamicImage::from_decoder(decoder).map_err(refusal)?,
    };
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

/// WebP has 8 bits per channel, in colour, with or without transparency.
fn eight_bits(image: DynamicImage) -> DynamicImage {
    match image.color().has_alpha() {
        true => DynamicImage::ImageRgba8(image.into_rgba8()),
        false => DynamicImage::ImageRgb8(image.into_rgb8()),
    }
}

#[cfg(test)]
#[path = "convert_tests.rs"]
mod tests;
