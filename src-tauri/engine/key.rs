//! The talk key: what hands do, from the window and from elsewhere, becomes a press in the room.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use pushtalk_ptt::{Act, Gate, Hand, Input, LONGEST_RELEASE_DELAY, Output as Outcome, Settings, Source};
use pushtalk_room::Situation;

use crate::brain::{Brain, Output, Stage};
use crate::face::{ErrorCode, KeysView};
use crate::inside::Inside;
use crate::preferences::TalkKey;
use crate::view::millis;
use crate::whisper::Whom;

/// The talk button of the window, and the lines of the headless client.
const WINDOW: Hand = Hand { source: Source::Window, key: 0 };
/// The button of the host that stops who talks.
const INTERRUPT: Hand = Hand { source: Source::Window, key: 1 };
/// The button to whisper.
const WHISPER: Hand = Hand { source: Source::Window, key: 2 };

/// The end of a turn is seen by then.
const SEEN: Duration = Duration::from_secs(2);

/// As long as the button is down, the time of day is looked at so often.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// A time of day that has gone on by more between two looks belongs to a device that has slept.
const ASLEEP: Duration = Duration::from_secs(5);

/// What hands hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Button {
    Talk,
    Whisper,
}

/// All that is known of the talk key.
pub(crate) struct TalkKeys {
    /// Of the talk button. Of the two gates one is open at most.
    gate: Gate,
    /// Of the button to whisper.
    whisper: Gate,
    /// Whom the last whisper was for.
    whom: Whom,
    /// How keys of the whole system work here, but for what follows from the rest.
    pub(crate) shown: KeysView,
    /// When a latch ends that holds nothing any more.
    latch_until: Option<Duration>,
    /// True when we talked at the last look.
    talked: bool,
    /// Bound keys that are known to be down.
    pub(crate) down: Vec<String>,
    /// Why nobody is there.
    pub(crate) away: BTreeSet<u8>,
}

impl TalkKeys {
    pub(crate) fn new(talk_key: TalkKey) -> Self {
        let gate = Gate::new(settings(talk_key));
        let whisper = gate.clone();
        Self {
            gate,
            whisper,
            whom: Whom::default(),
            shown: KeysView::default(),
            latch_until: None,
            talked: false,
            down: Vec::new(),
            away: BTreeSet::new(),
        }
    }

    pub(crate) fn poll_timeout(&self) -> Option<Duration> {
        [self.gate.poll_timeout(), self.whisper.poll_timeout(), self.latch_until].into_iter().flatten().min()
    }

    /// True while a button is held without a hand.
    pub(crate) fn is_latched(&self) -> bool {
        self.gate.is_latched() || self.whisper.is_latched()
    }

    /// As long as a hand whispers, or did and is down still, no voice talks to all; nor for a while where nobody has let go.
    fn tell_whisper(&self, now: Duration, let_go: bool, inside: &mut Inside) {
        let hands = &mut inside.sounding.hands;
        let before =
            std::mem::replace(&mut hands.whisper, self.whisper.is_open() || self.whisper.has_hands());
        if before && !hands.whisper && !let_go {
            hands.hush(now);
        }
    }

    /// Whoever presses what the window shows is there, whatever the system says.
    fn is_there(&mut self) {
        self.away.clear();
    }

    /// Bound keys do nothing.
    pub(crate) fn is_away(&self) -> bool {
        !self.away.is_empty()
    }

    /// What the window sees of them.
    pub(crate) fn view(&self) -> KeysView {
        KeysView { away: self.is_away(), ..self.shown.clone() }
    }

    /// Outside of a room nothing is held.
    pub(crate) fn let_go(&mut self, now: Duration) {
        // Leaving has ended whatever it held.
        let _ = (self.gate.handle(now, Input::Away), self.whisper.handle(now, Input::Away));
        (self.latch_until, self.talked) = (None, false);
    }
}

fn settings(talk_key: TalkKey) -> Settings {
    Settings {
        release_delay: Duration::from_millis(talk_key.release_delay.into()),
        latch: talk_key.latch,
        double_press: talk_key.double_press,
        ..Settings::default()
    }
}

impl Brain {
    pub(crate) fn press(&mut self, now: Duration, out: &mut Vec<Output>) {
        self.key.is_there();
        self.hand(now, Input::Down(WINDOW, Act::Talk), out);
    }

    pub(crate) fn preempt(&mut self, now: Duration, out: &mut Vec<Output>) {
        self.key.is_there();
        self.hand(now, Input::Down(INTERRUPT, Act::Preempt), out);
    }

