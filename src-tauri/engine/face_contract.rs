//! Writes the window's contract to TypeScript, and fails when `ui/src/contract.ts` differs from it.
//!
//! `PUSHTALK_WRITE_CONTRACT=1 cargo test -p pushtalk-engine face_contract` writes it anew.

use std::any::TypeId;
use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use ts_rs::{Config, TS, TypeVisitor};

use crate::face::{Intent, View};

const HEADER: &str = "// The contract of the window: what it sees (View) and what it may ask for (Intent).
// Made from src-tauri/engine/face.rs by `PUSHTALK_WRITE_CONTRACT=1 cargo test -p pushtalk-engine face_contract`.
// Do not edit: a test compares the two.
";

/// Every type that was met on the way, by name.
struct Declarations<'a> {
    config: &'a Config,
    met: HashSet<TypeId>,
    by_name: BTreeMap<String, String>,
}

impl TypeVisitor for Declarations<'_> {
    fn visit<T: TS + 'static + ?Sized>(&mut self) {
        // Primitives have no file of their own, thus no declaration.
        if T::output_path().is_none() || !self.met.insert(TypeId::of::<T>()) {
            return;
        }
        let docs = T::docs().unwrap_or_default();
        let declaration = format!("{docs}export {}\n", T::decl(self.config));
        let before = self.by_name.insert(T::ident(self.config), declaration);
        assert!(before.is_none(), "two types are called {}", T::ident(self.config));
        T::visit_dependencies(self);
    }
}

fn contract() -> String {
    let config = Config::new().with_large_int("number");
    let mut all = Declarations { config: &config, met: HashSet::new(), by_name: BTreeMap::new() };
    all.visit::<Intent>();
    all.visit::<View>();
    let declarations: Vec<String> = all.by_name.into_values().collect();
    let text = format!("{HEADER}\n{}", declarations.join("\n"));
    text.lines().flat_map(|line| [line.trim_end(), "\n"]).collect()
}

#[test]
fn the_window_is_built_against_the_types_of_the_engine() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ui/src/contract.ts");
    let made = contract();
    if std::env::var("PUSHTALK_WRITE_CONTRACT").is_ok_and(|v| v == "1") {
        std::fs::write(&path, &made).unwrap();
    }
    let stored = std::fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
    assert!(
        stored == made,
        "ui/src/contract.ts differs from face.rs; write it anew with PUSHTALK_WRITE_CONTRACT=1 and mend the window"
    );
}

#[test]
fn the_contract_has_no_types_that_json_cannot_hold() {
    let made = contract();
    for foreign in ["bigint", "import ", "Map<", "undefined"] {
        assert!(!made.contains(foreign), "{foreign}");
    }
}
