//! Checks all that the functions logged during the suites. `make test` saves the logs, then runs this test as the last one.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use logs::{LogFields, Search, client_request_id, security_kind};

/// The variable with the folder of the logs: one file for each function. Without it there is nothing to search.
const FOLDER: &str = "SOUK_FUNCTION_LOGS";
const MAX_SHOWN: usize = 10;
/// The most characters of the caller's own id of a request, as docs/logs.md says.
const MAX_CLIENT_ID: usize = 128;

#[test]
fn functions_log_no_personal_data_and_no_secrets() -> Result<()> {
    let Some(folder) = folder() else { return Ok(()) };
    let search = Search::new()?;
    let found = check(&folder, |line| search.findings(line).into_iter().map(str::to_owned).collect())?;
    ensure!(found.is_empty(), "Functions logged personal data or secrets:\n{}", found.join("\n"));
    Ok(())
}

#[test]
fn log_lines_have_the_fields_of_the_page() -> Result<()> {
    let Some(folder) = folder() else { return Ok(()) };
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/logs.md");
    let fields = LogFields::read(&fs::read_to_string(page)?)?;
    let (mut kinds, mut client_ids) = (BTreeSet::new(), BTreeSet::new());
    let found = check(&folder, |line| {
        kinds.extend(security_kind(line));
        client_ids.extend(client_request_id(line));
        fields.findings(line)
    })?;
    ensure!(found.is_empty(), "Log lines and docs/logs.md differ:\n{}", found.join("\n"));
    let unseen: Vec<_> = fields.kinds().iter().filter(|kind| !kinds.contains(*kind)).collect();
    ensure!(unseen.is_empty(), "The suites caused none of these security events, so they are not checked: {unseen:?}.");
    // What ops.rs of the suite sends, and bad_input.rs: one that is plain, and one that is too long.
    ensure!(client_ids.contains("e2e-4711"), "No line has the caller's own id of a request.");
    let long = client_ids.iter().filter(|id| id.len() > MAX_CLIENT_ID).count();
    ensure!(long == 0, "{long} ids of callers have more than {MAX_CLIENT_ID} characters.");
    Ok(())
}

fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os(FOLDER).map(PathBuf::from);
    if folder.is_none() {
        eprintln!("skipped: {FOLDER} is not set");
    }
    folder
}

/// What is wrong with the lines of all functions, and where.
fn check(folder: &Path, mut judge: impl FnMut(&str) -> Vec<String>) -> Result<Vec<String>> {
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
            let found = judge(line).into_iter();
            findings.extend(found.map(|what| format!("{}:{number}: {what}", file.display())));
        }
    }
    ensure!(silent.is_empty(), "These functions logged nothing, so their logs are not checked: {}.", silent.join(", "));
    findings.truncate(MAX_SHOWN);
    eprintln!("searched {lines} lines");
    Ok(findings)
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
