//! The rules of the floor, one by one.

use pushtalk_protocol::{FloorMessage, Mode};

use crate::table::{LIMIT, Table, ms, pid};
use crate::{Floor, Input, LinkState, MemberView, Microphone, Output, Room, RoomConfig, Situation};

#[test]
fn who_presses_first_talks_and_everybody_sees_it() {
    for talker in [1, 2] {
        let mut table = Table::of(3, Some(1));
        table.now = ms(700);
        table.give(talker, Input::Press);
        assert_eq!((table.kept.clone(), table.live()), (vec![talker], vec![talker]));
        assert_eq!(
            table.button(talker),
            Situation::Talking { since: ms(700), until: ms(700) + LIMIT, near: false }
        );
        assert_eq!((table.turn(talker).spurt(), table.turn(talker).until()), (1, ms(700) + LIMIT));
        for of in 1..=3 {
            assert_eq!(table.floor(of), Floor::Taken { pid: pid(talker), since: ms(700) });
        }
        assert_eq!(table.button(3), Situation::Receiving { who: pid(talker) });
        table.give(talker, Input::Release);
        assert_eq!(table.finished, [talker]);
        assert_eq!(table.live(), [talker], "the last words are still on their way");
        assert_eq!(table.talker(3), Some(talker));
        table.spoken(talker);
        for of in 1..=3 {
            assert_eq!((table.floor(of), table.button(of)), (Floor::Idle, Situation::Idle));
        }
        assert!(table.dropped.is_empty());
    }
}

#[test]
fn who_presses_while_another_talks_is_told_who_and_keeps_nothing() {
    for presser in [1, 3] {
        let mut table = Table::of(3, Some(1));
        table.give(2, Input::Press);
        table.give(presser, Input::Press);
        assert_eq!(table.button(presser), Situation::Busy { who: pid(2) });
        assert_eq!((table.dropped.clone(), table.live()), (vec![presser], vec![2]));
        table.give(2, Input::Release);
        table.spoken(2);
        assert_eq!(table.button(presser), Situation::Busy { who: pid(2) }, "until it is released");
        table.give(presser, Input::Release);
        assert_eq!(table.button(presser), Situation::Idle);
        assert!(table.live().is_empty());
    }
}

#[test]
fn of_two_who_press_at_once_exactly_one_talks() {
    let mut table = Table::of(3, Some(1));
    table.hold = true;
    table.give(2, Input::Press);
    table.give(3, Input::Press);
    assert_eq!(table.button(3), Situation::Requesting);
    table.hold = false;
    table.flow();
    assert_eq!((table.live(), table.dropped.clone()), (vec![2], vec![3]));
    assert_eq!(table.button(3), Situation::Busy { who: pid(2) });
}

#[test]
fn the_floor_is_free_at_once_when_the_talker_goes() {
    for gone in [Input::Gone(pid(2)), Input::Down(pid(2)), Input::Mismatch(pid(2))] {
        let mut table = Table::of(4, Some(1));
        table.give(2, Input::Press);
        table.cut.push(2);
        table.give(1, gone);
        for of in [1, 3, 4] {
            assert_eq!(table.floor(of), Floor::Idle);
        }
        table.give(4, Input::Press);
        assert_eq!(table.button(4), Situation::Talking { since: ms(0), until: LIMIT, near: false });
    }
}

#[test]
fn a_short_press_whose_answer_is_late_is_still_said_but_not_a_second_later() {
    for (late, said) in [(999, true), (1_000, false), (4_000, false)] {
        let mut table = Table::of(3, Some(1));
        table.hold = true;
        table.give(2, Input::Press);
        table.now = ms(50);
        table.give(2, Input::Release);
        assert_eq!(table.finished, [2]);
        table.now = ms(50 + late);
        table.hold = false;
        table.flow();
        assert_eq!(table.live() == [2], said, "{late}");
        assert_eq!(table.dropped == [2], !said, "{late}");
        table.spoken(2);
        assert_eq!((table.live(), table.talker(3)), (vec![], None), "{late}");
        assert_eq!(table.button(2), Situation::Idle);
    }
}

#[test]
fn a_short_press_that_is_refused_leaves_no_trace() {
    let mut table = Table::of(3, Some(1));
    table.give(3, Input::Press);
    table.hold = true;
    table.give(2, Input::Press);
    table.give(2, Input::Release);
    table.hold = false;
    table.flow();
    assert_eq!((table.dropped.clone(), table.live()), (vec![2], vec![3]));
    assert_eq!(table.button(2), Situation::Receiving { who: pid(3) });
}

