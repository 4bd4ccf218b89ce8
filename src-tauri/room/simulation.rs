//! Whole rooms in virtual time, on a network that delays but keeps order, with people who press, come, go and lose
//! each other at random. A failure names its seed: `run(seed)` repeats it.

use std::time::Duration;

use pushtalk_protocol::{Mode, Pid};

use crate::table::{ms, pid};
use crate::world::World;
use crate::{Floor, Input, Situation};

/// A small generator (SplitMix64): the same numbers for the same seed, everywhere and for ever.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn roll(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % below.max(1)
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> Option<T> {
        let index = usize::try_from(self.roll(of.len() as u64)).unwrap();
        of.get(index).copied()
    }

    pub(crate) fn time(&mut self, below_ms: u64) -> Duration {
        ms(self.roll(below_ms + 1))
    }
}

/// What may happen besides presses.
#[derive(Clone, Copy)]
struct Weather {
    comings: bool,
    goings: bool,
    cuts: bool,
    /// Of the host and of who may talk.
    changes: bool,
}

fn run(seed: u64, weather: Weather) -> World {
    let mut dice = Dice(seed);
    let count = u8::try_from(2 + dice.roll(5)).unwrap();
    let host = (dice.roll(3) > 0).then(|| u8::try_from(1 + dice.roll(count.into())).unwrap());
    let delay = [0, 5, 60, 300][usize::try_from(dice.roll(4)).unwrap()];
    let mut world = World::new(seed, delay);
    for of in 1..=count {
        world.come(of * 10, host == Some(of), &mut dice);
    }
    if !weather.comings {
        world.pass(ms(6_000), &mut dice);
        world.forget_disturbance();
    }
    let mut newcomer = 0;
    for _ in 0..60 {
        let here = world.here();
        let Some(who) = dice.pick(&here) else { break };
        match dice.roll(24) {
            0 if weather.comings && newcomer < 9 && here.len() < 6 => {
                newcomer += 1;
                // Smaller and bigger pids than those who are here.
                let of = if dice.roll(2) == 0 { newcomer } else { 100 + newcomer };
                world.come(of, false, &mut dice);
            }
            1 if weather.goings && here.len() > 2 => world.leave(who, &mut dice),
            2 if weather.goings && here.len() > 2 => world.die(who, &mut dice),
            3 if weather.cuts => {
                if let Some(other) = dice.pick(&here).filter(|other| *other != who) {
                    world.cut(who, other, &mut dice);
                }
            }
            4 if weather.changes => {
                let mode = if dice.roll(3) == 0 { Mode::Open } else { Mode::Radio };
                world.change_over(mode, &mut dice);
            }
            5 if weather.changes => world.hand_over(who, &mut dice),
            6 => world.give(who, Input::Queueing(dice.roll(3) > 0)),
            7..9 => world.give(who, Input::Preempt),
            9..14 => world.give(who, Input::Press),
            14 => {
                let to = here.iter().filter(|_| dice.roll(2) == 0).map(|to| pid(*to)).collect();
                world.give(who, Input::Whisper(to));
            }
            _ => world.give(who, Input::Release),
        }
        let time = if dice.roll(12) == 0 { dice.time(13_000) } else { dice.time(900) };
        world.pass(time, &mut dice);
    }
    world.mend(&mut dice);
    world.change_over(Mode::Radio, &mut dice);
    for who in world.here() {
        world.give(who, Input::Release);
    }
    world.pass(ms(15_000), &mut dice);
    world
}

