//! Recognises HEIC and AVIF, which phones and browsers write and souk does not decode, so that their refusal names them. Both are HEIF
//! (ISO/IEC 23008-12): a box `ftyp` (ISO/IEC 14496-12, 4.3) names the kind of the file and the kinds that it is compatible with.

use catalog::ImageRefusal;

/// Brands of AVIF, of one image and of a sequence.
const AVIF: [&[u8; 4]; 2] = [b"avif", b"avis"];
/// Brands of images that are coded by HEVC, and the general brands of HEIF. Files of phones often have only the latter in front.
const HEIC: [&[u8; 4]; 11] =
    [b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"heif", b"mif1", b"msf1"];
/// More brands than any program writes.
const MAX_BRANDS: usize = 64;

/// The refusal of a HEIC or AVIF file. None for other files, also for films, which begin with a box `ftyp` too.
pub(crate) fn heif_refusal(file: &[u8]) -> Option<ImageRefusal> {
    let (length, rest) = file.split_first_chunk::<4>()?;
    let rest = rest.strip_prefix(b"ftyp")?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?.saturating_sub(8);
    let brands = rest.get(..length).unwrap_or(rest);
    // After the first brand there is its version, which equals no brand.
    let has =
        |of: &[&[u8; 4]]| brands.chunks_exact(4).take(MAX_BRANDS).any(|brand| of.iter().any(|known| brand == *known));
    if has(&AVIF) { Some(ImageRefusal::AvifNotSupported) } else { has(&HEIC).then_some(ImageRefusal::HeicNotSupported) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(brands: &[&str]) -> Vec<u8> {
        let brands = [brands[0], "\0\0\0\0", &brands[1..].concat()].concat();
        [&(brands.len() as u32 + 8).to_be_bytes()[..], b"ftyp", brands.as_bytes(), b"\0\0\0\x08avifmdat"].concat()
    }

    #[test]
    fn brand_names_the_kind_of_the_file() {
        for brands in
            [&["heic", "mif1", "heic"][..], &["mif1", "heic"], &["heix"], &["msf1", "hevc"], &["mif1", "miaf"]]
        {
            assert_eq!(heif_refusal(&file(brands)), Some(ImageRefusal::HeicNotSupported), "{brands:?}");
        }
        for brands in [&["avif", "mif1", "miaf"][..], &["mif1", "avif"], &["avis"]] {
            assert_eq!(heif_refusal(&file(brands)), Some(ImageRefusal::AvifNotSupported), "{brands:?}");
        }
        for brands in [&["isom", "mp41"][..], &["qt  "], &["M4V ", "mp42"]] {
            assert_eq!(heif_refusal(&file(brands)), None, "a film: {brands:?}");
        }
    }

    #[test]
    fn other_files_have_no_brand() {
        for other in [&b""[..], b"\xFF\xD8\xFF\xE0", b"\0\0\0\x18ftyp", b"\0\0\0\x08ftypheic", b"\0\0\0\x18FTYPheic"] {
            assert_eq!(heif_refusal(other), None, "{other:?}");
        }
    }
}
