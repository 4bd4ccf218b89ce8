//! Sources, read: every type that is not for tests only, and which names mean which types where.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;

use anyhow::{Context, ensure};
use syn::visit::Visit;
use syn::{Attribute, Fields, GenericArgument, Item, ItemImpl, PathArguments, Type, UseTree};

/// A type: of a crate of the workspace by the name of its folder, or of somebody else's (empty).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TypeId {
    /// Folder in `src-tauri/`.
    pub home: String,
    /// File in it.
    pub file: String,
    /// Without path and arguments.
    pub name: String,
}

impl fmt::Display for TypeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.home.is_empty() { f.write_str(&self.name) } else { write!(f, "{}::{}", self.home, self.name) }
    }
}

/// One declaration.
pub(crate) struct Declared {
    pub(crate) id: TypeId,
    /// What it is made of; where, and whether behind something that is shared and not owned.
    pub(crate) parts: Vec<Part>,
    /// By attributes.
    pub(crate) derives: BTreeSet<String>,
}

/// A type that stands in a field of another, however deep.
pub(crate) struct Part {
    pub(crate) field: String,
    pub(crate) id: TypeId,
    pub(crate) shared: bool,
}

/// `impl Trait for Type`.
pub(crate) struct Implemented {
    pub(crate) id: TypeId,
    pub(crate) file: String,
    pub(crate) what: String,
    pub(crate) item: ItemImpl,
}

/// All that was read.
#[derive(Default)]
pub struct Sources {
    pub(crate) types: Vec<Declared>,
    pub(crate) impls: Vec<Implemented>,
}

/// Behind these a value is somebody else's too, and copying the handle copies no value.
const SHARED: [&str; 3] = ["Arc", "Rc", "Cow"];
/// Ends of channels and the like: they hold no value that could be printed or copied.
const HANDLES: [&str; 7] =
    ["Sender", "Receiver", "SyncSender", "UnboundedSender", "UnboundedReceiver", "Weak", "PhantomData"];

/// A file and what its names mean.
struct File {
    home: String,
    name: String,
    syntax: syn::File,
    uses: BTreeMap<String, Vec<String>>,
}

/// The types that a crate declares, with the files they are in, and what stands at its root for others.
#[derive(Default)]
struct Home {
    declared: BTreeMap<String, BTreeSet<String>>,
    root: BTreeMap<String, Vec<String>>,
}

