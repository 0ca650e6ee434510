//! Valid and invalid images, made by the tests. See [`super::convert`].

use catalog::ImageSize::{Large, Medium, Small};
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::{GrayImage, ImageEncoder, Luma, Rgb, RgbImage, Rgba, RgbaImage, load_from_memory};

use super::*;

/// Dark on the left, light on the right, and never the same colour twice side by side.
fn photograph(width: u32, height: u32) -> DynamicImage {
    DynamicImage::ImageRgb8(RgbImage::from_fn(width, height, |x, y| {
        let light = (x * 200 / width) as u8;
        Rgb([light, light.saturating_add((y % 40) as u8), (x.wrapping_mul(y) % 50) as u8])
    }))
}

fn file(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn png(width: u32, height: u32) -> Vec<u8> {
    file(&photograph(width, height), ImageFormat::Png)
}

fn jpeg(width: u32, height: u32) -> Vec<u8> {
    file(&photograph(width, height), ImageFormat::Jpeg)
}

/// The file with bytes overwritten, `after` bytes behind the first `mark`.
fn overwritten(mut file: Vec<u8>, mark: &[u8], after: usize, with: &[u8]) -> Vec<u8> {
    let at = file.windows(mark.len()).position(|window| window == mark).expect("the mark") + mark.len() + after;
    file[at..at + with.len()].copy_from_slice(with);
    file
}

/// A PNG whose header claims this size. The checksum of the header is valid, so only the size is wrong.
fn png_that_claims(width: u32, height: u32) -> Vec<u8> {
    let header = [&b"IHDR"[..], &width.to_be_bytes(), &height.to_be_bytes(), &[8, 2, 0, 0, 0]].concat();
    let mut file = overwritten(png(8, 8), b"IHDR", 0, &header[4..]);
    let checksum = header.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| if sum & 1 == 1 { sum >> 1 ^ 0xEDB8_8320 } else { sum >> 1 })
    });
    file[29..33].copy_from_slice(&(!checksum).to_be_bytes());
    file
}

fn refusal_of(bytes: &[u8], declared: ImageType) -> ImageRefusal {
    convert(bytes, declared).expect_err("it must be refused")
}

#[test]
fn photograph_becomes_three_images() {
    let converted = convert(&jpeg(2400, 1800), ImageType::Jpeg).unwrap();
    assert_eq!((converted.width, converted.height), (2400, 1800));
    let sides = converted.files.iter().map(|(size, bytes)| {
        assert_eq!(image::guess_format(bytes).unwrap(), ImageFormat::WebP);
        let shown = load_from_memory(bytes).unwrap();
        (*size, shown.width(), shown.height())
    });
    assert_eq!(sides.collect::<Vec<_>>(), [(Large, 1600, 1200), (Medium, 600, 450), (Small, 200, 150)]);
    assert!(converted.files.iter().all(|(_, bytes)| bytes.len() < 600_000));
}

#[test]
fn small_image_is_not_enlarged() {
    let converted = convert(&png(300, 150), ImageType::Png).unwrap();
    let widths = converted.files.iter().map(|(_, bytes)| load_from_memory(bytes).unwrap().width());
    assert_eq!(widths.collect::<Vec<_>>(), [300, 300, 200]);
}

#[test]
fn name_is_a_digest_of_the_content() {
    let (once, again) =
        (convert(&png(90, 60), ImageType::Png).unwrap(), convert(&png(90, 60), ImageType::Png).unwrap());
    assert_eq!(once, again);
    assert!(once.hash.len() == 32 && once.hash.bytes().all(|byte| byte.is_ascii_hexdigit()));
    assert_ne!(convert(&png(90, 61), ImageType::Png).unwrap().hash, once.hash);
}

#[test]
fn sideways_image_is_rotated_and_loses_its_location() {
    // Exif, little-endian, one entry: orientation (0x0112), a short, 6: rotate to the right.
    let mut exif = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0".to_vec();
    exif.extend(b"GPS 52.5 N");
    let mut sideways = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut sideways, 95);
    encoder.set_exif_metadata(exif).unwrap();
    photograph(400, 300).write_with_encoder(encoder).unwrap();
    assert!(sideways.windows(3).any(|window| window == b"GPS"));

    let converted = convert(&sideways, ImageType::Jpeg).unwrap();
    assert_eq!((converted.width, converted.height), (300, 400));
    for (_, bytes) in &converted.files {
        assert!(!bytes.windows(3).any(|window| window == b"GPS") && !bytes.windows(4).any(|window| window == b"EXIF"));
        let upright = load_from_memory(bytes).unwrap().into_luma8();
        let (top, bottom) = (upright.get_pixel(20, 4).0[0], upright.get_pixel(20, upright.height() - 4).0[0]);
        assert!(top < 40 && bottom > 160, "the dark left side must be at the top: {top}, {bottom}");
    }
}

#[test]
fn transparency_stays_and_gray_and_16_bit_images_are_read() {
    let cut_out = RgbaImage::from_fn(40, 40, |x, _| Rgba([200, 10, 10, if x < 20 { 255 } else { 0 }]));
    let converted = convert(&file(&DynamicImage::ImageRgba8(cut_out), ImageFormat::Png), ImageType::Png).unwrap();
    let shown = load_from_memory(&converted.files[0].1).unwrap().into_rgba8();
    assert!(shown.get_pixel(30, 5).0[3] == 0 && shown.get_pixel(5, 5).0[3] == 255);

    let gray = DynamicImage::ImageLuma8(GrayImage::from_fn(300, 20, |x, _| Luma([(x % 256) as u8])));
    for image in
        [gray.clone(), DynamicImage::ImageLumaA16(gray.to_luma_alpha16()), photograph(30, 20).to_rgb16().into()]
    {
        assert!(convert(&file(&image, ImageFormat::Png), ImageType::Png).is_ok(), "{:?}", image.color());
    }
    assert!(convert(&file(&gray, ImageFormat::Jpeg), ImageType::Jpeg).is_ok());
}

