//! Orders to souk itself, which only a build with the feature `faults` takes (`aws_kit::fault`): to die at a labelled point, and
//! to be wrong on purpose.

use std::fs;
use std::path::PathBuf;

use crate::history::Recorder;

/// The folder where orders are left.
#[derive(Debug, Clone)]
pub struct Sabotage {
    folder: Option<PathBuf>,
    recorder: Recorder,
}

impl Sabotage {
    pub(super) fn new(folder: Option<PathBuf>, recorder: Recorder) -> Self {
        Self { folder, recorder }
    }

    /// Whoever comes to this point next dies there, as by a power cut.
    pub fn kills_at(&self, label: &str) {
        self.recorder.notes(format!("kill at {label}"));
        self.leave("kill", label);
    }

    /// Did somebody die there? Whoever takes an order takes its file.
    pub fn has_killed(&self, label: &str) -> bool {
        let dead = !self.path("kill", label).exists();
        if dead {
            self.recorder.notes(format!("killed at {label}"));
        }
        dead
    }

    /// Nobody has to die any more.
    pub fn spare_all(&self) {
        if let Some(folder) = &self.folder {
            for order in fs::read_dir(folder.join("kill")).into_iter().flatten().flatten() {
                let _ = fs::remove_file(order.path());
            }
        }
    }

    /// From now on souk is wrong in this way.
    pub fn breaks(&self, mutant: &str) {
        self.recorder.notes(format!("mutant {mutant}"));
        self.leave("mutant", mutant);
    }

    /// Souk is right again.
    pub fn restores(&self, mutant: &str) {
        let _ = fs::remove_file(self.path("mutant", mutant));
    }

    fn leave(&self, kind: &str, name: &str) {
        let path = self.path(kind, name);
        let written = path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&path, ""));
        assert!(written.is_ok(), "an order can be left at {}: {written:?}", path.display());
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
        let sabotage = Sabotage::new(Some(folder.clone()), Recorder::begin());
        sabotage.kills_at("relay.published");
        sabotage.breaks("mail_twice");
        assert!(!sabotage.has_killed("relay.published") && folder.join("mutant/mail_twice").exists());
        fs::remove_file(folder.join("kill/relay.published")).expect("somebody obeys");
        assert!(sabotage.has_killed("relay.published"));
        sabotage.kills_at("orders.committed");
        sabotage.spare_all();
        assert!(sabotage.has_killed("orders.committed"));
        sabotage.restores("mail_twice");
        assert!(!folder.join("mutant/mail_twice").exists());
        fs::remove_dir_all(folder).expect("the folder can go");
    }
}
