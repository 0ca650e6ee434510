//! Documents that a stranger can follow: files that are cited exist, each document keeps its limit, and each decision has a status.

use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use architecture::Workspace;

const README_LINES: usize = 200;
const ARCHITECTURE_WORDS: usize = 2_500;

/// Endings of files of this project, where one is cited in backticks or in a comment.
const ENDINGS: [&str; 9] = [".md", ".rs", ".py", ".yaml", ".yml", ".toml", ".json", ".html", ".txt"];

fn none(findings: Vec<String>, what_to_do: &str) -> Result<()> {
    ensure!(findings.is_empty(), "\n  {}\n{what_to_do}\n", findings.join("\n  "));
    Ok(())
}

#[test]
fn readme_and_architecture_keep_their_limits() -> Result<()> {
    let root = Workspace::read()?.root;
    let lines = std::fs::read_to_string(root.join("README.md"))?.lines().count();
    ensure!(
        lines <= README_LINES,
        "README.md has {lines} lines, more than {README_LINES}: move a part to docs/guide/."
    );
    let words = std::fs::read_to_string(root.join("ARCHITECTURE.md"))?.split_whitespace().count();
    ensure!(
        words <= ARCHITECTURE_WORDS,
        "ARCHITECTURE.md has {words} words, more than {ARCHITECTURE_WORDS}: move a part to a reference page in docs/."
    );
    Ok(())
}

#[test]
fn every_decision_has_a_status() -> Result<()> {
    let root = Workspace::read()?.root;
    let mut findings = Vec::new();
    for path in documents(&root)?.into_iter().filter(|path| path.starts_with(root.join("docs/adr"))) {
        let text = std::fs::read_to_string(&path)?;
        let status = text.lines().find_map(|line| line.strip_prefix("Status: ")).unwrap_or_default();
        let is_known = ["Accepted", "Proposed", "Superseded by ADR "].iter().any(|known| status.starts_with(known));
        if !is_known {
            findings.push(format!("{} has no line `Status: Accepted`", path.strip_prefix(&root)?.display()));
        }
    }
    none(findings, "Write `Status: Accepted`, `Status: Proposed` or `Status: Superseded by ADR N` under the title.")
}

#[test]
fn links_lead_to_files_that_exist() -> Result<()> {
    let root = Workspace::read()?.root;
    let mut findings = Vec::new();
    for path in documents(&root)? {
        let text = std::fs::read_to_string(&path)?;
        let folder = path.parent().unwrap_or(&root);
        for target in links(&text) {
            if !folder.join(&target).exists() {
                findings.push(format!("{} links to {target}", path.strip_prefix(&root)?.display()));
            }
        }
        for cited in cited_in_backticks(&text) {
            if !exists(&root, folder, &cited) {
                findings.push(format!("{} cites `{cited}`", path.strip_prefix(&root)?.display()));
            }
        }
    }
    none(findings, "These files do not exist: mend the path, or take the reference out.")
}

#[test]
fn sources_cite_documents_that_exist() -> Result<()> {
    let workspace = Workspace::read()?;
    let root = &workspace.root;
    let mut findings = Vec::new();
    let mut paths: Vec<PathBuf> = ["Cargo.toml", "Makefile", "template.yaml", "samconfig.toml", "clippy.toml"]
        .iter()
        .map(|name| root.join(name))
        .collect();
    for folder in ["functions", "shared", "tests"] {
        paths.extend(workspace.rust_files(folder)?);
    }
    paths.extend(files_under(&root.join("infra"), "py")?);
    for path in paths {
        let text = std::fs::read_to_string(&path)?;
        let name = path.strip_prefix(root)?.display();
        for cited in cited_documents(&text) {
            if !exists(root, root, &cited) {
                findings.push(format!("{name} cites {cited}"));
            }
        }
        for number in cited_decisions(&text) {
            let prefix = format!("{number:04}-");
            let is_there = documents(root)?
                .iter()
                .any(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(&prefix)));
            if !is_there {
                findings.push(format!("{name} cites ADR {number}"));
            }
        }
    }
    none(findings, "These documents do not exist: mend the name, or take the reference out.")
}

