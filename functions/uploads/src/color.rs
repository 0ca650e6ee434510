//! Conversion to sRGB. Phones write images in wider colour spaces and name them in a profile. The profile is dropped
//! with all metadata, so the pixels are converted first.

use image::DynamicImage;
use moxcms::{ColorProfile, DataColorSpace, Layout, TransformOptions};

/// The image in sRGB. An image without a profile, or with an unreadable one, is returned as it is.
pub(crate) fn to_srgb(image: DynamicImage, profile: Option<&[u8]>) -> DynamicImage {
    let Some(profile) = profile.and_then(|bytes| ColorProfile::new_from_slice(bytes).ok()) else { return image };
    // CMYK is decoded to RGB, and its profile does not fit RGB.
    if profile.color_space != DataColorSpace::Rgb {
        return image;
    }
    let layout = if image.color().has_alpha() { Layout::Rgba } else { Layout::Rgb };
    let srgb = ColorProfile::new_srgb();
    let Ok(transform) = profile.create_transform_8bit(layout, &srgb, layout, TransformOptions::default()) else {
        return image;
    };
    let mut image = image;
    let before = image.as_bytes().to_vec();
    let pixels = match &mut image {
        DynamicImage::ImageRgb8(pixels) => pixels.as_flat_samples_mut().samples,
        DynamicImage::ImageRgba8(pixels) => pixels.as_flat_samples_mut().samples,
        _ => return image,
    };
    if transform.transform(&before, pixels).is_err() {
        pixels.copy_from_slice(&before);
    }
    image
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{Rgb, RgbImage};

    fn converted(color: [u8; 3], profile: Option<&[u8]>) -> [u8; 3] {
        to_srgb(DynamicImage::ImageRgb8(RgbImage::from_pixel(4, 4, Rgb(color))), profile).into_rgb8().get_pixel(2, 2).0
    }

    #[test]
    fn wide_colours_are_converted_and_others_stay() {
        let wide = ColorProfile::new_display_p3().encode().unwrap();
        let [red, green, _] = converted([200, 120, 60], Some(&wide));
        assert!(red > 204 && green < 120, "the same colour has more red in sRGB, where red is less");
        for plain in [None, Some(&b"not a profile"[..]), Some(&ColorProfile::new_srgb().encode().unwrap())] {
            let [red, green, blue] = converted([200, 120, 60], plain);
            assert!(red.abs_diff(200) < 2 && green.abs_diff(120) < 2 && blue.abs_diff(60) < 2);
        }
    }
}
