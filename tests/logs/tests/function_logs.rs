//! Searches all that the functions logged during the suites. `make test` saves the logs, then runs this test as the last one.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use logs::Search;

/// The variable with the folder of the logs: one file for each function. Without it there is nothing to search.
const FOLDER: &str = "SOUK_FUNCTION_LOGS";
const MAX_SHOWN: usize = 10;

#[test]
fn functions_log_no_personal_data_and_no_secrets() -> Result<()> {
    let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else {
        eprintln!("skipped: {FOLDER} is not set");
        return Ok(());
    };
    let search = Search::new()?;
    let (mut findings, mut silent, mut lines) = (Vec::new(), Vec::new(), 0);
    for function in functions()? {
        let file = folder.join(&function).with_extension("log");
        // A missing file is an empty one. The emulator may cut a character in two.
        let text = fs::read(&file).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
        if text.is_empty() {
            silent.push(function);
        }
        for (line, number) in text.lines().zip(1..) {
            lines += 1;
            let found = search.findings(line).into_iter();
            findings.extend(found.map(|what| format!("{}:{number}: {what}", file.display())));
        }
    }
    ensure!(silent.is_empty(), "These functions logged nothing, so their logs are not checked: {}.", silent.join(", "));
    findings.truncate(MAX_SHOWN);
    ensure!(findings.is_empty(), "Functions logged personal data or secrets:\n{}", findings.join("\n"));
    eprintln!("searched {lines} lines");
    Ok(())
}

fn functions() -> Result<Vec<String>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../functions");
    let mut names = Vec::new();
    for entry in folder.read_dir().with_context(|| format!("{} cannot be read", folder.display()))? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}
