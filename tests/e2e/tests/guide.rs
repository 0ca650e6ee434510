//! The guide works: the `bash` blocks of README and `docs/guide` run as they stand, in one shell, against this stack. Only the
//! folder `.local` is another one. `console` blocks do not run; tests/architecture/tests/guide.rs lists them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// In the order of a reader: later pages use what `buy` defines.
const PAGES: [&str; 6] = [
    "README.md",
    "docs/guide/buy.md",
    "docs/guide/accounts.md",
    "docs/guide/catalog.md",
    "docs/guide/deploy.md",
    "docs/guide/operate.md",
];
/// For all blocks together; they take about half a minute.
const TIMEOUT: Duration = Duration::from_secs(240);

#[test]
fn blocks_of_the_guide_run_as_they_stand() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap();
    let stack = PathBuf::from(std::env::var_os("SOUK_STACK").expect("make test names the stack in SOUK_STACK"));
    let folder = stack.parent().unwrap().join("guide");
    fs::create_dir_all(&folder).unwrap();
    fs::copy(&stack, folder.join("stack.json")).unwrap();

    let mut script = String::from("set -e -o pipefail\n");
    for page in PAGES {
        let text = fs::read_to_string(root.join(page)).unwrap();
        for (number, block) in bash_blocks(&text).into_iter().enumerate() {
            script += &format!("echo '##' {page}, bash block {}\n{block}\n", number + 1);
        }
    }
    script += "echo '## done'\n";
    let script = script.replace(".local/", &format!("{}/", folder.display()));

    let log = folder.join("guide.log");
    let output = fs::File::create(&log).unwrap();
    let mut shell = Command::new("bash")
        .args(["-c", &script])
        .current_dir(&root)
        .stdin(Stdio::null())
        .stdout(output.try_clone().unwrap())
        .stderr(output)
        .spawn()
        .unwrap();
    let started = Instant::now();
    let status = loop {
        if let Some(status) = shell.try_wait().unwrap() {
            break Some(status);
        }
        if started.elapsed() > TIMEOUT {
            shell.kill().unwrap();
            break None;
        }
        std::thread::sleep(Duration::from_millis(200));
    };
    let said = fs::read_to_string(&log).unwrap();
    let tail: Vec<&str> = said.lines().rev().take(40).collect();
    let tail = tail.into_iter().rev().collect::<Vec<_>>().join("\n");
    match status {
        Some(status) => assert!(status.success() && said.contains("## done"), "a block failed ({status}):\n{tail}"),
        None => panic!("a block does not end:\n{tail}"),
    }
}

fn bash_blocks(text: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut block: Option<String> = None;
    for line in text.lines() {
        match &mut block {
            Some(lines) if line.trim_start().starts_with("```") => {
                blocks.push(std::mem::take(lines));
                block = None;
            }
            Some(lines) => *lines += &format!("{line}\n"),
            None if line == "```bash" => block = Some(String::new()),
            None => {}
        }
    }
    blocks
}
