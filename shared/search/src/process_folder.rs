//! A folder for the files of one process. `/tmp` outlives a process in its execution environment, and in the local
//! stack all functions share it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use values::{Error, Result};

/// Creates a folder below `base` that no other process uses. Removes the folders of processes that have ended.
pub fn process_folder(base: &Path) -> Result<PathBuf> {
    let own = base.join(std::process::id().to_string());
    prepare(base, &own).map_err(Error::internal)?;
    Ok(own)
}

fn prepare(base: &Path, own: &Path) -> io::Result<()> {
    fs::create_dir_all(base)?;
    for entry in fs::read_dir(base)? {
        let entry = entry?;
        let is_running = Path::new("/proc").join(entry.file_name()).exists();
        if entry.path() == *own || !is_running {
            let is_folder = entry.file_type()?.is_dir();
            match if is_folder { fs::remove_dir_all(entry.path()) } else { fs::remove_file(entry.path()) } {
                // Another process may remove the same folder at the same time.
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
    fn folder_of_an_ended_process_is_removed() {
        let base = TempDir::new().unwrap();
        let (init, ended, file) = (base.path().join("1"), base.path().join("4294967295"), base.path().join("file"));
        fs::write(&file, "of an earlier version").unwrap();
        let own = base.path().join(std::process::id().to_string());
        for folder in [&init, &ended, &own] {
            fs::create_dir(folder).unwrap();
            fs::write(folder.join("file"), "old").unwrap();
        }
        assert_eq!(process_folder(base.path()).unwrap(), own);
        assert!(init.join("file").exists(), "its process runs");
        assert!(!ended.exists() && !file.exists());
        assert!(own.exists() && !own.join("file").exists(), "the own folder starts empty");
    }
}
