//! The sizes of the frames in a WebP file. The file states the size of the image, and each frame states its own size. A
//! decoder that trusts the frame allocates memory before it compares the two. Source: RFC 9649, section 2.7, and RFC
//! 6386, section 9.1.

/// The size in the header of each frame. A damaged file gives the sizes that can be found.
pub(crate) fn sizes(file: &[u8]) -> impl Iterator<Item = (u32, u32)> {
    // The chunks inside an ANMF chunk begin after 16 bytes.
    chunks(file.get(12..).unwrap_or_default())
        .flat_map(|(name, body)| match &name {
            b"ANMF" => chunks(body.get(16..).unwrap_or_default()).collect(),
            _ => vec![(name, body)],
        })
        .filter_map(|(name, body)| match &name {
            b"VP8 " => lossy(body),
            b"VP8L" => lossless(body),
            _ => None,
        })
}

/// Name, length and body of each chunk. Bodies are padded to an even length.
fn chunks(bytes: &[u8]) -> impl Iterator<Item = ([u8; 4], &[u8])> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let (name, after) = rest.split_first_chunk::<4>()?;
        let (length, after) = after.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
        let body = after.get(..length).unwrap_or(after);
        rest = after.get(length.checked_add(length % 2)?..).unwrap_or_default();
        Some((*name, body))
    })
}

/// A frame tag of 3 bytes, a start code of 3, then 14 bits each of width and height.
fn lossy(frame: &[u8]) -> Option<(u32, u32)> {
    let side = |at| frame.get(at..at + 2).map(|side: &[u8]| u32::from(u16::from_le_bytes([side[0], side[1]]) & 0x3FFF));
    Some((side(6)?, side(8)?))
}

/// A signature byte, then 14 bits each of width and height, minus one.
fn lossless(frame: &[u8]) -> Option<(u32, u32)> {
    let bits = u32::from_le_bytes(*frame.get(1..)?.first_chunk()?);
    Some(((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(name: &[u8; 4], body: &[u8]) -> Vec<u8> {
        let mut chunk = [&name[..], &(body.len() as u32).to_le_bytes(), body].concat();
        chunk.resize(chunk.len().next_multiple_of(2), 0);
        chunk
    }

    fn file(chunks: &[Vec<u8>]) -> Vec<u8> {
        [b"RIFF\0\0\0\0WEBP".to_vec(), chunks.concat()].concat()
    }

    const LOSSY: [u8; 10] = [0, 0, 0, 0x9D, 0x01, 0x2A, 0x40, 0x06, 0xB0, 0x04];

    #[test]
    fn size_of_every_frame_is_found() {
        let lossless = [vec![0x2F], ((1599u32) | (1199 << 14)).to_le_bytes().to_vec()].concat();
        let animated = chunk(b"ANMF", &[vec![0; 16], chunk(b"ALPH", &[1]), chunk(b"VP8L", &lossless)].concat());
        let found = sizes(&file(&[chunk(b"EXIF", &[1, 2, 3]), chunk(b"VP8 ", &LOSSY), animated])).collect::<Vec<_>>();
        assert_eq!(found, [(1600, 1200), (1600, 1200)]);
    }

    #[test]
    fn damaged_file_gives_the_sizes_that_can_be_found() {
        let mut endless = file(&[chunk(b"VP8 ", &LOSSY)]);
        endless.extend(b"VP8 \xFF\xFF\xFF\xFF\0");
        assert_eq!(sizes(&endless).collect::<Vec<_>>(), [(1600, 1200)]);
        assert_eq!(sizes(b"RIFF").count(), 0);
    }
}
