//! What is worth a notification while the window has not the focus. Never a name: systems keep what they show.

use pushtalk_engine::face::{RoomView, Stage, View};

use crate::words::Words;

/// What has happened between two views; one thing at most, the gravest.
pub(crate) fn news(before: &View, now: &View, words: &Words) -> Option<&'static str> {
    match (&before.stage, &now.stage) {
        // Who leaves by choice is told nothing: that leaves no notice.
        (Stage::Room(_), Stage::Home { .. }) if !now.notices.is_empty() => Some(words.out),
        (Stage::Room(before), Stage::Room(now)) if before.server && !now.server => Some(words.server_gone),
        (Stage::Room(before), Stage::Room(now)) if others(now).any(|id| !is_in(before, id)) => {
            Some(words.came)
        }
        (Stage::Room(before), Stage::Room(now)) if hands(now).any(|id| !hands(before).any(|it| it == id)) => {
            Some(words.hand)
        }
        _ => None,
    }
}

fn others(room: &RoomView) -> impl Iterator<Item = &str> {
    room.members.iter().filter(|member| !member.me).map(|member| member.id.as_str())
}

fn is_in(room: &RoomView, id: &str) -> bool {
    others(room).any(|other| other == id)
}

fn hands(room: &RoomView) -> impl Iterator<Item = &str> {
    room.members.iter().filter(|member| !member.me && member.hand).map(|member| member.id.as_str())
}
