//! Which file of a crate imports which other file of it, read from the sources with `syn`.
//!
//! An import is a path that names an item of another file: in `use`, in code, in the tokens of a macro, or in a string of an attribute
//! (`with = "crate::…"`). A re-export can be followed: if `lib.rs` has `pub use order::Order`, the path `crate::Order` imports `order.rs`.
//! A declaration (`mod order;`) and a re-export are no imports of their own. Items with `#[cfg(test)]` are ignored.
//!
//! Limits: names that a macro declares are taken to be in the file of the module that the path names.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use syn::visit::Visit;
use syn::{Item, UseTree, Visibility};

use crate::paths::{Paths, is_test, item_name};

/// Where a module is in its crate: `["store", "rows"]` for `crate::store::rows`.
type ModulePath = Vec<String>;

/// The modules of one program or library, and the paths in each.
#[derive(Debug, Default)]
pub struct Imports {
    modules: BTreeMap<ModulePath, Module>,
    written: Vec<Written>,
}

#[derive(Debug, Default)]
struct Module {
    file: PathBuf,
    items: BTreeSet<String>,
    /// The names that `use` brings in. A name can be in two namespaces.
    aliases: Vec<Alias>,
    /// The modules and enums of `use …::*`.
    globs: Vec<Vec<String>>,
}

#[derive(Debug)]
struct Alias {
    name: String,
    segments: Vec<String>,
    is_reexport: bool,
}

/// A path as it stands in a file.
#[derive(Debug)]
struct Written {
    module: ModulePath,
    segments: Vec<String>,
    is_glob: bool,
}

/// How a path through a re-export counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reexports {
    /// `crate::Order` imports the file of `Order`.
    Follow,
    /// `crate::Order` imports no file if `lib.rs` re-exports `Order`; `crate::order::Order` imports `order.rs`.
    Ignore,
}

/// One import: `from` names an item of `to` by `path`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Import {
    /// The file with the path.
    pub from: PathBuf,
    /// The file with the item.
    pub to: PathBuf,
    /// The path as it is written.
    pub path: String,
}

impl fmt::Display for Import {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} -> {} ({})", self.from.display(), self.to.display(), self.path)
    }
}

impl Imports {
    /// Reads the program or library whose root file is `root` (`lib.rs`, `main.rs`, a file in `tests/`), with all its modules.
    ///
    /// # Errors
    /// If a file cannot be read or parsed, or a module has no file.
    pub fn read(root: &Path) -> Result<Self> {
        Self::read_with(root, &|path| std::fs::read_to_string(path).ok())
    }

    /// Like [`Imports::read`], with the sources from `source`.
    ///
    /// # Errors
    /// As [`Imports::read`].
    pub fn read_with(root: &Path, source: &dyn Fn(&Path) -> Option<String>) -> Result<Self> {
        let mut imports = Self::default();
        let folder = root.parent().unwrap_or(Path::new("")).to_owned();
        imports.add_file(root, &folder, Vec::new(), source)?;
        Ok(imports)
    }

    fn add_file(
        &mut self,
        file: &Path,
        folder: &Path,
        module: ModulePath,
        source: &dyn Fn(&Path) -> Option<String>,
    ) -> Result<()> {
        let text = source(file).with_context(|| format!("{} cannot be read", file.display()))?;
        let parsed = syn::parse_file(&text).with_context(|| format!("{} cannot be parsed", file.display()))?;
        self.add_items(&parsed.items, file, folder, module, source)
    }

    /// `folder` is where the files of the module's children are.
    fn add_items(
        &mut self,
        items: &[Item],
        file: &Path,
        folder: &Path,
        module: ModulePath,
        source: &dyn Fn(&Path) -> Option<String>,
    ) -> Result<()> {
        self.modules.insert(module.clone(), Module { file: file.to_owned(), ..Module::default() });
        for item in items.iter().filter(|item| !is_test(item)) {
            if let Item::Mod(child) = item {
                let name = child.ident.to_string();
                let path = [module.clone(), vec![name.clone()]].concat();
                let below = folder.join(&name);
                match &child.content {
                    Some((_, items)) => self.add_items(items, file, &below, path, source)?,
                    None => {
                        let named = crate::paths::path_attribute(&child.attrs);
                        let candidates = match named {
                            Some(named) => vec![file.parent().unwrap_or(folder).join(named)],
                            None => vec![folder.join(format!("{name}.rs")), below.join("mod.rs")],
                        };
                        let found = candidates.into_iter().find(|path| source(path).is_some());
                        let found = found.with_context(|| format!("{}: `mod {name}` has no file", file.display()))?;
                        self.add_file(&found, &below, path, source)?;
                    }
                }
            } else {
                self.add_item(item, &module);
            }
        }
        Ok(())
    }

