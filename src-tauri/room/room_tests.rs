//! The rules of the floor, one by one, between a host and guests that are wired to each other.

use std::time::Duration;

use pushtalk_protocol::{FloorMessage, Pid};

use crate::{Floor, Input, Microphone, Output, RevokedWhy, Room, RoomConfig, Situation, Turn};

const fn pid(of: u8) -> Pid {
    Pid::new([of; 16])
}

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// Rooms that deliver to each other at once; who is cut off gets and sends nothing.
struct Table {
    now: Duration,
    rooms: Vec<(Pid, Room)>,
    turns: Vec<(Pid, Turn)>,
    kept: Vec<Pid>,
    dropped: Vec<Pid>,
    cut: Vec<Pid>,
}

impl Table {
    /// Members 1, 2, …; `host` is the host.
    fn of(count: u8, host: Option<u8>) -> Self {
        let rooms = (1..=count)
            .map(|of| {
                let config = RoomConfig {
                    me: pid(of),
                    hosting: host == Some(of),
                    talk_limit: Duration::from_secs(30),
                };
                (pid(of), Room::new(config))
            })
            .collect();
        let mut table = Self { now: ms(0), rooms, turns: vec![], kept: vec![], dropped: vec![], cut: vec![] };
        for a in 1..=count {
            table.give(a, Input::Microphone(Microphone::Open));
            for b in (1..=count).filter(|b| *b != a) {
                table.give(a, Input::Up { pid: pid(b), host: host == Some(b) });
            }
        }
        table
    }

    fn room(&mut self, of: u8) -> &mut Room {
        &mut self.rooms.iter_mut().find(|(p, _)| *p == pid(of)).unwrap().1
    }

    fn give(&mut self, to: u8, input: Input) {
        let mut queue = vec![(pid(to), input)];
        while !queue.is_empty() {
            let (to, input) = queue.remove(0);
            let now = self.now;
            let Some((_, room)) = self.rooms.iter_mut().find(|(p, _)| *p == to) else { continue };
            for output in room.handle(now, input) {
                match output {
                    Output::Send { to: peer, message } => {
                        if !self.cut.contains(&to) && !self.cut.contains(&peer) {
                            queue.push((peer, Input::Floor { from: to, message }));
                        }
                    }
                    Output::Keep => self.kept.push(to),
                    Output::Begin(turn) => self.turns.push((to, turn)),
                    Output::Drop => {
                        self.dropped.push(to);
                        self.turns.retain(|(p, _)| *p != to);
                    }
                    Output::Finish => {}
                }
            }
        }
    }

    /// The talk thread of this member has sent its last frame.
    fn spoken(&mut self, of: u8) {
        self.turns.retain(|(p, _)| *p != pid(of));
        self.give(of, Input::Tick);
    }

    fn wait(&mut self, time: Duration) {
        let until = self.now + time;
        loop {
            let next = self.rooms.iter().filter_map(|(p, r)| Some((r.poll_timeout()?, *p))).min();
            match next {
                Some((at, who)) if at <= until => {
                    self.now = self.now.max(at);
                    self.give(who.as_bytes()[0], Input::Tick);
                }
                _ => break,
            }
        }
        self.now = until;
    }

    fn live(&self) -> Vec<Pid> {
        self.turns.iter().filter(|(_, t)| t.is_live()).map(|(p, _)| *p).collect()
    }

    fn button(&mut self, of: u8) -> Situation {
        self.room(of).view().button
    }
}

#[test]
fn who_presses_first_talks_and_everybody_sees_it() {
    let mut table = Table::of(3, Some(1));
    table.give(2, Input::Press);
    assert_eq!((table.kept.clone(), table.live()), (vec![pid(2)], vec![pid(2)]));
    for of in [1, 3] {
        assert_eq!(table.button(of), Situation::Receiving { who: pid(2) });
    }
    table.give(2, Input::Release);
    assert_eq!(table.live(), [pid(2)], "the last words are still on their way");
    table.spoken(2);
    for of in 1..=3 {
        assert_eq!(table.room(of).view().floor, Floor::Idle);
        assert_eq!(table.button(of), Situation::Idle);
    }
}

