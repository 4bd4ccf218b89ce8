//! What the gate promises, one by one and in any order.

use std::collections::BTreeSet;
use std::time::Duration;

use proptest::prelude::*;

use crate::{Act, Gate, Hand, Input, Output, Settings, Source};

const fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

const POINTER: Hand = Hand { source: Source::Window, key: 0 };
const KEY: Hand = Hand { source: Source::Raw, key: 30 };

const PRESS: Option<Output> = Some(Output::Press(Act::Talk));
const RELEASE: Option<Output> = Some(Output::Release);

/// A gate, and the time.
struct Desk {
    gate: Gate,
    now: Duration,
}

impl Desk {
    fn with(settings: Settings) -> Self {
        Self { gate: Gate::new(settings), now: Duration::ZERO }
    }

    fn down(&mut self, hand: Hand) -> Option<Output> {
        self.gate.handle(self.now, Input::Down(hand, Act::Talk))
    }

    fn up(&mut self, hand: Hand) -> Option<Output> {
        self.gate.handle(self.now, Input::Up(hand))
    }

    fn give(&mut self, input: Input) -> Option<Output> {
        self.gate.handle(self.now, input)
    }

    /// Lets time pass, with a tick whenever one is wanted. Gives what came of it, and when.
    fn pass(&mut self, time: Duration) -> Option<(Duration, Output)> {
        let end = self.now + time;
        let mut came = None;
        while let Some(at) = self.gate.poll_timeout().filter(|at| *at <= end) {
            self.now = self.now.max(at);
            if let Some(output) = self.give(Input::Tick) {
                assert_eq!(came, None, "more than one thing came");
                came = Some((self.now, output));
            }
        }
        self.now = end;
        came
    }

    /// A short press.
    fn tap(&mut self, hand: Hand) -> [Option<Output>; 2] {
        let down = self.down(hand);
        assert_eq!(self.pass(ms(80)), None);
        [down, self.up(hand)]
    }
}

#[test]
fn the_release_comes_a_moment_after_the_last_hand() {
    let mut desk = Desk::with(Settings::default());
    assert_eq!(desk.down(POINTER), PRESS);
    assert_eq!(desk.pass(ms(700)), None);
    assert_eq!(desk.up(POINTER), None);
    assert_eq!(desk.pass(ms(149)), None);
    assert!(desk.gate.is_open());
    assert_eq!(desk.pass(ms(1)), Some((ms(850), Output::Release)));
    assert_eq!(desk.gate.poll_timeout(), None);
}

#[test]
fn without_a_delay_the_release_comes_at_once() {
    let mut desk = Desk::with(Settings { release_delay: Duration::ZERO, ..Settings::default() });
    assert_eq!(desk.tap(KEY), [PRESS, RELEASE]);
}

#[test]
fn a_delay_that_is_too_long_is_the_longest_one() {
    let mut desk = Desk::with(Settings { release_delay: ms(60_000), ..Settings::default() });
    desk.tap(KEY);
    assert_eq!(desk.pass(ms(3_000)), Some((ms(2_080), Output::Release)));
}

#[test]
fn pressed_again_before_the_release_it_goes_on() {
    let mut desk = Desk::with(Settings::default());
    desk.tap(POINTER);
    assert_eq!(desk.pass(ms(100)), None);
    assert_eq!(desk.down(KEY), None);
    assert_eq!(desk.pass(ms(5_000)), None);
    assert_eq!(desk.up(KEY), None);
    assert_eq!(desk.pass(ms(150)), Some((ms(5_330), Output::Release)));
}

#[test]
fn two_hands_are_one_press_and_a_repeated_key_is_one_hand() {
    let mut desk = Desk::with(Settings { release_delay: Duration::ZERO, ..Settings::default() });
    assert_eq!(desk.down(POINTER), PRESS);
    assert_eq!(desk.down(KEY), None);
    assert_eq!(desk.down(KEY), None);
    assert_eq!(desk.up(POINTER), None);
    assert_eq!(desk.up(KEY), RELEASE);
    assert_eq!(desk.up(KEY), None, "it was up");
}

