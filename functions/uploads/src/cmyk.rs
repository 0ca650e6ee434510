//! JPEG files of four inks (CMYK). A sample is either an amount of ink, or 255 minus that amount, and the file does not say which.
//!
//! | Adobe's APP14 segment | profile for inks | a sample is | because |
//! |---|---|---|---|
//! | yes | with or without | 255 minus the ink | Adobe writes it so, and all that follow it |
//! | no | yes | the amount of ink | ISO/IEC 10918-6, 6.1, and ICC.1, where 0 is no ink |
//! | no | no | 255 minus the ink | a program has removed the metadata of Adobe's file; browsers show it so, too |
//!
//! YCCK is CMYK in another encoding. Only Adobe's segment can name it.

use catalog::ImageRefusal;
use image::{DynamicImage, RgbImage};
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use crate::jpeg_segments::JpegSegments;

/// Bytes of the colour space in the header of a profile (ICC.1, 7.2.8), and its signature for inks.
const COLOR_SPACE: std::ops::Range<usize> = 16..20;
const INKS: &[u8] = b"CMYK";

/// Are the samples of a file amounts of ink? If not, the decoder of the crate `image` reads them as it reads Adobe's.
pub(crate) fn has_ink_amounts(segments: &JpegSegments, profile: Option<&[u8]>) -> bool {
    let is_for_inks = profile.and_then(|profile| profile.get(COLOR_SPACE)) == Some(INKS);
    segments.components == Some(4) && !segments.has_adobe_marker && is_for_inks
}

/// Decodes a file whose samples are amounts of ink. Its size must have been checked.
pub(crate) fn decode_ink_amounts(file: &[u8]) -> Result<DynamicImage, ImageRefusal> {
    let options = DecoderOptions::default().jpeg_set_out_colorspace(ColorSpace::CMYK).set_strict_mode(false);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(file), options);
    let mut samples = decoder.decode().map_err(|_| ImageRefusal::Unreadable)?;
    let (width, height) = decoder.dimensions().ok_or(ImageRefusal::Unreadable)?;
    let pixels = samples.len() / 4;
    // In the same memory: the three colours of a pixel are never behind its four inks.
    for pixel in 0..pixels {
        let inks = [0, 1, 2, 3].map(|ink| u32::from(samples[4 * pixel + ink]));
        for color in 0..3 {
            samples[3 * pixel + color] = light(inks[color], inks[3]);
        }
    }
    samples.truncate(3 * pixels);
    let side = |side: usize| u32::try_from(side).map_err(|_| ImageRefusal::TooManyPixels);
    let image = RgbImage::from_raw(side(width)?, side(height)?, samples).ok_or(ImageRefusal::Unreadable)?;
    Ok(DynamicImage::ImageRgb8(image))
}

/// The light that an ink and black leave, each from 0 to 255.
fn light(ink: u32, black: u32) -> u8 {
    (((255 - ink) * (255 - black) + 127) / 255) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn profile_for_inks_decides_where_there_is_no_marker() {
        let mut profile = vec![0; 128];
        profile[COLOR_SPACE].copy_from_slice(INKS);
        let mut other = profile.clone();
        other[COLOR_SPACE].copy_from_slice(b"RGB ");
        let file = |components, has_adobe_marker| JpegSegments { components, has_adobe_marker, has_end: true };
        assert!(has_ink_amounts(&file(Some(4), false), Some(&profile)));
        assert!(!has_ink_amounts(&file(Some(4), true), Some(&profile)));
        assert!(!has_ink_amounts(&file(Some(3), false), Some(&profile)));
        for without in [None, Some(&other[..]), Some(&b"short"[..])] {
            assert!(!has_ink_amounts(&file(Some(4), false), without));
        }
    }

    #[test]
    fn ink_takes_light() {
        assert_eq!([light(0, 0), light(255, 0), light(0, 255), light(128, 0)], [255, 0, 0, 127]);
    }
}