#[test]
fn who_presses_while_another_talks_is_told_who_and_keeps_nothing() {
    for presser in [1, 3] {
        let mut table = Table::of(3, Some(1));
        table.give(2, Input::Press);
        table.give(presser, Input::Press);
        assert_eq!(table.button(presser), Situation::Busy { who: pid(2) });
        assert_eq!((table.dropped.clone(), table.live()), (vec![pid(presser)], vec![pid(2)]));
        table.give(presser, Input::Release);
        assert_eq!(table.button(presser), Situation::Receiving { who: pid(2) });
    }
}

#[test]
fn nobody_talks_longer_than_the_limit_and_pressing_again_does_not_restart_it() {
    for talker in [1, 2] {
        let mut table = Table::of(2, Some(1));
        table.give(talker, Input::Press);
        for _ in 0..30 {
            assert_eq!(table.live(), [pid(talker)]);
            table.wait(ms(1_000));
            table.give(3 - talker, Input::Voice(pid(talker)));
        }
        assert!(table.live().is_empty());
        assert_eq!(table.button(talker), Situation::Revoked { why: RevokedWhy::Limit });
        assert_eq!(table.room(3 - talker).view().floor, Floor::Idle);
        table.give(talker, Input::Release);
        table.give(talker, Input::Press);
        assert_eq!(table.button(talker), Situation::Revoked { why: RevokedWhy::Limit });
        table.give(talker, Input::Release);
        table.wait(ms(3_000));
        table.give(talker, Input::Press);
        assert_eq!(table.live(), [pid(talker)]);
    }
}

#[test]
fn the_floor_is_free_at_once_when_the_talker_goes() {
    for gone in [Input::Gone(pid(2)), Input::Down(pid(2)), Input::Mismatch(pid(2))] {
        let mut table = Table::of(3, Some(1));
        table.give(2, Input::Press);
        table.cut.push(pid(2));
        table.give(1, gone);
        table.give(3, gone);
        assert_eq!(table.room(1).view().floor, Floor::Idle);
        assert_eq!(table.room(3).view().floor, Floor::Idle);
    }
}

#[test]
fn a_talker_of_whom_nothing_is_heard_loses_the_floor() {
    let mut table = Table::of(3, Some(1));
    table.give(2, Input::Press);
    table.wait(ms(3_900));
    table.give(1, Input::Voice(pid(2)));
    table.wait(ms(3_900));
    assert_eq!(table.live(), [pid(2)]);
    table.wait(ms(200));
    assert!(table.live().is_empty());
    assert_eq!(table.button(2), Situation::Revoked { why: RevokedWhy::Silence });
    assert_eq!(table.room(3).view().floor, Floor::Idle);
}

#[test]
fn a_talker_goes_on_when_the_host_goes_and_the_next_arbiter_knows() {
    let mut table = Table::of(4, Some(1));
    table.give(3, Input::Press);
    table.cut.push(pid(1));
    for of in [2, 3, 4] {
        table.give(of, Input::Gone(pid(1)));
    }
    assert_eq!(table.live(), [pid(3)]);
    table.give(4, Input::Press);
    assert_eq!(table.button(4), Situation::Busy { who: pid(3) });
    table.give(3, Input::Release);
    table.spoken(3);
    table.give(4, Input::Release);
    table.give(4, Input::Press);
    assert_eq!(table.live(), [pid(4)]);
}

#[test]
fn a_request_to_an_arbiter_that_is_gone_is_given_to_the_next_or_given_up() {
    let mut table = Table::of(3, Some(1));
    table.cut.push(pid(1));
    table.give(3, Input::Press);
    assert_eq!(table.button(3), Situation::Requesting);
    table.give(2, Input::Gone(pid(1)));
    table.give(3, Input::Gone(pid(1)));
    assert_eq!(table.live(), [pid(3)], "asked of the next one");

    let mut table = Table::of(3, Some(1));
    table.cut.push(pid(1));
    table.give(3, Input::Press);
    table.wait(ms(5_000));
    assert_eq!(table.button(3), Situation::Revoked { why: RevokedWhy::ArbiterLost });
    assert_eq!(table.dropped, [pid(3)]);
}

