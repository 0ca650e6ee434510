//! The code blocks of README and the guide are of two kinds. `bash` blocks run in `make test` (tests/e2e/tests/guide.rs). `console`
//! blocks need AWS, a container or time, and are listed here, so that no block leaves the test by accident.

use anyhow::{Context, Result, ensure};
use architecture::Workspace;

/// The `console` blocks: page, and how many it has.
const CONSOLE: [(&str, usize); 6] = [
    ("README.md", 1),
    ("docs/guide/buy.md", 0),
    ("docs/guide/accounts.md", 1),
    ("docs/guide/catalog.md", 0),
    ("docs/guide/deploy.md", 8),
    ("docs/guide/operate.md", 9),
];

#[test]
fn every_block_of_the_guide_runs_or_is_listed() -> Result<()> {
    let root = Workspace::read()?.root;
    for entry in root.join("docs/guide").read_dir()? {
        let name = format!("docs/guide/{}", entry?.file_name().to_string_lossy());
        ensure!(CONSOLE.iter().any(|(page, _)| *page == name), "{name} is not listed in CONSOLE, so no test runs it");
    }
    for (page, console) in CONSOLE {
        let text = std::fs::read_to_string(root.join(page)).with_context(|| format!("{page} cannot be read"))?;
        let mut count = 0;
        let fences = text.lines().filter_map(|line| line.trim_start().strip_prefix("```"));
        for kind in fences.step_by(2) {
            match kind {
                "bash" => {}
                "mermaid" if page == "README.md" => {}
                "console" => count += 1,
                other => {
                    anyhow::bail!("{page} has a block of the kind {other:?}: use `bash` (a test runs it) or `console`")
                }
            }
        }
        ensure!(count == console, "{page} has {count} `console` blocks, not {console}: can a new one be `bash`?");
    }
    Ok(())
}
