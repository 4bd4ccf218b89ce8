//! The guard between window and program knows the intents of the contract, no more and no less.

use std::collections::BTreeSet;

/// What stands between `from` and `to` at each place.
fn between<'a>(text: &'a str, from: &str, to: &str) -> Vec<&'a str> {
    text.split(from).skip(1).filter_map(|rest| rest.split(to).next()).collect()
}

#[test]
fn the_guard_lets_through_every_intent_and_nothing_else() {
    let contract = include_str!("../../ui/src/contract.ts");
    let intents = between(contract, "export type Intent =", "export type").concat();
    let known: BTreeSet<_> = between(&intents, "\"do\": \"", "\"").into_iter().collect();
    assert!(
        known.contains("press") && known.contains("join"),
        "the contract is not written as it was: {known:?}"
    );

    let guard = include_str!("isolation/index.js");
    let table = between(guard, "const intents = new Map(", ");\n").concat();
    let passed: BTreeSet<_> = table
        .lines()
        .filter_map(|line| line.strip_prefix("      "))
        .filter_map(|line| line.split_once(':'))
        .map(|(name, _)| name)
        .collect();
    assert_eq!(passed, known);
}
