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
        b"GIF89a\x01\0\x01\0\0\0\0;",
        b"BM\x3A\0\0\0\0\0\0\0\x36\0\0\0",
        b"II*\0\x08\0\0\0",
    ] {
        assert_eq!(refusal_of(fake, ImageType::Png), ImageRefusal::NotAnImage);
    }
    assert_eq!(refusal_of(&jpeg(8, 8), ImageType::Png), ImageRefusal::TypeMismatch);
    assert_eq!(refusal_of(&png(8, 8), ImageType::Webp), ImageRefusal::TypeMismatch);
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
fn file_that_ends_early_is_refused_as_truncated() {
    let lossy = webp::Encoder::from_rgb(photograph(200, 150).as_bytes(), 200, 150).encode(80.0).to_vec();
    for (file, declared) in [
        (jpeg(200, 150), ImageType::Jpeg),
        (png(200, 150), ImageType::Png),
        (file(&photograph(200, 150), ImageFormat::WebP), ImageType::Webp),
        (lossy, ImageType::Webp),
    ] {
        let whole = file.len();
        assert!(convert(&file, declared).is_ok());
        assert!(convert(&[&file[..], b"more"].concat(), declared).is_ok(), "what follows is not the image's");
        for length in (20..whole).step_by(97).chain([whole / 2, whole - 2, whole - 1]) {
            assert_eq!(
                refusal_of(&file[..length], declared),
                ImageRefusal::Truncated,
                "{length} of {whole} {declared:?}"
            );
        }
    }
}

#[test]
fn pictures_of_phones_and_browsers_are_named_in_their_refusal() {
    let file =
        |brands: &str| [&(brands.len() as u32 + 8).to_be_bytes()[..], b"ftyp", brands.as_bytes(), b"meta"].concat();
    for declared in [ImageType::Jpeg, ImageType::Png, ImageType::Webp] {
        for heic in ["heic\0\0\0\0mif1heic", "mif1\0\0\0\0mif1heic"] {
            assert_eq!(refusal_of(&file(heic), declared), ImageRefusal::HeicNotSupported);
        }
        assert_eq!(refusal_of(&file("avif\0\0\0\0avifmif1"), declared), ImageRefusal::AvifNotSupported);
        assert_eq!(refusal_of(&file("isom\0\0\0\0isom"), declared), ImageRefusal::NotAnImage);
    }
}

/// A JPEG of 8 by 8 pixels with four components, all pixels alike. `application` are segments in front of its frame.
fn inks_jpeg(samples: [u8; 4], application: &[u8]) -> Vec<u8> {
    let segment =
        |marker: u8, body: &[u8]| [&[0xFF, marker][..], &(body.len() as u16 + 2).to_be_bytes(), body].concat();
    let components = |last: [u8; 2]| (1..=4).flat_map(|id| [id].into_iter().chain(last)).collect::<Vec<u8>>();
    let frame = [&[8, 0, 8, 0, 8, 4][..], &components([0x11, 0])].concat();
    let scan: Vec<u8> = [4].into_iter().chain((1..=4).flat_map(|id| [id, 0])).chain([0, 63, 0]).collect();
    // Twelve codes of four bits for the sizes of the mean, and one code of one bit for the end of the block.
    let mut means = vec![0; 17];
    means[4] = 12;
    means.extend(0..12);
    let mut ends = vec![0; 18];
    (ends[0], ends[1]) = (0x10, 1);
    let mut bits = String::new();
    for sample in samples {
        let mean = (i32::from(sample) - 128) * 8;
        let size = (i32::BITS - mean.unsigned_abs().leading_zeros()) as usize;
        let code = if mean < 0 { mean + (1 << size) - 1 } else { mean };
        let value = if size > 0 { format!("{code:0size$b}") } else { String::new() };
        bits += &format!("{size:04b}{value}0");
    }
    while !bits.len().is_multiple_of(8) {
        bits.push('1');
    }
    let coded =
        bits.as_bytes().chunks(8).map(|byte| u8::from_str_radix(std::str::from_utf8(byte).unwrap(), 2).unwrap());
    let coded = coded.flat_map(|byte| if byte == 0xFF { vec![0xFF, 0] } else { vec![byte] }).collect::<Vec<u8>>();
    let quantisation = [vec![0], vec![1; 64]].concat();
    let segments = [segment(0xDB, &quantisation), segment(0xC0, &frame), segment(0xC4, &means), segment(0xC4, &ends)];
    [&[0xFF, 0xD8][..], application, &segments.concat(), &segment(0xDA, &scan), &coded, &[0xFF, 0xD9]].concat()
}

#[test]
fn inks_are_read_by_marker_and_profile() {
    let adobe = |transform: u8| [b"\xFF\xEE\0\x0EAdobe\0\x64\0\0\0\0".to_vec(), vec![transform]].concat();
    let mut profile = vec![0; 128];
    profile[16..20].copy_from_slice(b"CMYK");
    let profile = [b"\xFF\xE2\0\x90ICC_PROFILE\0\x01\x01".to_vec(), profile].concat();
    // Red is full magenta and yellow. As YCCK it is the luminance and chrominance of cyan.
    let (inks, inverted, encoded) = ([0, 255, 255, 0], [255, 0, 0, 255], [179, 171, 1, 255]);
    for (samples, application, name) in [
        (inverted, adobe(0), "Adobe"),
        (inverted, [adobe(0), profile.clone()].concat(), "Adobe with a profile"),
        (encoded, adobe(2), "YCCK"),
        (inks, profile, "a profile alone"),
        (inverted, Vec::new(), "neither"),
    ] {
        let converted = convert(&inks_jpeg(samples, &application), ImageType::Jpeg).unwrap();
        let [red, green, blue] = load_from_memory(&converted.files[0].1).unwrap().into_rgb8().get_pixel(4, 4).0;
        assert!(red > 240 && green < 16 && blue < 16, "{name}: {red} {green} {blue}");
    }
}

#[test]
fn damaged_file_is_refused_or_partly_shown() {
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
