//! The guard between window and program knows the intents of the contract and their fields, no more and no less.

use std::collections::{BTreeMap, BTreeSet};

/// What stands between `from` and `to` at each place.
fn between<'a>(text: &'a str, from: &str, to: &str) -> Vec<&'a str> {
    text.split(from).skip(1).filter_map(|rest| rest.split(to).next()).collect()
}

/// The words that a colon follows.
fn fields(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !(c.is_alphanumeric() || c == ':'));
    words.filter_map(|word| word.strip_suffix(':')).map(str::to_owned).collect()
}

#[test]
fn the_guard_lets_through_every_intent_with_its_fields_and_nothing_else() {
    let contract = include_str!("../../ui/src/contract.ts");
    let intents = between(contract, "export type Intent =", "export type").concat();
    let code: String =
        intents.split("/**").map(|part| part.split_once("*/").map_or(part, |(_, code)| code)).collect();
    let known: BTreeMap<_, _> = code
        .split("\"do\": \"")
        .skip(1)
        .filter_map(|intent| intent.split_once('"'))
        .map(|(name, rest)| (name.to_owned(), fields(rest.split('}').next().unwrap_or_default())))
        .collect();
    assert_eq!(
        known.get("press"),
        Some(&BTreeSet::new()),
        "the contract is not written as it was: {known:?}"
    );
    assert_eq!(known.get("join").map(BTreeSet::len), Some(4), "{known:?}");

    let guard = include_str!("isolation/index.js");
    let table = between(guard, "const intents = new Map(", ");\n").concat();
    let passed: BTreeMap<_, _> = table
        .lines()
        .filter_map(|line| line.strip_prefix("      "))
        .filter_map(|line| line.split_once(':'))
        .map(|(name, rest)| (name.to_owned(), fields(rest)))
        .collect();
    assert_eq!(passed, known);
}
