//! Fault injection: the points at which `tests/concurrency` crashes a process, and the mutants that it switches on. Only the test stack is
//! built with the cargo feature `faults`. Without it every function here is empty, and the compiler removes the calls.

#[cfg(feature = "faults")]
mod armed {
    use std::path::PathBuf;
    use std::process::Command;

    /// The file by which the suite requests a fault: in `kill/` or `mutant/`.
    fn request_file(kind: &str, name: &str) -> Option<PathBuf> {
        let folder = std::env::var_os("SOUK_FAULTS").filter(|folder| !folder.is_empty())?;
        Some(PathBuf::from(folder).join(kind).join(name))
    }

    pub(super) fn point(label: &str) {
        // Of two processes at one point, only the one that removes the file dies.
        if request_file("kill", label).is_some_and(|file| std::fs::remove_file(file).is_ok()) {
            // SIGKILL, or an abort if the program `kill` is missing.
            let _ = Command::new("kill").arg("-9").arg(std::process::id().to_string()).status();
            std::process::abort();
        }
    }

    pub(super) fn mutant(name: &str) -> bool {
        request_file("mutant", name).is_some_and(|file| file.exists())
    }
}

/// A point between two steps at which a crash must lose nothing. If the file `kill/<label>` exists, the process dies here.
#[cfg(feature = "faults")]
pub fn point(label: &str) {
    armed::point(label);
}

/// Is this mutant switched on? True while the file `mutant/<name>` exists. The suite has to detect it.
#[cfg(feature = "faults")]
pub fn mutant(name: &str) -> bool {
    armed::mutant(name)
}

/// A point between two steps at which a crash must lose nothing.
#[cfg(not(feature = "faults"))]
pub const fn point(_label: &str) {}

/// Is this mutant switched on? Never without the feature `faults`.
#[cfg(not(feature = "faults"))]
pub const fn mutant(_name: &str) -> bool {
    false
}

/// Names a fault point that another function visits, such as the optimistic write. Only so can a test find all labels.
pub const fn label(label: &'static str) -> &'static str {
    label
}