/// Nobody is stuck, and everybody sees the same; then each in turn can talk.
fn everything_is_quiet_and_works(mut world: World) {
    let mut dice = Dice(world.seed);
    let seed = world.seed;
    let here = world.here();
    for who in &here {
        let view = world.room(*who).view();
        assert_eq!(view.floor, Floor::Idle, "seed {seed}: {who} sees a talker");
        let button = if here.len() == 1 { Situation::Alone } else { Situation::Idle };
        assert_eq!(view.button, button, "seed {seed}: {who}");
        assert!(!world.is_open(*who), "seed {seed}: a press of {who} was not answered");
        assert_eq!(world.room(*who).poll_timeout(), None, "seed {seed}: {who} waits for something");
    }
    assert!(world.live().is_empty(), "seed {seed}");
    if here.len() == 1 {
        return;
    }
    for who in &here {
        world.give(*who, Input::Press);
        world.pass(ms(1_500), &mut dice);
        assert_eq!(world.live(), [*who], "seed {seed}: {who} can talk");
        for other in here.iter().filter(|other| *other != who) {
            let view = world.room(*other).view();
            assert!(
                matches!(view.floor, Floor::Taken { pid: talker, .. } if talker == pid(*who)),
                "seed {seed}"
            );
            assert_eq!(view.button, Situation::Receiving { who: pid(*who) }, "seed {seed}");
        }
        world.give(*who, Input::Release);
        world.pass(ms(1_500), &mut dice);
        assert!(world.live().is_empty(), "seed {seed}");
    }
    everybody_who_waits_gets_its_turn(world);
}

/// All press at once and hold: one after the other talks until its limit.
fn everybody_who_waits_gets_its_turn(mut world: World) {
    let mut dice = Dice(world.seed);
    let seed = world.seed;
    let here = world.here();
    let before: Vec<u64> = here.iter().map(|who| world.turns(*who)).collect();
    world.forget_disturbance();
    world.pass(ms(3_000), &mut dice);
    for who in &here {
        world.give(*who, Input::Queueing(true));
        world.give(*who, Input::Press);
    }
    for _ in &here {
        // The limit, and the way of the news that it is over.
        world.pass(ms(11_000), &mut dice);
    }
    for (who, before) in here.iter().zip(before) {
        assert_eq!(world.turns(*who), before + 1, "seed {seed}: {who}");
    }
}

#[test]
fn among_members_that_stay_connected_never_two_talk_for_an_instant() {
    for seed in 0..50 {
        let weather = Weather { comings: false, goings: false, cuts: false, changes: false };
        let world = run(seed, weather);
        assert!(world.most <= 1, "seed {seed}: {} talked at once", world.most);
        everything_is_quiet_and_works(world);
    }
}

#[test]
fn when_members_come_and_go_the_floor_is_one_again_soon_and_always_free_again() {
    for seed in 1_000..1_060 {
        everything_is_quiet_and_works(run(
            seed,
            Weather { comings: true, goings: true, cuts: false, changes: false },
        ));
    }
}

#[test]
fn when_members_lose_each_other_each_arbiter_has_one_talker_and_all_is_well_once_they_are_back() {
    for seed in 2_000..2_060 {
        everything_is_quiet_and_works(run(
            seed,
            Weather { comings: true, goings: true, cuts: true, changes: false },
        ));
    }
}

#[test]
fn when_the_host_and_who_may_talk_change_among_connected_members_a_radio_room_has_one_talker_soon_again() {
    for seed in 3_000..3_050 {
        let weather = Weather { comings: false, goings: false, cuts: false, changes: true };
        everything_is_quiet_and_works(run(seed, weather));
    }
}

#[test]
fn when_all_of_it_happens_at_once_all_is_well_in_the_end() {
    for seed in 4_000..4_050 {
        let weather = Weather { comings: true, goings: true, cuts: true, changes: true };
        everything_is_quiet_and_works(run(seed, weather));
    }
}

#[test]
fn the_same_seed_gives_the_same_world() {
    let weather = Weather { comings: true, goings: true, cuts: true, changes: false };
    let (a, b) = (run(7, weather), run(7, weather));
    assert_eq!((a.said, a.most, a.now), (b.said, b.most, b.now));
    assert!(a.said > 0);
}

/// The order of members is the order of their numbers.
pub(crate) fn number(pid: Pid) -> u8 {
    pid.as_bytes()[0]
}
