//! The guide works: the `bash` blocks of README and `docs/guide` run as they stand, in one shell, against this stack. Only the
//! folder `.local` is another one. `console` blocks do not run; tests/architecture/tests/guide.rs lists them.
//!
//! The guide relies on terms of the demo shop: a shipping method `standard` for 4.90, and the taxes of Belgium. They change the orders of other
//! tests, so this one runs alone, and removes them.

use std::fs;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use e2e::{HOME, Shop, with};
use futures::FutureExt;
use serde_json::{Value, json};

use crate::shipping_zones_alone::with_zones;

/// In the order of a reader: later pages use what `buy` defines.
const PAGES: [&str; 7] = [
    "README.md",
    "docs/guide/buy.md",
    "docs/guide/prices.md",
    "docs/guide/accounts.md",
    "docs/guide/catalog.md",
    "docs/guide/deploy.md",
    "docs/guide/operate.md",
];
/// For all blocks together; they take about half a minute.
const TIMEOUT: Duration = Duration::from_secs(240);

const ZONE: &str = "/api/v1/shipping/zones/e2e-guide";
const REGISTRATIONS: &str = "/api/v1/registrations";

#[tokio::test]
async fn blocks_of_the_guide_run_as_they_stand() {
    let shop = Shop::open_alone().await;
    with_terms(&shop, async {
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
            tokio::time::sleep(Duration::from_millis(200)).await;
        };
        let said = fs::read_to_string(&log).unwrap();
        let tail: Vec<&str> = said.lines().rev().take(40).collect();
        let tail = tail.into_iter().rev().collect::<Vec<_>>().join("\n");
        match status {
            Some(status) => assert!(status.success() && said.contains("## done"), "a block failed ({status}):\n{tail}"),
            None => panic!("a block does not end:\n{tail}"),
        }
    })
    .await;
}

/// Runs a test in a shop with the terms on which the guide relies. Execution environments remember terms for 30 seconds, so the test has new
/// ones, and so have the tests after it.
async fn with_terms(shop: &Shop, test: impl Future<Output = ()>) {
    shop.has_home_market().await;
    let belgium = json!({ "country": "BE", "kind": "local", "from": "2026-01-01" });
    let test = with_zones(shop, async {
        ships_everywhere(shop).await;
        taxes_belgium(shop).await;
        changes_registrations(shop, |all| {
            all.retain(|one| *one != belgium);
            all.push(belgium.clone());
        })
        .await;
        let outcome = AssertUnwindSafe(test).catch_unwind().await;
        changes_registrations(shop, |all| all.retain(|one| *one != belgium)).await;
        if let Err(panic) = outcome {
            resume_unwind(panic);
        }
    });
    shop.functions.while_set(&["orders"], "SOUK_HOLD_SECONDS", "60", test).await;
}

async fn ships_everywhere(shop: &Shop) {
    let admin = shop.admin().await;
    let zone = json!({ "name": "Everywhere", "isRestOfWorld": true, "timeZone": "Europe/Berlin" });
    let created = admin.put(ZONE, &zone).await.expect(201);
    let method = json!({
        "name": "Standard", "market": HOME, "rate": { "kind": "flat", "price": shop.money(490) },
        "delivery": { "minDays": 2, "maxDays": 4 },
    });
    admin.put_at(created.expect_header("etag"), &format!("{ZONE}/methods/standard"), &method).await.expect(200);
}

/// The rate alone taxes nothing, so it may stay.
async fn taxes_belgium(shop: &Shop) {
    let rate = json!({ "components": [{ "jurisdiction": "BE", "ppm": 210_000 }], "reason": "standard" });
    let response = shop.admin().await.put("/api/v1/taxes/rates/BE/standard/2026-01-01", &rate).await;
    if response.status != 201 {
        response.expect_problem(409, "tax_rate_exists");
    }
}

async fn changes_registrations(shop: &Shop, change: impl Fn(&mut Vec<Value>)) {
    let admin = shop.admin().await;
    let read = admin.get(REGISTRATIONS).await.expect(200);
    let mut all = read.json()["registrations"].as_array().cloned().unwrap_or_default();
    change(&mut all);
    let body = with(&read.json(), "/registrations", json!(all));
    admin.put_at(read.expect_header("etag"), REGISTRATIONS, &body).await.expect(200);
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