impl Sources {
    /// Reads every crate of the workspace at `root` but those without secrets: chores and tests.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn of_the_workspace(root: &Path) -> anyhow::Result<Self> {
        let mut files = Vec::new();
        for folder in std::fs::read_dir(root.join("src-tauri"))? {
            let folder = folder?.path();
            let home = folder.file_name().and_then(|n| n.to_str()).unwrap_or_default().to_owned();
            if home == "xtask" || !folder.is_dir() {
                continue;
            }
            for file in std::fs::read_dir(&folder)? {
                let file = file?.path();
                if file.extension().is_some_and(|e| e == "rs") {
                    let name = file.file_name().and_then(|n| n.to_str()).unwrap_or_default().to_owned();
                    let text = std::fs::read_to_string(&file)?;
                    files.push((home.clone(), name, text));
                }
            }
        }
        ensure!(files.len() > 100, "these are not the sources");
        files.sort();
        Self::of(files.iter().map(|(home, name, text)| (&**home, &**name, &**text)))
    }

    /// Reads texts: crate, file, source.
    ///
    /// # Errors
    /// When one is not Rust.
    pub fn of<'a>(texts: impl IntoIterator<Item = (&'a str, &'a str, &'a str)>) -> anyhow::Result<Self> {
        let mut files = Vec::new();
        for (home, name, text) in texts {
            let syntax = syn::parse_file(text).with_context(|| format!("{home}/{name}"))?;
            let mut uses = BTreeMap::new();
            for item in &syntax.items {
                if let Item::Use(item) = item {
                    imports(&item.tree, &mut Vec::new(), &mut uses);
                }
            }
            files.push(File { home: home.to_owned(), name: name.to_owned(), syntax, uses });
        }
        // What is compiled for tests only is not the product.
        let only_tests: BTreeSet<(String, String)> = files.iter().flat_map(File::modules_of_tests).collect();
        files.retain(|file| !only_tests.contains(&(file.home.clone(), file.name.clone())));
        let mut homes: BTreeMap<String, Home> = BTreeMap::new();
        for file in &files {
            let home = homes.entry(file.home.clone()).or_default();
            for name in file.syntax.items.iter().filter_map(declared_name) {
                home.declared.entry(name).or_default().insert(file.name.clone());
            }
            if file.name == "lib.rs" {
                home.root.clone_from(&file.uses);
            }
        }
        let mut all = Self::default();
        files.iter().for_each(|file| all.read(file, &homes));
        Ok(all)
    }

    fn read(&mut self, file: &File, homes: &BTreeMap<String, Home>) {
        let names = Names { file, homes };
        for item in &file.syntax.items {
            let (attributes, fields): (&[Attribute], Vec<(String, &Type)>) = match item {
                Item::Struct(item) => (&item.attrs, named("", &item.fields)),
                Item::Enum(item) => {
                    let fields = item.variants.iter().flat_map(|v| named(&v.ident.to_string(), &v.fields));
                    (&item.attrs, fields.collect())
                }
                Item::Type(item) => (&item.attrs, vec![("=".to_owned(), &*item.ty)]),
                Item::Impl(item) => {
                    self.read_impl(&names, item);
                    continue;
                }
                _ => continue,
            };
            let Some(name) = declared_name(item) else { continue };
            let mut parts = Vec::new();
            for (field, ty) in fields {
                let mut walk = Walk { names: &names, shared: false, found: Vec::new() };
                walk.visit_type(ty);
                parts.extend(walk.found.into_iter().map(|(id, shared)| Part {
                    field: field.clone(),
                    id,
                    shared,
                }));
            }
            let id = TypeId { home: file.home.clone(), file: file.name.clone(), name };
            self.types.push(Declared { id, parts, derives: derives(attributes) });
        }
    }

    fn read_impl(&mut self, names: &Names<'_>, item: &ItemImpl) {
        let Some((what, _)) = &item.trait_ else { return };
        let Some(what) = what.segments.last().map(|s| s.ident.to_string()) else { return };
        let Type::Path(of) = &*item.self_ty else { return };
        let id = names.resolve(&segments(&of.path));
        self.impls.push(Implemented { id, file: names.file.name.clone(), what, item: item.clone() });
    }
}

impl File {
    /// Files that this one declares for tests only.
    fn modules_of_tests(&self) -> Vec<(String, String)> {
        let modules = self.syntax.items.iter().filter_map(|item| match item {
            Item::Mod(module) if module.content.is_none() && for_tests(&module.attrs) => {
                Some((self.home.clone(), format!("{}.rs", module.ident)))
            }
            _ => None,
        });
        modules.collect()
    }
}

fn for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|a| {
        a.path().is_ident("cfg") && a.parse_args::<syn::Path>().is_ok_and(|path| path.is_ident("test"))
    })
}

fn declared_name(item: &Item) -> Option<String> {
    let (name, attributes) = match item {
        Item::Struct(item) => (&item.ident, &item.attrs),
        Item::Enum(item) => (&item.ident, &item.attrs),
        Item::Type(item) => (&item.ident, &item.attrs),
        _ => return None,
    };
    (!for_tests(attributes)).then(|| name.to_string())
}

fn named<'a>(variant: &str, fields: &'a Fields) -> Vec<(String, &'a Type)> {
    let name = |(at, field): (usize, &'a syn::Field)| {
        let name = field.ident.as_ref().map_or_else(|| at.to_string(), ToString::to_string);
        (if variant.is_empty() { name } else { format!("{variant}.{name}") }, &field.ty)
    };
    fields.iter().enumerate().map(name).collect()
}

/// What is derived, on condition or not.
fn derives(attributes: &[Attribute]) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for attribute in attributes {
        let syn::Meta::List(list) = &attribute.meta else { continue };
        if list.path.is_ident("derive") || list.path.is_ident("cfg_attr") {
            let words = list.tokens.to_string();
            all.extend(words.split(|c: char| !c.is_alphanumeric()).map(str::to_owned));
        }
    }
    all
}

/// Each imported name and the path that it stands for.
fn imports(tree: &UseTree, above: &mut Vec<String>, into: &mut BTreeMap<String, Vec<String>>) {
    match tree {
        UseTree::Path(path) => {
            above.push(path.ident.to_string());
            imports(&path.tree, above, into);
            above.pop();
        }
        UseTree::Name(name) => {
            into.insert(name.ident.to_string(), [above, &[name.ident.to_string()][..]].concat());
        }
        UseTree::Rename(rename) => {
            into.insert(rename.rename.to_string(), [above, &[rename.ident.to_string()][..]].concat());
        }
        UseTree::Group(group) => group.items.iter().for_each(|tree| imports(tree, above, into)),
        _ => {}
    }
}