#[test]
fn a_turn_that_is_dropped_while_the_button_is_down_frees_the_floor() {
    let mut table = Table::of(2, Some(1));
    table.give(2, Input::Press);
    table.spoken(2);
    assert_eq!((table.floor(1), table.floor(2)), (Floor::Idle, Floor::Idle));
    table.give(2, Input::Release);
    table.give(2, Input::Press);
    assert_eq!(table.live(), [2]);
}

#[test]
fn pressing_again_before_the_last_words_are_out_begins_a_new_spurt_and_key_repeat_does_not() {
    let mut table = Table::of(2, Some(1));
    table.give(2, Input::Press);
    table.give(2, Input::Press);
    assert_eq!(table.kept, [2]);
    table.give(2, Input::Release);
    table.give(2, Input::Release);
    assert_eq!(table.finished, [2]);
    table.give(2, Input::Press);
    assert_eq!((table.kept.clone(), table.dropped.clone(), table.live()), (vec![2, 2], vec![2], vec![2]));
    assert_eq!(table.turn(2).spurt(), 2);
}

#[test]
fn a_newcomer_is_told_who_talks() {
    let mut table = Table::of(2, Some(1));
    table.give(2, Input::Press);
    table.sit(3, false);
    table.now = ms(400);
    table.give(3, Input::Known(pid(2)));
    table.up(3, 1, true);
    assert_eq!(table.floor(3), Floor::Idle);
    table.up(1, 3, false);
    assert_eq!(table.floor(3), Floor::Taken { pid: pid(2), since: ms(400) });
    table.give(3, Input::Press);
    assert_eq!(table.button(3), Situation::Busy { who: pid(2) });
}

#[test]
fn without_anybody_to_hear_it_or_without_microphone_nothing_is_kept() {
    let mut room = Room::new(RoomConfig { me: pid(1), hosting: true, talk_limit: LIMIT, mode: Mode::Radio });
    let steps = [
        (Input::Tick, Situation::AudioOff),
        (Input::Microphone(Microphone::Open), Situation::Alone),
        (Input::Known(pid(2)), Situation::Connecting),
        (Input::Known(pid(3)), Situation::Connecting),
        (Input::Down(pid(2)), Situation::Connecting),
        (Input::Down(pid(3)), Situation::Offline),
        (Input::Known(pid(3)), Situation::Connecting),
        (Input::Gone(pid(2)), Situation::Connecting),
        (Input::Gone(pid(3)), Situation::Alone),
    ];
    for (input, button) in steps {
        assert!(room.handle(ms(0), input.clone()).is_empty());
        assert!(room.handle(ms(0), Input::Press).is_empty());
        assert!(room.handle(ms(0), Input::Release).is_empty());
        assert_eq!(room.view().button, button, "{input:?}");
        assert_eq!(room.poll_timeout(), None);
    }
    let _ = room.handle(ms(0), Input::Up { pid: pid(2), host: false });
    assert_eq!(room.view().button, Situation::Idle);
    for (microphone, button) in
        [(Microphone::Failed, Situation::NoMic), (Microphone::Off, Situation::AudioOff)]
    {
        let _ = room.handle(ms(0), Input::Microphone(microphone));
        assert!(room.handle(ms(0), Input::Press).is_empty());
        assert_eq!(room.view().button, button);
    }
}

#[test]
fn the_keys_of_one_member_that_do_not_fit_stop_all_talking_until_it_is_gone() {
    let mut table = Table::of(3, Some(1));
    table.give(2, Input::Press);
    table.give(2, Input::Mismatch(pid(3)));
    assert_eq!((table.live(), table.talker(1)), (vec![], None));
    table.give(2, Input::Release);
    for input in
        [Input::Down(pid(3)), Input::Known(pid(3)), Input::Up { pid: pid(3), host: true }, Input::Press]
    {
        table.give(2, input);
        assert_eq!(table.button(2), Situation::KeyMismatch { who: pid(3) });
    }
    assert_eq!(table.kept, [2]);
    table.give(2, Input::Gone(pid(3)));
    table.give(2, Input::Press);
    assert_eq!(table.live(), [2]);
}

