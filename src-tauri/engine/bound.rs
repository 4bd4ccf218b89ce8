//! Keys of the whole system and buttons of gamepads: what is bound, where it is heard, and what it does.

use std::time::Duration;

use pushtalk_ptt::{Act, Chord, Hand, Input, Source};
use rand::CryptoRng;

use crate::brain::{Brain, GamepadNews, Output, Stage};
use crate::face::{ErrorCode, Intent, KeyReach, Microphone, Trigger};
use crate::preferences::{Bound, KeyDoes};
use crate::whisper::Whom;

/// More keys than anybody binds.
const MOST_KEYS: usize = 16;

impl Brain {
    /// Binds these keys of the whole system, if all of them can be bound.
    pub(crate) fn set_keys(&mut self, now: Duration, keys: Vec<Bound>, out: &mut Vec<Output>) {
        let mut seen = Vec::new();
        for bound in &keys {
            match bound.chord.parse::<Chord>() {
                Ok(chord) if !seen.contains(&chord) && seen.len() < MOST_KEYS => seen.push(chord),
                // One that a later version has bound stays, and does nothing.
                Err(_) if self.preferences.keys.contains(bound) => {}
                _ => return self.notices.tell(ErrorCode::BadKey, Some(bound.chord.clone())),
            }
        }
        self.key.shown.heard.retain(|chord| keys.iter().any(|bound| bound.chord == *chord));
        self.preferences.keys = keys;
        self.forget_keys(now, Source::Raw, out);
        self.forget_keys(now, Source::Gamepad, out);
    }

    /// Where keys of the whole system are heard from now on, and what the desktop has bound them to.
    pub(crate) fn keys_reach(
        &mut self,
        now: Duration,
        reach: KeyReach,
        triggers: Vec<Trigger>,
        out: &mut Vec<Output>,
    ) {
        let shown = &mut self.key.shown;
        let before = std::mem::replace(&mut shown.reach, reach);
        let had = std::mem::replace(&mut shown.triggers, triggers);
        shown.taken.clear();
        shown.unread.clear();
        let among = |list: &[Trigger], chord: &str| list.iter().any(|trigger| trigger.chord == chord);
        // What was heard one way has to be proven anew the other way, and where the desktop has bound it to nothing any more.
        let lost = |chord: &str| before != reach || (among(&had, chord) && !among(&shown.triggers, chord));
        shown.heard.retain(|chord| Chord::is_gamepad(chord) || !lost(chord));
        if (before, reach) != (KeyReach::ByDesktop, KeyReach::ByDesktop) {
            // Whatever the listener before had told to be down, the new one does not know of.
            self.forget_keys(now, Source::Raw, out);
        }
    }

    /// A source has begun anew: what it held is not known any more.
    fn forget_keys(&mut self, now: Duration, source: Source, out: &mut Vec<Output>) {
        self.key.down.retain(|chord| Chord::is_gamepad(chord) != (source == Source::Gamepad));
        self.hand(now, Input::Gone(source), out);
    }

    /// A reason begins why nobody is there, or ends. As long as one lasts, no bound key does anything.
    pub(crate) fn away(&mut self, now: Duration, why: u8, begins: bool, out: &mut Vec<Output>) {
        if begins {
            self.key.away.insert(why);
            self.hand(now, Input::Away, out);
        } else {
            self.key.away.remove(&why);
        }
    }

    /// The window waits for a key to be bound, or no longer.
    pub(crate) fn bind_key(&mut self, on: bool) {
        (self.key.shown.binding, self.key.shown.pressed) = (on, None);
    }

    /// Whether gamepads are heard, and what they press while a key is to be bound.
    pub(crate) fn gamepad(&mut self, news: GamepadNews) {
        let shown = &mut self.key.shown;
        match news {
            GamepadNews::Heard(heard) => shown.gamepads = heard,
            GamepadNews::Pressed(chord) => {
                if std::mem::take(&mut shown.binding) {
                    shown.pressed = Some(chord);
                }
            }
        }
    }

    /// Another program has these chords for itself, too.
    pub(crate) fn keys_taken(&mut self, taken: Vec<String>) {
        self.key.shown.taken = taken;
    }

    /// These chords cannot be pressed on what is read.
    pub(crate) fn keys_unread(&mut self, unread: Vec<String>) {
        self.key.shown.heard.retain(|chord| !unread.contains(chord));
        self.key.shown.unread = unread;
    }

    /// A bound key went down, or came up; `elsewhere` while another program had the focus.
    pub(crate) fn key(
        &mut self,
        now: Duration,
        rng: &mut dyn CryptoRng,
        chord: &str,
        down: bool,
        elsewhere: bool,
        out: &mut Vec<Output>,
    ) {
        let Some(place) = self.preferences.keys.iter().position(|bound| bound.chord == chord) else { return };
        if down && elsewhere && !self.key.shown.heard.iter().any(|heard| heard == chord) {
            self.key.shown.heard.push(chord.to_owned());
        }
        if down && self.key.is_away() {
            return;
        }
        // That it went down may be told again.
        let repeats = down && self.key.down.iter().any(|held| held == chord);
        self.key.down.retain(|held| held != chord);
        if down {
            self.key.down.push(chord.to_owned());
        }
        let source = if Chord::is_gamepad(chord) { Source::Gamepad } else { Source::Raw };
        let hand = Hand { source, key: u32::try_from(place).unwrap_or(u32::MAX) };
        let intent = match (self.preferences.keys[place].does, down) {
            (KeyDoes::Talk, true) => return self.hand(now, Input::Down(hand, Act::Talk), out),
            (KeyDoes::Talk, false) => return self.hand(now, Input::Up(hand), out),
            (KeyDoes::Whisper, true) => return self.whisper(now, hand, Whom::Chosen, out),
            (KeyDoes::Answer, true) => return self.whisper(now, hand, Whom::Last, out),
            (KeyDoes::Whisper | KeyDoes::Answer, false) => return self.hand(now, Input::Up(hand), out),
            (KeyDoes::Latch | KeyDoes::Mute | KeyDoes::Deafen, _) if repeats || !down => return,
            (KeyDoes::Latch, _) => return self.hand(now, Input::Toggle(source), out),
            (KeyDoes::Mute, _) => match &self.stage {
                Stage::Inside(inside) if inside.microphone == Microphone::Off => Intent::EnableAudio,
                _ => Intent::DisableAudio,
            },
            (KeyDoes::Deafen, _) => match &self.stage {
                Stage::Inside(inside) => Intent::SetDeafened { on: !inside.status.deafened },
                _ => return,
            },
        };
        self.intent(now, rng, intent, out);
    }
}
