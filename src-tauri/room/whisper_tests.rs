//! Whispering, at the table: to whom it goes, and what it does not touch.

use std::collections::BTreeSet;

use pushtalk_protocol::{FloorMessage, Mode, Pid, RevokedReason};

use crate::table::{LIMIT, Table, ms, pid};
use crate::{Audience, Floor, Input, Microphone, RevokedWhy, Situation};

fn to(members: &[u8]) -> Input {
    Input::Whisper(members.iter().map(|of| pid(*of)).collect())
}

fn whispering(table: &Table, of: u8) -> Vec<Pid> {
    table.room(of).view().whispering
}

#[test]
fn a_whisper_asks_nobody_and_is_seen_by_none_but_those_it_is_for() {
    let mut table = Table::of(4, Some(1));
    table.give(2, to(&[3]));
    assert_eq!((table.kept.clone(), table.said.len()), (vec![2], 0), "something was said of it");
    assert_eq!(table.turn(2).audience(), &Audience::Only(BTreeSet::from([pid(3)])));
    assert!(matches!(table.button(2), Situation::Talking { until, .. } if until == LIMIT));
    assert_eq!((whispering(&table, 2), table.talker(2)), (vec![pid(3)], None));
    table.wait(ms(300));
    for of in [1, 3, 4] {
        let view = table.room(of).view();
        assert_eq!((view.floor, view.talkers, view.button), (Floor::Idle, vec![], Situation::Idle));
        assert_eq!(view.whispers, if of == 3 { vec![pid(2)] } else { vec![] });
    }
    table.give(2, Input::Release);
    table.spoken(2);
    table.wait(ms(700));
    assert_eq!((whispering(&table, 2), table.room(3).view().whispers), (vec![], vec![]));
    assert_eq!((table.button(2), table.said.len()), (Situation::Idle, 0));
}

#[test]
fn beside_a_whisper_others_talk_and_are_heard() {
    let mut table = Table::of(3, Some(1));
    table.give(3, Input::Press);
    table.give(2, to(&[1]));
    table.wait(ms(5_000));
    assert_eq!(table.live(), [3, 2], "neither waits for the other");
    assert_eq!((table.talker(1), table.talker(2)), (Some(3), Some(3)));
    table.give(3, Input::Release);
    table.spoken(3);
    table.give(1, Input::Press);
    assert_eq!((table.live(), table.talker(2)), (vec![2, 1], Some(1)));
}

#[test]
fn what_is_meant_for_a_few_never_goes_to_all() {
    let mut table = Table::of(3, Some(1));
    table.give(2, Input::Press);
    table.give(2, to(&[3]));
    assert_eq!((table.talker(1), table.live()), (None, vec![2]), "what was said to all is over");
    assert_eq!(whispering(&table, 2), [pid(3)]);
    table.give(2, Input::Press);
    assert_eq!(whispering(&table, 2), [pid(3)], "a second button makes it no talk to all");

    // Where none of them is reached, it goes to nobody.
    table.give(2, Input::Release);
    table.spoken(2);
    table.give(2, Input::Press);
    assert_eq!(table.talker(1), Some(2));
    table.give(2, to(&[9]));
    assert_eq!((table.live(), table.talker(1), table.button(2)), (vec![], None, Situation::Idle));

    // Nor when a silent microphone is heard at last.
    table.give(2, Input::Microphone(Microphone::Silent));
    table.give(2, to(&[3]));
    assert_eq!(table.button(2), Situation::SilentMic);
    table.give(2, Input::Microphone(Microphone::Open));
    assert_eq!((whispering(&table, 2), table.talker(1)), (vec![pid(3)], None));
    table.give(2, Input::Release);
    table.spoken(2);
    table.give(2, Input::Microphone(Microphone::Silent));
    table.give(2, Input::Press);
    table.give(2, Input::Microphone(Microphone::Open));
    assert_eq!((whispering(&table, 2), table.talker(1)), (vec![], Some(2)), "that one was for all");
}

#[test]
fn nothing_that_is_said_about_the_floor_ends_a_whisper() {
    let mut table = Table::of(3, Some(1));
    table.give(2, to(&[3]));
    let spurt = table.turn(2).spurt();
    for (n, message) in [
        (1, FloorMessage::Taken { n: 1, talker: pid(3) }),
        (2, FloorMessage::Revoked { n: 2, spurt, reason: RevokedReason::Limit }),
        (3, FloorMessage::Granted { n: 3, spurt, limit_ms: 1 }),
        (4, FloorMessage::Taken { n: 4, talker: pid(2) }),
        (5, FloorMessage::Idle { n: 5 }),
    ] {
        table.give(2, Input::Floor { from: pid(1), message });
        table.wait(ms(50));
        assert_eq!((table.live(), whispering(&table, 2)), (vec![2], vec![pid(3)]), "{n}");
    }
    for mode in [Mode::Open, Mode::Radio] {
        table.give(2, Input::Mode(mode));
        assert_eq!(whispering(&table, 2), [pid(3)]);
    }
    // Nor is it taken for talking by who becomes the arbiter.
    table.said.clear();
    table.give(2, Input::Gone(pid(1)));
    assert_eq!((table.talker(2), whispering(&table, 2)), (None, vec![pid(3)]));
    let taken = |said: &&(u8, u8, FloorMessage)| matches!(said.2, FloorMessage::Taken { .. });
    assert_eq!(table.said.iter().find(taken), None);
}

#[test]
fn a_whisper_ends_at_the_limit_and_when_the_last_of_those_it_is_for_is_lost() {
    let mut table = Table::of(4, Some(1));
    table.give(2, to(&[3, 4]));
    table.give(2, Input::Down(pid(3)));
    assert_eq!(table.live(), [2]);
    table.give(2, Input::Gone(pid(4)));
    assert_eq!((table.live(), table.dropped.clone()), (vec![], vec![2]));
    assert_eq!(table.button(2), Situation::Idle, "the others are there");
    table.give(2, Input::Up { pid: pid(3), host: false });
    assert_eq!(table.live(), [], "it does not begin again by itself");
    table.give(2, to(&[3]));
    table.wait(LIMIT);
    assert_eq!(table.button(2), Situation::Revoked { why: RevokedWhy::Limit });
    table.give(2, Input::Release);
    table.give(2, to(&[3]));
    assert_eq!(table.button(2), Situation::Revoked { why: RevokedWhy::Limit }, "at once, and again");
}
