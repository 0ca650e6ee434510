//! Habits of the sources that a machine can hold.

use anyhow::{Result, ensure};
use architecture::Workspace;

const MOST_LINES: usize = 400;

/// Where roles are kept and given, and where the table of what they may do stands.
const KNOW_ROLES: [&str; 2] = ["shared/values/", "shared/identity/"];

#[test]
fn nobody_asks_for_a_role_but_for_a_permission() -> Result<()> {
    let workspace = Workspace::read()?;
    let mut findings = Vec::new();
    for folder in ["functions", "shared"] {
        for path in workspace.rust_files(folder)? {
            let text = std::fs::read_to_string(&path)?;
            let name = path.strip_prefix(&workspace.root)?.display().to_string();
            let code = text.split("#[cfg(test)]").next().unwrap_or_default();
            if !KNOW_ROLES.iter().any(|known| name.starts_with(known)) && code.contains("Role::") {
                findings.push(format!(
                    "{name} looks at a role: ask `Caller::may` with a permission of shared/values/src/permissions.rs."
                ));
            }
        }
    }
    ensure!(findings.is_empty(), "\n  {}\n", findings.join("\n  "));
    Ok(())
}

#[test]
fn every_file_says_what_it_is_and_is_short_enough_to_read() -> Result<()> {
    let workspace = Workspace::read()?;
    let mut findings = Vec::new();
    for folder in ["functions", "shared"] {
        for path in workspace.rust_files(folder)? {
            let text = std::fs::read_to_string(&path)?;
            let name = path.strip_prefix(&workspace.root)?.display();
            let lines = text.lines().count();
            if lines > MOST_LINES {
                findings.push(format!(
                    "{name} has {lines} lines, more than {MOST_LINES}: split it by noun or by use case."
                ));
            }
            if !text.starts_with("//!") {
                findings
                    .push(format!("{name} does not begin with `//!`: say in a sentence or three what it is and why."));
            }
        }
    }
    ensure!(findings.is_empty(), "\n  {}\n", findings.join("\n  "));
    Ok(())
}
