//! The labels that souk's sources give to `aws_kit::fault::point` and `aws_kit::fault::mutant`.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The labels of all calls `function("label")` in the sources of the functions and the shared crates.
/// Panics if a folder or a file cannot be read.
pub fn fault_labels(function: &str) -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut labels = BTreeSet::new();
    for folder in ["functions", "shared"] {
        collect(&root.join(folder), function, &mut labels);
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
fn labels_in<'a>(text: &'a str, function: &str) -> impl Iterator<Item = String> + use<'a> {
    let call = format!("fault::{function}(");
    let starts: Vec<usize> = text.match_indices(&call).map(|(at, call)| at + call.len()).collect();
    let label =
        move |start: usize| text[start..].trim_start().strip_prefix('"')?.split_once('"').map(|(label, _)| label);
    starts.into_iter().filter_map(label).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_found_on_the_line_of_the_call_and_on_the_next() {
        let text =
            "fault::point(\"a.b\"); if fault::mutant(\"m\") && fault::point(\n    \"c.d\",\n) {} fault::point(label)";
        assert_eq!(labels_in(text, "point").collect::<Vec<_>>(), ["a.b", "c.d"]);
    }
}