#[test]
fn first_frame_of_an_animation_is_shown() {
    let (red, green) =
        (RgbaImage::from_pixel(30, 20, Rgba([250, 0, 0, 255])), RgbaImage::from_pixel(30, 20, Rgba([0, 250, 0, 255])));
    let config = webp::WebPConfig::new().unwrap();
    let mut film = webp::AnimEncoder::new(30, 20, &config);
    film.add_frame(webp::AnimFrame::from_rgba(red.as_raw(), 30, 20, 0));
    film.add_frame(webp::AnimFrame::from_rgba(green.as_raw(), 30, 20, 500));
    let film = film.encode();
    assert!(film.windows(4).any(|window| window == b"ANMF"));

    let converted = convert(&film, ImageType::Webp).unwrap();
    let shown = load_from_memory(&converted.files[0].1).unwrap().into_rgb8();
    assert!(shown.get_pixel(10, 10).0[0] > 200 && shown.get_pixel(10, 10).0[1] < 50);
}

#[test]
fn other_files_are_refused_whatever_their_type() {
    for fake in [
        &b""[..],
        b"<!doctype html><script>alert(1)</script>",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"%PDF-1.7",
    ] {
        assert_eq!(refusal_of(fake, ImageType::Png), ImageRefusal::NotAnImage);
    }
    assert_eq!(refusal_of(&jpeg(8, 8), ImageType::Png), ImageRefusal::TypeMismatch);
    assert_eq!(refusal_of(&png(8, 8), ImageType::Webp), ImageRefusal::TypeMismatch);
    assert_eq!(refusal_of(b"GIF89a\x01\0\x01\0\0\0\0;", ImageType::Jpeg), ImageRefusal::TypeMismatch);
}

#[test]
fn image_with_too_many_pixels_is_not_decoded() {
    let started = std::time::Instant::now();
    for (width, height) in [(30_000, 30_000), (12_001, 1), (1, 12_001), (8_000, 5_001)] {
        assert_eq!(refusal_of(&png_that_claims(width, height), ImageType::Png), ImageRefusal::TooManyPixels);
    }
    // Start of frame: length, bits, height, width.
    let huge = overwritten(jpeg(8, 8), &[0xFF, 0xC0], 3, &[0x75, 0x30, 0x75, 0x30]);
    assert_eq!(refusal_of(&huge, ImageType::Jpeg), ImageRefusal::TooManyPixels);
    // 14 bits each, minus one: 12,001 by 8.
    let bits = (12_000_u32 | 7 << 14).to_le_bytes();
    let huge = overwritten(file(&photograph(8, 8), ImageFormat::WebP), b"VP8L", 5, &bits);
    assert_eq!(refusal_of(&huge, ImageType::Webp), ImageRefusal::TooManyPixels);
    assert!(started.elapsed().as_secs() < 5, "nothing of that size was decoded");
}

#[test]
fn frame_larger_than_its_image_is_not_decoded() {
    let frame = webp::Encoder::from_rgb(photograph(8, 8).as_bytes(), 8, 8).encode(80.0);
    let frame = overwritten(frame.to_vec(), &[0x9D, 0x01, 0x2A], 0, &[0xFF, 0x3F, 0xFF, 0x3F]);
    // An extended header of 8 by 8, minus one each.
    let header = [&b"VP8X\x0A\0\0\0\0\0\0\0"[..], &[7, 0, 0, 7, 0, 0]].concat();
    let trap = [&frame[..12], &header, &frame[12..]].concat();
    assert_eq!(refusal_of(&trap, ImageType::Webp), ImageRefusal::TooManyPixels);
}

#[test]
fn largest_allowed_image_is_accepted() {
    let mut bytes = Vec::new();
    // 40 megapixels of one colour take about 40 KB.
    let plain = vec![90; 8_000 * 5_000];
    PngEncoder::new(&mut bytes).write_image(&plain, 8_000, 5_000, image::ExtendedColorType::L8).unwrap();
    let converted = convert(&bytes, ImageType::Png).unwrap();
    assert_eq!((converted.width, converted.height), (8_000, 5_000));
}

#[test]
fn damaged_file_is_refused_or_partly_shown() {
    let whole = png(60, 40);
    assert_eq!(refusal_of(&whole[..whole.len() / 2], ImageType::Png), ImageRefusal::Unreadable);
    let files = [
        (png(24, 16), ImageType::Png),
        (jpeg(24, 16), ImageType::Jpeg),
        (file(&photograph(24, 16), ImageFormat::WebP), ImageType::Webp),
    ];
    for (file, declared) in files {
        for at in 12..file.len().min(400) {
            let mut damaged = file.clone();
            damaged[at] = !damaged[at];
            // No panic and no endless loop; the result is an image.
            if let Ok(converted) = convert(&damaged, declared) {
                assert_eq!(converted.files.len(), 3);
            }
        }
    }
}