#[test]
fn the_rules_see_what_they_look_for() {
    let text = "See [one](docs/one.md#part), [web](https://example.com/a.md), [here](#part) and `tests/two.rs`.\n```bash\n[x](y.md)\n```\n";
    assert_eq!(links(text), ["docs/one.md"]);
    assert_eq!(cited_in_backticks("`a/b.rs` `cargo test` `*.md` `.local/stack.json`"), ["a/b.rs"]);
    assert_eq!(cited_documents("// as style.md says, docs/adr/0008 too\nlet x = \"no.md\";"), ["style.md"]);
    assert_eq!(cited_decisions("(ADR 14), docs/adr/0008"), [14, 8]);
}

/// All Markdown documents of the project.
fn documents(root: &Path) -> Result<Vec<PathBuf>> {
    let mut documents: Vec<PathBuf> = Vec::new();
    for entry in root.read_dir()? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "md") {
            documents.push(path);
        }
    }
    for folder in ["docs", "events", "infra", "tests", "functions", "shared"] {
        documents.extend(files_under(&root.join(folder), "md")?);
    }
    Ok(documents)
}

fn files_under(folder: &Path, extension: &str) -> Result<Vec<PathBuf>> {
    let (mut files, mut ahead) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = ahead.pop() {
        for entry in folder.read_dir()? {
            let path = entry?.path();
            if path.is_dir() {
                ahead.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

/// The text without its code blocks.
fn prose(text: &str) -> String {
    let mut is_code = false;
    let mut prose = String::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            is_code = !is_code;
        } else if !is_code {
            prose.push_str(line);
            prose.push('\n');
        }
    }
    prose
}

/// Targets of relative links, without their fragments.
fn links(text: &str) -> Vec<String> {
    let prose = prose(text);
    let targets = prose.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let relative = targets.filter(|target| !target.contains("://") && !target.starts_with(['#', '/']));
    relative.filter_map(|target| Some(target.split('#').next()?.to_owned())).filter(|path| !path.is_empty()).collect()
}

/// Paths of this project in backticks: with a folder and a known ending, and without placeholders.
fn cited_in_backticks(text: &str) -> Vec<String> {
    let prose = prose(text);
    let spans = prose.split('`').skip(1).step_by(2);
    let paths = spans.filter(|span| span.contains('/') && ENDINGS.iter().any(|ending| span.ends_with(ending)));
    let plain = |path: &&str| !path.starts_with(['.', '/']) && !path.contains([' ', '*', '<', '{', '$', '…', ':']);
    paths.filter(plain).map(str::to_owned).collect()
}

/// Names of Markdown files in the comments of a source.
fn cited_documents(text: &str) -> Vec<String> {
    let comments = text.lines().filter_map(|line| {
        let line = line.trim();
        ["//", "#", "*"].iter().any(|mark| line.starts_with(mark)).then_some(line)
    });
    let words = comments.flat_map(|line| line.split([' ', '(', ')', '[', ']', '`', ',', ';', '"', '\'']));
    let named = words.map(|word| word.trim_end_matches(['.', ':', '?', '!']));
    named.filter(|word| word.ends_with(".md") && word.len() > 3 && !word.contains('*')).map(str::to_owned).collect()
}

/// Numbers of decisions: `ADR 14`, `docs/adr/0014`.
fn cited_decisions(text: &str) -> Vec<u32> {
    let after = ["ADR ", "docs/adr/"].into_iter().flat_map(|mark| text.split(mark).skip(1));
    let numbers = after.map(|rest| rest.chars().take_while(char::is_ascii_digit).collect::<String>());
    numbers.filter_map(|digits| digits.parse().ok()).collect()
}

/// Whether a cited path exists from the root, from the document's folder, or in `docs/`.
fn exists(root: &Path, folder: &Path, cited: &str) -> bool {
    [root.join(cited), folder.join(cited), root.join("docs").join(cited)].iter().any(|path| path.exists())
}
