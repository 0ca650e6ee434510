//! Shrinks images and encodes them as WebP.

use std::io::Cursor;

use catalog::ImageRefusal;
use image::codecs::webp::WebPEncoder;
use image::imageops::FilterType;
use image::{DynamicImage, RgbaImage};
use webp::Encoder;

/// The quality of lossy WebP. A photograph 1600 pixels wide takes a twentieth of its lossless size.
const QUALITY: f32 = 80.0;

/// The image, shrunk until both sides are at most `side`. A smaller image is returned as it is.
pub(crate) fn fit(image: DynamicImage, side: u32) -> DynamicImage {
    if image.width() <= side && image.height() <= side {
        return image;
    }
    // Transparent pixels have colours too, usually black. They must not darken visible edges.
    let image = match image {
        DynamicImage::ImageRgba8(pixels) => DynamicImage::ImageRgba8(map_pixels(pixels, premultiply_alpha)),
        opaque => opaque,
    };
    // The fine filter takes seconds for 40 megapixels. Down to twice the size, averages of squares look the same.
    let rough = match image.width() > 2 * side || image.height() > 2 * side {
        true => image.thumbnail(2 * side, 2 * side),
        false => image,
    };
    match rough.resize(side, side, FilterType::Lanczos3) {
        DynamicImage::ImageRgba8(pixels) => DynamicImage::ImageRgba8(map_pixels(pixels, unpremultiply_alpha)),
        opaque => opaque,
    }
}

fn map_pixels(mut pixels: RgbaImage, change: fn([u8; 4]) -> [u8; 4]) -> RgbaImage {
    for pixel in pixels.pixels_mut() {
        pixel.0 = change(pixel.0);
    }
    pixels
}

fn premultiply_alpha([r, g, b, alpha]: [u8; 4]) -> [u8; 4] {
    let weighed = |channel: u8| ((u32::from(channel) * u32::from(alpha) + 127) / 255) as u8;
    [weighed(r), weighed(g), weighed(b), alpha]
}

fn unpremultiply_alpha([r, g, b, alpha]: [u8; 4]) -> [u8; 4] {
    let half = u32::from(alpha) / 2;
    let plain = |channel: u8| {
        (u32::from(channel) * 255 + half).checked_div(u32::from(alpha)).map_or(0, |channel| channel.min(255) as u8)
    };
    [plain(r), plain(g), plain(b), alpha]
}

/// WebP of an image with 8 bits per channel: lossy, or lossless if that file is smaller, as for drawings and text.
pub(crate) fn encode(image: &DynamicImage) -> Result<Vec<u8>, ImageRefusal> {
    let (bytes, width, height) = (image.as_bytes(), image.width(), image.height());
    let encoder = match image.color().has_alpha() {
        true => Encoder::from_rgba(bytes, width, height),
        false => Encoder::from_rgb(bytes, width, height),
    };
    let lossy = encoder.encode_simple(false, QUALITY).map_err(|_| ImageRefusal::Unreadable)?;
    let mut exact = Vec::new();
    let result = WebPEncoder::new_lossless(Cursor::new(&mut exact)).encode(bytes, width, height, image.color().into());
    match result.is_ok() && exact.len() < lossy.len() {
        true => Ok(exact),
        false => Ok(lossy.to_vec()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{Rgb, RgbImage, Rgba, load_from_memory};

    fn gradient(width: u32, height: u32) -> DynamicImage {
        DynamicImage::ImageRgb8(RgbImage::from_fn(width, height, |x, y| {
            Rgb([(x * 255 / width) as u8, (y * 255 / height) as u8, (x ^ y) as u8])
        }))
    }

    #[test]
    fn image_is_shrunk_in_proportion_and_never_enlarged() {
        let size = |width, height, side| {
            let fitted = fit(gradient(width, height), side);
            (fitted.width(), fitted.height())
        };
        assert_eq!(size(4000, 3000, 1600), (1600, 1200));
        assert_eq!(size(300, 4000, 200), (15, 200));
        assert_eq!(size(5000, 1, 200), (200, 1));
        assert_eq!(size(120, 80, 200), (120, 80));
    }

    #[test]
    fn transparent_pixels_do_not_darken_visible_edges() {
        let cut_out =
            RgbaImage::from_fn(900, 900, |x, _| if x < 451 { Rgba([255, 0, 0, 255]) } else { Rgba([0, 0, 0, 0]) });
        let small = fit(DynamicImage::ImageRgba8(cut_out), 200).into_rgba8();
        for pixel in small.pixels().filter(|pixel| pixel.0[3] > 16) {
            assert!(pixel.0[0] > 240 && pixel.0[1] < 16, "{pixel:?} is not red");
        }
        assert!(small.pixels().any(|pixel| pixel.0[3] == 0) && small.pixels().any(|pixel| pixel.0[3] == 255));
    }

    #[test]
    fn drawing_is_lossless_and_photograph_is_lossy() {
        let drawing =
            DynamicImage::ImageRgb8(RgbImage::from_fn(400, 400, |x, _| Rgb([if x < 200 { 255 } else { 30 }; 3])));
        let exact = load_from_memory(&encode(&drawing).unwrap()).unwrap();
        assert_eq!(exact.into_rgb8(), drawing.into_rgb8());

        let photograph = gradient(400, 300);
        let bytes = encode(&photograph).unwrap();
        assert!(bytes.len() < 400 * 300, "{} bytes", bytes.len());
        let back = load_from_memory(&bytes).unwrap().into_rgb8();
        let off = back.as_raw().iter().zip(photograph.as_bytes()).map(|(a, b)| u64::from(a.abs_diff(*b))).sum::<u64>();
        assert!(off / (400 * 300 * 3) < 12, "off by {} in the mean", off / (400 * 300 * 3));
    }
}
