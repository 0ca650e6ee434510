//! Habits of the sources that a machine can hold.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use architecture::{Layer, Workspace};

const MOST_LINES: usize = 400;

/// The program of all functions that the local stacks start.
const LOCAL_PROGRAM: &str = "infra/local/functions/src/main.rs";

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

#[test]
fn local_program_has_the_main_of_every_function_of_the_template() -> Result<()> {
    let workspace = Workspace::read()?;
    let program = std::fs::read_to_string(workspace.root.join(LOCAL_PROGRAM))?;
    let mut findings = Vec::new();
    let crates: BTreeSet<&str> = workspace.of(Layer::Function).map(|function| function.name.as_str()).collect();
    for name in &crates {
        let folder = name.trim_start_matches("fn-");
        let module = folder.replace('-', "_");
        let declaration = format!("#[path = \"../../../../functions/{folder}/src/main.rs\"]\nmod {module};\n");
        let arm = format!("\"{name}\" => {module}::main(),");
        for expected in [declaration, arm] {
            if !program.contains(&expected) {
                findings.push(format!("{LOCAL_PROGRAM} has no `{}`", expected.trim_end().replace('\n', " ")));
            }
        }
    }
    let template = std::fs::read_to_string(workspace.root.join("template.yaml"))?;
    let binaries = template.split("BuildMethod: rust-cargolambda, BuildProperties: { Binary: ").skip(1);
    let binaries: BTreeSet<&str> = binaries.filter_map(|rest| rest.split([' ', '}']).next()).collect();
    for name in crates.symmetric_difference(&binaries) {
        findings.push(format!("{name} is a crate or a function of template.yaml, and not both"));
    }
    // A module of its own would be code that AWS does not get.
    let (modules, paths) = (program.matches("\nmod ").count(), program.matches("#[path = ").count());
    if modules != crates.len() || paths != crates.len() {
        findings
            .push(format!("{LOCAL_PROGRAM} has {modules} modules and {paths} paths for {} functions", crates.len()));
    }
    ensure!(
        findings.is_empty(),
        "\n  {}\nThe local stacks run the code that AWS gets: each function's own `main.rs`, and nothing else.\n",
        findings.join("\n  ")
    );
    Ok(())
}
