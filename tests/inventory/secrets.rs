//! Types that hold a secret, themselves or in what they hold, and what they must not be able to do.

use std::collections::BTreeSet;

use syn::visit::Visit;

use super::source::{Implemented, Sources, TypeId};

/// Where secrets begin: what wipes itself, and keys of other people's libraries.
const KINDS: [&str; 13] = [
    "Zeroizing",
    "ZeroizeOnDrop",
    "SecretBytes",
    "SigningKey",
    "StaticSecret",
    "EphemeralSecret",
    "ReusableSecret",
    "SharedSecret",
    "HandshakeState",
    "TransportState",
    "StatelessTransportState",
    "Aes256Gcm",
    "Hkdf",
];

/// What no type with a secret can do.
const FORBIDDEN: [&str; 7] =
    ["Clone", "Copy", "Debug", "Display", "Serialize", "Deserialize", "DeserializeOwned"];

/// Every type that holds a secret and yet can be copied, printed or written; and how many types with a secret there
/// are.
pub fn careless(sources: &Sources) -> (BTreeSet<TypeId>, Vec<String>) {
    let owning = closure(sources, false);
    let showing = closure(sources, true);
    let secret = |id: &TypeId, what: &str| {
        // A copy of a handle is no copy of what is shared; printing it prints what is shared.
        if matches!(what, "Clone" | "Copy") { owning.contains(id) } else { showing.contains(id) }
    };
    let mut problems = Vec::new();
    for declared in &sources.types {
        for what in FORBIDDEN.iter().filter(|what| declared.derives.contains(**what)) {
            if secret(&declared.id, what) {
                problems.push(format!("{} derives {what}", declared.id));
            }
        }
    }
    for implemented in &sources.impls {
        let Implemented { id, file, what, .. } = implemented;
        let silent = what == "Debug" && says_nothing(implemented);
        if FORBIDDEN.contains(&&**what) && secret(id, what) && !silent {
            problems.push(format!("{id} implements {what} in {file}"));
        }
    }
    (owning, problems)
}

/// All types that hold one of the kinds, however deep.
fn closure(sources: &Sources, through_shared: bool) -> BTreeSet<TypeId> {
    let mut found: BTreeSet<TypeId> = BTreeSet::new();
    loop {
        let holds = |id: &TypeId| KINDS.contains(&&*id.name) || found.contains(id);
        let more: Vec<TypeId> = sources
            .types
            .iter()
            .filter(|t| !found.contains(&t.id))
            .filter(|t| t.parts.iter().any(|p| (through_shared || !p.shared) && holds(&p.id)))
            .map(|t| t.id.clone())
            .collect();
        if more.is_empty() {
            return found;
        }
        found.extend(more);
    }
}

/// A `Debug` by hand that looks at no field: it neither names one nor binds one in a pattern.
fn says_nothing(implemented: &Implemented) -> bool {
    struct Looks(bool);
    impl<'ast> Visit<'ast> for Looks {
        fn visit_expr_field(&mut self, _: &'ast syn::ExprField) {
            self.0 = true;
        }

        fn visit_pat_ident(&mut self, _: &'ast syn::PatIdent) {
            self.0 = true;
        }

        fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
            if matches!(&*call.receiver, syn::Expr::Path(path) if path.path.is_ident("self")) {
                self.0 = true;
            }
            syn::visit::visit_expr_method_call(self, call);
        }

        fn visit_macro(&mut self, called: &'ast syn::Macro) {
            let words = called.tokens.to_string();
            self.0 |= words.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == "self");
        }
    }
    let mut looks = Looks(false);
    for item in &implemented.item.items {
        if let syn::ImplItem::Fn(function) = item {
            looks.visit_block(&function.block);
        }
    }
    !looks.0
}