fn segments(path: &syn::Path) -> Vec<String> {
    path.segments.iter().map(|s| s.ident.to_string()).collect()
}

/// What names mean in one file.
struct Names<'a> {
    file: &'a File,
    homes: &'a BTreeMap<String, Home>,
}

impl Names<'_> {
    fn resolve(&self, path: &[String]) -> TypeId {
        let (Some(first), Some(last)) = (path.first(), path.last()) else { return foreign("") };
        match self.file.uses.get(first) {
            // As it was imported, by itself or through its module.
            Some(imported) => self.absolute(&self.file.home, &[&imported[..], &path[1..]].concat()),
            None if path.len() == 1 => {
                self.declared(&self.file.home, &self.file.name, last).unwrap_or_else(|| foreign(last))
            }
            None => self.absolute(&self.file.home, path),
        }
    }

    /// What a path means in the crate `from`.
    fn absolute(&self, from: &str, path: &[String]) -> TypeId {
        let (Some(first), Some(last)) = (path.first(), path.last()) else { return foreign("") };
        let home = match first.strip_prefix("pushtalk_") {
            Some(home) => home,
            None if matches!(first.as_str(), "crate" | "self" | "super") => from,
            None if self.homes.get(from).is_some_and(|home| home.has_file(&format!("{first}.rs"))) => from,
            None => return foreign(last),
        };
        let module = path.iter().rev().nth(1).map(|module| format!("{module}.rs")).unwrap_or_default();
        if let Some(declared) = self.declared(home, &module, last) {
            return declared;
        }
        // What stands at the root, from a file or from another crate.
        match self.homes.get(home).and_then(|home| home.root.get(last)) {
            Some(passed_on) if passed_on != path => self.absolute(home, passed_on),
            _ => match self.homes.get(home).and_then(|home| home.declared.get(last)?.first()) {
                Some(file) => TypeId { home: home.to_owned(), file: file.clone(), name: last.clone() },
                None => TypeId { home: home.to_owned(), file: String::new(), name: last.clone() },
            },
        }
    }

    fn declared(&self, home: &str, file: &str, name: &str) -> Option<TypeId> {
        let is_there = self.homes.get(home)?.declared.get(name)?.contains(file);
        is_there.then(|| TypeId { home: home.to_owned(), file: file.to_owned(), name: name.to_owned() })
    }
}

impl Home {
    fn has_file(&self, name: &str) -> bool {
        self.declared.values().any(|files| files.contains(name))
    }
}

fn foreign(name: &str) -> TypeId {
    TypeId { home: String::new(), file: String::new(), name: name.to_owned() }
}

/// Collects the types in a type.
struct Walk<'a> {
    names: &'a Names<'a>,
    shared: bool,
    found: Vec<(TypeId, bool)>,
}

impl Walk<'_> {
    fn behind(&mut self, shared: bool, visit: impl FnOnce(&mut Self)) {
        let before = self.shared;
        self.shared |= shared;
        visit(self);
        self.shared = before;
    }
}

impl<'ast> Visit<'ast> for Walk<'_> {
    fn visit_type_path(&mut self, path: &'ast syn::TypePath) {
        let id = self.names.resolve(&segments(&path.path));
        let name = id.name.clone();
        self.found.push((id, self.shared));
        if HANDLES.contains(&&*name) {
            return;
        }
        self.behind(SHARED.contains(&&*name), |walk| {
            for segment in &path.path.segments {
                let PathArguments::AngleBracketed(arguments) = &segment.arguments else { continue };
                for argument in &arguments.args {
                    if let GenericArgument::Type(argument) = argument {
                        walk.visit_type(argument);
                    }
                }
            }
        });
    }

    fn visit_type_reference(&mut self, reference: &'ast syn::TypeReference) {
        self.behind(true, |walk| walk.visit_type(&reference.elem));
    }

    /// A function holds nothing of what it takes.
    fn visit_type_fn_ptr(&mut self, _: &'ast syn::TypeFnPtr) {}

    fn visit_expr(&mut self, _: &'ast syn::Expr) {}
}