#[test]
fn the_host_interrupts_while_already_holding_the_button() {
    let mut desk = Desk::with(Settings { release_delay: Duration::ZERO, ..Settings::default() });
    desk.down(POINTER);
    assert_eq!(desk.give(Input::Down(KEY, Act::Preempt)), Some(Output::Press(Act::Preempt)));
    assert_eq!(desk.up(KEY), None);
    assert_eq!(desk.up(POINTER), RELEASE);
}

#[test]
fn a_latch_holds_from_one_tap_to_the_next() {
    let mut desk = Desk::with(Settings { latch: true, release_delay: Duration::ZERO, ..Settings::default() });
    assert_eq!(desk.tap(POINTER), [PRESS, None]);
    assert!(desk.gate.is_latched());
    assert_eq!(desk.pass(ms(20_000)), None);
    // Its end is the beginning of the tap, whichever hand does it.
    assert_eq!(desk.tap(KEY), [RELEASE, None]);
    assert_eq!(desk.tap(KEY), [PRESS, None]);
}

#[test]
fn a_long_press_is_no_tap_whatever_was_chosen() {
    for settings in [
        Settings { latch: true, ..Settings::default() },
        Settings { double_press: true, ..Settings::default() },
    ] {
        let mut desk = Desk::with(settings);
        if settings.double_press {
            desk.tap(KEY);
            desk.pass(ms(100));
        }
        desk.down(KEY);
        desk.pass(ms(10_000));
        desk.up(KEY);
        assert!(!desk.gate.is_latched());
        desk.pass(ms(150));
        assert!(!desk.gate.is_open());
    }
}

#[test]
fn the_host_interrupts_also_while_a_release_is_due_or_nobody_holds() {
    let preempts = Some(Output::Press(Act::Preempt));
    let mut desk = Desk::with(Settings::default());
    desk.tap(POINTER);
    assert_eq!(desk.give(Input::Down(KEY, Act::Preempt)), preempts);
    desk.up(KEY);
    desk.pass(ms(1_000));
    let _ = desk.give(Input::Toggle(Source::Window));
    assert_eq!(desk.give(Input::Down(KEY, Act::Preempt)), preempts);
    assert!(!desk.gate.is_latched());
    desk.up(KEY);
    desk.pass(ms(150));
    assert!(!desk.gate.is_open());
}

#[test]
fn the_beginning_of_a_turn_confirms_what_is_down() {
    let mut desk = Desk::with(Settings { stuck_after: ms(5_000), ..Settings::default() });
    desk.down(KEY);
    desk.pass(ms(4_000));
    desk.gate.confirm(desk.now);
    assert_eq!(desk.pass(ms(10_000)), Some((ms(9_000), Output::Release)));
}

#[test]
fn a_hand_that_ended_a_latch_holds_nothing_until_it_came_up() {
    let mut desk = Desk::with(Settings { latch: true, ..Settings::default() });
    desk.tap(POINTER);
    assert_eq!(desk.down(KEY), None);
    assert_eq!(desk.pass(ms(10_000)).map(|(_, output)| output), RELEASE);
    assert!(!desk.gate.is_open());
    assert_eq!(desk.up(KEY), None);
    assert_eq!(desk.down(KEY), PRESS);
}

#[test]
fn two_taps_in_a_row_hold_it_where_that_was_chosen() {
    for release_delay in [Duration::ZERO, ms(150), ms(1_000)] {
        let mut desk = Desk::with(Settings { double_press: true, release_delay, ..Settings::default() });
        desk.tap(KEY);
        desk.pass(ms(200));
        desk.tap(KEY);
        assert!(desk.gate.is_latched(), "{release_delay:?}");
        desk.pass(ms(9_000));
        assert!(desk.gate.is_open());
        desk.tap(POINTER);
        desk.pass(ms(1_000));
        assert!(!desk.gate.is_open());
    }
}