#[test]
fn closing_the_microphone_losing_everybody_or_leaving_ends_the_turn() {
    let ends = [
        Input::Microphone(Microphone::Off),
        Input::Microphone(Microphone::Failed),
        Input::Leave,
        Input::Down(pid(1)),
    ];
    for end in ends {
        let mut table = Table::of(2, Some(1));
        table.give(2, Input::Press);
        table.give(2, end.clone());
        assert_eq!((table.live(), table.dropped.clone()), (vec![], vec![2]));
        if !matches!(end, Input::Down(_)) {
            assert_eq!(table.floor(1), Floor::Idle);
        }
    }
}

#[test]
fn after_leaving_nothing_has_any_effect() {
    let mut table = Table::of(2, Some(1));
    table.hold = true;
    table.give(2, Input::Press);
    table.give(2, Input::Leave);
    table.hold = false;
    table.flow();
    table.up(2, 1, true);
    table.give(2, Input::Press);
    assert_eq!((table.live(), table.kept.clone(), table.dropped.clone()), (vec![], vec![2], vec![2]));
    assert_eq!(table.room(2).poll_timeout(), None);
    assert!(table.room(2).view().members.is_empty());
    assert_eq!(table.floor(1), Floor::Idle);
}

#[test]
fn a_grant_that_the_arbiter_did_not_give_is_nothing() {
    let mut table = Table::of(3, Some(1));
    table.cut.push(1);
    table.give(2, Input::Press);
    let granted = FloorMessage::Granted { n: 100, spurt: 1, limit_ms: 30_000 };
    for from in [3, 9, 2] {
        table.give(2, Input::Floor { from: pid(from), message: granted });
        assert!(table.live().is_empty());
    }
    table.give(
        2,
        Input::Floor { from: pid(1), message: FloorMessage::Granted { n: 100, spurt: 7, limit_ms: 1 } },
    );
    assert!(table.live().is_empty(), "not what was asked");
    table.give(2, Input::Floor { from: pid(1), message: granted });
    assert_eq!(table.live(), [2]);
}

#[test]
fn what_has_an_old_number_or_comes_from_no_arbiter_changes_nothing() {
    let mut table = Table::of(3, Some(1));
    let say = |table: &mut Table, from, n| {
        let message = FloorMessage::Taken { n, talker: pid(3) };
        table.give(2, Input::Floor { from: pid(from), message });
    };
    say(&mut table, 3, 50);
    assert_eq!(table.talker(2), None, "not the arbiter");
    table.give(2, Input::Floor { from: pid(1), message: FloorMessage::Idle { n: 60 } });
    say(&mut table, 1, 59);
    assert_eq!(table.talker(2), None, "old");
    say(&mut table, 1, u64::MAX);
    assert_eq!(table.talker(2), None, "no arbiter counts so far");
    say(&mut table, 1, 61);
    assert_eq!(table.talker(2), Some(3));
}

#[test]
fn the_view_lists_the_others_and_how_they_are_reached() {
    let mut table = Table::of(4, Some(3));
    table.give(1, Input::Down(pid(2)));
    table.give(1, Input::Mismatch(pid(4)));
    table.give(1, Input::Known(pid(9)));
    table.give(1, Input::Known(pid(1)));
    let member = |of, host, link| MemberView { pid: pid(of), host, link };
    assert_eq!(
        table.room(1).view().members,
        [
            member(2, false, LinkState::Lost),
            member(3, true, LinkState::Ready),
            member(4, false, LinkState::Mismatch),
            member(9, false, LinkState::Connecting),
        ]
    );
}

#[test]
fn who_leaves_when_its_turn_has_come_does_not_begin() {
    let config = RoomConfig { me: pid(3), hosting: true, talk_limit: LIMIT, mode: Mode::Radio };
    let mut room = Room::new(config);
    let request = FloorMessage::Request { spurt: 1, queue: true };
    for input in [
        Input::Microphone(Microphone::Open),
        Input::Up { pid: pid(1), host: false },
        Input::Floor { from: pid(1), message: request },
        Input::Press,
    ] {
        let _ = room.handle(ms(0), input);
    }
    assert_eq!(room.view().button, Situation::Queued { place: 1 });
    // The one who talked is silent by now.
    let outputs = room.handle(ms(60_000), Input::Leave);
    assert!(!outputs.iter().any(|output| matches!(output, Output::Begin(_) | Output::Keep)), "{outputs:?}");
}
