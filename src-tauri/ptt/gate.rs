//! The gate: hands in, presses and releases out.

use std::collections::BTreeMap;
use std::time::Duration;

/// Where a hand comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// The talk button of the window (pointer, touch, Space), and the lines of the headless client.
    Window,
    /// Keys of the whole system, whoever tells them.
    Raw,
    /// A gamepad.
    Gamepad,
    /// Another program, through the control socket.
    Control,
}

/// One thing that can be down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hand {
    /// Where it comes from.
    pub source: Source,
    /// Which one of its source.
    pub key: u32,
}

/// What pressing asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// To talk, in turn.
    Talk,
    /// To talk at once, as host.
    Preempt,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// A hand went down. The repetition of a key is the same hand, and confirms that it is down.
    Down(Hand, Act),
    /// It came up.
    Up(Hand),
    /// A switch was pressed that holds the button until it is pressed again.
    Toggle(Source),
    /// A source is gone, and with it all that it held.
    Gone(Source),
    /// The device was locked, slept, or another person uses it: whatever is down says nothing any more.
    Away,
    /// Whatever is down holds nothing any more: it has to come up first.
    Spent,
    /// The turn ended by itself: the limit, an interruption, a microphone that is gone.
    Ended,
    /// Time has passed.
    Tick,
}

/// What comes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// The talk button is down from now on.
    Press(Act),
    /// It is up.
    Release,
}

/// How the person wants it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// From the last hand that comes up until the release, so that no last syllable is cut. At most
    /// [`LONGEST_RELEASE_DELAY`].
    pub release_delay: Duration,
    /// True when a tap holds the button until the next one.
    pub latch: bool,
    /// True when two taps in a row hold it until the next one.
    pub double_press: bool,
    /// Longest time that a hand is believed to be down without being confirmed.
    pub stuck_after: Duration,
}

/// Longest release delay that can be chosen.
pub const LONGEST_RELEASE_DELAY: Duration = Duration::from_secs(2);

impl Default for Settings {
    /// 150 ms; neither latch nor double press; a little more than the longest talk limit of a room.
    fn default() -> Self {
        Self {
            release_delay: Duration::from_millis(150),
            latch: false,
            double_press: false,
            stuck_after: Duration::from_secs(330),
        }
    }
}

/// A press that is shorter is a tap.
const TAP: Duration = Duration::from_millis(300);
/// Two taps belong together when the second begins so soon after the first has ended.
const PAUSE: Duration = Duration::from_millis(350);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Up.
    Closed,
    /// Hands hold it down, the first of them since then; `second` when a tap came shortly before.
    Held { since: Duration, second: bool },
    /// Down until somebody presses again.
    Latched { by: Source },
    /// No hand holds it, and the release is not due yet.
    Tail { until: Duration },
}

/// One hand that is down.
#[derive(Clone, Copy, Debug)]
struct Held {
    /// When it was last known to be down.
    confirmed: Duration,
    /// It has ended a latch, or what it held has ended: until it comes up it holds nothing.
    spent: bool,
}

/// What merges all hands into one press at a time.
#[derive(Clone, Debug)]
pub struct Gate {
    settings: Settings,
    state: State,
    hands: BTreeMap<Hand, Held>,
    /// When the last tap ended, while another one could still follow it.
    tapped: Option<Duration>,
}

