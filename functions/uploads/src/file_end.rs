//! Does a file end where its image ends? Decoders show the missing part in gray, so a file that was cut is found here.

use image::ImageFormat;

use crate::jpeg_segments::jpeg_segments;

/// Has the file all of its image? True for other formats, which are not decoded.
pub(crate) fn is_whole(file: &[u8], format: ImageFormat) -> bool {
    match format {
        ImageFormat::Jpeg => jpeg_segments(file).has_end,
        ImageFormat::Png => has_last_chunk(file),
        ImageFormat::WebP => has_announced_length(file),
        _ => true,
    }
}

/// PNG: chunks with length, type, data and checksum follow the signature. The last one is IEND (ISO/IEC 15948, 5).
fn has_last_chunk(file: &[u8]) -> bool {
    let mut rest = file.get(8..).unwrap_or_default();
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        let length = u32::from_be_bytes(*length) as usize;
        let Some(next) = length.checked_add(8).and_then(|length| after.get(length..)) else { return false };
        if after.starts_with(b"IEND") {
            return true;
        }
        rest = next;
    }
    false
}

/// WebP: a RIFF header with the number of the bytes that follow it (RFC 9649, 2.4).
fn has_announced_length(file: &[u8]) -> bool {
    let length = file.get(4..).and_then(|rest| rest.first_chunk::<4>());
    length.is_some_and(|length| file.len() as u64 >= 8 + u64::from(u32::from_le_bytes(*length)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn png_ends_with_its_last_chunk() {
        let chunk =
            |name: &[u8], body: &[u8]| [&(body.len() as u32).to_be_bytes()[..], name, body, &[1, 2, 3, 4]].concat();
        let file =
            [b"\x89PNG\r\n\x1A\n".to_vec(), chunk(b"IHDR", &[7; 13]), chunk(b"IDAT", b"IEND"), chunk(b"IEND", b"")];
        let file = file.concat();
        assert!(is_whole(&file, ImageFormat::Png) && is_whole(&[&file[..], b"more"].concat(), ImageFormat::Png));
        for length in 0..file.len() {
            assert!(!is_whole(&file[..length], ImageFormat::Png), "{length} of {} bytes", file.len());
        }
        let endless = [b"\x89PNG\r\n\x1A\n".to_vec(), u32::MAX.to_be_bytes().to_vec(), b"IDATxxxx".to_vec()].concat();
        assert!(!is_whole(&endless, ImageFormat::Png));
    }

    #[test]
    fn webp_has_as_many_bytes_as_it_announces() {
        let file = [b"RIFF".to_vec(), 12_u32.to_le_bytes().to_vec(), b"WEBPVP8 \0\0\0\0".to_vec()].concat();
        assert!(is_whole(&file, ImageFormat::WebP) && is_whole(&[&file[..], b"more"].concat(), ImageFormat::WebP));
        for length in 0..file.len() {
            assert!(!is_whole(&file[..length], ImageFormat::WebP), "{length} of {} bytes", file.len());
        }
        assert!(!is_whole(b"RIFF\xFF\xFF\xFF\xFFWEBP", ImageFormat::WebP));
    }
}
