//! What the text of the protocol shows as known bytes is what the code makes.

use pushtalk_protocol::EMOJI;
use pushtalk_tests::vectors::vectors;

const TEXT: &str = include_str!("../docs/PROTOCOL.md");

#[test]
fn the_known_bytes_are_those_of_the_code() {
    let block = TEXT.split("```vectors\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let made: Vec<String> = vectors().iter().map(|(name, value)| format!("{name}: {value}")).collect();
    assert!(made.len() > 20);
    assert_eq!(block.lines().collect::<Vec<_>>(), made);
}

#[test]
fn the_table_of_emoji_is_that_of_the_code() {
    for (row, eight) in EMOJI.chunks(8).enumerate() {
        let cells: Vec<String> = eight.iter().map(|e| format!("{} {}", e.symbol, e.en)).collect();
        let line = format!("| {} | {} |", 8 * row, cells.join(" | "));
        assert!(TEXT.lines().any(|shown| shown == line), "{line}");
    }
}