    /// Whatever the window held.
    pub(crate) fn release(&mut self, now: Duration, out: &mut Vec<Output>) {
        self.hand(now, Input::Up(WINDOW), out);
        self.hand(now, Input::Up(INTERRUPT), out);
        self.hand(now, Input::Up(WHISPER), out);
    }

    pub(crate) fn press_whisper(&mut self, now: Duration, whom: Whom, out: &mut Vec<Output>) {
        self.key.is_there();
        self.whisper(now, WHISPER, whom, out);
    }

    /// Chooses who hears what is whispered. Who has pressed already has pressed for the others.
    pub(crate) fn set_whisper(&mut self, now: Duration, id: &str, on: bool, out: &mut Vec<Output>) {
        let Stage::Inside(inside) = &mut self.stage else { return };
        let Some(pid) = inside.member_of(id) else { return };
        let chosen = &mut inside.whisper.chosen;
        let changed = if on { chosen.insert(pid) } else { chosen.remove(&pid) };
        if changed {
            self.notices.withdraw(ErrorCode::NobodyToWhisperTo);
            if self.key.whom == Whom::Chosen {
                self.pass(now, Button::Whisper, Input::Spent, out);
            }
        }
    }

    pub(crate) fn toggle_talk(&mut self, now: Duration, out: &mut Vec<Output>) {
        self.key.is_there();
        self.hand(now, Input::Toggle(Source::Window), out);
    }

    pub(crate) fn set_talk_key(&mut self, mut talk_key: TalkKey) {
        let longest = millis(LONGEST_RELEASE_DELAY);
        talk_key.release_delay = talk_key.release_delay.min(u16::try_from(longest).unwrap_or(u16::MAX));
        self.preferences.talk_key = talk_key;
        self.key.gate.set(settings(talk_key));
        self.key.whisper.set(settings(talk_key));
    }

    /// Takes what a hand did that talks to everybody, or what became of any hand.
    pub(crate) fn hand(&mut self, now: Duration, input: Input, out: &mut Vec<Output>) {
        if input == Input::Away {
            self.key.down.clear();
        }
        let whisper = &self.key.whisper;
        match input {
            Input::Up(_) | Input::Gone(_) | Input::Away | Input::Spent | Input::Ended | Input::Tick => {
                self.pass(now, Button::Whisper, input, out);
            }
            // Whatever is pressed ends a latch, and does nothing else until it has come up.
            Input::Down(hand, _) if whisper.is_latched() || whisper.is_down(hand) => {
                return self.pass(now, Button::Whisper, Input::Down(hand, Act::Talk), out);
            }
            Input::Toggle(_) if whisper.is_latched() => {
                return self.pass(now, Button::Whisper, input, out);
            }
            // Who whispers does not talk to all by a second button, nor as soon as the first comes up.
            Input::Down(..) if whisper.is_open() && !whisper.is_waning() && self.button_works() => {
                let _ = (self.key.gate.handle(now, input), self.key.gate.handle(now, Input::Spent));
                return;
            }
            Input::Toggle(_) if whisper.is_open() && !whisper.is_waning() && self.button_works() => return,
            // It is over, or does nothing: what is pressed now counts.
            Input::Down(..) | Input::Toggle(_) if whisper.is_open() => {
                self.pass(now, Button::Whisper, Input::Spent, out);
            }
            Input::Down(..) | Input::Toggle(_) => {}
        }
        self.pass(now, Button::Talk, input, out);
    }

    /// A hand went down that whispers: whatever else is down says nothing any more.
    pub(crate) fn whisper(&mut self, now: Duration, hand: Hand, whom: Whom, out: &mut Vec<Output>) {
        let whisper = &self.key.whisper;
        if !whisper.is_down(hand) {
            // Who is answered may be another one now.
            let other = whom != self.key.whom || (whom == Whom::Last && whisper.is_waning());
            if other && whisper.is_open() && !whisper.is_latched() {
                self.pass(now, Button::Whisper, Input::Spent, out);
            }
            if !self.key.whisper.is_open() {
                self.key.whom = whom;
            }
        }
        self.pass(now, Button::Whisper, Input::Down(hand, Act::Talk), out);
    }

    /// True when the button that is down does something, or is about to.
    fn button_works(&self) -> bool {
        matches!(&self.stage, Stage::Inside(inside) if inside.button_works())
    }

