//! Faults inside souk's processes: kills at labelled points, and mutants. Only a build with the feature `faults` obeys
//! (`aws_kit::fault`).

use std::fs;
use std::path::PathBuf;

use crate::history::Recorder;

/// The folder of kill requests and mutant switches.
#[derive(Debug, Clone)]
pub struct ProcessFaults {
    folder: Option<PathBuf>,
    recorder: Recorder,
}

impl ProcessFaults {
    pub(super) fn new(folder: Option<PathBuf>, recorder: Recorder) -> Self {
        Self { folder, recorder }
    }

    /// Kills the next process that reaches this point (SIGKILL).
    pub fn kill_at(&self, label: &str) {
        self.recorder.note(format!("kill at {label}"));
        self.write_request("kill", label);
    }

    /// Was a process killed at this point? A process removes the request's file before it dies.
    pub fn was_killed_at(&self, label: &str) -> bool {
        let was_killed = !self.path("kill", label).exists();
        if was_killed {
            self.recorder.note(format!("killed at {label}"));
        }
        was_killed
    }

    /// Removes the kill request for this point, if no process has reached it.
    pub fn cancel_kill(&self, label: &str) {
        let _ = fs::remove_file(self.path("kill", label));
    }

    /// Removes all kill requests.
    pub fn cancel_kills(&self) {
        if let Some(folder) = &self.folder {
            for request in fs::read_dir(folder.join("kill")).into_iter().flatten().flatten() {
                let _ = fs::remove_file(request.path());
            }
        }
    }

    /// Enables a mutant.
    pub fn enable_mutant(&self, mutant: &str) {
        self.recorder.note(format!("mutant {mutant}"));
        self.write_request("mutant", mutant);
    }

    /// Disables a mutant.
    pub fn disable_mutant(&self, mutant: &str) {
        let _ = fs::remove_file(self.path("mutant", mutant));
    }

    fn write_request(&self, kind: &str, name: &str) {
        let path = self.path(kind, name);
        let result = path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&path, ""));
        assert!(result.is_ok(), "the request {} cannot be written: {result:?}", path.display());
    }

    fn path(&self, kind: &str, name: &str) -> PathBuf {
        let folder = self.folder.as_ref();
        let folder = folder
            .unwrap_or_else(|| panic!("stack.json names no `faults` folder: souk was built without fault points"));
        folder.join(kind).join(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kill_request_is_a_file_that_the_process_removes() {
        let folder = std::env::temp_dir().join(format!("souk-faults-{}", std::process::id()));
        let process = ProcessFaults::new(Some(folder.clone()), Recorder::begin());
        process.kill_at("relay.published");
        process.enable_mutant("mail_twice");
        assert!(!process.was_killed_at("relay.published") && folder.join("mutant/mail_twice").exists());
        fs::remove_file(folder.join("kill/relay.published")).expect("the request exists");
        assert!(process.was_killed_at("relay.published"));
        process.kill_at("orders.committed");
        process.cancel_kills();
        assert!(process.was_killed_at("orders.committed"));
        process.disable_mutant("mail_twice");
        assert!(!folder.join("mutant/mail_twice").exists());
        fs::remove_dir_all(folder).expect("the folder is removed");
    }
}