    fn add_item(&mut self, item: &Item, module: &ModulePath) {
        if let Some(name) = item_name(item)
            && let Some(here) = self.modules.get_mut(module)
        {
            here.items.insert(name);
        }
        if let Item::Use(import) = item {
            let is_reexport = !matches!(import.vis, Visibility::Inherited);
            self.add_use(&import.tree, Vec::new(), module, is_reexport);
            return;
        }
        let mut paths = Paths::default();
        paths.visit_item(item);
        for tree in &paths.uses {
            self.add_use(tree, Vec::new(), module, false);
        }
        let written = |segments| Written { module: module.clone(), segments, is_glob: false };
        self.written.extend(paths.found.into_iter().map(written));
    }

    fn add_use(&mut self, tree: &UseTree, prefix: Vec<String>, module: &ModulePath, is_reexport: bool) {
        let (name, segments, is_glob) = match tree {
            UseTree::Path(path) => {
                let prefix = [prefix, vec![path.ident.to_string()]].concat();
                return self.add_use(&path.tree, prefix, module, is_reexport);
            }
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.add_use(tree, prefix.clone(), module, is_reexport);
                }
                return;
            }
            // `use a::{self}` names `a`.
            UseTree::Name(name) if name.ident == "self" => (prefix.last().cloned(), prefix, false),
            UseTree::Name(name) => {
                let name = name.ident.to_string();
                (Some(name.clone()), [prefix, vec![name]].concat(), false)
            }
            UseTree::Rename(rename) => {
                let mut segments = prefix;
                if rename.ident != "self" {
                    segments.push(rename.ident.to_string());
                }
                (Some(rename.rename.to_string()), segments, false)
            }
            UseTree::Glob(_) => (None, prefix, true),
        };
        if let Some(here) = self.modules.get_mut(module) {
            match name {
                Some(name) => here.aliases.push(Alias { name, segments: segments.clone(), is_reexport }),
                None => here.globs.push(segments.clone()),
            }
        }
        if !is_reexport {
            self.written.push(Written { module: module.clone(), segments, is_glob });
        }
    }

    /// All imports between different files. A file that only declares and re-exports imports nothing and is imported by nothing.
    pub fn between_files(&self, reexports: Reexports) -> BTreeSet<Import> {
        let mut found = BTreeMap::new();
        for written in &self.written {
            let Some(from) = self.modules.get(&written.module).map(|module| &module.file) else { continue };
            let mut files = BTreeSet::new();
            Resolver { imports: self, reexports }.resolve(
                &written.module,
                &written.segments,
                written.is_glob,
                0,
                &mut files,
            );
            for to in files.into_iter().filter(|to| to != from) {
                let mut path = written.segments.join("::");
                if written.is_glob {
                    path.push_str("::*");
                }
                // One path for each pair of files is enough to find the import.
                found.entry((from.clone(), to)).or_insert(path);
            }
        }
        found.into_iter().map(|((from, to), path)| Import { from, to, path }).collect()
    }
}

/// Follows paths to files.
struct Resolver<'a> {
    imports: &'a Imports,
    reexports: Reexports,
}

