//! The labels that souk's sources give to `aws_kit::fault::point` and `aws_kit::fault::mutant`.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The labels of all calls `function("label")` in the sources of the functions and the shared crates. The labels of `point`
/// include those that `fault::label` names.
/// Panics if a folder or a file cannot be read.
pub fn fault_labels(function: &str) -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut labels = BTreeSet::new();
    // The kit visits the points of its callers, which name them by `fault::label`.
    let functions = if function == "point" { vec![function, "fault::label"] } else { vec![function] };
    for function in functions {
        for folder in ["functions", "shared"] {
            collect(&root.join(folder), function, &mut labels);
        }
    }
    labels
}

fn collect(folder: &Path, function: &str, labels: &mut BTreeSet<String>) {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{} cannot be read: {error}", folder.display()));
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            collect(&path, function, labels);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path);
            let text = text.unwrap_or_else(|error| panic!("{} cannot be read: {error}", path.display()));
            labels.extend(labels_in(&text, function));
        }
    }
}

/// The labels in one source text. Whitespace may stand between the parenthesis and the label.
fn labels_in(text: &str, function: &str) -> Vec<String> {
    let call = format!("{function}(");
    let is_name = |text: &str| text.ends_with(|last: char| last.is_alphanumeric() || last == '_');
    let calls = text.match_indices(&call).filter(|(at, _)| !is_name(&text[..*at]));
    let arguments = calls.filter_map(|(at, call)| text[at + call.len()..].trim_start().strip_prefix('"'));
    arguments.filter_map(|argument| Some(argument.split_once('"')?.0.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_calls_with_a_literal_label_are_found() {
        let text =
            "fault::point(\"a.b\"); if mutant(\"m\") && point(\n    \"c.d\",\n) {} point(label) endpoint(\"e.f\")";
        assert_eq!(labels_in(text, "point"), ["a.b", "c.d"]);
    }
}