    fn pass(&mut self, now: Duration, button: Button, input: Input, out: &mut Vec<Output>) {
        let begins = matches!(input, Input::Down(..) | Input::Toggle(_));
        if begins {
            self.check.stop(out);
        }
        let gate = match button {
            Button::Talk => &mut self.key.gate,
            Button::Whisper => &mut self.key.whisper,
        };
        let new = matches!(input, Input::Down(hand, _) if !gate.is_down(hand));
        let let_go = begins || gate.is_waning() || matches!(input, Input::Up(_));
        let Stage::Inside(inside) = &mut self.stage else {
            // What goes down outside of a room holds nothing in the next one.
            if !begins {
                let _ = gate.handle(now, input);
            }
            return;
        };
        let act = match gate.handle(now, input) {
            Some(Outcome::Press(act)) => act,
            Some(Outcome::Release) => {
                self.key.tell_whisper(now, let_go, inside);
                return inside.release(now, out);
            }
            // Something else is down and does nothing: what is pressed now counts.
            None if new && gate.is_open() && !gate.is_waning() && !inside.button_waits() => {
                inside.release(now, out);
                Act::Talk
            }
            None => return self.key.tell_whisper(now, let_go, inside),
        };
        self.key.tell_whisper(now, let_go, inside);
        let press = match (button, act) {
            (Button::Talk, Act::Talk) => pushtalk_room::Input::Press,
            (Button::Talk, Act::Preempt) => pushtalk_room::Input::Preempt,
            (Button::Whisper, _) => {
                // Whispering ends what is held for all, until it has come up.
                let _ = self.key.gate.handle(now, Input::Spent);
                return inside.whisper(now, self.key.whom, &mut self.notices, out);
            }
        };
        inside.press(now, press, &mut self.notices, out);
    }

    /// A turn that is over ends the latch, as soon as its end was seen: nothing holds a button that does nothing, nor waits
    /// in line. A release that is still due then is due at once.
    pub(crate) fn end_latch(&mut self, now: Duration, out: &mut Vec<Output>) {
        let Stage::Inside(inside) = &self.stage else { return };
        let talks = matches!(inside.floor.view().button, Situation::Talking { .. });
        if talks && !self.key.talked {
            self.key.gate.confirm(now);
            self.key.whisper.confirm(now);
        }
        self.key.talked = talks;
        let works = inside.button_works();
        if (self.key.gate.is_waning() || self.key.whisper.is_waning()) && !works {
            self.hand(now, Input::Ended, out);
        }
        if works || !self.key.is_latched() {
            self.key.latch_until = None;
        } else if now >= *self.key.latch_until.get_or_insert(now + SEEN) {
            self.key.latch_until = None;
            self.hand(now, Input::Ended, out);
        }
    }

    /// True while the talk button, or the one to whisper, is down.
    pub(crate) fn is_pressed(&self) -> bool {
        self.key.gate.is_open() || self.key.whisper.is_open()
    }
}

impl Inside {
    /// True when the button that is down does something, or is about to.
    pub(crate) fn button_works(&self) -> bool {
        self.standby.is_awaited()
            || matches!(self.floor.view().button, Situation::Requesting | Situation::Talking { .. })
    }

    /// The same, or waits in line.
    fn button_waits(&self) -> bool {
        self.button_works() || matches!(self.floor.view().button, Situation::Queued { .. })
    }
}

/// Tells that the device has slept while the button was down: nobody saw it come up.
#[derive(Default)]
pub(crate) struct Awake {
    seen: Option<SystemTime>,
}

impl Awake {
    /// When to look again, from now.
    pub(crate) fn poll_timeout(&self) -> Option<Duration> {
        self.seen.map(|_| LOOK_EVERY)
    }

    /// Looks at the time of day, which goes on in sleep. True when it slept since the last look.
    pub(crate) fn has_slept(&mut self, pressed: bool, now: SystemTime) -> bool {
        let before = self.seen.take();
        self.seen = pressed.then_some(now);
        // A clock that was put back tells of no sleep.
        let gap = before.and_then(|before| now.duration_since(before).ok());
        pressed && gap.is_some_and(|gap| gap > ASLEEP)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sleep_is_told_by_the_time_of_day_and_only_of_a_button_that_is_down() {
        let mut awake = Awake::default();
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        assert_eq!(awake.poll_timeout(), None);
        assert!(!awake.has_slept(true, at(1_000)), "it was just pressed");
        assert_eq!(awake.poll_timeout(), Some(LOOK_EVERY));
        assert!(!awake.has_slept(true, at(1_001)));
        assert!(!awake.has_slept(true, at(600)), "the clock was put back");
        assert!(awake.has_slept(true, at(630)));
        assert!(!awake.has_slept(true, at(631)));
        assert!(!awake.has_slept(false, at(900)), "it was up");
        assert!(!awake.has_slept(true, at(2_000)), "it was up since");
    }
}
