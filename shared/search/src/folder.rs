//! A folder for the files of one process. `/tmp` outlives a process in its sandbox; and on a laptop all functions share it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use values::{Error, Result};

/// A new folder below `base` that no other process uses. What processes left there that have ended is removed.
pub fn own_folder(base: &Path) -> Result<PathBuf> {
    let own = base.join(std::process::id().to_string());
    tidy(base, &own).map_err(Error::internal)?;
    Ok(own)
}

fn tidy(base: &Path, own: &Path) -> io::Result<()> {
    fs::create_dir_all(base)?;
    for left in fs::read_dir(base)? {
        let left = left?;
        let runs = Path::new("/proc").join(left.file_name()).exists();
        if left.path() == *own || !runs {
            let is_folder = left.file_type()?.is_dir();
            match if is_folder { fs::remove_dir_all(left.path()) } else { fs::remove_file(left.path()) } {
                // Another process that has just begun tidies up, too.
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
    }
    fs::create_dir_all(own)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    #[test]
    fn what_a_process_left_is_removed_when_it_has_ended() {
        let base = TempDir::new().unwrap();
        let (init, ended, file) = (base.path().join("1"), base.path().join("4294967295"), base.path().join("file"));
        fs::write(&file, "of an earlier version").unwrap();
        let own = base.path().join(std::process::id().to_string());
        for folder in [&init, &ended, &own] {
            fs::create_dir(folder).unwrap();
            fs::write(folder.join("file"), "of before").unwrap();
        }
        assert_eq!(own_folder(base.path()).unwrap(), own);
        assert!(init.join("file").exists(), "it runs");
        assert!(!ended.exists() && !file.exists());
        assert!(own.exists() && !own.join("file").exists(), "it begins anew");
    }
}