#[test]
fn a_short_press_whose_answer_is_late_is_still_said_but_not_a_second_later() {
    for (late, said) in [(900, true), (1_100, false)] {
        let mut table = Table::of(2, Some(1));
        table.cut.push(pid(1));
        table.give(2, Input::Press);
        table.wait(ms(50));
        table.give(2, Input::Release);
        table.wait(ms(late - 50));
        table.cut.clear();
        table.wait(ms(400));
        assert_eq!(table.live() == [pid(2)], said, "{late}");
        assert_eq!(table.dropped.is_empty(), said, "{late}");
    }
}

#[test]
fn a_newcomer_is_told_who_talks() {
    let mut table = Table::of(2, Some(1));
    table.give(2, Input::Press);
    let config = RoomConfig { me: pid(3), hosting: false, talk_limit: Duration::from_secs(30) };
    table.rooms.push((pid(3), Room::new(config)));
    table.give(3, Input::Up { pid: pid(1), host: true });
    table.give(1, Input::Up { pid: pid(3), host: false });
    assert_eq!(table.room(3).view().floor, Floor::Taken { pid: pid(2), since: ms(0) });
}

#[test]
fn without_anybody_to_hear_it_or_without_microphone_nothing_is_kept() {
    let mut room = Room::new(RoomConfig { me: pid(1), hosting: true, talk_limit: Duration::from_secs(30) });
    assert!(room.handle(ms(0), Input::Press).is_empty());
    assert_eq!(room.view().button, Situation::AudioOff);
    room.handle(ms(0), Input::Microphone(Microphone::Open));
    assert!(room.handle(ms(0), Input::Press).is_empty());
    assert_eq!(room.view().button, Situation::Alone);
    room.handle(ms(0), Input::Known(pid(2)));
    assert!(room.handle(ms(0), Input::Press).is_empty());
    assert_eq!(room.view().button, Situation::Connecting);
    room.handle(ms(0), Input::Up { pid: pid(2), host: false });
    assert_eq!(room.view().button, Situation::Idle);
    room.handle(ms(0), Input::Microphone(Microphone::Failed));
    assert!(room.handle(ms(0), Input::Press).is_empty());
    assert_eq!(room.view().button, Situation::NoMic);
}

#[test]
fn the_keys_of_one_member_that_do_not_fit_stop_all_talking() {
    let mut table = Table::of(3, Some(1));
    table.give(2, Input::Mismatch(pid(3)));
    table.give(2, Input::Press);
    assert_eq!(table.button(2), Situation::KeyMismatch { who: pid(3) });
    assert!(table.kept.is_empty());
}

#[test]
fn closing_the_microphone_or_leaving_ends_the_turn() {
    for end in [Input::Microphone(Microphone::Off), Input::Leave] {
        let mut table = Table::of(2, Some(1));
        table.give(2, Input::Press);
        table.give(2, end);
        assert!(table.live().is_empty());
        assert_eq!(table.room(1).view().floor, Floor::Idle);
    }
}

#[test]
fn pressing_again_before_the_last_words_are_out_begins_a_new_spurt() {
    let mut table = Table::of(2, Some(1));
    table.give(2, Input::Press);
    table.give(2, Input::Release);
    table.give(2, Input::Press);
    assert_eq!(table.kept, [pid(2), pid(2)]);
    assert_eq!(table.live(), [pid(2)]);
    table.give(2, Input::Press);
    assert_eq!(table.kept.len(), 2, "key repeat is no press");
}

#[test]
fn a_grant_that_the_arbiter_did_not_give_is_nothing() {
    let mut table = Table::of(3, Some(1));
    table.cut.push(pid(1));
    table.give(2, Input::Press);
    let granted = FloorMessage::Granted { n: 100, spurt: 1, limit_ms: 30_000 };
    table.give(2, Input::Floor { from: pid(3), message: granted });
    table.give(2, Input::Floor { from: pid(9), message: granted });
    assert!(table.live().is_empty());
    table.give(2, Input::Floor { from: pid(1), message: granted });
    assert_eq!(table.live(), [pid(2)]);
}
