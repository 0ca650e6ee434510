//! Breaking souk on purpose: what `tests/concurrency` crashes at and switches on. Without the cargo feature `faults`, which only
//! the test stack is built with, every function here is constant and empty, and the compiler leaves nothing of it.

#[cfg(feature = "faults")]
mod armed {
    use std::path::PathBuf;
    use std::process::Command;

    /// The folder in which the suite leaves its orders: files in `kill/` and `mutant/`.
    fn order(kind: &str, name: &str) -> Option<PathBuf> {
        let folder = std::env::var_os("SOUK_FAULTS").filter(|folder| !folder.is_empty())?;
        Some(PathBuf::from(folder).join(kind).join(name))
    }

    pub(super) fn point(label: &str) {
        // Whoever removes the file has taken the order: of two processes at one point, one dies.
        if order("kill", label).is_some_and(|order| std::fs::remove_file(order).is_ok()) {
            // SIGKILL, and if there were no such program, the next best.
            let _ = Command::new("kill").arg("-9").arg(std::process::id().to_string()).status();
            std::process::abort();
        }
    }

    pub(super) fn mutant(name: &str) -> bool {
        order("mutant", name).is_some_and(|order| order.exists())
    }
}

/// A place between two steps where a crash must lose nothing. Where `kill/<label>` lies, the process ends here as by a power cut.
#[cfg(feature = "faults")]
pub fn point(label: &str) {
    armed::point(label);
}

/// Is souk broken in this way at the moment? True while `mutant/<name>` lies there: the suite has to notice.
#[cfg(feature = "faults")]
pub fn mutant(name: &str) -> bool {
    armed::mutant(name)
}

/// A place between two steps where a crash must lose nothing.
#[cfg(not(feature = "faults"))]
pub const fn point(_label: &str) {}

/// Is souk broken in this way at the moment? Never.
#[cfg(not(feature = "faults"))]
pub const fn mutant(_name: &str) -> bool {
    false
}
