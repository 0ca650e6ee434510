//! The workspace as the rules of the house see it: which crate is in which layer, and what each one depends on, as cargo
//! itself tells it. The rules stand in `tests/`, where they are held.

pub mod imports;
mod paths;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use cargo_metadata::{CargoOpt, DependencyKind, Metadata, MetadataCommand, PackageId};

/// Where a crate stands. Imports point downwards only, as the variants are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layer {
    /// Judges all others; nothing depends on it.
    Test,
    /// All functions in one program, for the stacks of this machine; nothing depends on it.
    Local,
    /// What runs: a Lambda.
    Function,
    /// What is true: rules, use cases and the store of one bounded context.
    Context,
    /// What contexts stand on: AWS, HTTP, events, telemetry; and pricing, which is pure and belongs to no context.
    Kit,
    /// Money, ids, time.
    Values,
}

/// The bounded contexts.
pub const CONTEXTS: [&str; 7] = ["identity", "catalog", "cart", "orders", "payments", "notifications", "search"];

/// The kit.
pub const KIT: [&str; 7] = ["events", "http-kit", "aws-kit", "telemetry", "outbound", "pricing", "tabular"];

/// A crate of ours.
#[derive(Debug)]
pub struct Member {
    /// As in its manifest.
    pub name: String,
    /// Where it stands; none if no rule knows it.
    pub layer: Option<Layer>,
    /// What its code depends on (not its tests): crates of ours and others.
    pub depends_on: BTreeSet<String>,
    /// Dependencies of any kind that are taken with their default features.
    pub with_default_features: BTreeSet<String>,
}

/// All crates, and what they come to when everything is resolved.
#[derive(Debug)]
pub struct Workspace {
    /// The folder of the root manifest.
    pub root: PathBuf,
    /// By name.
    pub members: BTreeMap<String, Member>,
    metadata: Metadata,
}

impl Workspace {
    /// Asks cargo, with all features on.
    ///
    /// # Errors
    /// If cargo cannot read the workspace, or Cargo.lock does not fit it.
    pub fn read() -> Result<Self> {
        Self::resolve(CargoOpt::AllFeatures)
    }

    /// The same with the features that functions are built with: the default ones.
    ///
    /// # Errors
    /// As for [`Workspace::read`].
    pub fn read_default() -> Result<Self> {
        Self::resolve(CargoOpt::SomeFeatures(Vec::new()))
    }

    fn resolve(features: CargoOpt) -> Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize()?;
        let platform = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
        let mut cargo = MetadataCommand::new();
        cargo.manifest_path(root.join("Cargo.toml")).features(features);
        // Of this platform alone: crates for Windows would have to be fetched.
        cargo.other_options(["--locked", "--filter-platform", &platform].map(str::to_owned));
        let metadata = cargo.exec().context("cargo metadata --locked does not work here: run it by hand to see why")?;
        let members = metadata.workspace_packages().into_iter().map(|package| {
            let name = package.name.to_string();
            let (mut depends_on, mut with_default_features) = (BTreeSet::new(), BTreeSet::new());
            for dependency in &package.dependencies {
                if dependency.kind != DependencyKind::Development {
                    depends_on.insert(dependency.name.clone());
                }
                if dependency.uses_default_features {
                    with_default_features.insert(dependency.name.clone());
                }
            }
            let folder = package.manifest_path.strip_prefix(&metadata.workspace_root).map(|path| path.as_str());
            let layer = layer(&name, folder.unwrap_or_default());
            (name.clone(), Member { name, layer, depends_on, with_default_features })
        });
        Ok(Self { root, members: members.collect(), metadata })
    }

    /// The crates of a layer.
    pub fn of(&self, layer: Layer) -> impl Iterator<Item = &Member> {
        self.members.values().filter(move |member| member.layer == Some(layer))
    }

    /// A crate of ours.
    pub fn member(&self, name: &str) -> Option<&Member> {
        self.members.get(name)
    }

    /// Every crate that ends up in a crate's code, each with one way that leads to it (`pricing -> values -> time`).
    pub fn everything_below(&self, name: &str) -> BTreeMap<String, String> {
        let mut found = BTreeMap::new();
        let package = self.metadata.workspace_packages().into_iter().find(|package| *package.name == name);
        let mut ahead: Vec<(PackageId, String)> =
            package.map(|package| (package.id.clone(), name.to_owned())).into_iter().collect();
        while let Some((id, way)) = ahead.pop() {
            let node =
                self.metadata.resolve.as_ref().and_then(|resolve| resolve.nodes.iter().find(|node| node.id == id));
            let code = node.into_iter().flat_map(|node| &node.deps);
            for dependency in code.filter(|dep| dep.dep_kinds.iter().any(|kind| kind.kind == DependencyKind::Normal)) {
                let below = self.metadata[&dependency.pkg].name.to_string();
                let way = format!("{way} -> {below}");
                if found.insert(below, way.clone()).is_none() {
                    ahead.push((dependency.pkg.clone(), way));
                }
            }
        }
        found
    }

    /// Every version of a crate that the workspace resolves to.
    pub fn versions_of(&self, name: &str) -> Vec<String> {
        let packages = self.metadata.packages.iter().filter(|package| *package.name == name);
        packages.map(|package| package.version.to_string()).collect()
    }

    /// The root file of every library, program and test: `lib.rs`, `main.rs`, `tests/….rs`.
    ///
    /// # Errors
    /// If a root file is not in the workspace.
    pub fn roots(&self) -> Result<Vec<PathBuf>> {
        let mut roots = Vec::new();
        for target in self.metadata.workspace_packages().iter().flat_map(|package| &package.targets) {
            let path = target.src_path.canonicalize_utf8()?.into_std_path_buf();
            path.strip_prefix(&self.root).with_context(|| format!("{} is not in the workspace", path.display()))?;
            roots.push(path);
        }
        roots.sort();
        Ok(roots)
    }

    /// Every Rust file under a folder of the root.
    ///
    /// # Errors
    /// If the folder cannot be read.
    pub fn rust_files(&self, folder: &str) -> Result<Vec<PathBuf>> {
        let (mut files, mut ahead) = (Vec::new(), vec![self.root.join(folder)]);
        while let Some(folder) = ahead.pop() {
            for entry in folder.read_dir().with_context(|| format!("{} cannot be read", folder.display()))? {
                let path = entry?.path();
                if path.is_dir() {
                    ahead.push(path);
                } else if path.extension().is_some_and(|extension| extension == "rs") {
                    files.push(path);
                }
            }
        }
        files.sort();
        Ok(files)
    }
}

fn layer(name: &str, manifest: &str) -> Option<Layer> {
    match manifest.split('/').next()? {
        "tests" => Some(Layer::Test),
        "infra" => Some(Layer::Local),
        "functions" => Some(Layer::Function),
        "shared" if CONTEXTS.contains(&name) => Some(Layer::Context),
        "shared" if KIT.contains(&name) => Some(Layer::Kit),
        "shared" if name == "values" => Some(Layer::Values),
        _ => None,
    }
}
