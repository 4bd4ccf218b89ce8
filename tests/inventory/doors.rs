//! What goes through a door is plain data: numbers, texts, lists of them, public names and public keys.

use std::collections::BTreeSet;

use super::source::{Sources, TypeId};

/// What the language and its library offer.
const PLAIN: [&str; 16] = [
    "bool", "u8", "u16", "u32", "u64", "usize", "i8", "i16", "i32", "i64", "f32", "f64", "String", "Vec",
    "Option", "BTreeMap",
];

/// Of `protocol`: made to be seen by anybody.
const PUBLIC: [&str; 12] = [
    "CertificateHash",
    "Challenge",
    "Epoch",
    "HostPublic",
    "JoinPublic",
    "LobbyId",
    "MemberPublic",
    "Nameplate",
    "Pid",
    "RoomId",
    "SeatPublic",
    "Signature",
];

/// Everything reachable from `roots`, or from all that the files declare, that is neither plain nor declared in one of the
/// files; each with the way to it. The roots are in the first.
pub fn not_plain(sources: &Sources, home: &str, files: &[&str], roots: &[&str]) -> Vec<String> {
    let file = files[0];
    let here = |id: &TypeId| sources.types.iter().find(|t| t.id == *id).filter(|_| is_in(id, home, files));
    let mut ways: Vec<(TypeId, String)> = if roots.is_empty() {
        let all = sources.types.iter().filter(|t| is_in(&t.id, home, files));
        all.map(|t| (t.id.clone(), t.id.name.clone())).collect()
    } else {
        let id = |name: &str| TypeId { home: home.into(), file: file.into(), name: name.into() };
        roots.iter().map(|name| (id(name), (*name).to_owned())).collect()
    };
    let mut problems: Vec<String> = ways
        .iter()
        .filter(|(id, _)| here(id).is_none())
        .map(|(id, _)| format!("{id} is not in {file}"))
        .collect();
    if ways.is_empty() {
        problems.push(format!("{home}/{file} declares nothing"));
    }
    let mut seen = BTreeSet::new();
    while let Some((id, way)) = ways.pop() {
        if !seen.insert(id.clone()) {
            continue;
        }
        for part in here(&id).into_iter().flat_map(|t| &t.parts) {
            let way = format!("{way}.{}", part.field);
            let plain = part.id.home.is_empty() && PLAIN.contains(&&*part.id.name)
                || part.id.home == "protocol" && PUBLIC.contains(&&*part.id.name);
            if here(&part.id).is_some() {
                ways.push((part.id.clone(), way));
            } else if !plain {
                problems.push(format!("{way} holds {}", part.id));
            }
        }
    }
    problems
}

fn is_in(id: &TypeId, home: &str, files: &[&str]) -> bool {
    id.home == home && files.contains(&&*id.file)
}