#[test]
fn taps_far_apart_and_a_long_press_before_a_tap_hold_nothing() {
    let mut desk = Desk::with(Settings { double_press: true, ..Settings::default() });
    desk.tap(KEY);
    desk.pass(ms(400));
    desk.tap(KEY);
    assert!(!desk.gate.is_latched());
    desk.pass(ms(1_000));
    desk.down(KEY);
    desk.pass(ms(2_000));
    desk.up(KEY);
    desk.pass(ms(100));
    desk.tap(KEY);
    assert!(!desk.gate.is_latched());
    // Where it was not chosen, they are two presses.
    let mut desk = Desk::with(Settings::default());
    desk.tap(KEY);
    desk.pass(ms(200));
    desk.tap(KEY);
    assert!(!desk.gate.is_latched());
}

#[test]
fn a_switch_turns_it_on_and_off() {
    let mut desk = Desk::with(Settings { release_delay: Duration::ZERO, ..Settings::default() });
    assert_eq!(desk.give(Input::Toggle(Source::Control)), PRESS);
    assert!(desk.gate.is_latched());
    assert_eq!(desk.give(Input::Toggle(Source::Control)), RELEASE);
    // Pressed while a key is down, it ends what the key holds.
    assert_eq!(desk.down(KEY), PRESS);
    assert_eq!(desk.give(Input::Toggle(Source::Control)), RELEASE);
    assert_eq!(desk.up(KEY), None);
}

#[test]
fn away_ends_everything_at_once() {
    let mut desk = Desk::with(Settings { release_delay: ms(2_000), ..Settings::default() });
    desk.down(KEY);
    assert_eq!(desk.give(Input::Away), RELEASE);
    assert_eq!(desk.up(KEY), None, "it came up while nobody looked");
    assert_eq!(desk.give(Input::Toggle(Source::Control)), PRESS);
    assert_eq!(desk.give(Input::Away), RELEASE);
    desk.tap(KEY);
    assert_eq!(desk.give(Input::Away), RELEASE, "not after the delay");
    assert_eq!(desk.give(Input::Away), None);
}

#[test]
fn a_source_that_goes_takes_its_hands_and_its_latch_along() {
    let mut desk = Desk::with(Settings::default());
    desk.down(KEY);
    desk.down(POINTER);
    assert_eq!(desk.give(Input::Gone(Source::Raw)), None, "the pointer holds it");
    assert_eq!(desk.give(Input::Gone(Source::Window)), RELEASE);
    assert_eq!(desk.give(Input::Toggle(Source::Gamepad)), PRESS);
    assert_eq!(desk.give(Input::Gone(Source::Raw)), None);
    assert_eq!(desk.give(Input::Gone(Source::Gamepad)), RELEASE);
}

#[test]
fn a_turn_that_ended_by_itself_ends_the_latch_and_waits_for_the_hand() {
    let mut desk = Desk::with(Settings::default());
    assert_eq!(desk.give(Input::Toggle(Source::Control)), PRESS);
    assert_eq!(desk.give(Input::Ended), RELEASE);
    assert_eq!(desk.down(KEY), PRESS);
    assert_eq!(desk.give(Input::Ended), None, "the key says when it is over");
    desk.up(KEY);
    assert_eq!(desk.pass(ms(150)).map(|(_, output)| output), RELEASE);
}

#[test]
fn a_hand_that_nobody_confirms_is_let_go_of() {
    let mut desk = Desk::with(Settings { stuck_after: ms(5_000), ..Settings::default() });
    assert_eq!(desk.down(KEY), PRESS);
    assert_eq!(desk.pass(ms(4_000)), None);
    assert_eq!(desk.down(KEY), None, "the system says that it is down");
    assert_eq!(desk.pass(ms(10_000)), Some((ms(9_000), Output::Release)));
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Give(Input),
    Wait(u64),
    Set { release_delay: u64, latch: bool, double_press: bool },
}

