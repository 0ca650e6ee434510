//! The segments of a JPEG file, without decoding it. Source: ISO/IEC 10918-1, annex B.

/// What the segments say about the image.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct JpegSegments {
    /// The number of its components: 1 for gray, 3 for colour, 4 for inks. None without a frame header.
    pub(crate) components: Option<u8>,
    /// Adobe's APP14 segment (ISO/IEC 10918-6, 6.5.3).
    pub(crate) has_adobe_marker: bool,
    /// The marker EOI is there, so the file has all of the image.
    pub(crate) has_end: bool,
}

/// Reads the segments up to the end of the image, or of the file. What follows EOI belongs to another image, or to nobody.
pub(crate) fn jpeg_segments(file: &[u8]) -> JpegSegments {
    let (mut segments, mut rest) = (JpegSegments::default(), file);
    while let Some((marker, after)) = next_marker(rest) {
        match marker {
            0xD9 => return JpegSegments { has_end: true, ..segments },
            // SOI, TEM and RSTn have no length.
            0x01 | 0xD0..=0xD8 => rest = after,
            _ => {
                let Some((length, _)) = after.split_first_chunk() else { return segments };
                let length = usize::from(u16::from_be_bytes(*length));
                let (Some(body), Some(next)) = (after.get(2..length.max(2)), after.get(length.max(2)..)) else {
                    return segments;
                };
                match marker {
                    // Frame headers, but not DHT, JPG and DAC, which have numbers between them.
                    0xC0..=0xCF if !matches!(marker, 0xC4 | 0xC8 | 0xCC) => segments.components = body.get(5).copied(),
                    0xEE if body.starts_with(b"Adobe") => segments.has_adobe_marker = true,
                    _ => {}
                }
                rest = next;
            }
        }
    }
    segments
}

/// The next marker, and what follows it. Skips coded data: in it, 0 follows each byte 0xFF. 0xFF before a marker fills.
fn next_marker(bytes: &[u8]) -> Option<(u8, &[u8])> {
    let mut rest = bytes;
    loop {
        let at = rest.iter().position(|byte| *byte == 0xFF)?;
        rest = rest.get(at + 1..)?;
        match rest.first()? {
            0xFF => {}
            0 => rest = &rest[1..],
            marker => return Some((*marker, &rest[1..])),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A frame header with this many components, and a scan with coded data that looks like markers.
    fn file(components: u8, application: &[u8]) -> Vec<u8> {
        let frame = [8, 0, 8, 0, 8, components];
        let scan = [&[0xFF, 0xDA, 0, 2][..], &[7, 0xFF, 0, 0xD9, 0xFF, 0xD0, 9, 0xFF, 0xFF, 0xD9]].concat();
        [&[0xFF, 0xD8][..], application, &[0xFF, 0xC4, 0, 2, 0xFF, 0xC2, 0, 8], &frame, &scan].concat()
    }

    #[test]
    fn frame_marker_and_end_are_found() {
        let segments = jpeg_segments(&file(4, b"\xFF\xEE\x00\x0EAdobe\0\x64\0\0\0\0\0"));
        assert_eq!(segments, JpegSegments { components: Some(4), has_adobe_marker: true, has_end: true });
        let segments = jpeg_segments(&file(3, b"\xFF\xEE\x00\x07Other"));
        assert_eq!(segments, JpegSegments { components: Some(3), has_adobe_marker: false, has_end: true });
    }

    #[test]
    fn end_inside_of_a_segment_or_of_coded_data_is_no_end() {
        let whole = file(3, b"\xFF\xE1\x00\x06\xFF\xD9\xFF\xD9");
        assert!(jpeg_segments(&whole).has_end && jpeg_segments(&[&whole[..], b"more"].concat()).has_end);
        for length in 0..whole.len() {
            assert!(!jpeg_segments(&whole[..length]).has_end, "{length} of {} bytes", whole.len());
        }
    }

    #[test]
    fn any_bytes_are_read_to_their_end() {
        for bytes in [&[0xFF; 64][..], &[0; 64], &[0xFF, 0xE0, 0, 0, 0xFF, 0xE0, 0, 1], &[0xFF, 0xE0, 0xFF, 0xFF, 0xFF]]
        {
            assert!(!jpeg_segments(bytes).has_end);
        }
    }
}
