//! Orders to souk itself, which only a build with the feature `faults` takes (`aws_kit::fault`): to die at a labelled point, and
//! to be wrong on purpose.

use std::fs;
use std::path::PathBuf;

use crate::history::Recorder;

/// The folder where orders are left.
#[derive(Debug, Clone)]
pub struct ProcessFaults {
    folder: Option<PathBuf>,
    recorder: Recorder,
}

impl ProcessFaults {
    pub(super) fn new(folder: Option<PathBuf>, recorder: Recorder) -> Self {
        Self { folder, recorder }
    }

    /// Whoever comes to this point next dies there, as by a power cut.
    pub fn kill_at(&self, label: &str) {
        self.recorder.note(format!("kill at {label}"));
        self.write_request("kill", label);
    }

    /// Did somebody die there? Whoever takes an order takes its file.
    pub fn was_killed_at(&self, label: &str) -> bool {
        let was_killed = !self.path("kill", label).exists();
        if was_killed {
            self.recorder.note(format!("killed at {label}"));
        }
        was_killed
    }

    /// Nobody has to die any more.
    pub fn cancel_kills(&self) {
        if let Some(folder) = &self.folder {
            for request in fs::read_dir(folder.join("kill")).into_iter().flatten().flatten() {
                let _ = fs::remove_file(request.path());
            }
        }
    }

    /// From now on souk is wrong in this way.
    pub fn enable_mutant(&self, mutant: &str) {
        self.recorder.note(format!("mutant {mutant}"));
        self.write_request("mutant", mutant);
    }

    /// Souk is right again.
    pub fn disable_mutant(&self, mutant: &str) {
        let _ = fs::remove_file(self.path("mutant", mutant));
    }

    fn write_request(&self, kind: &str, name: &str) {
        let path = self.path(kind, name);
        let result = path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&path, ""));
        assert!(result.is_ok(), "an order can be left at {}: {result:?}", path.display());
    }

    fn path(&self, kind: &str, name: &str) -> PathBuf {
        let folder = self.folder.as_ref();
        let folder =
            folder.unwrap_or_else(|| panic!("stack.json names no `faults` folder: souk was not built to be crashed"));
        folder.join(kind).join(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_a_file_that_whoever_obeys_takes_away() {
        let folder = std::env::temp_dir().join(format!("souk-faults-{}", std::process::id()));
        let process = ProcessFaults::new(Some(folder.clone()), Recorder::begin());
        process.kill_at("relay.published");
        process.enable_mutant("mail_twice");
        assert!(!process.was_killed_at("relay.published") && folder.join("mutant/mail_twice").exists());
        fs::remove_file(folder.join("kill/relay.published")).expect("somebody obeys");
        assert!(process.was_killed_at("relay.published"));
        process.kill_at("orders.committed");
        process.cancel_kills();
        assert!(process.was_killed_at("orders.committed"));
        process.disable_mutant("mail_twice");
        assert!(!folder.join("mutant/mail_twice").exists());
        fs::remove_dir_all(folder).expect("the folder can go");
    }
}