impl Gate {
    /// A closed one.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let mut gate = Self { settings, state: State::Closed, hands: BTreeMap::new(), tapped: None };
        gate.set(settings);
        gate
    }

    /// Goes by these settings from now on. What is down stays down.
    pub fn set(&mut self, settings: Settings) {
        self.settings =
            Settings { release_delay: settings.release_delay.min(LONGEST_RELEASE_DELAY), ..settings };
    }

    /// True from a `Press` to its `Release`.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.state != State::Closed
    }

    /// True while it is held without a hand, until somebody presses again.
    #[must_use]
    pub fn is_latched(&self) -> bool {
        matches!(self.state, State::Latched { .. })
    }

    /// True from the last hand that came up to the release.
    #[must_use]
    pub fn is_waning(&self) -> bool {
        matches!(self.state, State::Tail { .. })
    }

    /// True while any hand is known to be down, whether it holds something or not.
    #[must_use]
    pub fn has_hands(&self) -> bool {
        !self.hands.is_empty()
    }

    /// True while it is known to be down.
    #[must_use]
    pub fn is_down(&self, hand: Hand) -> bool {
        self.hands.contains_key(&hand)
    }

    /// A turn begins: what is down now is believed for as long as one that went down now.
    pub fn confirm(&mut self, now: Duration) {
        for held in self.hands.values_mut() {
            held.confirmed = now;
        }
    }

    /// When `Input::Tick` is wanted next.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        let tail = match self.state {
            State::Tail { until } => Some(until),
            _ => None,
        };
        let stuck = self.hands.values().map(|held| held.confirmed + self.settings.stuck_after).min();
        tail.into_iter().chain(stuck).min()
    }

    /// Takes what happened. What comes of it is at most one thing.
    #[must_use]
    pub fn handle(&mut self, now: Duration, input: Input) -> Option<Output> {
        let outcome = match input {
            Input::Down(hand, act) => self.down(now, hand, act),
            Input::Up(hand) => self.up(now, hand),
            Input::Toggle(by) => self.toggle(now, by),
            Input::Gone(source) => self.gone(source),
            Input::Away => {
                self.hands.clear();
                self.tapped = None;
                self.close()
            }
            Input::Spent => {
                self.tapped = None;
                self.spend();
                self.close()
            }
            Input::Ended => self.ended(),
            Input::Tick => None,
        };
        // What is due is done whatever else happened; a press that has just begun is not.
        match outcome {
            Some(outcome) => Some(outcome),
            None => self.pass(now),
        }
    }

    fn down(&mut self, now: Duration, hand: Hand, act: Act) -> Option<Output> {
        if let Some(held) = self.hands.get_mut(&hand) {
            held.confirmed = now;
            return None;
        }
        let second = self.tapped.take().is_some_and(|tapped| now.saturating_sub(tapped) <= PAUSE);
        let preempts = (act == Act::Preempt).then_some(Output::Press(act));
        let outcome = match self.state {
            State::Latched { .. } if preempts.is_none() => {
                self.hands.insert(hand, Held { confirmed: now, spent: true });
                self.spend();
                return self.let_go(now);
            }
            State::Held { .. } => preempts,
            State::Closed => {
                self.state = State::Held { since: now, second };
                Some(Output::Press(act))
            }
            // Nobody has heard the release: it goes on.
            State::Tail { .. } | State::Latched { .. } => {
                self.state = State::Held { since: now, second };
                preempts
            }
        };
        self.hands.insert(hand, Held { confirmed: now, spent: false });
        outcome
    }

    fn up(&mut self, now: Duration, hand: Hand) -> Option<Output> {
        let held = self.hands.remove(&hand)?;
        match self.state {
            State::Held { since, second } if !held.spent && !self.is_held() => {
                let tap = now.saturating_sub(since) <= TAP;
                if tap && (self.settings.latch || (self.settings.double_press && second)) {
                    self.state = State::Latched { by: hand.source };
                    return None;
                }
                self.tapped = tap.then_some(now);
                self.let_go(now)
            }
            _ => None,
        }
    }

    fn toggle(&mut self, now: Duration, by: Source) -> Option<Output> {
        self.tapped = None;
        match self.state {
            State::Closed => {
                self.state = State::Latched { by };
                Some(Output::Press(Act::Talk))
            }
            State::Tail { .. } => {
                self.state = State::Latched { by };
                None
            }
            State::Held { .. } | State::Latched { .. } => {
                self.spend();
                self.let_go(now)
            }
        }
    }

    fn gone(&mut self, source: Source) -> Option<Output> {
        self.tapped = None;
        self.hands.retain(|hand, _| hand.source != source);
        match self.state {
            State::Held { .. } if !self.is_held() => self.close(),
            // Whoever latched it can no longer end it.
            State::Latched { by } if by == source => self.close(),
            _ => None,
        }
    }

    /// Hands that are still down have to come up first.
    fn ended(&mut self) -> Option<Output> {
        self.tapped = None;
        match self.state {
            State::Held { .. } => None,
            State::Closed | State::Latched { .. } | State::Tail { .. } => {
                self.spend();
                self.close()
            }
        }
    }

    /// What time alone does.
    fn pass(&mut self, now: Duration) -> Option<Output> {
        let stuck_after = self.settings.stuck_after;
        self.hands.retain(|_, held| now.saturating_sub(held.confirmed) < stuck_after);
        match self.state {
            State::Tail { until } if now >= until => self.close(),
            State::Held { .. } if !self.is_held() => self.close(),
            _ => None,
        }
    }

    /// The release comes when its delay is over.
    fn let_go(&mut self, now: Duration) -> Option<Output> {
        self.state = State::Tail { until: now + self.settings.release_delay };
        None
    }

    fn close(&mut self) -> Option<Output> {
        let was_open = self.is_open();
        self.state = State::Closed;
        was_open.then_some(Output::Release)
    }

    fn is_held(&self) -> bool {
        self.hands.values().any(|held| !held.spent)
    }

    fn spend(&mut self) {
        for held in self.hands.values_mut() {
            held.spent = true;
        }
    }
}
