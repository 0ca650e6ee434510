//! The files of a crate import each other without circles, so that each can be read and understood before those that use it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use architecture::imports::{Import, Imports, Reexports, circles};
use architecture::{Layer, Workspace};

#[test]
fn no_circles_between_files() -> Result<()> {
    refuse_circles(Reexports::Ignore)
}

#[test]
fn no_circles_through_reexports() -> Result<()> {
    refuse_circles(Reexports::Follow)
}

/// Fails with the imports of each circle.
fn refuse_circles(reexports: Reexports) -> Result<()> {
    let workspace = Workspace::read()?;
    let (mut findings, mut files) = (Vec::new(), 0);
    for root in workspace.roots()? {
        let imports = Imports::read(&root)?.between_files(reexports);
        files += imports.iter().map(|import| &import.from).collect::<BTreeSet<_>>().len();
        let relative = |path: &Path| path.strip_prefix(&workspace.root).unwrap_or(path).to_owned();
        for circle in circles(&imports) {
            let lines = circle.into_iter().map(|import| {
                Import { from: relative(&import.from), to: relative(&import.to), path: import.path }.to_string()
            });
            findings.push(lines.collect::<Vec<_>>().join("\n    "));
        }
    }
    // A resolver that finds no imports would also find no circles.
    let crates = workspace.of(Layer::Context).count();
    ensure!(files > 5 * crates, "Only {files} files import another file: does the resolver see the sources?");
    ensure!(
        findings.is_empty(),
        "\n  {}\n{} circles between files. Move what both files need into a third file, or into the one that the other imports anyway.\n",
        findings.join("\n  "),
        findings.len()
    );
    Ok(())
}

/// The imports of a made-up crate: the name and the text of each file. The first is the root.
fn imports(files: &'static [(&str, &str)]) -> Vec<String> {
    imports_by(Reexports::Follow, files)
}

fn imports_by(reexports: Reexports, files: &'static [(&str, &str)]) -> Vec<String> {
    let source = |path: &Path| {
        let file = files.iter().find(|(name, _)| Path::new(name) == path);
        file.map(|(_, text)| (*text).to_owned())
    };
    let imports = match Imports::read_with(Path::new(files[0].0), &source) {
        Ok(imports) => imports,
        Err(error) => panic!("{error:#}"),
    };
    imports.between_files(reexports).iter().map(Import::to_string).collect()
}

#[test]
fn use_of_another_module_is_an_import_of_its_file() {
    let found = imports(&[
        ("lib.rs", "mod a; mod b; mod c;"),
        ("a.rs", "use crate::b::{B, self as other}; use super::c; fn f() { c::g() }"),
        ("b.rs", "pub struct B;"),
        ("c.rs", "pub fn g() { let x: crate::a::A; } use std::fmt::Debug; use serde::Serialize;"),
    ]);
    assert_eq!(found, ["a.rs -> b.rs (crate::b::B)", "a.rs -> c.rs (super::c)", "c.rs -> a.rs (crate::a::A)"]);
}

#[test]
fn reexport_is_followed_to_the_file_of_the_item() {
    const FILES: [(&str, &str); 4] = [
        ("lib.rs", "mod a; mod store; pub use a::A; pub(crate) use store::*;"),
        ("a.rs", "use crate::Row; pub struct A; impl A { fn f(row: Row) -> crate::Key { todo!() } }"),
        ("store.rs", "mod rows; pub use rows::{Row, key::Key};"),
        ("store/rows.rs", "pub(super) mod key { pub struct Key; } pub struct Row; use crate::A as Alias;"),
    ];
    let expected = ["a.rs -> store/rows.rs (crate::Row)", "store/rows.rs -> a.rs (crate::A)"];
    assert_eq!(imports(&FILES), expected);
    assert!(imports_by(Reexports::Ignore, &FILES).is_empty());
}

#[test]
fn module_and_function_of_one_name_are_both_found() {
    let found = imports(&[
        ("lib.rs", "mod place; mod read; pub use place::place; fn own() {}"),
        ("place.rs", "pub fn place() { crate::own() }"),
        ("read.rs", "use crate::place; fn f() { place() }"),
    ]);
    assert_eq!(found, ["place.rs -> lib.rs (crate::own)", "read.rs -> place.rs (crate::place)"]);
}

#[test]
fn imports_in_tests_are_ignored() {
    let found = imports(&[
        ("lib.rs", "mod a; mod b; #[cfg(test)] mod missing;"),
        ("a.rs", "#[cfg(test)] mod tests { use crate::b::B; } #[cfg(test)] use crate::b::B; pub struct A;"),
        ("b.rs", "pub struct B;"),
    ]);
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn paths_in_macros_attributes_and_functions_are_imports() {
    let found = imports(&[
        ("main.rs", "mod a; mod b; mod c; mod d; fn main() {}"),
        ("a.rs", "fn f() { println!(\"{}\", vec![crate::b::X]); use crate::c::f; }"),
        ("b.rs", "pub const X: u8 = 1; struct S { #[serde(with = \"crate::d\")] at: u8 }"),
        ("c.rs", "pub fn f() {}"),
        ("d.rs", "pub fn serialize() {}"),
    ]);
    assert_eq!(found, ["a.rs -> b.rs (crate::b::X)", "a.rs -> c.rs (crate::c::f)", "b.rs -> d.rs (crate::d)"]);
}

#[test]
fn circle_names_all_its_imports() {
    let import =
        |from: &str, to: &str| Import { from: PathBuf::from(from), to: PathBuf::from(to), path: String::new() };
    let imports = [("a", "b"), ("b", "c"), ("c", "a"), ("c", "d"), ("e", "f"), ("f", "e"), ("d", "e")];
    let found = circles(&imports.map(|(from, to)| import(from, to)).into());
    let expected =
        [vec![import("a", "b"), import("b", "c"), import("c", "a")], vec![import("e", "f"), import("f", "e")]];
    assert_eq!(found, expected);
}
