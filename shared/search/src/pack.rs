//! Packs the files of a segment into one file. An index of twenty segments then needs twenty requests to download
//! instead of 140.

use std::fs;
use std::io;
use std::path::Path;

use tantivy::index::SegmentComponent;
use values::{Error, Result};

/// A part of an index that never changes: a segment, or the list of its deleted documents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part {
    /// Unique to this part.
    pub(crate) name: String,
    /// The names of its files.
    pub(crate) files: Vec<String>,
}

const SEGMENT: [SegmentComponent; 6] = [
    SegmentComponent::Postings,
    SegmentComponent::Positions,
    SegmentComponent::Terms,
    SegmentComponent::Store,
    SegmentComponent::FastFields,
    SegmentComponent::FieldNorms,
];

/// Lists the parts of the index in a folder, as of its last commit. Removes all other files from the folder.
pub(crate) fn list_parts(folder: &Path) -> Result<Vec<Part>> {
    let segments = tantivy::Index::open_in_dir(folder).and_then(|index| index.searchable_segment_metas());
    let mut parts = Vec::new();
    for segment in segments.map_err(Error::internal)? {
        let path = |component| segment.relative_path(component).to_string_lossy().into_owned();
        let files = SEGMENT.into_iter().map(path).filter(|file| folder.join(file).exists());
        parts.push(Part { name: segment.id().uuid_string(), files: files.collect() });
        if segment.has_deletes() {
            let deleted = path(SegmentComponent::Delete);
            parts.push(Part { name: deleted.clone(), files: vec![deleted] });
        }
    }
    remove_other_files(folder, &parts).map_err(Error::internal)?;
    Ok(parts)
}

fn remove_other_files(folder: &Path, parts: &[Part]) -> io::Result<()> {
    for file in fs::read_dir(folder)? {
        let file = file?;
        let name = file.file_name().to_string_lossy().into_owned();
        let is_part = name.starts_with('.') || name == META || parts.iter().any(|part| part.files.contains(&name));
        if !is_part {
            fs::remove_file(file.path())?;
        }
    }
    Ok(())
}

/// The file that lists the segments of an index. It is not packed: the manifest carries its content.
pub(crate) const META: &str = "meta.json";

/// Joins the files of a part. Before each file stand the length of its name, its name and its length; lengths are 8
/// bytes, little-endian.
pub(crate) fn pack(folder: &Path, part: &Part) -> io::Result<Vec<u8>> {
    let mut packed = Vec::new();
    for file in &part.files {
        let bytes = fs::read(folder.join(file))?;
        packed.extend((file.len() as u64).to_le_bytes());
        packed.extend(file.as_bytes());
        packed.extend((bytes.len() as u64).to_le_bytes());
        packed.extend(bytes);
    }
    Ok(packed)
}

/// Writes the files of a part into a folder and returns their names.
pub(crate) fn unpack(mut packed: &[u8], folder: &Path) -> io::Result<Vec<String>> {
    let mut files = Vec::new();
    while !packed.is_empty() {
        let name = std::str::from_utf8(read_chunk(&mut packed)?)
            .ok()
            .filter(|name| is_plain(name))
            .ok_or_else(damaged_error)?;
        let path = folder.join(name);
        // The old file may be mapped into memory, so it is replaced and not overwritten.
        if path.exists() {
            fs::remove_file(&path)?;
        }
        fs::write(path, read_chunk(&mut packed)?)?;
        files.push(name.to_owned());
    }
    Ok(files)
}

fn read_chunk<'a>(packed: &mut &'a [u8]) -> io::Result<&'a [u8]> {
    let (count, rest) = packed.split_first_chunk::<8>().ok_or_else(damaged_error)?;
    let count = usize::try_from(u64::from_le_bytes(*count)).map_err(|_| damaged_error())?;
    let (chunk, rest) = rest.split_at_checked(count).ok_or_else(damaged_error)?;
    *packed = rest;
    Ok(chunk)
}

/// Such a name cannot lead out of the folder.
fn is_plain(name: &str) -> bool {
    !name.starts_with('.') && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.')
}

fn damaged_error() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "a part of the index is damaged")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use tempfile::TempDir;

    proptest! {
        #[test]
        fn unpacked_part_equals_the_packed_one(files in prop::collection::btree_map("[a-z]{1,8}", any::<Vec<u8>>(), 0..5)) {
            let (from, to) = (TempDir::new().unwrap(), TempDir::new().unwrap());
            files.iter().for_each(|(name, bytes)| fs::write(from.path().join(name), bytes).unwrap());
            let part = Part { name: "p".into(), files: files.keys().cloned().collect() };
            let packed = pack(from.path(), &part).unwrap();
            prop_assert_eq!(unpack(&packed, to.path()).unwrap(), part.files);
            for (name, bytes) in files {
                prop_assert_eq!(fs::read(to.path().join(name)).unwrap(), bytes);
            }
        }

        #[test]
        fn damaged_part_never_panics(packed: Vec<u8>) {
            let folder = TempDir::new().unwrap();
            let _ = unpack(&packed, folder.path());
        }
    }

    #[test]
    fn part_cannot_write_outside_of_its_folder() {
        let folder = TempDir::new().unwrap();
        for name in ["../evil", "/tmp/evil", ".managed.json", "a/b"] {
            let mut packed = (name.len() as u64).to_le_bytes().to_vec();
            packed.extend(name.as_bytes());
            packed.extend(0u64.to_le_bytes());
            assert!(unpack(&packed, folder.path()).is_err(), "{name}");
        }
        let mut cut = 1u64.to_le_bytes().to_vec();
        cut.push(b'a');
        assert!(unpack(&cut, folder.path()).is_err(), "a name without a file");
    }
}
