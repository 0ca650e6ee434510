//! Plain names (CONTRIBUTING.md, "Glossary"): identifiers use the field's words, and public items say what they are.

use std::collections::BTreeSet;

use anyhow::{Result, anyhow, ensure};
use architecture::Workspace;
use proc_macro2::{TokenStream, TokenTree};

const FOLDERS: [&str; 3] = ["functions", "shared", "tests"];

/// Words that no identifier contains, each with the word to use instead. `a_b` stands for two words in a row.
const NOT_THIS_BUT_THAT: [(&str, &str); 44] = [
    ("anew", "again"),
    ("asked", "query, request or params"),
    ("brake", "rate_limiter"),
    ("brakes", "rate_limits"),
    ("comer", "attempt_key"),
    ("courier", "sender"),
    ("deed", "operation"),
    ("deeds", "operations"),
    ("depot", "index_store"),
    ("desk", "order_service"),
    ("errand", "token_mail"),
    ("given_back", "refunded"),
    ("give_back", "refund"),
    ("growing", "multipart_upload"),
    ("held_of", "export"),
    ("journey", "sign_in_request"),
    ("kept_after_all", "refund_failed"),
    ("kept_answer", "stored_response"),
    ("lever", "fault_injection"),
    ("levers", "fault_injection"),
    ("news", "events"),
    ("or_earlier", "stored_response"),
    ("overtaken", "concurrent_update"),
    ("promised_back", "refund_pending"),
    ("rival", "concurrent"),
    ("rivals", "concurrent"),
    ("sandbox", "execution_environment"),
    ("sandboxes", "execution_environments"),
    ("sheet", "product_content"),
    ("shelf", "the name of what it holds"),
    ("shelves", "the name of what they hold"),
    ("spoiled", "invalid"),
    ("spree", "workload"),
    ("standing", "status"),
    ("storm", "outages"),
    ("taken", "captured, reserved or used"),
    ("throttle", "rate_limit"),
    ("throttles", "rate_limits"),
    ("till", "payment_service"),
    ("told", "the name of what was said"),
    ("upkeep", "indexer"),
    ("vouched", "external_identity"),
    ("weather", "outages"),
    ("whoever", "caller, user or worker"),
];

#[test]
fn identifiers_use_the_words_of_the_glossary() -> Result<()> {
    let workspace = Workspace::read()?;
    let mut findings = Vec::new();
    for folder in FOLDERS {
        for path in workspace.rust_files(folder)? {
            let text = std::fs::read_to_string(&path)?;
            let name = path.strip_prefix(&workspace.root)?.display().to_string();
            let tokens: TokenStream = text.parse().map_err(|error| anyhow!("{name}: {error}"))?;
            let mut identifiers = BTreeSet::new();
            collect(tokens, &mut identifiers);
            let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
            identifiers.insert(stem.to_owned());
            for identifier in identifiers {
                if let Some((not, but)) = refused(&identifier) {
                    findings.push(format!("{name}: `{identifier}` says `{not}`; say {but}"));
                }
            }
        }
    }
    ensure!(findings.is_empty(), "\n  {}\n(the glossary of CONTRIBUTING.md)\n", findings.join("\n  "));
    Ok(())
}

#[test]
fn the_rule_sees_words_in_every_case() {
    for bad in ["told", "is_told", "toldYou", "ToldTwice", "SANDBOX", "order_given_back", "GivenBack", "r#told"] {
        assert!(refused(bad).is_some(), "{bad} must be refused");
    }
    for good in ["stole", "until", "stylesheet", "newsletter", "given", "back", "backgiven"] {
        assert!(refused(good).is_none(), "{good} is a plain name");
    }
}

#[test]
fn public_items_say_what_they_are() -> Result<()> {
    let workspace = Workspace::read()?;
    let mut findings = Vec::new();
    for folder in ["functions", "shared"] {
        for path in workspace.rust_files(folder)? {
            let text = std::fs::read_to_string(&path)?;
            let name = path.strip_prefix(&workspace.root)?.display();
            for (number, item) in undocumented(&text) {
                findings.push(format!("{name}:{number}: `{item}` has no doc comment"));
            }
        }
    }
    ensure!(
        findings.is_empty(),
        "\n  {}\nSay what it does, its units and errors (fields need a comment only where the name does not say it).\n",
        findings.join("\n  ")
    );
    Ok(())
}

#[test]
fn the_rule_sees_items_without_a_comment() {
    let text = "/// It.\n#[derive(Debug)]\npub struct A {\n    pub field: u8,\n}\npub fn b() {}\npub use c::d;\n";
    assert_eq!(undocumented(text), [(6, "pub fn b() {}".to_owned())]);
}

/// The lines that begin a public item without a doc comment, with their numbers from 1. Fields, re-exports, modules and what only
/// tests use need none.
fn undocumented(text: &str) -> Vec<(usize, String)> {
    const ITEMS: [&str; 9] = ["fn", "async", "const", "struct", "enum", "trait", "type", "static", "unsafe"];
    let (mut findings, mut is_documented) = (Vec::new(), false);
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.starts_with("#[cfg(test)]") {
            break;
        }
        let mut words = line.split_whitespace();
        let is_item = words.next() == Some("pub") && words.next().is_some_and(|word| ITEMS.contains(&word));
        if is_item && !is_documented {
            findings.push((index + 1, line.to_owned()));
        }
        is_documented = match line {
            comment if comment.starts_with("///") || comment.starts_with("#[doc") => true,
            // Attributes stand between the comment and the item; those of several lines do, too.
            _ if is_documented => !(is_item || line.is_empty() || line.ends_with([';', '{', '}'])),
            _ => false,
        };
    }
    findings
}

fn collect(tokens: TokenStream, identifiers: &mut BTreeSet<String>) {
    for token in tokens {
        match token {
            TokenTree::Ident(identifier) => {
                identifiers.insert(identifier.to_string());
            }
            TokenTree::Group(group) => collect(group.stream(), identifiers),
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
}

/// The words of the list that an identifier contains, and what to say instead.
fn refused(identifier: &str) -> Option<(&'static str, &'static str)> {
    let words = format!("_{}_", words(identifier.trim_start_matches("r#")).join("_"));
    NOT_THIS_BUT_THAT.into_iter().find(|(not, _)| words.contains(&format!("_{not}_")))
}

/// The words of `snake_case`, `camelCase`, `PascalCase` and `UPPER_CASE`, in lower case.
fn words(identifier: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for part in identifier.split('_') {
        let mut before = ' ';
        for (index, letter) in part.chars().enumerate() {
            match words.last_mut() {
                Some(word) if index > 0 && !(letter.is_uppercase() && before.is_lowercase()) => {
                    word.extend(letter.to_lowercase());
                }
                _ => words.push(letter.to_lowercase().collect()),
            }
            before = letter;
        }
    }
    words
}