fn hand() -> impl Strategy<Value = Hand> {
    let source =
        prop_oneof![Just(Source::Window), Just(Source::Raw), Just(Source::Gamepad), Just(Source::Control)];
    (source, 0..3_u32).prop_map(|(source, key)| Hand { source, key })
}

fn step() -> impl Strategy<Value = Step> {
    let act = prop_oneof![9 => Just(Act::Talk), 1 => Just(Act::Preempt)];
    prop_oneof![
        12 => (hand(), act).prop_map(|(hand, act)| Step::Give(Input::Down(hand, act))),
        12 => hand().prop_map(|hand| Step::Give(Input::Up(hand))),
        2 => hand().prop_map(|hand| Step::Give(Input::Toggle(hand.source))),
        1 => hand().prop_map(|hand| Step::Give(Input::Gone(hand.source))),
        1 => Just(Step::Give(Input::Away)),
        2 => Just(Step::Give(Input::Ended)),
        2 => Just(Step::Give(Input::Spent)),
        8 => (0..1_000_u64).prop_map(Step::Wait),
        1 => (0..3_000_u64, any::<bool>(), any::<bool>())
            .prop_map(|(release_delay, latch, double_press)| Step::Set { release_delay, latch, double_press }),
    ]
}

/// Who watches a gate, and knows of it only what is promised.
#[derive(Default)]
struct Witness {
    open: bool,
    down: BTreeSet<Hand>,
}

impl Witness {
    fn saw(&mut self, output: Option<Output>) {
        match output {
            Some(Output::Press(Act::Talk)) => assert!(!self.open, "pressed twice"),
            Some(Output::Release) => assert!(self.open, "released twice"),
            Some(Output::Press(Act::Preempt)) | None => {}
        }
        match output {
            Some(Output::Press(_)) => self.open = true,
            Some(Output::Release) => self.open = false,
            None => {}
        }
    }

    fn knows(&mut self, input: Input) {
        match input {
            Input::Down(hand, _) => drop(self.down.insert(hand)),
            Input::Up(hand) => drop(self.down.remove(&hand)),
            Input::Gone(source) => self.down.retain(|hand| hand.source != source),
            Input::Away => self.down.clear(),
            Input::Toggle(_) | Input::Spent | Input::Ended | Input::Tick => {}
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_order_of_presses_and_releases_leaves_it_open(steps in prop::collection::vec(step(), 0..60)) {
        let mut desk = Desk::with(Settings::default());
        let mut witness = Witness::default();
        for step in steps {
            match step {
                Step::Give(input) => {
                    witness.knows(input);
                    let output = desk.give(input);
                    witness.saw(output);
                    if matches!(input, Input::Away | Input::Spent) {
                        prop_assert!(!desk.gate.is_open());
                    }
                }
                Step::Wait(time) => {
                    let came = desk.pass(ms(time));
                    witness.saw(came.map(|(_, output)| output));
                }
                Step::Set { release_delay, latch, double_press } => {
                    desk.gate.set(Settings {
                        release_delay: ms(release_delay),
                        latch,
                        double_press,
                        ..Settings::default()
                    });
                }
            }
            prop_assert_eq!(desk.gate.is_open(), witness.open);
            // Open means that somebody holds it, that it is latched, or that its end is due.
            let due = desk.gate.poll_timeout().is_some_and(|at| at <= desk.now + ms(2_000));
            prop_assert!(!witness.open || !witness.down.is_empty() || desk.gate.is_latched() || due);
        }
        for hand in std::mem::take(&mut witness.down) {
            let output = desk.up(hand);
            witness.saw(output);
        }
        let came = desk.pass(ms(2_000));
        witness.saw(came.map(|(_, output)| output));
        prop_assert_eq!(witness.open, desk.gate.is_latched(), "no hand is down");
        let output = desk.give(Input::Ended);
        witness.saw(output);
        prop_assert!(!witness.open && !desk.gate.is_open());
        prop_assert_eq!(desk.gate.poll_timeout(), None);
    }
}
