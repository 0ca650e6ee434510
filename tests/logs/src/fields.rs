//! The fields of log lines and the kinds of security events, as docs/logs.md lists them.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use serde_json::{Map, Value};

/// Libraries log with fields of their own. The prefix `aws_` also matches souk's `aws_kit`.
const LIBRARIES: [&str; 6] = ["hyper", "aws_", "rustls", "reqwest", "tower", "lambda_"];

/// The lists of docs/logs.md.
#[derive(Debug)]
pub struct LogFields {
    fields: BTreeSet<String>,
    kinds: BTreeSet<String>,
}

impl LogFields {
    /// Reads the tables of the page.
    ///
    /// # Errors
    /// If the page does not have them.
    pub fn read(page: &str) -> Result<Self> {
        let fields = first_cells(page, "## Fields")?;
        let kinds = first_cells(page, "## Security events")?.into_iter().filter(|kind| !kind.ends_with("Alarm"));
        Ok(Self { fields, kinds: kinds.filter(|kind| kind != "security").collect() })
    }

    /// The kinds of security events.
    pub fn kinds(&self) -> &BTreeSet<String> {
        &self.kinds
    }

    /// What is wrong with a line. Other lines than souk's own are not judged.
    pub fn findings(&self, line: &str) -> Vec<String> {
        let Some(line) = own_line(line) else { return Vec::new() };
        let span = line.get("span").and_then(Value::as_object).cloned().unwrap_or_default();
        let names = line.keys().chain(span.keys());
        let unknown = names.filter(|name| !self.fields.contains(*name));
        let mut findings: Vec<_> = unknown.map(|name| format!("the field {name:?} is not in docs/logs.md")).collect();
        if line.get("message").is_some_and(|message| message == "request answered") {
            findings.extend(missing(&line, &["http.status", "duration_ms", "actor"]));
            findings.extend(missing(&span, &["correlation.id", "network", "http.method", "http.route"]));
        }
        if let Some(kind) = kind(&line) {
            if !self.kinds.contains(kind) {
                findings.push(format!("the security event {kind:?} is not in docs/logs.md"));
            }
            findings.extend(missing(&line, &["actor", "subject", "count"]));
        }
        let actor = line.get("actor").and_then(Value::as_str);
        findings
            .extend(actor.filter(|actor| !is_actor(actor)).map(|_| "`actor` is no id and no fixed word".to_owned()));
        findings
    }
}

/// The caller's own id of the request of a line, if it has one.
pub fn client_request_id(line: &str) -> Option<String> {
    own_line(line)?.get("span")?.get("clientRequestId")?.as_str().map(str::to_owned)
}

/// The kind of security event of a line, if it is one.
pub fn security_kind(line: &str) -> Option<String> {
    own_line(line).and_then(|line| kind(&line).map(str::to_owned))
}

fn kind(line: &Map<String, Value>) -> Option<&str> {
    line.get("security").map(|kind| kind.as_str().unwrap_or_default())
}

fn own_line(line: &str) -> Option<Map<String, Value>> {
    let Ok(Value::Object(line)) = serde_json::from_str(line) else { return None };
    let target = line.get("target")?.as_str()?;
    let is_library = LIBRARIES.iter().any(|library| target.starts_with(library)) && !target.starts_with("aws_kit");
    (!is_library).then_some(line)
}

fn missing<'a>(members: &'a Map<String, Value>, names: &'a [&str]) -> impl Iterator<Item = String> + 'a {
    names.iter().filter(|name| !members.contains_key(**name)).map(|name| format!("the field {name:?} is missing"))
}

fn is_actor(text: &str) -> bool {
    matches!(text, "guest" | "none") || ["usr_", "key_", "system:"].iter().any(|start| text.starts_with(start))
}

/// What stands in backticks in the first cells of the tables of a section.
fn first_cells(page: &str, title: &str) -> Result<BTreeSet<String>> {
    let section =
        page.split(&format!("\n{title}\n")).nth(1).with_context(|| format!("there is no section {title:?}"))?;
    let section = section.split("\n## ").next().unwrap_or_default();
    let cells = section.lines().filter_map(|line| line.strip_prefix("| ")?.split(" | ").next());
    let names: BTreeSet<String> =
        cells.flat_map(|cell| cell.split('`').skip(1).step_by(2)).map(str::to_owned).collect();
    ensure!(!names.is_empty(), "the section {title:?} has no table");
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "# Log lines\n\n## Security events\n\n| `security` | what |\n|---|---|\n| `login_failed` | |\n\n\
        | alarm | when |\n|---|---|\n| `LoginFailedAlarm` | |\n\n## Fields\n\n| field | where |\n|---|---|\n\
        | `target`, `message`, `span` | |\n| `actor`, `security`, `subject`, `count` | |\n\
        | `http.status`, `duration_ms`, `correlation.id`, `network`, `http.method`, `http.route` | |\n";

    fn findings(line: &Value) -> Vec<String> {
        let mut line = line.clone();
        line["target"] = "identity".into();
        LogFields::read(PAGE).unwrap().findings(&line.to_string())
    }

    #[test]
    fn tables_are_read() {
        let fields = LogFields::read(PAGE).unwrap();
        assert_eq!(fields.kinds().iter().collect::<Vec<_>>(), ["login_failed"]);
        assert!(fields.fields.contains("http.route") && fields.fields.len() == 13, "{fields:?}");
    }

    #[test]
    fn complete_lines_have_no_findings() {
        let event = serde_json::json!({ "security": "login_failed", "actor": "none", "subject": "usr_1", "count": 1 });
        let span =
            serde_json::json!({ "correlation.id": "a", "network": "0f", "http.method": "GET", "http.route": "/" });
        let request = serde_json::json!({
            "message": "request answered", "http.status": 200, "duration_ms": 1, "actor": "key_1", "span": span,
        });
        assert!(findings(&event).is_empty() && findings(&request).is_empty());
        assert!(LogFields::read(PAGE).unwrap().findings("START RequestId: 1").is_empty());
    }

    #[test]
    fn own_id_of_a_caller_is_read() {
        let line = |span| serde_json::json!({ "target": "http_kit::app", "span": span }).to_string();
        let with_id = line(serde_json::json!({ "clientRequestId": "e2e-4711" }));
        assert_eq!(client_request_id(&with_id).as_deref(), Some("e2e-4711"));
        assert_eq!(client_request_id(&line(serde_json::json!({ "correlation.id": "a" }))), None);
    }

    #[test]
    fn unknown_missing_and_wrong_fields_are_found() {
        let event = |kind: &str, actor: &str| {
            findings(&serde_json::json!({ "security": kind, "actor": actor, "subject": "usr_1", "count": 1 }))
        };
        assert_eq!(event("door_opened", "none"), ["the security event \"door_opened\" is not in docs/logs.md"]);
        assert_eq!(event("login_failed", "ada"), ["`actor` is no id and no fixed word"]);
        let bare = findings(&serde_json::json!({ "security": "login_failed", "ip": "x" }));
        assert_eq!(bare.len(), 4, "one unknown and three missing fields: {bare:?}");
        let request = findings(&serde_json::json!({ "message": "request answered" }));
        assert_eq!(request.len(), 7, "{request:?}");
    }
}