impl Resolver<'_> {
    /// Adds the files of the items that a path names from a module. Returns the module that the path names, if it names one.
    fn resolve(
        &self,
        from: &ModulePath,
        segments: &[String],
        is_glob: bool,
        depth: usize,
        files: &mut BTreeSet<PathBuf>,
    ) -> Option<ModulePath> {
        // Two globs can refer to each other.
        if depth > 16 {
            return None;
        }
        let (first, mut rest) = segments.split_first()?;
        let mut here = match first.as_str() {
            "crate" => Vec::new(),
            "self" => from.clone(),
            "super" => from.split_last()?.1.to_vec(),
            // A name in scope; otherwise it is another crate or a name of the prelude.
            name => {
                rest = segments;
                let module = self.imports.modules.get(from)?;
                let is_child = self.imports.modules.contains_key(&[from.clone(), vec![name.to_owned()]].concat());
                // `use serde::Serialize` would otherwise find itself.
                let is_alias = module.aliases.iter().any(|alias| alias.name == name && alias.segments != segments);
                if !is_child && !is_alias {
                    return None;
                }
                from.clone()
            }
        };
        while let Some((name, after)) = rest.split_first() {
            rest = after;
            if name == "super" {
                here = here.split_last()?.1.to_vec();
                continue;
            }
            let child = [here.clone(), vec![name.clone()]].concat();
            if self.imports.modules.contains_key(&child) && !rest.is_empty() {
                here = child;
                continue;
            }
            let (is_item, module) = self.look_up(&here, name, depth, files);
            if self.imports.modules.contains_key(&child) {
                // A name can be a module and an item: `mod place; pub use place::place;`.
                here = child;
            } else if let Some(module) = module {
                here = module;
            } else {
                if !is_item {
                    files.extend(self.imports.modules.get(&here).map(|module| module.file.clone()));
                }
                return None;
            }
        }
        self.name_module(&here, is_glob, depth, files);
        Some(here)
    }

    /// A name in a module that is not a child module: an item, or a name that the module brings in. Adds the file of an item.
    fn look_up(
        &self,
        here: &ModulePath,
        name: &str,
        depth: usize,
        files: &mut BTreeSet<PathBuf>,
    ) -> (bool, Option<ModulePath>) {
        let Some(module) = self.imports.modules.get(here) else { return (false, None) };
        let mut is_found = false;
        if module.items.contains(name) {
            files.insert(module.file.clone());
            is_found = true;
        }
        let mut target = None;
        for alias in module.aliases.iter().filter(|alias| alias.name == name) {
            is_found = true;
            if !alias.is_reexport || self.reexports == Reexports::Follow {
                target = self.resolve(here, &alias.segments, false, depth + 1, files).or(target);
            }
        }
        for glob in module.globs.iter().filter(|_| !is_found) {
            let Some(other) = self.resolve(here, glob, false, depth + 1, &mut BTreeSet::new()) else { continue };
            let child = [other.clone(), vec![name.to_owned()]].concat();
            if self.imports.modules.contains_key(&child) {
                return (true, Some(child));
            }
            let has_name =
                |module: &Module| module.items.contains(name) || module.aliases.iter().any(|alias| alias.name == name);
            if self.imports.modules.get(&other).is_some_and(has_name) {
                return self.look_up(&other, name, depth + 1, files);
            }
        }
        (is_found, target)
    }

    /// A path that ends at a module imports its file, if that has items. A glob of a file without items imports what it re-exports.
    fn name_module(&self, here: &ModulePath, is_glob: bool, depth: usize, files: &mut BTreeSet<PathBuf>) {
        let Some(module) = self.imports.modules.get(here) else { return };
        if !module.items.is_empty() {
            files.insert(module.file.clone());
        } else if is_glob {
            for alias in &module.aliases {
                self.resolve(here, &alias.segments, false, depth + 1, files);
            }
        }
    }
}

/// The circles in the imports: each is the imports among files that all import each other, directly or through others of them.
pub fn circles(imports: &BTreeSet<Import>) -> Vec<Vec<Import>> {
    let mut reached: BTreeMap<&Path, BTreeSet<&Path>> = BTreeMap::new();
    for start in imports.iter().map(|import| import.from.as_path()) {
        let (mut ahead, mut seen) = (vec![start], BTreeSet::new());
        while let Some(file) = ahead.pop() {
            let next = imports.iter().filter(|import| import.from == file).map(|import| import.to.as_path());
            ahead.extend(next.filter(|to| seen.insert(*to)));
        }
        reached.insert(start, seen);
    }
    let reaches = |from: &Path, to: &Path| reached.get(from).is_some_and(|files| files.contains(to));
    let mut groups: BTreeMap<BTreeSet<&Path>, Vec<Import>> = BTreeMap::new();
    for import in imports.iter().filter(|import| reaches(&import.to, &import.from)) {
        let in_circle = |file: &&Path| reaches(&import.from, file) && reaches(file, &import.from);
        let group = reached.keys().copied().filter(in_circle).collect();
        groups.entry(group).or_default().push(import.clone());
    }
    groups.into_values().collect()
}
